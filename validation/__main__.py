"""Measure every claim and write docs/validation.md: `python -m validation [--seeds N] [--out FILE]`."""

import argparse
import sys
import tempfile
from pathlib import Path

from validation.bench import run_all
from validation.checks import Check
from validation.leads import lead_checks
from validation.pages import made_with, page_text, peers_at_hand
from validation.real import real_study, workers

ROOT = Path(__file__).parents[1]
REAL = ROOT.parent / "shared" / "data" / "real"
PEERS = ("neurokit2", "biosppy", "sleepecg")
HEAD = """\
# Validation: the claims as measured

Written by `make validate` (`python -m validation --seeds {seeds}`), emgpipe {version}, Python {python}, {machine}.
Every signal is simulated but where a title or a row says real. "Floor" is the noise RMS in the analysis band; SNR and
levels are RMS in the band over it. No parameter was told but the mains frequency and that the recording is rest.
{real}

| claim | goal | measured | holds |
|---|---|---|---|
"""
FOOT = """
## What falls short, and what this does not show

- **500 Hz**: nine in ten recordings are undeterminable below an SNR of 6 dB, half above it: no tilt and no clean band
  are recorded, so confidence is low unless a device floor or a calibration is known.
- **Coloured noise** (corner 50-150 Hz) under a muscle that is never still: `out_of_band` reads 10 to 23 % low, 29 %
  at 150 Hz, with confidence `high` (definitions, section 2): the rows marked "no" above. Six quiet seconds under EMG
  of 2.9 floors over noise with a corner of 100 Hz may read 0.85 (decision 0011).
- **LOW_PASS**: a hardware low-pass takes the clean band away. Up to three in ten weak or silent recordings at >= 2 kHz
  behind one are withheld.
- **Tonic EMG of 5 µV under mains of 40 µV**: RMS comes out up to 2 % low (the row outside the claim).
- **Hearts**: jerks alike in two trunk leads pass for one; weak beats among loud bursts bias what is left
  (docs/limits.md).
- **Reaction task**: three of 32 hand-trials are active before the stimulus, all of one hand in its first four trials:
  2.6 µV over a floor of 1.4. Nobody can tell whether that muscle was at rest.
- Bursts begin 10 ms early and end 10 ms late.
- Peers run at their defaults; where they have none, at lengths and thresholds of their literature. `neurokit2 pelt` and
  `biosppy abbink` are left out: more than a minute for 40 s of signal. Change points are given the sign that favours
  them. Other settings may serve them better.
- The same program made the definitions of truth in the simulator; the simulated spectra are those of the literature,
  not of patients. The real recordings are of people without stiff person syndrome.
- Spasms, evoked responses, pairs, precision, and what a trial sees: [the other page](validation_stiffness.md).
"""


def main() -> int:
    """Run the bench; exit code 1 where a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation.md")
    told = parser.parse_args()
    real = REAL if REAL.is_dir() else None
    checks = run_all(workers(), told.seeds, real)
    if real is not None:
        checks += lead_checks(real)
        with tempfile.TemporaryDirectory() as folder:
            checks.append(real_study(real / "edf_converted", Path(folder)))
    told.out.write_text(page(checks, told.seeds, with_real=real is not None), encoding="utf-8")
    for check in checks:
        sys.stdout.write(f"{'holds' if check.holds else 'FALLS SHORT'}: {check.title}: {check.measured}\n")
    return 0 if all(check.holds for check in checks) else 1


def page(checks: list[Check], seeds: int, *, with_real: bool) -> str:
    """Text of docs/validation.md; says so where the real recordings were not at hand."""
    head = HEAD.format(seeds=seeds, **made_with(), real=_others(with_real=with_real))
    return page_text(head, checks, FOOT)


def _others(*, with_real: bool) -> str:
    """Which real recordings and peers stand behind the page."""
    real = "measured" if with_real else "skipped, ../shared is absent"
    return f"Real recordings: {real}. Peers: {peers_at_hand(PEERS)}."


if __name__ == "__main__":
    sys.exit(main())
