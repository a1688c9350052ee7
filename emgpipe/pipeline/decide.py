"""Frames to verdicts, rows and intervals: everything that is decided about one recording."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from emgpipe.detectors.activity import detect_activity
from emgpipe.detectors.evoked import judge_evoked
from emgpipe.detectors.floor import Floor, estimate_floor
from emgpipe.detectors.quality import judge_quality
from emgpipe.filters.decimation import decimation_gain
from emgpipe.filters.prefilter import NOT_STATED, Prefilter, stated_filters
from emgpipe.frames.model import Frames, PairCovariance
from emgpipe.frames.stimuli import Stretches
from emgpipe.intervals import Intervals
from emgpipe.measures.arguments import check_arguments, pair_list
from emgpipe.measures.doubts import Doubt, codes_by_target
from emgpipe.measures.events import BodyView, spasm_intervals
from emgpipe.measures.evoked import evoked_findings, stimulus_findings
from emgpipe.measures.findings import floor_findings, mains_findings, name_findings, prime_mover_findings, rate_findings
from emgpipe.measures.grade import Grade, grades
from emgpipe.measures.intervals import muscle_intervals, pair_intervals
from emgpipe.measures.judge import body_rows, muscle_rows, pair_rows, unmeasured_rows
from emgpipe.measures.levels import believed_floor
from emgpipe.measures.plausibility import doubts
from emgpipe.measures.reference import LEVEL, ReferenceLevel, is_reference, reference_level
from emgpipe.measures.rows import IntervalRow, MeasureRow, Status
from emgpipe.measures.views import REST, Judged, MuscleView, PairView, Segment
from emgpipe.pipeline.reduce import evoked_stretches, pair_covariances
from emgpipe.recording import Finding, Recording
from emgpipe.settings import Settings
from emgpipe.study.timeline import recording_segments

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Result:
    """What one recording says.

    Attributes
    ----------
    rows : tuple of MeasureRow
        One a segment, target and measure; with a value or with a coded reason.
    intervals : tuple of IntervalRow
        Active, silent, undeterminable, excluded, CMUA and co-active stretches.
    floors : dict of str to Floor
        By muscle.
    segments : tuple of Segment
        Stretches that were measured, but for those that cues make.
    judged : dict of str to Judged
        Frames, floor and activity by muscle.
    findings : tuple of Finding
        What reading and measuring noticed.
    cues : tuple of Segment
        Stretches that cues make and that were measured too: after each cue to relax, and around all stimuli.
    stimuli_s : tuple of float
        Onsets of the stimuli, in order.
    """

    rows: tuple[MeasureRow, ...]
    intervals: tuple[IntervalRow, ...]
    floors: dict[str, Floor]
    segments: tuple[Segment, ...]
    judged: dict[str, Judged]
    findings: tuple[Finding, ...]
    cues: tuple[Segment, ...] = ()
    stimuli_s: tuple[float, ...] = ()

    @property
    def grades(self) -> dict[str, Grade]:
        """Grade of each muscle, with the codes that keep it from a better one."""
        return grades(self.rows)

    @property
    def table(self) -> "pd.DataFrame":
        """Rows as a pandas table."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self.rows])


