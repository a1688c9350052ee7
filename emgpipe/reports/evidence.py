"""What the numbers of a recording rest on: floors, lines, states, heart beats, crosstalk, and what was left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from emgpipe.frames.model import QRS
from emgpipe.measures.events import SUBJECT
from emgpipe.measures.grade import LETTERS
from emgpipe.measures.rows import VALUED, IntervalRow, MeasureRow
from emgpipe.measures.views import Segment
from emgpipe.reports.model import Measured, Muscle
from emgpipe.reports.tables import MISSING, Cell, cell, words_of
from emgpipe.reports.words import (
    NO_FAULT,
    SOURCE_WORDS,
    STATE_WORDS,
    Reason,
    clock,
    heart_words,
    number,
    reasons,
)

MOST_SPASMS = 60
"""A page lists so many; `intervals.csv` holds all."""
SPASMS = {
    "spasm": ("spasm", "spasms"),
    "possible_spasm": ("stretch in which one may hide", "stretches in which one may hide"),
}
"""Kinds of intervals that are drawn over the state: words for one, and for several."""
CROSSTALK = "CROSSTALK_POSSIBLE"


class Exclusion(NamedTuple):
    """Time of one or several muscles that was left out: in all, its share of the recording, and by its reasons."""

    name: str
    time: str
    share: str
    by_reason: tuple[tuple[tuple[Reason, ...], str], ...]


class GradeLine(NamedTuple):
    """Muscles of one grade with the same reasons: places among the channels and names, and their words."""

    muscles: tuple[tuple[int, str], ...]
    muscle_words: str
    grade: str
    grade_words: str
    reasons: tuple[Reason, ...]


class PairEvidence(NamedTuple):
    """What a pair shows of shared signal: cells of `xt_r0`, `cc_overlap_uv` and `cc_overlap_xt_uv`, and words."""

    name: str
    r0: Cell
    overlap: Cell
    overlap_xt: Cell
    words: str


@dataclass(frozen=True)
class Channel:
    """What a muscle's numbers rest on."""

    name: str
    words: str
    grade: str
    grade_words: str
    floor: str
    bracket: str
    source: str
    confidence: str
    lines: str
    shares: tuple[str, ...]
    reasons: tuple[Reason, ...]


def channels(result: Measured) -> list[Channel]:
    """Floor, removed lines and states of each muscle, over the whole recording."""
    return [_channel(name, one, result) for name, one in result.muscles.items()]


def _channel(name: str, one: Muscle, result: Measured) -> Channel:
    floor, known = one.floor, one.floor.known
    lines = ", ".join(f"{line.frequency_hz:.1f} Hz ({number(line.rms_uv, 'uV')} µV)" for line in one.frames.lines)
    out = (i for i in result.intervals if i.target == name and i.kind in ("excluded", "possible_spasm"))
    why = {code: None for i in out for code in i.reason.split(";") if code}
    grade = result.grades[name]
    codes = [*grade.codes, floor.reason, *(code for code in why if code not in NO_FAULT)]
    return Channel(
        name=name,
        words=words_of(name),
        grade=grade.letter,
        grade_words=LETTERS[grade.letter],
        floor=number(floor.floor_uv, "uV") if known else "cannot be told",
        bracket=f"{number(floor.lo_uv, 'uV')} to {number(floor.hi_uv, 'uV')}" if known else "",
        source=SOURCE_WORDS.get(floor.source, ""),
        confidence=floor.confidence,
        lines=lines or "none",
        shares=tuple(f"{100 * share:.1f} %" for share in state_shares(name, result).values()),
        reasons=reasons(";".join(codes)),
    )


def grade_lines(seen: Sequence[Channel]) -> list[GradeLine]:
    """Grades in the order of the channels; muscles of which the same is to be said share a line."""
    alike: dict[tuple[str, tuple[Reason, ...]], list[tuple[int, Channel]]] = {}
    for place, one in enumerate(seen):
        alike.setdefault((one.grade, one.reasons), []).append((place, one))
    return [
        GradeLine(
            tuple((place, one.name) for place, one in found), ", ".join(one.words for _, one in found if one.words),
            grade, found[0][1].grade_words, why,
        )
        for (grade, why), found in alike.items()
    ]  # fmt: skip


def hearts(result: Measured) -> list[tuple[str, tuple[str, ...]]]:
    """Muscles in which heart beats were looked for, and what was done about them."""
    return [
        (name, heart_words(heart, _share_at_beats(one)))
        for name, one in result.muscles.items()
        if (heart := one.frames.heart) is not None
    ]


def _share_at_beats(one: Muscle) -> float:
    """Share of the hops that are left out for a heart beat and for no other fault of the signal."""
    return float((one.frames.reasons == QRS).mean()) if len(one.frames.reasons) else 0.0


