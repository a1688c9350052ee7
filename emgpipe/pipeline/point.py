"""A recording under one set of settings: views, rows, intervals, each made when it is asked for.

A row is kept by everything that it was made from, so that the next set of settings makes only those that may differ.
"""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from operator import is_

from emgpipe.frames.model import Frames, PairCovariance
from emgpipe.frames.stimuli import Stretches
from emgpipe.measures import reads
from emgpipe.measures.events import SPASM, BodyView, spasm_intervals
from emgpipe.measures.evoked import evoked_findings, stimulus_findings
from emgpipe.measures.findings import floor_findings, mains_findings, prime_mover_findings, rate_findings
from emgpipe.measures.intervals import COACTIVE, INTERVAL_KINDS, muscle_intervals, pair_intervals
from emgpipe.measures.judge import body_row, given_in, muscle_row, pair_row, unmeasured_row
from emgpipe.measures.kept import Kept
from emgpipe.measures.reference import LEVEL, ReferenceLevel, is_reference, reference_level
from emgpipe.measures.registry import BODY_MEASURES, MUSCLE_MEASURES, PAIR_MEASURES
from emgpipe.measures.rows import IntervalRow, MeasureRow, Status, TargetKind
from emgpipe.measures.views import REST, Judged, Measure, MuscleView, PairView, Segment
from emgpipe.pipeline.result import Result
from emgpipe.pipeline.stages import Grounded, Stages, Verdict, values_of
from emgpipe.recording import Finding, Recording
from emgpipe.settings import Settings
from emgpipe.study.timeline import Timeline

MOST_ROWS, MOST_PAIRS = 20_000, 2_000
"""Rows, and answers about crosstalk, that are kept a recording: some 20 MB."""
MEASURES = frozenset(measure.name for measure in (*MUSCLE_MEASURES, *PAIR_MEASURES, *BODY_MEASURES))
CROSSTALK_FLAG = ("CROSSTALK_POSSIBLE",)
DIVIDED = "cc_fw_pct"
"""The measure that is divided by reference levels."""


@dataclass(frozen=True, eq=False)
class Told:
    """What is said of a recording beside its settings.

    Attributes
    ----------
    recording, frames, plan : Recording, Frames, Timeline
        The plan: what its annotations mean.
    pairs : tuple of (agonist, antagonist)
        Wanted.
    refused : dict of str to str
        Code of each channel that is not judged, by target.
    exclude, prime_movers, reference, references
        As `measure` takes them.
    findings : tuple of Finding
        About the names that were given.
    covariances, stretches : callable
        Give by settings what samples gave, or give under their conditioning.
    """

    recording: Recording
    frames: Frames
    plan: Timeline
    pairs: tuple[tuple[str, str], ...]
    refused: dict[str, str]
    exclude: tuple[str, ...]
    prime_movers: tuple[str, ...]
    reference: str
    references: dict[str, ReferenceLevel]
    findings: tuple[Finding, ...]
    covariances: Callable[[Settings], Mapping[tuple[str, str], PairCovariance | None]]
    stretches: Callable[[Settings], Mapping[int, Stretches]]

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """Segments and cues, in the order of rows."""
        return (*self.plan.segments, *self.plan.cues)


@dataclass(frozen=True, eq=False)
class Memory:
    """Rows and answers about crosstalk by what they were made from; keys are short by numbers for long parts."""

    rows: Kept[MeasureRow] = field(default_factory=lambda: Kept[MeasureRow](MOST_ROWS))
    receivers: Kept[tuple[str, ...]] = field(default_factory=lambda: Kept[tuple[str, ...]](MOST_PAIRS))
    numbers: dict[Hashable, int] = field(default_factory=dict)
    told: list[tuple[MeasureRow, ...]] = field(default_factory=lambda: [()])

    def number(self, part: Hashable) -> int:
        """Return the number of a part of keys; equal parts have one."""
        return self.numbers.setdefault(part, len(self.numbers))

    def latest(self, rows: tuple[MeasureRow, ...]) -> tuple[MeasureRow, ...]:
        """Return the last rows where these are the same ones."""
        if not (len(rows) == len(self.told[0]) and all(map(is_, rows, self.told[0]))):
            self.told[0] = rows
        return self.told[0]


