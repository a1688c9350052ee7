"""Subject-level measures of a visit: rigidity index, active regions, contrasts."""

import math
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from emgpipe.measures.rows import NOTES, MeasureRow, Status
from emgpipe.muscles import part_of, region_of, side_of
from emgpipe.summary.visits import StudyRow, pooled

LEAST_INDEX_SHARE = 0.75
ACTIVE_CMUA = 0.5
RESTS = r"rest(_[0-9]+)?"
"""Segments that are rest: `rest`, `rest_2`, ..."""
BELOW_LIMIT = "BELOW_LIMIT"


class SubjectMeasure(NamedTuple):
    """Name, unit, direction and definition of a subject-level measure."""

    name: str
    unit: str
    direction: str
    definition: str


SUBJECT_MEASURES = (
    SubjectMeasure(
        "rigidity_index_log", "1", "up",
        "Mean over a fixed list of muscle x side of ln(apdf_p10_uv + offset) at rest; a muscle counts only if it is"
        " determinable at all visits compared, and at least 75 % of the list must count.",
    ),
    SubjectMeasure(
        "active_regions_emg", "1", "up",
        "Number of body regions with a muscle whose cmua_frac is above 0.5 and whose apdf_p10_uv is above its limit."
        " Parallels the clinical 0-6 index of regions; it is not that index.",
    ),
    SubjectMeasure("regions_measured", "1", "none", "Number of body regions with a muscle that has both measures."),
    SubjectMeasure(
        "axial_limb_ln_ratio", "1", "none", "Mean ln(apdf_p10_uv + offset) of axial minus that of limb muscles.",
    ),
    SubjectMeasure(
        "lr_ln_ratio", "1", "none", "ln(apdf_p10_uv + offset) of the left muscle minus that of the right one.",
    ),
)  # fmt: skip
UNITS = {measure.name: measure.unit for measure in SUBJECT_MEASURES}

Visit = tuple[str, str, str]


class _Muscle(NamedTuple):
    """P10 and CMUA of a muscle at a visit, rests and repeats pooled, None where undeterminable; doubts of both."""

    p10_uv: float | None
    above_limit: bool
    cmua_frac: float | None
    p10_doubts: frozenset[str]
    cmua_doubts: frozenset[str]


class _Answer(NamedTuple):
    """A value and its doubts, or None and the code why."""

    value: float | None
    codes: Iterable[str] = ()


def subject_rows(rows: Sequence[StudyRow], index_muscles: Sequence[str], offset_uv: float) -> Iterator[StudyRow]:
    """Make the subject-level rows of every visit.

    Parameters
    ----------
    rows : sequence of StudyRow
        Muscle rows of all recordings of a study.
    index_muscles : sequence of str
        Fixed list of the rigidity index; empty: it is not measured.
    offset_uv : float > 0
        Added before the logarithm, the same in the whole study.

    Yields
    ------
    StudyRow
        With `recording` empty; one set a subject, visit and task with declared rest.

    Notes
    -----
    Visits compared are all visits of a subject with the same task: a new visit may
    change the index of earlier ones. All rests of a visit count alike: a muscle has the median over `rest`,
    `rest_2`, ... of all repeats. A row is `flagged` with the codes of every part that counts, and with
    BELOW_LIMIT where a P10 that counts is below its limit; not in `active_regions_emg`, where below the limit
    is the answer. `regions_measured` counts what has numbers and inherits no doubt.
    """
    visits = _rest_levels(rows)
    for visit, muscles in visits.items():
        compared = [levels for v, levels in visits.items() if (v[0], v[2]) == (visit[0], visit[2])]
        yield _row(visit, "subject", "rigidity_index_log", _index(muscles, compared, index_muscles, offset_uv))
        yield from (_row(visit, "subject", name, answer) for name, answer in _regions(muscles))
        yield _row(visit, "subject", "axial_limb_ln_ratio", _axial_over_limb(muscles, offset_uv))
        yield from (_row(visit, name, "lr_ln_ratio", answer) for name, answer in _left_over_right(muscles, offset_uv))


def _rest_levels(rows: Sequence[StudyRow]) -> dict[Visit, dict[str, _Muscle]]:
    groups: dict[tuple[Visit, str], dict[str, list[StudyRow]]] = {}
    for r in rows:
        if r.row.target_kind == "muscle" and re.fullmatch(RESTS, r.row.segment):
            measures = groups.setdefault(((r.subject, r.visit, r.task), r.row.target), {})
            measures.setdefault(r.row.measure, []).append(r)
    out: dict[Visit, dict[str, _Muscle]] = {}
    for (visit, target), measures in groups.items():
        if "apdf_p10_uv" in measures:
            out.setdefault(visit, {})[target] = _muscle(measures["apdf_p10_uv"], measures.get("cmua_frac", []))
    return out