def measure(
    recording: Recording,
    frames: Frames,
    *,
    pairs: Sequence[str] | None = None,
    rest: bool = False,
    settings: Settings | None = None,
    meanings: Mapping[str, str] | None = None,
    device_uv: Mapping[str, float] | None = None,
    exclude: Sequence[str] = (),
    prime_movers: Sequence[str] = (),
    reference: str = "",
    references: Mapping[str, ReferenceLevel] | None = None,
    hardware: Prefilter = NOT_STATED,
    covariances: Mapping[tuple[str, str], PairCovariance | None] | None = None,
    stretches: Mapping[int, Stretches] | None = None,
) -> Result:
    """Decide everything about one recording from its frames.

    Parameters
    ----------
    recording : Recording
        Gives annotations; samples only for crosstalk and stimuli, and only where `covariances` or `stretches` is left
        out.
    frames : Frames
        From `compute_frames`.
    pairs : sequence of str, optional
        `"TA_R/GM_R"`; the catalogue's antagonists that are present where left out.
    rest : bool
        The recording is declared rest (annotations still come first).
    settings : Settings, optional
        Thresholds and usable times.
    meanings : mapping, optional
        Annotation text -> segment, beside the built-in ones.
    device_uv : mapping, optional
        Known device floor, µV RMS in the band, by muscle.
    exclude : sequence of str
        Muscles or labels to leave out, said in rows.
    prime_movers : sequence of str
        Muscles that should be the loudest.
    reference : str
        Segment of this recording that gives the reference of `cc_fw_pct`, with its repeats.
    references : mapping, optional
        Reference levels from other recordings by muscle, for muscles that have none in this one.
    hardware : Prefilter
        Edges of the amplifier's filters as stated beside the file.
    covariances : mapping, optional
        From `pair_covariances`.
    stretches : mapping, optional
        From `evoked_stretches`, of the stimuli that the annotations tell.

    Returns
    -------
    Result

    Raises
    ------
    SettingsError
        PAIR_INVALID, FRAMES_FOREIGN, ARGUMENT_INVALID, REFERENCE_IS_REST.

    Examples
    --------
    >>> from emgpipe.pipeline import compute_frames
    >>> from emgpipe.recording import array_recording
    >>> from emgpipe.simulate import scenario
    >>> channel = scenario("always_active", seed=1, duration_s=70.0)
    >>> recording = array_recording([channel.samples_uv], ["TA_R"], channel.rate_hz)
    >>> result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    >>> row = next(r for r in result.rows if r.measure == "act_frac")
    >>> row.value, row.status
    (1.0, 'ok')
    """
    settings = settings or Settings()
    check_arguments(
        recording, frames, device_uv or {}, reference, exclude=exclude, pairs=pairs, prime_movers=prime_movers
    )
    plan = recording_segments(recording.annotations, recording.duration_s, meanings, rest=rest)
    wanted = pair_list(pairs, frames)
    judged, refused = _judge(
        frames, settings, plan.bad, plan.calibration, device_uv or {}, set(exclude), _lowpass(recording, hardware)
    )
    judged, doubtful = _doubted(judged, recording, hardware, settings)
    if covariances is None:
        covariances = pair_covariances(recording, frames, wanted, settings)
    if stretches is None:
        stretches = evoked_stretches(recording, frames, plan.stimuli_s, settings)
    judged = {name: _with_evoked(one, stretches.get(one.frames.index), settings) for name, one in judged.items()}
    in_turn = sorted((*plan.segments, *plan.cues), key=lambda s: not is_reference(s.name, reference))
    made: dict[Segment, list[MeasureRow]] = {}
    spasms: list[IntervalRow] = []
    for segment in in_turn:  # references first: common areas are divided by them
        levels = _reference_levels(made, reference, references or {})
        body = _body(segment, judged, wanted, covariances, levels, settings)
        made[segment] = list(_segment_rows(body, refused, wanted, settings))
        spasms += spasm_intervals(body) if segment.kind == REST else ()
    rows = [row for segment in (*plan.segments, *plan.cues) for row in made[segment]]
    intervals = [
        row for name, one in judged.items() for row in muscle_intervals(name, one, plan.segments, settings.detect)
    ]
    intervals += [
        row for a, b in wanted if a in judged and b in judged for row in pair_intervals((a, b), judged[a], judged[b])
    ]
    intervals += spasms
    floors = {name: one.floor for name, one in judged.items()}
    given = {"pairs": [m for p in wanted for m in p], "device_uv": [*(device_uv or {})], "exclude": exclude,
             "prime_movers": prime_movers}  # fmt: skip
    findings = [
        *recording.findings,
        *plan.findings,
        *name_findings(given, [c.muscle or c.label for c in frames.channels], [c.label for c in frames.channels]),
        *floor_findings(floors),
        *mains_findings(judged),
        *(doubt.finding for doubt in doubtful),
        *rate_findings(frames.channels, exclude, settings.condition.least_rate_hz),
        *prime_mover_findings(rows, plan.segments, prime_movers),
        *stimulus_findings(plan.stimuli_s, plan.segments),
        *evoked_findings(judged),
    ]
    return Result(
        tuple(rows), tuple(intervals), floors, plan.segments, judged, tuple(findings), plan.cues, plan.stimuli_s
    )


def _judge(
    frames: Frames,
    settings: Settings,
    bad: Intervals,
    calibration: Intervals,
    device_uv: Mapping[str, float],
    exclude: set[str],
    lowpass: Mapping[int, float],
) -> tuple[dict[str, Judged], dict[str, str]]:
    """Floor and activity of each channel by target name, and the code of each channel that has none."""
    judged: dict[str, Judged] = {}
    refused: dict[str, str] = {}
    left = [c for c in frames.channels if not {c.muscle, c.label} & exclude]
    refused |= {c.muscle or c.label: "CHANNEL_EXCLUDED" for c in frames.channels if c not in left}
    for channel in left:
        name = channel.muscle or channel.label
        twins = sum((c.muscle or c.label) == name for c in left)
        if channel.refused or twins > 1:
            refused[name] = channel.refused or "MUSCLE_DUPLICATE"
            continue
        lowpass_hz = lowpass.get(channel.index)
        gain = decimation_gain(lowpass_hz, channel.rate_hz, channel.psd.shape[1])
        # what a converter takes is known and put back; of other low-passes only the edge is
        channel, lowpass_hz = (channel, lowpass_hz) if gain is None else (channel.without_decimation(gain), None)
        marked = channel.marked_bad(bad) if len(bad) else channel
        quality = judge_quality(marked, settings.detect)
        marked = marked.marked_seconds(quality.reasons)
        floor = estimate_floor(
            marked,
            settings.detect,
            device_uv=device_uv.get(name),
            calibration=_seconds_inside(calibration, len(marked.psd)),
            lowpass_hz=lowpass_hz,
        )
        floor = believed_floor(marked, floor)
        activity = detect_activity(marked, floor, settings.detect)
        judged[name] = Judged(marked, floor, activity, possible_spasms=quality.possible_spasms)
    return judged, refused


