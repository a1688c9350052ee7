"""Write the outcome tables of results for R and SAS: `outcomes_for_r_sas.py OUT FOLDER [--plan analysis.toml]`.

FOLDER gets `adeff` (long, in the form of ADaM BDS) and `wide`, each as CSV for R and as SAS transport file, and the
lines that read them, `read_outcomes.R` and `read_outcomes.sas`. Blind; where no plan is given, that of the lock.
"""

import argparse
import sys
from pathlib import Path

import emgpipe as emg

R = """\
# Empty cells are missing; numbers read back to the last bit.
adeff <- read.csv("adeff.csv", na.strings = "", stringsAsFactors = FALSE)
adeff$ADT <- as.Date(adeff$ADT)
# One row a subject and period: means of visits. The headline compares these for one target without logarithm only.
means <- subset(adeff, ANL02FL == "Y", c(SUBJID, PARAMCD, PARAM, APERIOD, AVAL, BASE, CHG))
wide <- read.csv("wide.csv", na.strings = "", stringsAsFactors = FALSE, check.names = FALSE)
"""
SAS = """\
/* One data set a file, ADEMG; ADT is a SAS date. */
libname xpt1 xport "adeff.xpt";
libname xpt2 xport "wide.xpt";
data adeff; set xpt1.ademg; run;
data wide; set xpt2.ademg; run;
data means; set adeff; where ANL02FL = "Y"; run;
"""


def main() -> int:
    """Write six files; the exit code of what was refused, in one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="results folder of a run")
    parser.add_argument("folder", type=Path, help="folder to write into, outside of it")
    parser.add_argument("--plan", help="analysis.toml")
    names = parser.parse_args()
    try:
        for stem, shape in (("adeff", "bds"), ("wide", "wide")):
            for suffix in ("csv", "xpt"):
                done = emg.write_outcome_tables(
                    names.out, names.folder / f"{stem}.{suffix}", plan=names.plan, shape=shape
                )
                print(f"{done.file}: {done.n_rows} rows; {done.plan}")
        (names.folder / "read_outcomes.R").write_text(R, encoding="utf-8")
        (names.folder / "read_outcomes.sas").write_text(SAS, encoding="utf-8")
    except emg.EmgpipeError as error:
        print(f"outcomes_for_r_sas: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as problem:
        print(f"outcomes_for_r_sas: {names.folder}: {problem.strerror or problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
