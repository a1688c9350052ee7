"""Frames become verdicts: noise floor, activity, continuity, co-contraction, crosstalk.

Takes frames and its own settings; knows no files. Nothing here rests on "the quiet part
of this recording": every verdict is anchored to a noise floor in µV with a source and a
confidence, and what the floor cannot decide is undeterminable.
"""
