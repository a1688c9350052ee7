"""Settings tuned on real bounded onsets: two hand muscles of a reaction task, from EDF to the chosen point."""

import csv
from pathlib import Path

from emgpipe import run_study
from emgpipe.settings import to_toml
from emgpipe.simulate.edf_writer import write_edf
from emgpipe.tuning.model import SCORES
from emgpipe.tuning.scores import agreement_of
from emgpipe.tuning.tune import Tuning, tune_results
from validation.checks import Check
from validation.leads import hands

MUSCLES = {"EXG1-EXG2": "APB_L", "EXG3-EXG4": "APB_R"}
"""Names to run it by: the recording says which hand responds, not which muscle it is."""
RECORDING = "P01_V1_reaction"
DURATION_S = 58.0
STUDY = """\
[study]
id = "REACTION"
mains_hz = 50
preset = "plain"
"""
GRID = (
    "detect.activity_ratio=1.5:3:0.25",
    "detect.activity_release=1,1.25,1.4",
    "detect.close_gap_s=0.05,0.1,0.25",
    "detect.shortest_burst_s=0.025,0.05,0.1",
)
SHOWN = ("activity_ratio", "activity_release", "close_gap_s", "shortest_burst_s")


def arrange(real: Path, folder: Path) -> Path:
    """Write the bipolar leads as a study, what the file states of its filters kept; return its `study.toml`."""
    folder.mkdir(parents=True, exist_ok=True)
    leads = hands(real, ".bdf")
    samples = [lead.samples_uv - lead.samples_uv.mean() for lead in leads.values()]  # the amplifier passes DC
    (one, *_) = leads.values()
    labels = [f"EMG {MUSCLES[name]}" for name in leads]
    write_edf(folder / "reaction.edf", samples, labels, one.rate_hz, prefilter=one.prefilter)
    (folder / "recordings.csv").write_text("subject,visit,file,task\nP01,V1,reaction.edf,reaction\n", encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder / "study.toml"


def bounded(real: Path) -> list[tuple[str, float, float]]:
    """Muscle, stimulus and response of each trial, s."""
    with (real / "emg" / "myonset" / "trials_bounded_truth.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    name = "channel_that_must_burst_between_stimulus_and_response"
    return [(MUSCLES[row[name]], float(row["stimulus_s"]), float(row["response_s"])) for row in rows]


def write_marks(trials: list[tuple[str, float, float]], path: Path) -> Path:
    """Write what is known as marks: one onset from stimulus to response in the responding hand, and nothing else.

    Nobody knows when a hand relaxed again, or whether it was at rest before a stimulus: that time is excluded.
    """
    lines = ["recording,target,kind,start_s,stop_s"]
    for muscle in MUSCLES.values():
        windows = [(a, b) for name, a, b in trials if name == muscle]
        edges = [0.0, *(edge for window in windows for edge in window), DURATION_S]
        lines += [f"{RECORDING},{muscle},onset,{a!r},{b!r}" for a, b in windows]
        lines += [f"{RECORDING},{muscle},excluded,{a!r},{b!r}" for a, b in zip(edges[::2], edges[1::2], strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def begins(intervals: Path, trials: list[tuple[str, float, float]]) -> int:
    """Trials in which a stretch of activity of `intervals.csv` begins between stimulus and response."""
    with intervals.open(encoding="utf-8", newline="") as stream:
        starts = [(r["target"], float(r["start_s"])) for r in csv.DictReader(stream) if r["kind"] == "active"]
    return sum(any(name == target and a < start < b for target, start in starts) for name, a, b in trials)


def onset_check(real: Path, folder: Path) -> Check:
    """Tune on the bounded onsets, run the study with the chosen settings, count trials in its intervals."""
    study, trials = arrange(real, folder / "study"), bounded(real)
    run_study(study, folder / "declared", jobs=1)
    marks = write_marks(trials, folder / "bounded.csv")
    tuning = tune_results(folder / "declared", folder / "tuned", grid=GRID, truth=[marks], jobs=1)
    chosen = folder / "chosen.toml"
    chosen.write_text(to_toml(tuning.tried.grid.settings(_point(tuning))), encoding="utf-8")
    run_study(study, folder / "chosen", settings=chosen, jobs=1)
    counts = [begins(folder / name / "intervals.csv", trials) for name in ("declared", "chosen")]
    return onset_words(tuning, counts)


def _point(tuning: Tuning) -> int:
    return tuning.choice.point if tuning.choice else 0


def onset_words(tuning: Tuning, counts: list[int]) -> Check:
    """What the declared and the chosen settings find; `counts` are trials in the intervals of their runs."""
    (sums,) = tuning.pooled.values()
    told = {name: sums[:, SCORES.index(name)].astype(int) for name in ("n_matched", "n_true", "n_found")}
    agreement, point = agreement_of(sums), _point(tuning)
    n_all = int((told["n_matched"] == told["n_true"]).sum())
    rows = [
        (words, *(f"{value:g}" for value in tuning.tried.grid.values(n)), str(count), f"{told['n_matched'][n]}",
         f"{told['n_found'][n]}", f"{agreement.event_f1[n]:.3f}")
        for words, n, count in (("declared", 0, counts[0]), ("chosen", point, counts[1]))
    ]  # fmt: skip
    return Check(
        "Real reaction task: settings tuned on bounded onsets, two hand muscles, 16 trials",
        "with the tuned settings activity begins between stimulus and response in 16 of 16 trials",
        f"declared {counts[0]}, tuned {counts[1]} of {told['n_true'][point]} (onsets that count {told['n_matched'][0]}"
        f" and {told['n_matched'][point]}); {n_all} of {len(sums)} settings find all",
        counts[1] == told["n_matched"][point] == told["n_true"][point] == 16,
        (
            "settings",
            *SHOWN,
            "begins there",
            "trials with an onset that counts",
            "onsets in these stretches",
            "event F1",
        ),
        tuple(rows),
    )
