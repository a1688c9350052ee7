"""Measure every claim and write docs/validation.md: `python -m validation [--seeds N] [--out FILE]`."""

import argparse
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from validation.bench import run_all
from validation.checks import Check
from validation.real import real_study, workers

ROOT = Path(__file__).parents[1]
REAL = ROOT.parent / "shared" / "data" / "real" / "edf_converted"
HEAD = """\
# Validation: the claims as measured

Written by `make validate` (`python -m validation --seeds {seeds}`), emgpipe {version}, Python {python}, {machine}.
Every signal is simulated but those of the real study. "Floor" is the noise RMS in the analysis band; SNR and levels are
RMS in the band over it. No parameter was told but the mains frequency and that the recording is rest.

| claim | goal | measured | holds |
|---|---|---|---|
"""
FOOT = """
## What falls short, and what this does not show

- `silent_ecg`: heart beats are not removed yet, so a silent trunk lead with an ECG of 100 µV reads active 16 % of the
  time at 2000 Hz; numbers of axial muscles are flagged ECG_NOT_REMOVED until an own issue removes them.
- Floor: six quiet seconds under EMG of 2.9 floors over noise with a corner of 100 Hz may read 0.85 (decision 0011).
- Coloured noise (corner 50-100 Hz) under a muscle that is never still: `out_of_band` reads up to 20 % low with
  confidence `high` (definitions, section 2); the rows marked "no" above.
- The same program made the definitions of truth in the simulator; the simulated spectra are those of the literature,
  not of patients. The real recordings are of people without stiff person syndrome.
- Coverage of intervals, spasms, evoked responses, crosstalk through a filter: later issues.
"""


def main() -> int:
    """Run the bench; exit code 1 where a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation.md")
    told = parser.parse_args()
    checks = run_all(workers(), told.seeds)
    if REAL.is_dir():
        with tempfile.TemporaryDirectory() as folder:
            checks.append(real_study(REAL, Path(folder)))
    told.out.write_text(page(checks, told.seeds), encoding="utf-8")
    for check in checks:
        sys.stdout.write(f"{'holds' if check.holds else 'FALLS SHORT'}: {check.title}: {check.measured}\n")
    return 0 if all(check.holds for check in checks) else 1


def page(checks: list[Check], seeds: int) -> str:
    """Text of docs/validation.md."""
    head = HEAD.format(
        seeds=seeds, version=version("emgpipe"), python=platform.python_version(),
        machine=f"{platform.system()} {platform.machine()}",
    )  # fmt: skip
    lines = [
        f"| {c.title} | {_cell(c.goal)} | {_cell(c.measured)} | {'yes' if c.holds else '**no**'} |" for c in checks
    ]
    return head + "\n".join(lines) + "\n" + "".join(_table(c) for c in checks) + FOOT


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(check: Check) -> str:
    rows = [check.columns, ("---",) * len(check.columns), *check.rows]
    return f"\n## {check.title}\n\n" + "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