class Point:
    """A recording under one set of settings."""

    def __init__(self, told: Told, stages: Stages, memory: Memory, settings: Settings) -> None:
        self._told, self._stages, self._memory, self._settings = told, stages, memory, settings
        self._bodies: dict[Segment, BodyView] = {}
        self._rules = memory.number((settings.condition, settings.measure))

    @cached_property
    def _grounded(self) -> dict[str, Grounded]:
        return {one.name: one for one in self._stages.grounded(self._settings.detect)}

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """Activity by target."""
        detect = self._settings.detect
        return {name: self._stages.verdict(one, detect) for name, one in self._grounded.items()}

    @cached_property
    def _doubts(self) -> tuple[dict[str, tuple[str, ...]], list[Finding]]:
        grounded = list(self._grounded.values())
        codes, found = self._stages.doubted(grounded, self._settings.condition.high_hz)
        return codes, [doubt.finding for doubt in found]

    @cached_property
    def judged(self) -> dict[str, Judged]:
        """Verdicts on each channel by target."""
        return {name: self._judged(one) for name, one in self._grounded.items()}

    def _judged(self, one: Grounded) -> Judged:
        stretches = self._told.stretches(self._settings).get(one.grounds.frames.index)
        evoked = None if stretches is None else self._stages.evoked(one, stretches, self._settings.detect)
        activity, codes = self.verdicts[one.name].activity, self._doubts[0].get(one.name, ())
        return Judged.on(one.grounds, activity, codes, one.seen.possible_spasms, evoked)

    @cached_property
    def _bases(self) -> dict[str, int]:
        """A number for what each channel is apart from its states."""
        return {name: self._memory.number(self._base(one)) for name, one in self._grounded.items()}

    def _base(self, one: Grounded) -> Hashable:
        told = self._told.stretches(self._settings).get(one.grounds.frames.index)
        evoked = () if told is None else (told, *values_of(self._settings.detect, reads.EVOKED))
        return one.grounds.number, self._doubts[0].get(one.name, ()), evoked

    def _body(self, segment: Segment) -> BodyView:
        """Views of all muscles and pairs over one segment."""
        if segment not in self._bodies:
            settings, covariances = self._settings, self._told.covariances(self._settings)
            muscles = {n: MuscleView(one, segment, settings.detect, settings.measure) for n, one in self.judged.items()}
            own = is_reference(segment.name, self._told.reference)  # nothing in it is divided by it
            views = {
                (a, b): PairView(muscles[a], muscles[b], covariances.get((a, b)), {} if own else self._levels)
                for a, b in self._pairs
            }
            self._bodies[segment] = BodyView(segment, muscles, views)
        return self._bodies[segment]

    @cached_property
    def _levels(self) -> dict[str, ReferenceLevel]:
        """Level of each muscle: of this recording where it has one, else the one that is told."""
        own: dict[str, list[MeasureRow]] = {}
        for segment in self._told.segments:
            if is_reference(segment.name, self._told.reference):
                for row in self._segment_rows(segment, {LEVEL}):
                    own.setdefault(row.target, []).append(row)
        levels = {muscle: reference_level(rows) for muscle, rows in own.items()}
        elsewhere = self._told.references
        return {**levels, **{m: level for m, level in elsewhere.items() if m not in levels or not levels[m].level_uv}}

    def _receivers(self, segment: Segment, pair: tuple[str, str]) -> tuple[str, ...]:
        """Muscles of a pair whose signal may be the other's."""
        key = segment, pair, self._rules, *self._keys_of(pair), *values_of(self._settings.detect, reads.CROSSTALK)
        return self._memory.receivers.get(key, lambda: self._body(segment).pairs[pair].receivers)

    def _keys_of(self, names: Collection[str]) -> list[Hashable]:
        """What stands for channels and their states."""
        return [part for name in names for part in (self._bases[name], self.verdicts[name].states_key)]

    @cached_property
    def _pairs(self) -> list[tuple[str, str]]:
        """Those whose muscles are both judged."""
        return [pair for pair in self._told.pairs if {*pair} <= {*self._grounded}]

    def _row(
        self, segment: Segment, target: str, measure: Measure, key: list[Hashable], make: Callable[[], MeasureRow]
    ) -> MeasureRow:
        own = values_of(self._settings.detect, reads.MEASURES[measure.name])
        return self._memory.rows.get((segment, target, measure.name, self._rules, *own, *key), make)

    def rows(self, measures: Collection[str]) -> Iterator[MeasureRow]:
        """Yield the rows of these measures, segment by segment."""
        for segment in self._told.segments:
            yield from self._segment_rows(segment, measures)

    def _segment_rows(self, segment: Segment, wanted: Collection[str]) -> Iterator[MeasureRow]:
        """Rows of all targets over one segment: muscles in file order, refused ones, pairs, all muscles together."""
        muscles, pairs, body = (
            [measure for measure in given_in(each, segment) if measure.name in wanted]
            for each in (MUSCLE_MEASURES, PAIR_MEASURES, BODY_MEASURES)
        )
        flags = {False: (), True: CROSSTALK_FLAG}
        receivers = {name for pair in self._pairs if muscles for name in self._receivers(segment, pair)}
        for name in self._grounded:
            yield from (self._muscle_row(segment, name, measure, flags[name in receivers]) for measure in muscles)
        for name, code in self._told.refused.items():
            yield from (self._unmeasured(segment, name, "muscle", measure, [code]) for measure in muscles)
        for pair in self._told.pairs:
            if pair in self._pairs:
                yield from (self._pair_row(segment, pair, measure) for measure in pairs)
            else:
                yield from (self._unmeasured(segment, "/".join(pair), "pair", one, self._absent(pair)) for one in pairs)
        yield from (self._body_row(segment, measure) for measure in body)

    def _muscle_row(self, segment: Segment, name: str, measure: Measure, flags: tuple[str, ...]) -> MeasureRow:
        key: list[Hashable] = [self._bases[name], flags]
        if measure.name not in reads.STATELESS:
            key.append(self.verdicts[name].states_key)
        if measure.name in reads.ENDS:
            key.append(self.verdicts[name].ends_key)
        return self._row(segment, name, measure, key, lambda: muscle_row(measure, self._muscle(segment, name, flags)))

    def _muscle(self, segment: Segment, name: str, flags: tuple[str, ...]) -> MuscleView:
        view = self._body(segment).muscles[name]
        return replace(view, flags=flags) if flags else view

    def _pair_row(self, segment: Segment, pair: tuple[str, str], measure: Measure) -> MeasureRow:
        key: list[Hashable] = [*self._keys_of(pair), *values_of(self._settings.detect, reads.CROSSTALK)]
        if measure.name == DIVIDED:
            key.append(tuple((name, self._levels.get(name)) for name in pair))
        make = partial(self._of_pair, segment, pair, measure)
        return self._row(segment, "/".join(pair), measure, key, make)

    def _of_pair(self, segment: Segment, pair: tuple[str, str], measure: Measure) -> MeasureRow:
        return pair_row(measure, self._body(segment).pairs[pair])

    def _absent(self, pair: tuple[str, str]) -> list[str]:
        """Why each muscle of a pair that is not judged is not."""
        return [self._told.refused.get(m, "MUSCLE_MISSING") for m in pair if m not in self._grounded]

    def _unmeasured(
        self, segment: Segment, target: str, kind: TargetKind, measure: Measure, codes: list[str]
    ) -> MeasureRow:
        code, status = ";".join(dict.fromkeys(codes)), _status(codes[0])
        make = partial(unmeasured_row, measure, target, kind, segment, code, status)
        return self._memory.rows.get((segment, target, measure.name), make)

    def _body_row(self, segment: Segment, measure: Measure) -> MeasureRow:
        key = self._keys_of(self._grounded)
        return self._row(segment, "", measure, key, lambda: body_row(measure, self._body(segment)))

    def intervals(self, kinds: Collection[str]) -> Iterator[IntervalRow]:
        """Yield the stretches of these kinds: of muscles, of pairs, spasms."""
        segments, detect, judged = self._told.plan.segments, self._settings.detect, self.judged
        for name, one in judged.items():
            yield from muscle_intervals(name, one, segments, detect, kinds)
        for a, b in self._pairs:
            if COACTIVE in kinds:
                yield from pair_intervals((a, b), judged[a], judged[b])
        for segment in segments:
            if SPASM in kinds and segment.kind == REST:
                yield from spasm_intervals(self._body(segment))

    def result(self) -> Result:
        """Everything."""
        rows, plan, judged = tuple(self.rows(MEASURES)), self._told.plan, self.judged
        intervals = tuple(self.intervals(INTERVAL_KINDS))
        floors = {name: one.floor for name, one in judged.items()}
        findings = tuple(self._findings(rows))
        return Result(rows, intervals, floors, plan.segments, judged, findings, plan.cues, plan.stimuli_s)

    def _findings(self, rows: tuple[MeasureRow, ...]) -> Iterator[Finding]:
        told, plan = self._told, self._told.plan
        yield from told.recording.findings
        yield from plan.findings
        yield from told.findings
        yield from floor_findings({name: one.floor for name, one in self.judged.items()})
        yield from mains_findings(self.judged)
        yield from self._doubts[1]
        yield from rate_findings(told.frames.channels, told.exclude, self._settings.condition.least_rate_hz)
        yield from prime_mover_findings(rows, plan.segments, told.prime_movers)
        yield from stimulus_findings(plan.stimuli_s, plan.segments)
        yield from evoked_findings(self.judged)


def _status(code: str) -> Status:
    return "not_measured" if code in ("CHANNEL_EXCLUDED", "MUSCLE_MISSING") else "undeterminable"