def state_shares(name: str, result: Measured) -> dict[str, float]:
    """Share of the recording in each state of `STATE_WORDS`; all 0 where nothing was seen."""
    lengths = dict.fromkeys(STATE_WORDS, 0.0)
    for row in result.intervals:
        if row.target == name and row.kind in lengths:
            lengths[row.kind] += row.stop_s - row.start_s
    total = sum(lengths.values())
    return {kind: length / total if total else 0.0 for kind, length in lengths.items()}


def spasms_together(result: Measured) -> tuple[list[str], int]:
    """Generalised spasms in words, at most `MOST_SPASMS`, and how many more there are."""
    found = [i for i in result.intervals if (i.target, i.kind) == (SUBJECT, "spasm")]
    told = [f"{clock(i.start_s)}: {i.reason.replace(';', ', ')}" for i in found[:MOST_SPASMS]]
    return told, len(found) - len(told)


def spasm_count(name: str, result: Measured, kind: str = "spasm") -> int:
    """Spasms of a muscle, or stretches in which one may hide (`possible_spasm`)."""
    return sum((i.target, i.kind) == (name, kind) for i in result.intervals)


def untraced(result: Measured) -> list[tuple[str, tuple[Reason, ...]]]:
    """Muscles that have rows and no trace, with the reasons; each that was not excluded by name is a D."""
    found: dict[str, str] = {}
    for row in result.rows:
        if row.target_kind == "muscle" and row.target not in result.muscles:
            found.setdefault(row.target, row.reason)
    return [(name, reasons(codes)) for name, codes in found.items()]


def exclusions(result: Measured) -> list[Exclusion]:
    """Time left out over the whole recording, the longest reason first; muscles that lost the same share a line.

    A stretch of several reasons is told once, with all of them: which part of it has which reason is not known here.
    """
    names: dict[tuple[str, str, tuple[tuple[tuple[Reason, ...], str], ...]], list[str]] = {}
    for name in result.muscles:
        lost = [i for i in result.intervals if (i.target, i.kind) == (name, "excluded")]
        if lost:
            share = f"{100 * state_shares(name, result)['excluded']:.1f} %"
            told = (clock(sum(i.stop_s - i.start_s for i in lost)), share, _by_reason(lost))
            names.setdefault(told, []).append(name)
    return [Exclusion(", ".join(found), *told) for told, found in names.items()]


def _by_reason(lost: Sequence[IntervalRow]) -> tuple[tuple[tuple[Reason, ...], str], ...]:
    seconds: dict[str, float] = {}
    for one in lost:
        seconds[one.reason] = seconds.get(one.reason, 0.0) + one.stop_s - one.start_s
    longest = sorted(seconds, key=lambda codes: -seconds[codes])
    return tuple((tuple(map(_without_fault, reasons(codes))), clock(seconds[codes])) for codes in longest if codes)


def _without_fault(why: Reason) -> Reason:
    """The method, not a fault: in words only."""
    return Reason("", why.meaning) if why.code in NO_FAULT else why


def crosstalk(result: Measured, segment: Segment | None) -> list[PairEvidence]:
    """What each pair of a segment shows of signal that both muscles share without delay; none without rows."""
    own = [r for r in result.rows if segment and r.segment == segment.name and r.target_kind == "pair"]
    found = {(r.target, r.measure): r for r in own}
    return [
        PairEvidence(
            target, _cell_of(found, target, "xt_r0"), _cell_of(found, target, "cc_overlap_uv"),
            _cell_of(found, target, "cc_overlap_xt_uv"), _shared_words(found, target),
        )
        for target in dict.fromkeys(r.target for r in own)
        if (target, "xt_r0") in found
    ]  # fmt: skip


_SHARED = ("xt_r0", "cc_overlap_uv", "cc_overlap_xt_uv")


def _cell_of(found: dict[tuple[str, str], MeasureRow], target: str, measure: str) -> Cell:
    row = found.get((target, measure))
    return cell(row) if row else MISSING


def _shared_words(found: dict[tuple[str, str], MeasureRow], target: str) -> str:
    """Say what the correlation means; that none is shown is not that there is none."""
    rows = [found[target, name] for name in _SHARED if (target, name) in found]
    if rows[0].status not in VALUED:
        return "Cannot be told."
    if not any(CROSSTALK in row.reason.split(";") for row in rows):
        return "No crosstalk shown."
    said = "Both muscles share signal without delay: part of the weaker one may come from the other."
    overlap, left = (found.get((target, name)) for name in _SHARED[1:])
    if overlap and left and overlap.status in VALUED and left.status in VALUED:
        below = left.status == "below_limit"
        told = f"less than its limit of {number(left.limit, 'uV')}" if below else number(left.value, "uV")
        said += (
            f" Without the shared part an overlap of {told} µV is left of"
            f" {number(overlap.value, 'uV')} µV (exploratory; a filtered copy is taken off in part only)."
        )
    return said
