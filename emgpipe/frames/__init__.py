"""Full-rate samples are reduced to frames: moments of every 12.5 ms, spectra of every second.

Frames depend on the samples and the conditioning settings only. Takes arrays and a
rate; knows no files, segments or thresholds.
"""
