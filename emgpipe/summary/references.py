"""Twins in % of a named reference contraction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from emgpipe.errors import SettingsError
from emgpipe.measures.reference import LEVEL, ReferenceLevel, is_own_reference, is_reference, reference_level
from emgpipe.measures.rows import NOTES, VALUED, MeasureRow
from emgpipe.summary.visits import StudyRow

TWINS = ("rest_rms_uv", "apdf_p10_uv", "apdf_p50_uv", "apdf_p90_uv", "relax_resid_uv")
"""Muscle measures that get a `_pct` twin."""


class Reference(NamedTuple):
    """Where the reference is: a visit (`""`: the same one) and a segment."""

    visit: str
    segment: str

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Read `"same visit: mvc"` or `"visit V1: ref"`.

        Raises
        ------
        SettingsError
            REFERENCE_IS_REST: a peak of the measured stretch itself removes the effect.

        Examples
        --------
        >>> Reference.parse("visit V1: mvc")
        Reference(visit='V1', segment='mvc')
        """
        place, _, segment = (part.strip() for part in text.partition(":"))
        if is_own_reference(segment):
            message = f"reference {text!r}; name a reference or mvc segment: rest cannot be its own reference"
            raise SettingsError("REFERENCE_IS_REST", message)
        return cls("" if place == "same visit" else place.removeprefix("visit").strip(), segment)


def reference_rows(rows: Sequence[StudyRow], reference: str) -> Iterator[StudyRow]:
    """Make the `_pct` twins of muscle amplitudes.

    Parameters
    ----------
    rows : sequence of StudyRow
        Of all recordings of a study.
    reference : str
        `"same visit: mvc"`, `"visit V1: ref"`, or `""` for none.

    Yields
    ------
    StudyRow
        Value, `low`, `high` and limit in % of the reference level of the muscle; how sure that level itself is stands
        in none of them. Status and reasons are those of the amplitude, with the doubts of the
        reference; REFERENCE_BELOW_REST where the muscle is louder in the segment that is measured. `not_measured` where
        the muscle has no reference (NO_REFERENCE), none above its limit (REFERENCE_BELOW_LIMIT), or none that could
        be told (REFERENCE_UNDETERMINABLE).

    Raises
    ------
    SettingsError
        REFERENCE_IS_REST.
    """
    if not reference:
        return
    wanted = Reference.parse(reference)
    levels = reference_rows_by_muscle(rows, wanted)
    rest = {(r.recording, r.row.segment, r.row.target): r.row.value for r in rows if r.row.measure == LEVEL}
    for r in rows:
        made_from = r.row.measure in TWINS and r.row.target_kind == "muscle"
        if made_from and not is_reference(r.row.segment, wanted.segment):
            level = level_for(r, levels, wanted)
            yield r._replace(row=_twin(r.row, level, rest.get((r.recording, r.row.segment, r.row.target))))


Levels = dict[tuple[str, str, str], list[StudyRow]]
"""Rows of reference levels by subject, visit and muscle."""


def reference_rows_by_muscle(rows: Iterable[StudyRow], wanted: Reference) -> Levels:
    """Collect the levels of all reference contractions of a study."""
    levels: Levels = {}
    for r in rows:
        if r.row.measure == LEVEL and is_reference(r.row.segment, wanted.segment):
            levels.setdefault((r.subject, r.visit, r.row.target), []).append(r)
    return levels


def level_for(of: StudyRow, levels: Levels, wanted: Reference) -> ReferenceLevel:
    """Reference level of the muscle of a row: of its own recording where that has one, else of the whole visit."""
    there = levels.get((of.subject, wanted.visit or of.visit, of.row.target), [])
    own = reference_level([r.row for r in there if r.recording == of.recording])
    return own if own.level_uv is not None else reference_level([r.row for r in there])


def _twin(row: MeasureRow, level: ReferenceLevel, rest_uv: float | None) -> MeasureRow:
    name = row.measure.removesuffix("_uv") + "_pct"
    level_uv = level.level_uv
    if level_uv is None:
        return replace(
            row, measure=name, unit="%", value=None, low=None, high=None, limit=None,
            status="not_measured", reason=level.refused,
        )  # fmt: skip

    def share(value_uv: float | None) -> float | None:
        """Percent of the reference; None stays None."""
        return None if value_uv is None else 100.0 * value_uv / level_uv

    codes = [*level.codes, *(["REFERENCE_BELOW_REST"] if rest_uv is not None and level_uv < rest_uv else [])]
    if row.status in VALUED and codes:
        all_codes = dict.fromkeys([*filter(None, row.reason.split(";")), *codes])
        doubtful = row.status == "ok" and set(codes) - NOTES
        reason = ";".join(sorted(all_codes, key=NOTES.__contains__))
        row = replace(row, status="flagged" if doubtful else row.status, reason=reason)
    return replace(
        row, measure=name, unit="%", value=share(row.value), low=share(row.low), high=share(row.high),
        limit=share(row.limit),
    )  # fmt: skip
