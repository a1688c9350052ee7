"""Thresholds over cached frames: how well they find what people marked, and how much of a result hangs on them.

A `Grid` of settings is laid over recordings that were measured. Each recording is recalled once and decided for all
points; the frames are those of the cache, so no sample is read. Point 0 is always the settings of the results.
"""

from emgpipe.tuning.grid import Axis, Grid, parse_grid

__all__ = ["Axis", "Grid", "parse_grid"]
