"""Analyse locked results with another measure, post-hoc: `reanalyse.py OUT ARMS.csv FILE.csv MEASURE TARGET [...]`.

Visits, rules, estimator and level are those of the locked plan; only the endpoint is another one. Every row of FILE.csv
says `post-hoc`: the choice was made when arms could be known, and no p of it confirms anything. The log of OUT tells
that arms were opened. FILE.csv tells arms: keep it from who must stay blind.
"""

import argparse
import sys
from pathlib import Path

import emgpipe as emg


def main() -> int:
    """Write the table; the exit codes of emgpipe."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="locked results folder")
    parser.add_argument("arms", help="subject and sequence")
    parser.add_argument("file", type=Path, help="CSV to write")
    parser.add_argument("measure", help="such as apdf_p50_uv")
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="such as TA_R, TA_R/GM_R or subject")
    parser.add_argument("--segment", default="rest")
    parser.add_argument("--task", default="")
    parser.add_argument("--log", action="store_true", help="analyse logarithms: ratios")
    parser.add_argument("--offset-uv", type=float, default=0.0, help="added before the logarithm")
    asked = parser.parse_args()
    if asked.file.exists() or asked.file.resolve().is_relative_to(Path(asked.out).resolve()):
        print(f"reanalyse: {asked.file} is there, or within the blind results; choose another place", file=sys.stderr)
        return 2
    try:
        endpoint = emg.Endpoint(
            measure=asked.measure, targets=tuple(asked.targets), segment=asked.segment, task=asked.task, log=asked.log,
            offset_uv=asked.offset_uv,
        )  # fmt: skip
        analysis = emg.analyse_post_hoc(asked.out, asked.arms, endpoint)
        emg.write_estimates(analysis, asked.file)
    except emg.EmgpipeError as error:
        print(f"reanalyse: {error}", file=sys.stderr)
        return error.exit_code
    except ValueError as problem:  # an offset below 0, a target twice
        print(f"reanalyse: {' '.join(str(problem).split()[:40])}", file=sys.stderr)
        return 2
    headline = analysis.endpoints[0].lines[0]
    of = f"{' minus '.join(analysis.treatments)}{' of logarithms' if asked.log else ''}"
    print(f"{analysis.post_hoc[0]}: {of} {headline.effect}, p {headline.p} {headline.code}".rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