def _lowpass(recording: Recording, hardware: Prefilter) -> dict[int, float]:
    """Low-pass of the amplifier by signal, Hz, as `recordings.csv` or the signal's own text states it: the lower."""
    out = {}
    for signal in recording.signals:
        stated = [hardware.lowpass_hz, stated_filters(signal.prefilter).lowpass_hz]
        if known := [hz for hz in stated if hz is not None]:
            out[signal.index] = min(known)
    return out


def _doubted(
    judged: Mapping[str, Judged], recording: Recording, hardware: Prefilter, settings: Settings
) -> tuple[dict[str, Judged], list[Doubt]]:
    """Channels with the codes that make their numbers doubtful, and what is to be said of it."""
    channels = {name: (one.frames, one.floor) for name, one in judged.items()}
    found = doubts(channels, recording.signals, hardware, full_band_hz=settings.condition.high_hz)
    codes = codes_by_target(found)
    return {name: replace(one, doubts=codes.get(name, ())) for name, one in judged.items()}, found


def _with_evoked(one: Judged, stretches: Stretches | None, settings: Settings) -> Judged:
    if stretches is None:
        return one
    floor_uv = one.floor.floor_uv if one.floor.known else np.nan
    return replace(one, evoked=judge_evoked(stretches, one.frames, floor_uv, settings.detect))


def _seconds_inside(stretches: Intervals, n_seconds: int) -> NDArray[np.bool_] | None:
    """Whole seconds inside stretches; None where there are no stretches."""
    if not len(stretches):
        return None
    inside = np.zeros(n_seconds, bool)
    for start_s, stop_s in stretches:
        inside[int(np.ceil(start_s - 1e-9)) : int(stop_s + 1e-9)] = True
    return inside


def _body(
    segment: Segment,
    judged: Mapping[str, Judged],
    pairs: Sequence[tuple[str, str]],
    covariances: Mapping[tuple[str, str], PairCovariance | None],
    references: Mapping[str, ReferenceLevel],
    settings: Settings,
) -> BodyView:
    """Views of all muscles and pairs over one segment."""
    muscles = {name: MuscleView(one, segment, settings.detect, settings.measure) for name, one in judged.items()}
    views = {
        p: PairView(muscles[p[0]], muscles[p[1]], covariances.get(p), references)
        for p in pairs
        if p[0] in muscles and p[1] in muscles
    }
    return BodyView(segment, muscles, views)


def _segment_rows(
    body: BodyView, refused: Mapping[str, str], pairs: Sequence[tuple[str, str]], settings: Settings
) -> Iterator[MeasureRow]:
    """Rows of all targets over one segment: muscles in file order, refused ones, pairs, all muscles together."""
    segment = body.segment
    receivers = {name for view in body.pairs.values() for name in view.receivers}
    for name, view in body.muscles.items():
        flags = ("CROSSTALK_POSSIBLE",) if name in receivers else ()
        yield from muscle_rows(MuscleView(view.judged, segment, settings.detect, settings.measure, flags))
    for name, code in refused.items():
        yield from unmeasured_rows(name, "muscle", segment, code, _status(code))
    for pair in pairs:
        if pair in body.pairs:
            yield from pair_rows(body.pairs[pair])
        else:
            absent = [refused.get(m, "MUSCLE_MISSING") for m in pair if m not in body.muscles]
            code = ";".join(dict.fromkeys(absent))
            yield from unmeasured_rows("/".join(pair), "pair", segment, code, _status(absent[0]))
    yield from body_rows(body)


def _status(code: str) -> Status:
    return "not_measured" if code in ("CHANNEL_EXCLUDED", "MUSCLE_MISSING") else "undeterminable"


def _reference_levels(
    made: Mapping[Segment, Sequence[MeasureRow]], reference: str, elsewhere: Mapping[str, ReferenceLevel]
) -> dict[str, ReferenceLevel]:
    """Level of each muscle: of this recording where it has one, else the one that is told."""
    own: dict[str, list[MeasureRow]] = {}
    for segment, rows in made.items():
        for row in rows:
            if row.measure == LEVEL and is_reference(segment.name, reference):
                own.setdefault(row.target, []).append(row)
    levels = {muscle: reference_level(rows) for muscle, rows in own.items()}
    return {**levels, **{m: level for m, level in elsewhere.items() if m not in levels or not levels[m].level_uv}}
