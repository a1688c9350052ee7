"""From the values of recordings to those of visits under each point, by the functions that `run` merges with."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from emgpipe.batch.referring import levels_elsewhere
from emgpipe.errors import SettingsError
from emgpipe.measures.reference import LEVEL
from emgpipe.measures.rows import MeasureRow
from emgpipe.outcomes.plan_checks import LOGARITHMS, UNITS
from emgpipe.recording import Finding
from emgpipe.settings import nearest
from emgpipe.study import Study
from emgpipe.summary import SUBJECT_MEASURES, StudyRow, reference_rows, subject_rows
from emgpipe.summary.references import TWINS, Reference, reference_rows_by_muscle
from emgpipe.summary.subject import RESTS
from emgpipe.tuning.model import STATUSES, Key, Values
from emgpipe.tuning.patterns import Points, alike, first_alike

P10, CMUA, REFERRING = "apdf_p10_uv", "cmua_frac", "cc_fw_pct"
"""Measures that others rest on, and the one that rests on a level of another recording."""
PERCENT = {f"{name.removesuffix('_uv')}_pct": name for name in TWINS}
"""Twin -> what it is a share of the reference of."""
OF_VISITS = frozenset(one.name for one in SUBJECT_MEASURES)
_DOUBT = "DOUBTED"
"""Stands for all codes of a value that has any: what is inherited is whether there is one."""
_NONE = STATUSES.index("not_measured")

Rows = list[StudyRow]


class Merged(NamedTuple):
    """Wanted measures of a study under each point.

    Attributes
    ----------
    values : Values
        Rows of recordings in the order given, `_pct` twins, then rows of visits (their `recording` is empty).
    findings : tuple of Finding
        What has no value here and would have one in a run.
    """

    values: Values
    findings: tuple[Finding, ...] = ()


class _Part(NamedTuple):
    """Rows that are made of others: which measures, from which measures and segments, and how."""

    measures: frozenset[str]
    bases: frozenset[str]
    segments: str
    make: Callable[[Rows], Iterable[StudyRow]]

    def rests_on(self, key: Key) -> bool:
        """Whether a row of a recording is one that these are made of."""
        return key.measure in self.bases and re.fullmatch(self.segments, key.segment) is not None


def base_measures(measure: str) -> frozenset[str]:
    """Measures of recordings that a wanted one is made from.

    Parameters
    ----------
    measure : str
        A name of `measures.csv`.

    Returns
    -------
    frozenset of str
        Of a measure of recordings itself, and what must be known to say that it stands.

    Raises
    ------
    SettingsError
        OUTCOME_UNKNOWN, with the nearest name.

    Examples
    --------
    >>> [sorted(base_measures(name)) for name in ("act_frac", "apdf_p50_pct", "active_regions_emg")]
    [['act_frac'], ['apdf_p50_uv', 'rest_rms_uv'], ['apdf_p10_uv', 'cmua_frac']]
    """
    if measure not in UNITS:
        raise SettingsError("OUTCOME_UNKNOWN", f"measure {measure!r}; {nearest(measure, list(UNITS))}")
    if measure in OF_VISITS:
        return frozenset({P10} if measure in LOGARITHMS else {P10, CMUA})
    if measure == REFERRING:
        return frozenset({measure, LEVEL})
    return frozenset({PERCENT[measure], LEVEL} if measure in PERCENT else {measure})


def merged_values(parts: Sequence[Values], study: Study, measures: Collection[str]) -> Merged:
    """Merge the values of recordings as a run does, under each point.

    Parameters
    ----------
    parts : sequence of Values
        One a recording, in the order of the study, with all that `base_measures` names.
    study : Study
        Gives the index muscles, the offset and the reference.
    measures : collection of str
        Wanted; of recordings, twins, and of visits.

    Returns
    -------
    Merged
        Value, status and limit of each row are those of a run with these settings, bit for bit. `cc_fw_pct` has no
        value (`not_measured`) where its reference lies in another recording and has another level than under point 0;
        REFERENCE_ELSEWHERE counts them.

    Raises
    ------
    SettingsError
        OUTCOME_UNKNOWN. REFERENCE_IS_REST.

    Notes
    -----
    Rows of a subject rest on recordings of this subject alone: they are made once for each pattern of what they rest
    on. A setting that moves none of it costs nothing.
    """
    wanted = frozenset[str]().union(*map(base_measures, measures))
    whole = _joined(parts, wanted)
    findings: list[Finding] = []
    if REFERRING in measures and study.reference:
        whole, n_changed = _without_foreign(whole, Reference.parse(study.reference))
        if n_changed:
            message = f"{n_changed} values of {REFERRING} rest on a reference in another recording whose level these"
            message += " settings change: they are left out here; a run with these settings gives them"
            findings.append(Finding("REFERENCE_ELSEWHERE", "warning", "", message))
    own = taken(whole, [n for n, key in enumerate(whole.keys) if key.measure in measures])
    made = [_made(whole, part) for part in _parts_of(study, frozenset(measures))]
    return Merged(_beside([own, *made], len(whole.value)), tuple(findings))


def _parts_of(study: Study, measures: frozenset[str]) -> Iterator[_Part]:
    """What is to be made; measures of visits are kept apart by what they rest on."""

    def visits(rows: Rows) -> Iterator[StudyRow]:
        """Rows of visits."""
        return subject_rows(rows, study.index_muscles, study.index_offset_uv)

    def twins(rows: Rows) -> Iterator[StudyRow]:
        """Twins in % of the reference."""
        return reference_rows(rows, study.reference)

    kinds = (
        (frozenset(PERCENT), ".*", twins),
        (OF_VISITS & LOGARITHMS, RESTS, visits),
        (OF_VISITS - LOGARITHMS, RESTS, visits),
    )
    for told, segments, make in kinds:
        own = measures & told
        if own:
            yield _Part(own, frozenset[str]().union(*map(base_measures, own)), segments, make)


def _joined(parts: Sequence[Values], wanted: Collection[str]) -> Values:
    """Columns of the wanted measures of all recordings, side by side."""
    n_points = len(parts[0].value) if parts else 1
    kept = [taken(one, [n for n, key in enumerate(one.keys) if key.measure in wanted]) for one in parts]
    return _beside(kept, n_points)


def taken(values: Values, columns: Sequence[int]) -> Values:
    """Some columns of values."""
    doubted = values.doubted if values.doubted is not None else np.zeros(values.value.shape, np.bool_)
    return Values(
        tuple(values.keys[n] for n in columns), values.value[:, columns], values.status[:, columns],
        values.limit[:, columns], doubted[:, columns],
    )  # fmt: skip


def _beside(parts: Sequence[Values], n_points: int) -> Values:
    none = _empty(n_points, ())
    every = [none, *parts]
    return Values(
        tuple(key for one in every for key in one.keys), np.hstack([one.value for one in every]),
        np.hstack([one.status for one in every]), np.hstack([one.limit for one in every]),
        np.hstack([one.doubted for one in every if one.doubted is not None]),
    )  # fmt: skip


def _empty(n_points: int, keys: tuple[Key, ...]) -> Values:
    shape = n_points, len(keys)
    return Values(
        keys, np.full(shape, np.nan), np.full(shape, _NONE, np.uint8), np.full(shape, np.nan), np.zeros(shape, np.bool_)
    )


def _made(whole: Values, part: _Part) -> Values:
    """Rows of all subjects, in the order of a run, under each point."""
    used = taken(whole, [n for n, key in enumerate(whole.keys) if part.rests_on(key)])
    made = part.make(_rows(used, 0))
    place = {_key(row): n for n, row in enumerate(row for row in made if row.row.measure in part.measures)}
    out = _empty(len(whole.value), tuple(place))
    for subject in dict.fromkeys(key.subject for key in used.keys):
        own = taken(used, [n for n, key in enumerate(used.keys) if key.subject == subject])
        for first, points in patterns(own):
            for row in part.make(_rows(own, first)):
                if row.row.measure in part.measures:
                    _put(out, points, place[_key(row)], row)
    return out


def patterns(values: Values) -> list[tuple[int, Points]]:
    """Points under which all columns are the same: the first of each pattern, and all of it."""
    doubted = np.zeros((len(values.value), 0)) if values.doubted is None else values.doubted
    return alike(first_alike(values.value, values.status, values.limit, doubted))


def _put(out: Values, points: Points, column: int, made: StudyRow) -> None:
    row = made.row
    out.value[points, column] = np.nan if row.value is None else row.value
    out.limit[points, column] = np.nan if row.limit is None else row.limit
    out.status[points, column] = STATUSES.index(row.status)


def _rows(values: Values, point: int) -> Rows:
    """Rows of recordings under a point, as far as merging needs them."""
    doubted = values.doubted if values.doubted is not None else np.zeros(values.value.shape, np.bool_)
    cells = zip(values.keys, values.value[point], values.limit[point], values.status[point], doubted[point],
                strict=True)  # fmt: skip
    return [_row(key, float(value), float(limit), STATUSES[status], doubt=bool(doubt))
            for key, value, limit, status, doubt in cells]  # fmt: skip


def _row(key: Key, value: float, limit: float, status: str, *, doubt: bool) -> StudyRow:
    row = MeasureRow(
        key.segment, key.target, key.target_kind, key.measure, _number(value), key.unit, limit=_number(limit),  # type: ignore[arg-type]
        status=status, reason=_DOUBT if doubt or status == "flagged" else "",  # type: ignore[arg-type]
    )  # fmt: skip
    return StudyRow(key.subject, key.visit, key.task, key.run, key.recording, "", row)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _key(made: StudyRow) -> Key:
    row = made.row
    return Key(made.recording, made.subject, made.visit, made.task, made.run, row.segment, row.target, row.target_kind,
               row.measure, row.unit)  # fmt: skip


def _without_foreign(whole: Values, wanted: Reference) -> tuple[Values, int]:
    """Take values away that were decided with a level of another recording which is not that of this point."""
    value, status = whole.value.copy(), whole.status.copy()
    n_changed = 0
    for subject in dict.fromkeys(key.subject for key in whole.keys):
        levels_of = [n for n, key in enumerate(whole.keys) if key.subject == subject and key.measure == LEVEL]
        refers = [n for n, key in enumerate(whole.keys) if key.subject == subject and key.measure == REFERRING]
        declared: dict[str, object] = {}
        for first, points in patterns(taken(whole, levels_of)) if refers else ():
            now = _foreign(_rows(taken(whole, sorted([*levels_of, *refers])), first), wanted)
            declared = declared or now
            lost = [n for n in refers if now[whole.keys[n].recording] != declared[whole.keys[n].recording]]
            cells = np.ix_(points, np.array(lost, np.intp))
            n_changed += int(np.isfinite(value[cells]).sum())
            value[cells], status[cells] = np.nan, _NONE
    return Values(whole.keys, value, status, whole.limit, whole.doubted), n_changed


def _foreign(rows: Rows, wanted: Reference) -> dict[str, object]:
    """Levels of other recordings that each recording is decided with."""
    levels = reference_rows_by_muscle(rows, wanted)
    names = dict.fromkeys(row.recording for row in rows)
    return {name: levels_elsewhere([row for row in rows if row.recording == name], levels, wanted) for name in names}
