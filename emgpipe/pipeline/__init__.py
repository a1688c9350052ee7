"""One recording through all steps: the room to read first.

`compute_frames` (`reduce`) turns samples into frames once; `measure` (`decide`) decides everything else
from frames: floor, activity, segments, measures, intervals. It does so in stages (`stages`), each kept until a setting
that it reads changes; `prepare` gives the recording to whoever tries many settings (`prepared`, `point`).
"""

from emgpipe.pipeline.decide import measure
from emgpipe.pipeline.prepared import Prepared, prepare
from emgpipe.pipeline.reduce import compute_frames, evoked_stretches, pair_covariances
from emgpipe.pipeline.result import Result

__all__ = ["Prepared", "Result", "compute_frames", "evoked_stretches", "measure", "pair_covariances", "prepare"]
