"""Measure what tuning on marks is worth, write docs/validation_tuning.md: `python -m validation.tuning [--out FILE]`.

A simulated cohort with truth, settings chosen by all patients but one; and the onsets of a real reaction task.
"""

import argparse
import csv
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from emgpipe import run_study
from emgpipe.simulate import SimulatedMuscle, simulate_trial
from emgpipe.simulate.patients import SimulatedPatient
from emgpipe.simulate.trial_model import VISITS, TrialModel
from emgpipe.tuning.agreement import agree
from emgpipe.tuning.marks import KnownRecording, read_marks
from emgpipe.tuning.model import Marks
from emgpipe.tuning.scores import agreement_of
from emgpipe.tuning.tune import Tuning, tune_results
from validation.checks import Check
from validation.onsets import onset_check
from validation.pages import ROOT, made_with, page_text

REAL = ROOT.parent / "shared" / "data" / "real"
SEED = 9
REST_S, RATE_HZ = 60.0, 1000.0
MOST_LOSS = 0.01
GRID = (
    "detect.activity_ratio=1.2:2:0.1",
    "detect.activity_release=1.1,1.25",
    "detect.close_gap_s=0.15,0.25,0.35",
    "detect.shortest_burst_s=0.05,0.1",
)
MUSCLES = ("TA_R", "GM_R", "PSP_L", "RA_L")
KINDS = (
    ("relaxed with bursts", (0.05, 0.04, 0.06, 0.05), 0.3, 0.0),
    ("relaxed with bursts", (0.03, 0.03, 0.04, 0.03), 0.2, 0.0),
    ("a few units in bouts", (0.024, 0.021, 0.027, 0.023), 0.5, 0.0),
    ("a few units in bouts", (0.018, 0.016, 0.02, 0.018), 0.6, 0.0),
    ("always on", (0.085, 0.07, 0.11, 0.09), 1.0, 0.0),
    ("always on", (0.03, 0.025, 0.05, 0.04), 1.0, 0.0),
    ("bouts and spasms", (0.03, 0.03, 0.03, 0.03), 0.4, 60.0),
    ("spasms, two silent muscles", (0.0, 0.0, 0.02, 0.015), 0.3, 60.0),
    ("two silent muscles", (0.06, 0.0, 0.08, 0.0), 0.5, 0.0),
    ("nearly relaxed", (0.014, 0.01, 0.024, 0.02), 0.25, 0.0),
)
"""Patients: what they are like, drive of each muscle, share of time with it, spasms an hour."""
LEVELS = ((0.0, 1.31, "< 1.31 floors, or never on"), (1.31, 2.0, "1.31-2 floors"), (2.0, np.inf, "> 2 floors"))
"""RMS while on over the true floor; below 1.31 nothing is promised (definitions, section 3)."""
HEAD = """\
# Validation: settings tuned on marks

Written by `make validate` (`python -m validation.tuning`), emgpipe {version}, Python {python}, {machine}. The cohort is
simulated: {n} patients, {rest:g} s of rest of four muscles each at {rate:g} Hz, truth to the microsecond. The reaction
task is real, of a person without stiff person syndrome{real}.

| claim | goal | measured | holds |
|---|---|---|---|
"""
FOOT = """
## What falls short, and what this does not show

- **Truth is exact, marks of people are not.** A rater does not see what lies below the noise and draws onsets tens of
  milliseconds off. With marks the scores are lower, and what is best may be another setting.
- **What is truly on below the noise is missed** and counts against every setting: the table by level tells how much
  of the score that is. Between 0.75 and 1.31 floors nothing is promised (definitions, section 3), yet this truth has it
  as on, which favours low ratios. How far: all patients choose 1.4 (declared 1.5), and the same without the muscles
  below 1.31 floors, and without those below 2: here these muscles do not decide.
- **Events agree less than seconds** (declared settings, event F1 0.796): 49 of 207 true onsets are missed, 36 of them
  of bouts of which nothing is seen (17 a single discharge), 7 late, 6 in a pause that the program closed; 32 of 190
  found ones are false, all inside a true stretch that the program splits or sees late (21 behind a pause of 0.5 s or
  less).
- **Spasms of the program are not those of the simulator** (F1 of seconds 0.34, precision 0.21, recall 0.90): all 16
  true ones are met, and 180 of 265 s are 33 others, in true activity of muscles in bouts: above 5 floors these are
  spasms by [decision 22](decisions/0022-spasms.md). Do not tune spasms on this truth.
- **The declared settings were set on simulations of the same program**: that little is won by tuning here says nothing
  of a laboratory whose amplifier, muscles or patients differ.
- The patients differ more than those of one trial would: out-of-sample scores of a narrower cohort lie nearer to the
  best in hindsight.
- **Reaction task**: only the trial's stretch from stimulus to response is known to hold one onset. Settings are chosen
  by it alone, on the same 16 trials of one person that they are counted in: it shows that the tool finds such
  settings, not that they hold for anybody else; most of the grid finds them all, so these marks choose little.
"""


