"""Rows as a study gives them, for the tests of this room."""

from emgpipe.measures.rows import MeasureRow
from emgpipe.summary import StudyRow


def row(
    target: str,
    measure: str,
    value: float | None,
    *,
    subject: str = "P01",
    visit: str = "V1",
    task: str = "rest",
    run: str = "",
    segment: str = "rest",
    **cells: object,
) -> StudyRow:
    """One row of a recording; `undeterminable` where it has no value."""
    kind = "pair" if "/" in target else "muscle"
    unit = "1" if measure == "cmua_frac" else "uV"
    told = {"status": "ok" if value is not None else "undeterminable"} | cells
    recording = "_".join(part for part in (subject, visit, task, run) if part)
    made = MeasureRow(segment, target, kind, measure, value, unit, **told)
    return StudyRow(subject, visit, task, run, recording, "ab" * 32, made)


def resting(target: str, p10_uv: float | None, cmua_frac: float | None = 1.0, **cells: object) -> list[StudyRow]:
    """P10 and CMUA of a muscle at rest."""
    return [row(target, "apdf_p10_uv", p10_uv, **cells), row(target, "cmua_frac", cmua_frac, **cells)]
