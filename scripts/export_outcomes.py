"""Export an outcome table from results, blind: `export_outcomes.py OUT FILE.csv [MEASURE ...]`.

One row a subject, visit, task, target and measure at rest: value (median of repeats), unit, limit (the largest of the
repeats: a smaller value is not told from 0), number of repeats with a value, worst status, reasons. A visit without any
such row is named, with the reason. Arms are not read: they are joined after the results are locked.
"""

import argparse
import sys

import pandas as pd

import emgpipe as emg

PRIMARY = ("apdf_p10_uv", "cmua_frac", "cc_overlap_uv", "rigidity_index_log")
KEYS = ["subject", "visit", "task", "target", "measure"]
FORMULA = "^(?='*[=+@-])"
HIDDEN = r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
WORST_LAST = ("ok", "flagged", "below_limit", "not_measured", "undeterminable", "failed")


def outcome_table(results: emg.Results, wanted: list[str]) -> pd.DataFrame:
    """Rows of the wanted measures at rest, and a row for every visit that has none."""
    table = results.measures
    table = table[(table["segment"] == "rest") & table["measure"].isin(wanted)]
    rows = [
        {
            **dict(zip(KEYS, key, strict=True)),
            "value": group["value"].median(),
            "unit": group["unit"].iloc[0],
            "limit": group["limit"].max(),
            "n": group["value"].count(),
            "status": max(group["status"], key=WORST_LAST.index),
            "reason": ";".join(dict.fromkeys(code for text in group["reason"] for code in text.split(";") if code)),
        }
        for key, group in table.groupby(KEYS, sort=False)
    ]
    there = {(row["subject"], row["visit"]) for row in rows}
    for missing in results.inputs.astype("string").fillna("").itertuples():
        if (missing.subject, missing.visit) not in there:
            status, reason = (missing.status, missing.code) if missing.code else ("not_measured", "REST_NOT_DECLARED")
            whose = {"subject": missing.subject, "visit": missing.visit, "task": missing.task}
            rows.append({**whose, "target": "", "measure": "", "unit": "", "n": 0, "status": status, "reason": reason})
    return pd.DataFrame(rows, columns=[*KEYS, "value", "unit", "limit", "n", "status", "reason"])


def main() -> int:
    """Write the table; 2 where a measure is unknown, as a file of arms would be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="results folder of a run")
    parser.add_argument("file", help="CSV to write")
    parser.add_argument("measures", nargs="*", default=list(PRIMARY), metavar="MEASURE")
    names = parser.parse_args()
    try:
        results = emg.load_results(names.out)
        known, _ = set(results.measures["measure"]), results.inputs  # all that is read of them
    except emg.EmgpipeError as error:
        print(f"export_outcomes: {error}", file=sys.stderr)
        return error.exit_code
    unknown = [name for name in names.measures if name not in known | set(PRIMARY)]
    if unknown:
        message = f"{unknown[0]!r} is no measure of these results; arms are joined only after the results are locked"
        print(f"export_outcomes: {message}", file=sys.stderr)
        return 2
    try:
        table = outcome_table(results, names.measures)
        # a label such as "=1+1" is no formula: spreadsheets take a leading ' as the mark of a text
        shown = table["target"].str.replace(HIDDEN, lambda found: ascii(found[0])[1:-1], regex=True)
        table["target"] = shown.str.replace(FORMULA, "'", regex=True)
        table.to_csv(names.file, index=False, lineterminator="\n")
    except OSError as problem:
        print(f"export_outcomes: {names.file!r} cannot be written: {problem.strerror or problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
