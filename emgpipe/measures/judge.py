"""From views to rows: the rules that hold for every measure."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from emgpipe.frames.model import ChannelFrames
from emgpipe.measures.events import LEAST_MUSCLES, SUBJECT, BodyView
from emgpipe.measures.rows import NOTES, MeasureRow, Status, TargetKind
from emgpipe.measures.settings import MeasureSettings
from emgpipe.measures.views import CUE_KINDS, REST, WHOLE, Measure, MuscleView, PairView, Reading, Segment
from emgpipe.muscles import part_of

UNTOUCHED_BY_CROSSTALK = frozenset({"floor_uv", "tilt"})
"""Of the signal itself; every other number of a muscle that may have its signal from another one says so."""
MUCH_EXCLUDED = 0.1
"""Share of the segment above which a reason to exclude is named in a row."""
MUCH_HIDDEN = 0.1
"""Share of the lead in which beats cannot be told, above which rows say so."""
LEAST_REMOVED = 0.9
"""Beats taken out of a channel over those told, below which rows say that a heart may be left in."""
MUCH_MISSED = 0.02
"""Share of the time without beats that no heart leaves, above which rows say so."""
LITTLE_RESIDUAL = 0.7
"""QRS hops this much quieter than the others: what is left of the heart stands beside them."""
MUCH_RESIDUAL = 1.3
"""RMS of QRS hops after subtraction over that of the others, above which rows say so."""
AMOUNTS = ("1", "1/h", "uV s/min")
"""Units of shares, counts and areas: clipped time, left out, lowers them."""
CLIPPED_COUNTS = 0.01
"""Clipped share of the segment from which on a value is a lower bound."""


def muscle_row(measure: Measure, view: MuscleView) -> MeasureRow:
    """Row of one measure of a muscle."""
    muscle = view.judged.frames.muscle or view.judged.frames.label
    reading = _muscle_refusal(measure, view) or measure.function(view)
    flags = [*_doubts(measure, view), *reading.flags, *_left_out(measure, view)]
    flags += [f for f in view.flags if measure.name not in UNTOUCHED_BY_CROSSTALK]
    used_s = reading.used_s if reading.used_s is not None else view.used_s
    return _row(measure, reading, view, muscle, "muscle", flags, used_s, _lines_hz(view))


def pair_row(measure: Measure, view: PairView) -> MeasureRow:
    """Row of one measure of a pair."""
    target = f"{view.agonist.judged.frames.muscle}/{view.antagonist.judged.frames.muscle}"
    reading = _pair_refusal(measure, view) or measure.function(view)
    flags = [*_doubts(measure, view.agonist), *_doubts(measure, view.antagonist), *reading.flags]
    flags += [*_left_out(measure, view.agonist), *_left_out(measure, view.antagonist)]
    flags += ["CROSSTALK_POSSIBLE"] if view.has_crosstalk else []
    used_s = reading.used_s if reading.used_s is not None else min(view.agonist.used_s, view.antagonist.used_s)
    lines_hz = _lines_hz(view.agonist, view.antagonist)
    return _row(measure, reading, view.louder_floor, target, "pair", flags, used_s, lines_hz)


def body_row(measure: Measure, view: BodyView) -> MeasureRow:
    """Row of one measure of all muscles of a recording together, over one segment.

    Parameters
    ----------
    measure : Measure
        Of `BODY_MEASURES`.
    view : BodyView
        Muscles and pairs over the segment.

    Returns
    -------
    MeasureRow
        `not_measured`, MUSCLES_TOO_FEW where less than two muscles have a floor and usable time enough. Of the others
        the shortest usable time and every doubt count.
    """
    told = [muscle for muscle in view.muscles.values() if _muscle_refusal(measure, muscle) is None]
    reading = Reading.none("MUSCLES_TOO_FEW", "not_measured")
    if view.segment.kind == WHOLE:
        reading = Reading.none("REST_NOT_DECLARED", "not_measured")
    elif len(told) >= LEAST_MUSCLES:
        reading = measure.function(
            BodyView(view.segment, {n: m for n, m in view.muscles.items() if m in told}, view.pairs)
        )
    used_s = min((muscle.used_s for muscle in told), default=0.0)
    flags = [code for muscle in told for code in (*_doubts(measure, muscle), *_left_out(measure, muscle))]
    return _body_row(measure, reading, view.segment, [*flags, *reading.flags], used_s)


def _body_row(measure: Measure, reading: Reading, segment: Segment, flags: Sequence[str], used_s: float) -> MeasureRow:
    given = reading.value is not None
    codes = dict.fromkeys(flags if given else [reading.refused])
    status: Status = ("flagged" if codes else "ok") if given else reading.status
    return MeasureRow(
        segment.name, SUBJECT, "subject", measure.name, reading.value, measure.unit, status=status,
        reason=";".join(codes), used_s=used_s, excluded_s=max(segment.stop_s - segment.start_s - used_s, 0.0),
    )  # fmt: skip


def unmeasured_row(
    measure: Measure, target: str, kind: TargetKind, segment: Segment, code: str, status: Status
) -> MeasureRow:
    """Row of a target that has no verdicts at all."""
    return MeasureRow(segment.name, target, kind, measure.name, None, measure.unit, status=status, reason=code)


def given_in(measures: Sequence[Measure], segment: Segment) -> list[Measure]:
    """Those of these measures that have a row in a segment."""
    if segment.kind in CUE_KINDS:
        return [m for m in measures if m.given_in == segment.kind]
    given = ("any", REST) if segment.kind in (REST, WHOLE) else ("any",)
    return [m for m in measures if m.given_in in given]


def _muscle_refusal(measure: Measure, view: MuscleView) -> Reading | None:
    """Why a muscle measure has no number, before it is computed."""
    if measure.given_in == REST and view.segment.kind == WHOLE:
        return Reading.none("REST_NOT_DECLARED", "not_measured")
    if measure.needs_floor and not view.judged.floor.known:
        codes = dict.fromkeys([view.judged.floor.reason or "NO_USABLE_SIGNAL", *_excluding(view)])
        return Reading.none(";".join(codes))
    # heart beats hide no spasm: a rest of ten minutes is one with them, too
    return _too_little(measure, [view], view.spasms.seen_s if measure.need == "events" else view.used_s)


def _pair_refusal(measure: Measure, view: PairView) -> Reading | None:
    """Why a pair measure has no number, before it is computed."""
    if measure.given_in == REST and view.agonist.segment.kind == WHOLE:
        return Reading.none("REST_NOT_DECLARED", "not_measured")
    if view.identical:
        return Reading.none("IDENTICAL_CHANNELS")
    for muscle in (view.agonist, view.antagonist):
        refusal = _muscle_refusal(measure, muscle)
        if refusal:
            return refusal
    # correlation counts its own seconds
    return _too_little(measure, [view.agonist, view.antagonist], view.joint_s) if measure.needs_floor else None


def _too_little(measure: Measure, views: Sequence[MuscleView], used_s: float) -> Reading | None:
    """Why the usable time of one muscle, or the joint one of two, is not enough."""
    settings, segment = views[0].settings, views[0].segment
    length_s = segment.stop_s - segment.start_s
    reading = None
    if used_s == 0 or (measure.need != "nothing" and used_s < settings.least_usable_share * length_s):
        codes = ["TOO_MUCH_EXCLUDED" if length_s > 0 else "TOO_SHORT", *(c for v in views for c in _excluding(v))]
        reading = Reading.none(";".join(dict.fromkeys(codes)))
    elif used_s + views[0].judged.frames.hop_s < _needed_s(measure, segment, settings):
        reading = Reading.none("TOO_SHORT")
    return reading and replace(reading, used_s=used_s)


def _needed_s(measure: Measure, segment: Segment, settings: MeasureSettings) -> float:
    if measure.need == "nothing" or segment.kind not in (REST, WHOLE):
        return settings.least_reference_s
    least_s = {"continuity": settings.least_continuity_s, "events": settings.least_spasm_s}
    return least_s.get(measure.need, settings.least_usable_s)


def _excluding(view: MuscleView) -> list[str]:
    """Reason bits that take more than a tenth of the segment; beats that were removed are no fault."""
    return [name for name, share in view.stretch.reason_shares.items() if name != "QRS" and share > MUCH_EXCLUDED]


def _left_out(measure: Measure, view: MuscleView) -> list[str]:
    """What a value does not hold: clipped time, which is the loudest there is, and much else that was excluded."""
    if measure.need == "nothing":
        return []
    codes = _excluding(view)
    if view.stretch.reason_shares["CLIPPED"] >= CLIPPED_COUNTS:
        codes = [*codes, "CLIPPED"]
        if measure.limited or (measure.direction == "up" and measure.unit in AMOUNTS):
            codes = ["LOWER_BOUND", *codes]
    return codes


def _doubts(measure: Measure, view: MuscleView) -> list[str]:
    """Doubts about floor and signal that a value inherits; those about the signal itself reach every measure."""
    if not measure.needs_floor or not view.judged.floor.known:
        return [*view.judged.doubts]
    codes = [code for code in view.judged.floor.reason.split(";") if code and code != "LOW_PASS"]
    codes += view.judged.doubts
    codes += ["MAINS_OTHER"] if view.judged.frames.other_lines else []
    return [*codes, *_heart_doubts(view.judged.frames)]


def _heart_doubts(frames: ChannelFrames) -> list[str]:
    """What heart beats may have left in a channel."""
    heart = frames.heart
    if heart is None:  # frames made without a look for beats
        return ["ECG_NOT_REMOVED"] if part_of(frames.muscle) == "axial" else []
    looked = part_of(frames.muscle) == "axial" or heart.n_beats > 0
    left_in = looked and (heart.n_beats < LEAST_REMOVED * heart.n_told or heart.missed_share > MUCH_MISSED)
    codes = ["ECG_NOT_REMOVED"] if heart.doubtful or left_in else []
    codes += ["ECG_HIDDEN"] if heart.n_beats and heart.hidden_share > MUCH_HIDDEN else []
    codes += ["ECG_UNCONFIRMED"] if heart.n_beats and not heart.confirmed else []
    odd = heart.residual > MUCH_RESIDUAL or heart.residual < LITTLE_RESIDUAL
    return [*codes, "ECG_RESIDUAL"] if odd else codes


def _lines_hz(*views: MuscleView) -> str:
    """Mains lines that were removed, to 0.1 Hz, joined by `;`."""
    lines = {round(line.frequency_hz, 1) for view in views for line in view.judged.frames.lines}
    return ";".join(f"{line:g}" for line in sorted(lines))


def _row(
    measure: Measure,
    reading: Reading,
    view: MuscleView,
    target: str,
    kind: TargetKind,
    flags: list[str],
    used_s: float,
    lines_hz: str,
) -> MeasureRow:
    """Apply the rules of status, limit and shortness to a reading."""
    floor = view.judged.floor
    given = reading.value is not None and bool(np.isfinite(reading.value))
    codes = list(flags)
    short_s = view.settings.short_s / (3 if measure.need == "third" else 1)
    # whole hops may fall one short of a whole minute
    short = used_s + view.judged.frames.hop_s < short_s
    if given and measure.need != "nothing" and view.segment.kind in (REST, WHOLE) and short:
        codes.append("SHORT")
    limit = view.limit_uv if measure.limited and floor.known else None
    status: Status = reading.status
    if given:
        status = "flagged" if set(codes) - NOTES else "ok"
        if limit is not None and reading.value is not None and reading.value < limit:
            status = "below_limit"
    else:
        codes = [reading.refused or "MOSTLY_UNDETERMINABLE"]
    known = floor.known
    return MeasureRow(
        segment=view.segment.name,
        target=target,
        target_kind=kind,
        measure=measure.name,
        value=reading.value if given else None,
        unit=measure.unit,
        low=reading.low if given else None,
        high=reading.high if given else None,
        limit=limit,
        status=status,
        reason=";".join(sorted(dict.fromkeys(codes), key=NOTES.__contains__)),
        used_s=used_s,
        excluded_s=max(view.segment.stop_s - view.segment.start_s - used_s, 0.0),
        floor_uv=floor.floor_uv if known else None,
        floor_lo_uv=floor.lo_uv if known else None,
        floor_hi_uv=floor.hi_uv if known else None,
        floor_source=floor.source if known else "",
        floor_confidence=floor.confidence if known else "",
        lines_hz=lines_hz,
    )
