"""Raw samples become conditioned samples: band-pass, mains, and which stretches are usable.

Takes arrays and a rate; knows no files. Everything runs over bounded blocks of one
contiguous run, and nothing crosses a gap.
"""