def _muscle(p10: Sequence[StudyRow], cmua: Sequence[StudyRow]) -> _Muscle:
    p10_uv = pooled(p10)
    limits = [r.row.limit for r in p10 if r.valued and r.row.limit is not None]
    above = p10_uv is not None and p10_uv >= (statistics.median(limits) if limits else 0.0)
    return _Muscle(p10_uv, above, pooled(cmua), _doubts(p10), _doubts(cmua))


def _doubts(rows: Sequence[StudyRow]) -> frozenset[str]:
    """Codes of the rows that have a value, and BELOW_LIMIT; a missing interval is no doubt."""
    codes = {code for r in rows if r.valued for code in r.row.reason.split(";") if code}
    return frozenset((codes - NOTES) | {BELOW_LIMIT for r in rows if r.valued and r.row.status == "below_limit"})


def _index(
    muscles: Mapping[str, _Muscle], compared: Sequence[Mapping[str, _Muscle]], wanted: Sequence[str], offset_uv: float
) -> _Answer:
    if not wanted:
        return _Answer(None, ["INDEX_NOT_DECLARED"])
    counted = [m for m in wanted if all(m in visit and visit[m].p10_uv is not None for visit in compared)]
    if len(counted) < LEAST_INDEX_SHARE * len(wanted):
        return _Answer(None, ["INDEX_INCOMPLETE"])
    levels = [muscles[m] for m in counted]
    partial = {"INDEX_PARTIAL"} if len(counted) < len(wanted) else set()
    return _Answer(_mean_ln(levels, offset_uv), partial.union(*(level.p10_doubts for level in levels)))


def _mean_ln(levels: Sequence[_Muscle], offset_uv: float) -> float:
    return math.fsum(math.log((m.p10_uv or 0.0) + offset_uv) for m in levels) / len(levels)


def _regions(muscles: Mapping[str, _Muscle]) -> Iterator[tuple[str, _Answer]]:
    measured: dict[str, bool] = {}
    doubts: set[str] = set()
    for name, level in muscles.items():
        region = region_of(name)
        if region and level.p10_uv is not None and level.cmua_frac is not None:
            active = level.cmua_frac > ACTIVE_CMUA and level.above_limit
            measured[region] = measured.get(region, False) or active
            doubts |= level.p10_doubts | level.cmua_doubts
    count = _Answer(float(sum(measured.values())), doubts - {BELOW_LIMIT})
    yield "active_regions_emg", count if measured else _Answer(None, ["NO_REGION"])
    yield "regions_measured", _Answer(float(len(measured)))


def _axial_over_limb(muscles: Mapping[str, _Muscle], offset_uv: float) -> _Answer:
    def part(name: str) -> list[_Muscle]:
        """Levels of the muscles of this part of the body."""
        return [level for muscle, level in muscles.items() if part_of(muscle) == name and level.p10_uv is not None]

    return _contrast(part("axial"), part("limb"), offset_uv)


def _left_over_right(muscles: Mapping[str, _Muscle], offset_uv: float) -> Iterator[tuple[str, _Answer]]:
    for name in muscles:
        bare = name.removesuffix("_L")
        other = muscles.get(f"{bare}_R")
        if side_of(name) == "L" and other is not None:
            left, right = ([level] if level.p10_uv is not None else [] for level in (muscles[name], other))
            yield bare, _contrast(left, right, offset_uv)


def _contrast(of: Sequence[_Muscle], to: Sequence[_Muscle], offset_uv: float) -> _Answer:
    if not of or not to:
        return _Answer(None, ["CONTRAST_INCOMPLETE"])
    doubts = frozenset[str]().union(*(level.p10_doubts for level in [*of, *to]))
    return _Answer(_mean_ln(of, offset_uv) - _mean_ln(to, offset_uv), doubts)


_NOT_MEASURED = ("INDEX_NOT_DECLARED", "NO_REGION")


def _row(visit: Visit, target: str, measure: str, answer: _Answer) -> StudyRow:
    codes = sorted(answer.codes)
    status: Status = "flagged" if codes else "ok"
    if answer.value is None:
        status = "not_measured" if codes[0] in _NOT_MEASURED else "undeterminable"
    row = MeasureRow(
        "rest", target, "subject", measure, answer.value, UNITS[measure], status=status, reason=";".join(codes)
    )
    return StudyRow(*visit, "", "", "", row)