def patients() -> tuple[SimulatedPatient, ...]:
    """The cohort; it has no treatment, sequences stand there for the form."""
    noises_uv, levels_uv = (1.2, 1.4, 1.8, 1.6), (160.0, 140.0, 130.0, 110.0)
    return tuple(
        SimulatedPatient(
            f"S{n:02d}",
            ("AB", "BA")[n % 2],
            tuple(
                SimulatedMuscle(m, excitation=drive, active_share=share, reference_uv=level, noise_uv=noise)
                for m, drive, level, noise in zip(MUSCLES, drives, levels_uv, noises_uv, strict=True)
            ),
            spasms_per_h=spasms_per_h,
        )
        for n, (_, drives, share, spasms_per_h) in enumerate(KINDS, 1)
    )


def simulated(folder: Path, *, rest_s: float = REST_S) -> Path:
    """Simulate and run the cohort, one visit each; return the folder of its study."""
    study = simulate_trial(
        folder / "study", SEED, patients=patients(), visits=VISITS[:1], model=TrialModel(treatment_a_factor=1.0),
        rest_s=rest_s, reference_s=0.0, rate_hz=RATE_HZ, made_by="emgpipe.simulate.simulate_trial",
    )  # fmt: skip
    run_study(study, folder / "results", jobs=1)
    return study.parent


def activity_truth(study: Path, path: Path) -> Path:
    """Write the rows of the simulated truth that are of activity."""
    _write(path, [row for row in _rows(study / "truth_intervals.csv") if row["kind"] in ("active", "silent")])
    return path


def tuned(folder: Path, grid: tuple[str, ...] = GRID) -> Tuning:
    """Tune the simulated cohort on its truth."""
    truth = activity_truth(folder / "study", folder / "truth.csv")
    return tune_results(folder / "results", folder / "tuned", grid=grid, truth=[truth], jobs=1)


def choice_check(tuning: Tuning) -> Check:
    """Out of sample within 0.01 F1 of the best in hindsight."""
    choice, grid = tuning.choice, tuning.tried.grid
    if choice is None:
        raise AssertionError("the cohort has truth")
    names = [axis.title.removeprefix("detect.") for axis in grid.axes]

    def told(point: int) -> str:
        """Values of a point."""
        return ", ".join(f"{value:g}" for value in grid.values(point))

    return Check(
        f"Simulated cohort: settings chosen by all patients but one, {len(grid)} settings",
        f"F1 out of sample within {MOST_LOSS} of the best in hindsight",
        f"{choice.out_of_sample:.4f} out of sample, {choice.score:.4f} in hindsight ({choice.loss:+.4f}); declared"
        f" {choice.declared:.4f}",
        bool(choice.loss <= MOST_LOSS),
        ("patient", f"chosen by the others ({', '.join(names)})", "F1", "best in hindsight", "F1"),
        tuple(
            (f"{one.subject}, {kind}", told(one.chosen), f"{one.out_of_sample:.4f}", told(one.hindsight),
             f"{one.hindsight_score:.4f}")
            for one, (kind, *_) in zip(choice.patients, KINDS, strict=True)
        ),
    )  # fmt: skip


