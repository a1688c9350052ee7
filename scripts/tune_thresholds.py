"""Try thresholds on results, and say how well they find what people marked: `tune_thresholds.py OUT DIR [MARKS ...]`.

DIR gets tables, page and record; with marks also `settings.toml` of the best point, for `run --settings`. Without marks
it prints the measures that move most with the settings. Tune on other patients than you test on.
"""

import argparse
import sys

import pandas as pd

import emgpipe as emg

GRID = ("detect.activity_ratio=1.3,1.5,1.7,2", "detect.close_gap_s=0.15,0.25,0.35")


def main() -> int:
    """Write the sweep; the exit codes of emgpipe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="results folder of a run")
    parser.add_argument("folder", help="folder for the sweep, outside of it")
    parser.add_argument("marks", nargs="*", help="tables as intervals.csv, one a rater")
    parser.add_argument("--grid", action="append", help="such as detect.activity_ratio=1.2:3:0.1; may be repeated")
    asked = parser.parse_args()
    try:
        tuning = emg.tune_results(
            asked.out, asked.folder, grid=asked.grid or GRID, truth=asked.marks, freeze="best" if asked.marks else ""
        )
        kept = emg.write_tuning(tuning)
    except emg.EmgpipeError as error:
        print(f"tune_thresholds: {error}", file=sys.stderr)
        return error.exit_code
    if choice := kept.record["choice"]:
        print(f"{choice['score']}: declared {choice['declared']:.4f}, best {choice['in_sample']:.4f}")
        said = choice["reason"] or f"on patients left out {choice['out_of_sample']:.4f}"
        print(f"{said}; settings {choice['values']}")
    else:
        moved = pd.read_csv(kept.folder / "tuning_stability_summary.csv").sort_values("rank_least")
        print(moved[["target", "measure", "rank_least", "moved_most", "moved_by"]].head(12).to_string(index=False))
    print(f"page: {kept.folder / 'tuning.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
