"""`data_dictionary.json`: every column and measure, written from the registry."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from emgpipe.measures.grade import LETTERS
from emgpipe.measures.registry import BODY_MEASURES, MUSCLE_MEASURES, PAIR_MEASURES
from emgpipe.summary.references import TWINS
from emgpipe.summary.subject import SUBJECT_MEASURES

STATUSES = {
    "ok": "a value without reservation",
    "flagged": "a value with a reservation, see reason",
    "below_limit": "a value below the smallest amplitude told from 0; the estimate is kept",
    "undeterminable": "no value: the recording cannot tell",
    "not_measured": "no value: it was not asked for, or its conditions are not met",
    "failed": "no value: the recording was refused",
}


class Column(NamedTuple):
    """Unit and meaning of a column."""

    unit: str
    meaning: str


COLUMNS = {
    "study": Column("", "Study id."),
    "subject": Column("", "Subject id."),
    "visit": Column("", "Visit id."),
    "task": Column("", "Task; `rest` declares rest."),
    "run": Column("", "Repeat of a task in a visit; empty where there is one."),
    "recording": Column("", "{subject}_{visit}_{task}[_{run}]; empty on visit-level rows."),
    "segment": Column("", "Annotated stretch: rest, reference, mvc, ...; whole where none is declared."),
    "target": Column("", "Muscle TA_R, pair TA_R/GM_R, or subject."),
    "target_kind": Column("", "muscle, pair or subject."),
    "measure": Column("", "Name of the measure; empty on the row of a failed recording."),
    "value": Column("see unit", "The value; empty unless status is ok, flagged or below_limit."),
    "unit": Column("", "Unit of value, low, high and limit; 1 for a fraction."),
    "low": Column(
        "see unit",
        "Lower end of the bracket of a floor, or of the sampling precision of this segment (95 %); empty where the"
        " segment is too short for one (SEGMENT_SHORT) or nothing in it changes.",
    ),
    "high": Column("see unit", "Upper end of the same."),
    "limit": Column("see unit", "Smallest amplitude told from 0; only for measures in uV."),
    "status": Column("", "; ".join(f"{name}: {meaning}" for name, meaning in STATUSES.items()) + "."),
    "reason": Column(
        "",
        "Codes joined by ';', see the table of codes; SEGMENT_SHORT speaks of low and high alone and flags nothing. In"
        " intervals.csv, of a spasm of `subject`: its muscles in the order of their starts, each with its delay after"
        " the first in s, as in `PSP_L 0.00;RA_L 0.14`.",
    ),
    "used_s": Column("s", "Usable time that entered."),
    "excluded_s": Column("s", "Time of the segment that did not."),
    "floor_uv": Column("uV", "Noise floor in the analysis band, RMS; of a pair: the larger one."),
    "floor_lo_uv": Column("uV", "Lower end of its bracket."),
    "floor_hi_uv": Column("uV", "Upper end of its bracket."),
    "floor_source": Column("", "device, calibration, still, out_of_band or in_signal."),
    "floor_confidence": Column("", "high, medium or low."),
    "settings_id": Column(
        "", "SHA-256 of the resolved settings; of a visit that of its recordings, joined by ';' where they differ."
    ),
    "input_sha256": Column("", "SHA-256 of the recording's bytes."),
    "sha256": Column("", "SHA-256 of the recording's bytes."),
    "version": Column("", "Version of emgpipe; of a visit as settings_id."),
    "lines_hz": Column("Hz", "Mains lines that were removed, joined by ';'."),
    "{target}.{measure}": Column("see measures", "Median over repeats; empty where there is no value."),
    "n": Column("1", "Repeats with a value."),
    "sd": Column("see measures", "Standard deviation between repeats; empty for a single value."),
    "file": Column("", "As in recordings.csv."),
    "code": Column("", "Code of the failure; empty where there is none."),
    "message": Column("", "What was found and what is allowed."),
    "duration_s": Column("s", "Length, gaps included."),
    "rates_hz": Column("Hz", "Sampling rates of the EMG channels, joined by ';'."),
    "grade": Column(
        "",
        "Of the worst EMG signal that is not excluded: "
        + ", ".join(f"{letter} {meaning}" for letter, meaning in LETTERS.items())
        + "; the rules stand in docs/outputs.md.",
    ),
    "findings": Column("", "What reading and measuring noticed, joined by ' | '."),
    "kind": Column("", "active, silent, undeterminable, excluded, possible_spasm, cmua, coactive or spasm."),
    "start_s": Column("s", "Start, gap-aware seconds from the start of the recording."),
    "stop_s": Column("s", "End, not included."),
    "cut_start": Column("", "true where the stretch may have begun earlier."),
    "cut_stop": Column("", "true where the stretch may go on."),
}


def data_dictionary(tables: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Every column and measure: name, unit, definition, direction, levels.

    Parameters
    ----------
    tables : mapping of str to sequence of str
        Columns by table.

    Returns
    -------
    dict
        `columns` by table and `measures` by name.
    """
    return {
        "columns": {
            table: {name: {"unit": COLUMNS[name].unit, "definition": COLUMNS[name].meaning} for name in names}
            for table, names in tables.items()
        },
        "measures": measure_entries(),
        "levels": {"status": STATUSES},
    }


def measure_entries() -> dict[str, dict[str, str]]:
    """Unit, direction, definition and reference of every measure, by name."""
    out: dict[str, dict[str, str]] = {}
    for kind, measures in (("muscle", MUSCLE_MEASURES), ("pair", PAIR_MEASURES), ("subject", BODY_MEASURES)):
        for m in measures:
            out[m.name] = {
                "target_kind": kind, "unit": m.unit, "direction": m.direction, "definition": m.definition,
                "reference": m.reference,
            }  # fmt: skip
    for name in TWINS:
        twin = name.removesuffix("_uv") + "_pct"
        definition = (
            f"{name} in % of rest_rms_uv of the named reference segment of the muscle (median of its repeats);"
            " how sure the reference is stands neither in low nor in high."
        )
        out[twin] = {**out[name], "unit": "%", "definition": definition}
    for s in SUBJECT_MEASURES:
        out[s.name] = {
            "target_kind": "subject", "unit": s.unit, "direction": s.direction, "definition": s.definition,
            "reference": "emgpipe definitions",
        }  # fmt: skip
    return out
