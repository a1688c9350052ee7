"""What a measure is made from: one muscle or one pair over one segment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.activity import ACTIVE, SILENT, UNDETERMINABLE, Activity
from emgpipe.detectors.cocontraction import PairEnvelopes, envelope
from emgpipe.detectors.crosstalk import Crosstalk, SecondLevels, crosstalk
from emgpipe.detectors.evoked import Evoked
from emgpipe.detectors.floor import Floor
from emgpipe.detectors.precision import Span
from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.spasms import Spasms
from emgpipe.detectors.witnesses import Floats, Witnesses
from emgpipe.frames.model import ChannelFrames, PairCovariance
from emgpipe.intervals import Intervals
from emgpipe.measures.grounds import Beside, Grounds, Stretch
from emgpipe.measures.reference import ReferenceLevel
from emgpipe.measures.rows import Status
from emgpipe.measures.settings import MeasureSettings

GivenIn = Literal["any", "rest", "relax_cue", "stimulus"]

WHOLE = "whole"
REST: GivenIn = "rest"
RELAX: GivenIn = "relax_cue"
STIMULUS: GivenIn = "stimulus"
CUE_KINDS = (RELAX, STIMULUS)
"""Kinds of stretches that cues make: they have their own measures and no others."""
RELAXED_S = (5.0, 10.0)
"""A muscle is judged in this stretch after a cue to relax."""


@dataclass(frozen=True)
class Segment:
    """A stretch of a recording with a meaning, `[start_s, stop_s)`.

    Attributes
    ----------
    name : str
        `rest`, `reference`, `mvc`, ..., `whole`, `relax_cue`, `stimulus`; a second one of its kind is `rest_2`.
    kind : str
        The meaning without the number.
    start_s, stop_s : float
        Gap-aware seconds.
    """

    name: str
    kind: str
    start_s: float
    stop_s: float


@dataclass(frozen=True, eq=False)
class Judged:
    """One channel with its verdicts over the whole recording, and codes that make all its numbers doubtful.

    `possible_spasms` are whole seconds, excluded as artefact, in which a spasm may hide; `evoked` is None without
    stimuli.
    """

    frames: ChannelFrames
    floor: Floor
    activity: Activity
    doubts: tuple[str, ...] = ()
    possible_spasms: Intervals = field(default_factory=lambda: Intervals.of([]))
    evoked: Evoked | None = None

    @cached_property
    def grounds(self) -> Grounds:
        """What frames and floor say without any state."""
        return Grounds(self.frames, self.floor)

    @classmethod
    def on(
        cls, grounds: Grounds, activity: Activity, doubts: tuple[str, ...], possible: Intervals, evoked: Evoked | None
    ) -> "Judged":
        """Return verdicts that share their grounds with others."""
        judged = cls(grounds.frames, grounds.floor, activity, doubts, possible, evoked)
        judged.__dict__["grounds"] = grounds  # the place of the cached property
        return judged

    @property
    def witnesses(self) -> Witnesses:
        """Per-second witnesses."""
        return self.grounds.witnesses

    @cached_property
    def levels(self) -> SecondLevels:
        """Power and activity of whole seconds."""
        return SecondLevels.of(self.frames, self.witnesses, self.activity)


@dataclass(frozen=True, eq=False)
class MuscleView:
    """One muscle over one segment."""

    judged: Judged
    segment: Segment
    detect: DetectSettings
    settings: MeasureSettings
    flags: tuple[str, ...] = ()

    @cached_property
    def stretch(self) -> Stretch:
        """What frames and floor say of the segment."""
        return self.judged.grounds.stretch(self.segment.start_s, self.segment.stop_s)

    @property
    def hops(self) -> slice:
        """Hops of the segment."""
        return self.stretch.hops

    @property
    def states(self) -> NDArray[np.int8]:
        """State of each hop of the segment."""
        return self.judged.activity.states[self.hops]

    @property
    def used_s(self) -> float:
        """Usable seconds of the segment."""
        return self.stretch.used_s

    @property
    def powers(self) -> Floats:
        """Power of 1 s windows every 0.5 s, µV²; NaN where they are not usable."""
        return self.stretch.powers

    @cached_property
    def possible_spasms(self) -> Intervals:
        """Possible spasms that touch the segment, cut to it."""
        bounds = (self.segment.start_s, self.segment.stop_s)
        return self.judged.possible_spasms.overlap(Intervals.of([bounds] if bounds[0] < bounds[1] else []))

    @property
    def spasms(self) -> Spasms:
        """Spasms of the segment."""
        return self.stretch.spasms(self.detect)

    @property
    def excluded_s(self) -> float:
        """Seconds of the segment that are not usable."""
        return max(self.segment.stop_s - self.segment.start_s - self.used_s, 0.0)

    @cached_property
    def shares(self) -> tuple[int, int, int]:
        """Hops that are active, silent, undeterminable."""
        states = self.states
        return int((states == ACTIVE).sum()), int((states == SILENT).sum()), int((states == UNDETERMINABLE).sum())

    @property
    def undeterminable_share(self) -> float:
        """Share of the hops with a state that are undeterminable; 1 where there are none."""
        active, silent, unsure = self.shares
        seen = active + silent + unsure
        return unsure / seen if seen else 1.0

    @property
    def limit_uv(self) -> float:
        """Smallest amplitude told from 0: half a floor (three quarters below high confidence), at least one LSB."""
        floor, lsb = self.judged.floor, self.judged.frames.lsb_uv
        share = 0.5 if floor.confidence == "high" else 0.75
        return max(share * floor.floor_uv, lsb if np.isfinite(lsb) else 0.0)


@dataclass(frozen=True, eq=False)
class PairView:
    """Agonist and antagonist over one segment; `references` are levels by muscle."""

    agonist: MuscleView
    antagonist: MuscleView
    covariance: PairCovariance | None
    references: Mapping[str, ReferenceLevel] = field(default_factory=dict)

    @cached_property
    def envelopes(self) -> PairEnvelopes:
        """Both envelopes on one clock."""
        one, other = (envelope(v.stretch.envelope, v.judged.activity) for v in (self.agonist, self.antagonist))
        return PairEnvelopes(one, other)

    @cached_property
    def joint_s(self) -> float:
        """Seconds of the segment that are usable in both muscles."""
        excluded = self.envelopes.first.excluded | self.envelopes.second.excluded
        return min(self.length_s * float((~excluded).mean()), self.recorded_s) if len(excluded) else 0.0

    @cached_property
    def beside(self) -> Beside:
        """What frames and floors of both say of the segment."""
        return self.agonist.stretch.beside(self.antagonist.stretch)

    @property
    def recorded_s(self) -> float:
        """Seconds of the segment whose hops are usable in both muscles: windows at gaps reach beyond them."""
        return self.beside.recorded_s

    @property
    def length_s(self) -> float:
        """Length of the segment."""
        return self.agonist.segment.stop_s - self.agonist.segment.start_s

    @cached_property
    def usable_seconds(self) -> NDArray[np.bool_]:
        """Seconds of the recording that are usable in both muscles."""
        return self.agonist.judged.witnesses.usable & self.antagonist.judged.witnesses.usable

    @property
    def louder_floor(self) -> MuscleView:
        """The view whose floor is larger."""
        return max((self.agonist, self.antagonist), key=lambda view: view.judged.floor.floor_uv)

    @cached_property
    def crosstalk(self) -> Crosstalk:
        """Shared signal of the segment; NaN without covariance."""
        if self.covariance is None:
            return Crosstalk(np.nan, np.nan, np.nan, 0.0, 0.0)
        one, other = self.agonist.judged.levels, self.antagonist.judged.levels
        segment = self.agonist.segment
        return crosstalk(self.covariance, one, other, segment.start_s, segment.stop_s)

    @property
    def has_crosstalk(self) -> bool:
        """Whether the numbers of the pair may be those of one muscle."""
        return self.crosstalk.r0 >= self.agonist.detect.crosstalk_r0

    @property
    def receivers(self) -> tuple[str, ...]:
        """Targets whose activity may be that of the other muscle."""
        limit = self.agonist.detect.crosstalk_r0
        onto = (self.agonist, self.crosstalk.onto_first), (self.antagonist, self.crosstalk.onto_second)
        return tuple(view.judged.frames.muscle for view, r0 in onto if r0 >= limit)

    @cached_property
    def identical(self) -> bool:
        """Whether both channels are one signal."""
        return self.covariance is not None and self.covariance.identical(self.usable_seconds)


@dataclass(frozen=True)
class Reading:
    """What a measure function answers.

    Attributes
    ----------
    value, low, high : float or None
        None where there is no number.
    flags : tuple of str
        Codes that make a value `flagged`; those of `rows.NOTES` stand in the reason alone.
    refused : str
        Code why there is no number.
    status : str
        Status where refused.
    used_s : float or None
        Seconds that entered, where they are not those of the view.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    flags: tuple[str, ...] = ()
    refused: str = ""
    status: Status = "undeterminable"
    used_s: float | None = None

    @classmethod
    def none(cls, code: str, status: Status = "undeterminable") -> "Reading":
        """No number, and why."""
        return cls(None, refused=code, status=status)

    def within(self, span: Span) -> "Reading":
        """Give the same value its sampling precision, or SEGMENT_SHORT; what has no value stays as it is."""
        if self.value is None:
            return self
        flags = (*self.flags, "SEGMENT_SHORT") if span.short else self.flags
        return replace(self, low=span.low, high=span.high, flags=flags)


Direction = Literal["up", "down", "none"]
Need = Literal["amplitude", "continuity", "events", "third", "nothing"]


@dataclass(frozen=True)
class Measure:
    """An entry of the registry.

    Attributes
    ----------
    name, unit : str
        Column `measure` and its unit (`1` for a fraction).
    direction : str
        `up`: more is more rigidity; `down`; `none`.
    definition, reference : str
        One or two sentences; the source.
    given_in : str
        `rest`: in declared rest only; `relax_cue`, `stimulus`: in the stretches that these marks make; `any`: in all
        segments but those.
    need : str
        Which usable time it needs: `amplitude` 10 s, `continuity` 30 s, `events` 10 min, `nothing` 3 s and no flag;
        `third` as `amplitude`, and of each third half and 3 s.
    limited : bool
        Has a smallest value told from 0.
    needs_floor : bool
        Cannot be told without a floor.
    """

    name: str
    unit: str
    direction: Direction
    definition: str
    reference: str
    function: Callable[..., Reading] = field(repr=False)
    given_in: GivenIn = "any"
    need: Need = "amplitude"
    limited: bool = False
    needs_floor: bool = True