def level_check(folder: Path) -> Check:
    """F1 of the declared settings by the level of a muscle over its noise."""
    truth, program = (read_marks(path, known(folder)) for path in _truth_and_program(folder))
    found = {(one.recording, one.target): one for one in program}
    level = levels(folder / "study")
    sums = {
        words: [_held(one, found) for one in truth if low <= level[one.recording, one.target] < high]
        for low, high, words in LEVELS
    }
    whole = agreement_of(np.sum([part for parts in sums.values() for part in parts], axis=0))
    seen = agreement_of(np.sum([part for words in (LEVELS[1][2], LEVELS[2][2]) for part in sums[words]], axis=0))
    rows = [(words, len(parts), agreement_of(np.sum(parts, axis=0))) for words, parts in sums.items() if parts]
    return Check(
        "Simulated cohort: what truth below the noise costs, declared settings",
        "F1 >= 0.95 of muscles from 1.31 floors on",
        f"F1 {float(seen.f1):.4f} from 1.31 floors on; {float(whole.f1):.4f} of all",
        bool(seen.f1 >= 0.95),
        ("RMS while on", "muscles", "F1", "precision", "recall", "kappa", "event F1"),
        tuple(
            (words, str(n), *(f"{float(x):.4f}" for x in (a.f1, a.precision, a.recall, a.kappa, a.event_f1)))
            for words, n, a in rows
        ),
    )


def _held(marks: Marks, found: dict[tuple[str, str], Marks]) -> np.ndarray:
    return agree(marks, found[marks.recording, marks.target])


def known(folder: Path) -> dict[str, KnownRecording]:
    """What the truth of the cohort can be about."""
    rows = _rows(folder / "study" / "truth_intervals.csv")
    return {row["recording"]: KnownRecording(max(float(r["stop_s"]) for r in rows), MUSCLES) for row in rows}


def levels(study: Path) -> dict[tuple[str, str], float]:
    """RMS while on over the true floor, by recording and muscle; 0 where never on."""
    told = json.loads((study / "truth.json").read_text(encoding="utf-8"))["recordings"]
    return {
        (f"{name}_supine", muscle): one["rms_on_uv"] / one["floor_uv"]
        for name, recording in told.items()
        for muscle, one in recording["muscles"].items()
    }


def _truth_and_program(folder: Path) -> tuple[Path, Path]:
    """Truth, and the intervals of the run with undeterminable time as not on."""
    rows = [r for r in _rows(folder / "results" / "intervals.csv") if r["target"] in MUSCLES]
    for row in rows:
        row["kind"] = "silent" if row["kind"] == "undeterminable" else row["kind"]
    program = [row for row in rows if row["kind"] in ("active", "silent")]
    _write(folder / "program.csv", program)
    return activity_truth(folder / "study", folder / "truth.csv"), folder / "program.csv"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> int:
    """Measure, write the page; exit code 1 where a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation_tuning.md")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulated(folder)
        checks = [choice_check(tuned(folder)), level_check(folder)]
        if REAL.is_dir():
            checks.append(onset_check(REAL, folder / "real"))
    real = "" if REAL.is_dir() else " (skipped, ../shared is absent)"
    head = HEAD.format(**made_with(), n=len(KINDS), rest=REST_S, rate=RATE_HZ, real=real)
    told.out.write_text(page_text(head, checks, FOOT), encoding="utf-8")
    for check in checks:
        sys.stdout.write(f"{'holds' if check.holds else 'FALLS SHORT'}: {check.title}: {check.measured}\n")
    return 0 if all(check.holds for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
