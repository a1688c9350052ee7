"""One recording through all steps: the room to read first.

`compute_frames` (`reduce`) turns samples into frames once; `measure` (`decide`) decides everything else
from frames: floor, activity, segments, measures, intervals.
"""

from emgpipe.pipeline.decide import Result, measure
from emgpipe.pipeline.prepared import Prepared, prepare
from emgpipe.pipeline.reduce import compute_frames, evoked_stretches, pair_covariances

__all__ = ["Prepared", "Result", "compute_frames", "evoked_stretches", "measure", "pair_covariances", "prepare"]
