"""Subject-level measures of a visit: rigidity index, active regions, contrasts."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from emgpipe.measures.rows import MeasureRow, Status
from emgpipe.muscles import part_of, region_of, side_of
from emgpipe.summary.visits import StudyRow, grouped, pooled

LEAST_INDEX_SHARE = 0.75
ACTIVE_CMUA = 0.5


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
        " Parallels the clinical index of stiff regions; it is not that index.",
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
    """P10 and CMUA of a muscle at a visit, repeats pooled; None where undeterminable."""

    p10_uv: float | None
    above_limit: bool
    cmua_frac: float | None


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
    change the index of earlier ones.
    """
    visits = _rest_levels(rows)
    for visit, muscles in visits.items():
        compared = [levels for v, levels in visits.items() if (v[0], v[2]) == (visit[0], visit[2])]
        yield _row(visit, "subject", "rigidity_index_log", *_index(muscles, compared, index_muscles, offset_uv))
        yield from (_row(visit, "subject", name, value, code) for name, value, code in _regions(muscles))
        yield _row(visit, "subject", "axial_limb_ln_ratio", *_axial_over_limb(muscles, offset_uv))
        for target, value, code in _left_over_right(muscles, offset_uv):
            yield _row(visit, target, "lr_ln_ratio", value, code)


def _rest_levels(rows: Sequence[StudyRow]) -> dict[Visit, dict[str, _Muscle]]:
    groups = grouped(r for r in rows if r.row.target_kind == "muscle" and r.row.segment == "rest")
    out: dict[Visit, dict[str, _Muscle]] = {}
    for (subject, visit, task, segment, target, measure), group in groups.items():
        if measure != "apdf_p10_uv":
            continue
        cmua = groups.get((subject, visit, task, segment, target, "cmua_frac"), [])
        above = any(r.row.status in ("ok", "flagged") for r in group)
        out.setdefault((subject, visit, task), {})[target] = _Muscle(pooled(group), above, pooled(cmua))
    return out


def _index(
    muscles: Mapping[str, _Muscle], compared: Sequence[Mapping[str, _Muscle]], wanted: Sequence[str], offset_uv: float
) -> tuple[float | None, str]:
    if not wanted:
        return None, "INDEX_NOT_DECLARED"
    counted = [m for m in wanted if all(m in visit and visit[m].p10_uv is not None for visit in compared)]
    if len(counted) < LEAST_INDEX_SHARE * len(wanted):
        return None, "INDEX_INCOMPLETE"
    return _mean_ln([muscles[m] for m in counted], offset_uv), "" if len(counted) == len(wanted) else "INDEX_PARTIAL"


def _mean_ln(levels: Sequence[_Muscle], offset_uv: float) -> float:
    return math.fsum(math.log((m.p10_uv or 0.0) + offset_uv) for m in levels) / len(levels)


def _regions(muscles: Mapping[str, _Muscle]) -> Iterator[tuple[str, float | None, str]]:
    measured: dict[str, bool] = {}
    for name, level in muscles.items():
        region = region_of(name)
        if region and level.p10_uv is not None and level.cmua_frac is not None:
            active = level.cmua_frac > ACTIVE_CMUA and level.above_limit
            measured[region] = measured.get(region, False) or active
    yield "active_regions_emg", float(sum(measured.values())) if measured else None, "NO_REGION"
    yield "regions_measured", float(len(measured)), ""


def _axial_over_limb(muscles: Mapping[str, _Muscle], offset_uv: float) -> tuple[float | None, str]:
    def part(name: str) -> list[_Muscle]:
        return [level for muscle, level in muscles.items() if part_of(muscle) == name and level.p10_uv is not None]

    axial, limb = part("axial"), part("limb")
    if not axial or not limb:
        return None, "CONTRAST_INCOMPLETE"
    return _mean_ln(axial, offset_uv) - _mean_ln(limb, offset_uv), ""


def _left_over_right(muscles: Mapping[str, _Muscle], offset_uv: float) -> Iterator[tuple[str, float | None, str]]:
    for name in muscles:
        bare = name.removesuffix("_L")
        other = muscles.get(f"{bare}_R")
        if side_of(name) != "L" or other is None:
            continue
        if muscles[name].p10_uv is None or other.p10_uv is None:
            yield bare, None, "CONTRAST_INCOMPLETE"
        else:
            yield bare, _mean_ln([muscles[name]], offset_uv) - _mean_ln([other], offset_uv), ""


_NOT_MEASURED = ("INDEX_NOT_DECLARED", "NO_REGION")


def _row(visit: Visit, target: str, measure: str, value: float | None, code: str) -> StudyRow:
    status: Status
    if value is not None:
        status, reason = ("flagged", code) if code == "INDEX_PARTIAL" else ("ok", "")
    else:
        status, reason = ("not_measured" if code in _NOT_MEASURED else "undeterminable"), code
    row = MeasureRow("rest", target, "subject", measure, value, UNITS[measure], status=status, reason=reason)
    return StudyRow(*visit, "", "", "", row)
