"""Twins in % of a named reference contraction."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from emgpipe.errors import SettingsError
from emgpipe.measures.rows import MeasureRow
from emgpipe.summary.visits import StudyRow, pooled

TWINS = ("rest_rms_uv", "apdf_p10_uv", "apdf_p50_uv", "apdf_p90_uv")
"""Muscle measures that get a `_pct` twin."""
LEVEL = "rest_rms_uv"
"""Level of a reference segment: median floor-corrected 1 s RMS."""
NOT_REFERENCES = r"(rest|whole)(_[0-9]+)?"


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
        if re.fullmatch(NOT_REFERENCES, segment):
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
        Value, limit in % of the reference level of the muscle; status and reasons are
        those of the amplitude. `not_measured`, NO_REFERENCE where the muscle has none.

    Raises
    ------
    SettingsError
        REFERENCE_IS_REST.
    """
    if not reference:
        return
    wanted = Reference.parse(reference)
    levels: dict[tuple[str, str, str], list[StudyRow]] = {}
    for r in rows:
        if r.row.segment == wanted.segment and r.row.measure == LEVEL and r.row.status in ("ok", "flagged"):
            levels.setdefault((r.subject, r.visit, r.row.target), []).append(r)
    for r in rows:
        if r.row.measure in TWINS and r.row.target_kind == "muscle" and r.row.segment != wanted.segment:
            there = levels.get((r.subject, wanted.visit or r.visit, r.row.target), [])
            yield r._replace(row=_twin(r.row, _level_uv(r, there)))


def _level_uv(of: StudyRow, there: Sequence[StudyRow]) -> float | None:
    """Reference level of a muscle, µV: same recording first, then the whole visit."""
    return pooled([r for r in there if r.recording == of.recording] or there)


def _twin(row: MeasureRow, level_uv: float | None) -> MeasureRow:
    name = row.measure.removesuffix("_uv") + "_pct"
    if level_uv is None or level_uv <= 0:
        return replace(
            row, measure=name, unit="%", value=None, low=None, high=None, limit=None,
            status="not_measured", reason="NO_REFERENCE",
        )  # fmt: skip

    def share(value_uv: float | None) -> float | None:
        return None if value_uv is None else 100.0 * value_uv / level_uv

    return replace(
        row, measure=name, unit="%", value=share(row.value), low=share(row.low), high=share(row.high),
        limit=share(row.limit),
    )  # fmt: skip
