"""Join clinical scales to an outcome table: `join_scales.py OUTCOMES.csv SCALES.tsv FILE.csv`.

OUTCOMES.csv is what `emgpipe outcomes OUT -o OUTCOMES.csv` has written, long or wide. SCALES.tsv (or .csv) has the
columns `subject` and `visit` and one column a scale, one row a subject and visit. Every row of the outcome table is
kept, in its order; scales of a visit that the subject has not are left out and named on stderr.
"""

import argparse
import sys

import emgpipe as emg


def main() -> int:
    """Join; 3 where a table is refused, with the line and the column."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outcomes", help="outcome table, CSV")
    parser.add_argument("scales", help="clinical scales, TSV or CSV")
    parser.add_argument("file", help="CSV to write")
    names = parser.parse_args()
    try:
        left_out = emg.join_scales(names.outcomes, names.scales, names.file)
    except emg.EmgpipeError as error:
        print(f"join_scales: {error}", file=sys.stderr)
        return error.exit_code
    for line in left_out:
        print(f"join_scales: warning: {line}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
