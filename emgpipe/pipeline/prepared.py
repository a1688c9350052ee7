"""One recording made ready to be decided under many settings."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from emgpipe.detectors.activity import States
from emgpipe.filters.prefilter import NOT_STATED, Prefilter
from emgpipe.frames.model import Frames, PairCovariance
from emgpipe.frames.stimuli import Stretches
from emgpipe.measures.arguments import check_arguments, pair_list
from emgpipe.measures.findings import name_findings
from emgpipe.measures.kept import Kept
from emgpipe.measures.reference import ReferenceLevel
from emgpipe.measures.rows import IntervalRow, MeasureRow
from emgpipe.measures.views import Judged
from emgpipe.pipeline.point import Memory, Point, Told
from emgpipe.pipeline.reduce import evoked_stretches, pair_covariances
from emgpipe.pipeline.result import Result
from emgpipe.pipeline.stages import Stages, judged_channels
from emgpipe.recording import Recording
from emgpipe.settings import Settings
from emgpipe.study.timeline import recording_segments

Covariances = Mapping[tuple[str, str], PairCovariance | None]
Made = TypeVar("Made")
POINTS = 2
"""Sets of settings whose verdicts are kept: states and rows of one are asked for together."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A recording that is decided as often as settings are tried.

    Attributes
    ----------
    told : Told
        What was said of the recording, and what its samples gave.
    stages : Stages
        Its channels.

    Notes
    -----
    Every answer is that of `measure` with the same settings, bit by bit: what is kept is kept by everything that it
    was made from (`measures.reads`). Visit points so that the settings of early stages change least often. One
    object serves one thread.

    Examples
    --------
    >>> from emgpipe.pipeline import compute_frames, prepare
    >>> from emgpipe.recording import array_recording
    >>> from emgpipe.settings import check_settings
    >>> from emgpipe.simulate import scenario
    >>> channel = scenario("silent_bursts", seed=1, duration_s=70.0)
    >>> recording = array_recording([channel.samples_uv], ["TA_R"], channel.rate_hz)
    >>> prepared = prepare(recording, compute_frames(recording, mains_hz=50), rest=True)
    >>> for ratio in (1.5, 3.0):
    ...     (row,) = prepared.rows(check_settings({"detect": {"activity_ratio": ratio}}), frozenset({"act_frac"}))
    ...     round(row.value, 2)
    0.32
    0.32
    """

    told: Told
    stages: Stages
    memory: Memory = field(default_factory=Memory, repr=False)
    points: Kept[Point] = field(default_factory=lambda: Kept[Point](POINTS), repr=False)

    @property
    def frames(self) -> Frames:
        """Frames of all channels."""
        return self.told.frames

    @property
    def duration_s(self) -> float:
        """Length of the recording."""
        return self.told.recording.duration_s

    def hop_s(self, target: str) -> float:
        """Length of a hop of a muscle that is judged."""
        return next(one.frames.hop_s for one in self.stages.channels if one.name == target)

    def _point(self, settings: Settings) -> Point:
        key = settings.condition, settings.detect, settings.measure
        return self.points.get(key, lambda: Point(self.told, self.stages, self.memory, settings))

    def with_references(self, references: Mapping[str, ReferenceLevel]) -> "Prepared":
        """Return the same recording with other reference levels from elsewhere; what was made serves both."""
        told = replace(self.told, references=dict(references))
        return replace(self, told=told, points=Kept[Point](POINTS))

    def states(self, settings: Settings) -> Mapping[str, States]:
        """State of each hop, by target of every muscle that is judged; not to be written to.

        States of one muscle that are equal under settings asked for one after the other are one object.
        """
        return {name: verdict.activity.states for name, verdict in self._point(settings).verdicts.items()}

    def judged(self, settings: Settings) -> Mapping[str, Judged]:
        """Frames, floor and activity by target."""
        return self._point(settings).judged

    def rows(self, settings: Settings, measures: Collection[str]) -> tuple[MeasureRow, ...]:
        """Rows of `result` with these measures, in its order; nothing else is computed. Equal ones are one object."""
        return self.memory.latest(tuple(self._point(settings).rows(measures)))

    def intervals(self, settings: Settings, kinds: Collection[str]) -> tuple[IntervalRow, ...]:
        """Stretches of `result` of these kinds, in its order."""
        return tuple(self._point(settings).intervals(kinds))

    def result(self, settings: Settings) -> Result:
        """Everything, as `measure` says it."""
        return self._point(settings).result()


def prepare(
    recording: Recording,
    frames: Frames,
    *,
    pairs: Sequence[str] | None = None,
    rest: bool = False,
    meanings: Mapping[str, str] | None = None,
    device_uv: Mapping[str, float] | None = None,
    exclude: Sequence[str] = (),
    prime_movers: Sequence[str] = (),
    reference: str = "",
    references: Mapping[str, ReferenceLevel] | None = None,
    hardware: Prefilter = NOT_STATED,
    covariances: Covariances | None = None,
    stretches: Mapping[int, Stretches] | None = None,
) -> Prepared:
    """Make a recording ready.

    Parameters
    ----------
    recording, frames : Recording, Frames
        The frames must be those of the recording.
    pairs, rest, meanings, device_uv, exclude, prime_movers, reference, references, hardware, covariances, stretches
        As `measure` takes them.

    Returns
    -------
    Prepared

    Raises
    ------
    SettingsError
        As `measure` raises it.
    """
    device_uv = dict(device_uv or {})
    check_arguments(recording, frames, device_uv, reference, exclude=exclude, pairs=pairs, prime_movers=prime_movers)
    plan = recording_segments(recording.annotations, recording.duration_s, meanings, rest=rest)
    wanted = tuple(pair_list(pairs, frames))
    channels, refused = judged_channels(
        recording, frames, plan.bad, plan.calibration, device_uv, set(exclude), hardware
    )
    given = {"pairs": [m for p in wanted for m in p], "device_uv": [*device_uv], "exclude": exclude,
             "prime_movers": prime_movers}  # fmt: skip
    names = [c.muscle or c.label for c in frames.channels], [c.label for c in frames.channels]
    told = Told(
        recording, frames, plan, wanted, refused, tuple(exclude), tuple(prime_movers), reference,
        dict(references or {}), tuple(name_findings(given, *names)),
        _by_condition(covariances, lambda settings: pair_covariances(recording, frames, wanted, settings)),
        _by_condition(stretches, lambda settings: evoked_stretches(recording, frames, plan.stimuli_s, settings)),
    )  # fmt: skip
    return Prepared(told, Stages(channels, recording, hardware))


def _by_condition(given: Made | None, make: Callable[[Settings], Made]) -> Callable[[Settings], Made]:
    """What is given, else what samples give under the conditioning of the settings, made once."""
    if given is not None:
        return lambda _: given
    kept = Kept[Made](POINTS)
    return lambda settings: kept.get(settings.condition, lambda: make(settings))
