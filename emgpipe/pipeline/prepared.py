"""One recording made ready to be decided under many settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emgpipe.detectors.activity import States
from emgpipe.frames.model import Frames
from emgpipe.measures.rows import IntervalRow, MeasureRow
from emgpipe.measures.views import Judged
from emgpipe.pipeline.decide import Result, measure
from emgpipe.recording import Recording
from emgpipe.settings import Settings


@dataclass(frozen=True, eq=False)
class Prepared:
    """A recording, its frames, and what was said of them: decided as often as settings are tried."""

    recording: Recording
    frames: Frames
    said: Mapping[str, Any]

    def result(self, settings: Settings) -> Result:
        """Everything, as `measure` says it."""
        return measure(self.recording, self.frames, settings=settings, **self.said)

    @property
    def duration_s(self) -> float:
        """Length of the recording."""
        return self.recording.duration_s

    def hop_s(self, target: str) -> float:
        """Length of a hop of a muscle."""
        return next(c.hop_s for c in self.frames.channels if (c.muscle or c.label) == target)

    def judged(self, settings: Settings) -> Mapping[str, Judged]:
        """Verdicts by muscle."""
        return self.result(settings).judged

    def states(self, settings: Settings) -> Mapping[str, States]:
        """State of each hop by muscle."""
        return {name: one.activity.states for name, one in self.judged(settings).items()}

    def rows(self, settings: Settings, measures: frozenset[str]) -> tuple[MeasureRow, ...]:
        """Rows of these measures, in the order of the tables."""
        return tuple(row for row in self.result(settings).rows if row.measure in measures)

    def intervals(self, settings: Settings, kinds: Sequence[str]) -> tuple[IntervalRow, ...]:
        """Stretches of these kinds, in the order of the tables."""
        return tuple(row for row in self.result(settings).intervals if row.kind in kinds)


def prepare(recording: Recording, frames: Frames, **said: Any) -> Prepared:
    """Make a recording ready; arguments are those of `measure` but `settings`."""
    return Prepared(recording, frames, said)
