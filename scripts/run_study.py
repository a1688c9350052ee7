"""Run a study, draw its pages, and print the primary measure of each visit: `run_study.py STUDY OUT`."""

import argparse
import sys

import pandas as pd

import emgpipe as emg

PRIMARY = "apdf_p10_uv"
"""Static level at rest, µV: the level that the muscle stays above for 90 % of the time."""


def shown_value(row: pd.Series) -> str:
    """A value as people read it: below the limit is no 0, and no value says why."""
    if row["status"] == "below_limit":
        return f"< {row['limit']:.2f}"
    return f"{row['value']:.2f}" if pd.notna(row["value"]) else row["reason"]


def main() -> int:
    """Return the exit code of `emgpipe run`: 1 where recordings failed, the tables name them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", help="study.toml, or a folder that holds one")
    parser.add_argument("out", help="results folder")
    names = parser.parse_args()
    try:
        report = emg.run_study(names.study, names.out)
        emg.write_reports(names.out)
        table = emg.load_results(names.out).measures
    except emg.EmgpipeError as error:
        print(f"run_study: {error}", file=sys.stderr)
        return error.exit_code
    rows = table[(table["measure"] == PRIMARY) & (table["segment"] == "rest")]
    shown = rows.assign(shown=rows.apply(shown_value, axis=1)).set_index(["recording", "target"])["shown"]
    print(shown.unstack(fill_value="").to_string())
    print(f"{report.total} recordings, {report.failed} failed; pages in {report.out / 'reports'}")
    return report.exit_code


if __name__ == "__main__":  # worker processes import this file
    sys.exit(main())
