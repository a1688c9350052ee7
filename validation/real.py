"""The real study: UCI lower-limb recordings against a plain script."""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import signal

from emgpipe import load_results, read_recording, run_study
from validation.checks import Check

QUADRICEPS, HAMSTRINGS = ("RF", "VM"), ("BF", "ST")
PRIME_MOVERS = {"sen": "RF;VM", "pie": "BF;ST", "mar": ""}
STUDY = """\
[study]
id = "UCI-LOWER-LIMB"
mains_hz = 50

[measure]
least_usable_s = 3.0
least_continuity_s = 5.0
"""


def arrange(source: Path, folder: Path) -> Path:
    """Lay the recordings out as one study; return its `study.toml`."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["subject,visit,file,task,prime_mover"]
    for path in sorted(source.glob("uci_*.edf")):
        shutil.copy(path, folder / path.name)
        number, group, task = path.stem[4], path.stem[5], path.stem[6:]
        lines.append(f"{number}{group},V1,{path.name},{task},{PRIME_MOVERS[task]}")
    (folder / "recordings.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder / "study.toml"


def plain_rms_uv(samples_uv: NDArray[np.float64], rate_hz: float, lines_hz: list[float]) -> float:
    """Median RMS of 1 s windows with scipy alone: band-pass, then a 2 Hz notch at each removed line."""
    sos = signal.butter(4, [20, min(450, 0.45 * rate_hz)], "band", fs=rate_hz, output="sos")
    y = signal.sosfiltfilt(sos, samples_uv)
    for line_hz in lines_hz:
        b, a = signal.iirnotch(line_hz, line_hz / 2, fs=rate_hz)
        y = signal.filtfilt(b, a, y)
    n = int(rate_hz)
    return float(np.median(np.sqrt((y[: len(y) // n * n].reshape(-1, n) ** 2).mean(1))))


def compare(source: Path, folder: Path, jobs: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run the study; return one row a recording and muscle, and the inputs table."""
    study = arrange(source, folder / "study")
    run_study(study, folder / "results", jobs=jobs)
    results = load_results(folder / "results")
    table = results.measures[results.measures.measure == "rest_rms_uv"]
    rows = []
    for row in table.itertuples():
        name = f"uci_{row.subject}{row.task}.edf"
        recording = read_recording(folder / "study" / name)
        samples = recording.read(row.target, 0, np.inf).astype(np.float64)
        lines = [float(f) for f in str(row.lines_hz).split(";") if f and f != "None"]
        plain = plain_rms_uv(samples, recording.signal(row.target).rate_hz, lines)
        ours = np.hypot(row.value, row.floor_uv) if row.status in ("ok", "flagged", "below_limit") else np.nan
        rows.append((row.subject, row.task, row.target, row.value, row.lines_hz, ours, plain))
    columns = ["subject", "task", "muscle", "rest_rms_uv", "lines_hz", "ours_uv", "plain_uv"]
    return pd.DataFrame(rows, columns=columns), results.inputs


def real_study(source: Path, folder: Path) -> Check:
    """The issue's claim on the UCI recordings."""
    table, inputs = compare(source, folder)
    table["off"] = table.ours_uv / table.plain_uv - 1
    given = table.dropna(subset=["ours_uv"])
    worst = float(given.off.abs().max())
    pointed = sorted(inputs.recording[inputs.findings.fillna("").str.contains("PRIME_MOVER_NOT_LOUDEST")])
    order = []
    for (subject, task), group in given.groupby(["subject", "task"]):
        level = group.set_index("muscle").rest_rms_uv
        quadriceps, hamstrings = level[list(QUADRICEPS)].mean(), level[list(HAMSTRINGS)].mean()
        right = {"sen": quadriceps > hamstrings, "pie": quadriceps < hamstrings}.get(task)
        if right is not None:
            order.append((subject, task, bool(right)))
    wrong = [f"{s}_V1_{t}" for s, t, right in order if not right]
    rows = [
        (f"{s}_{t}", ", ".join(f"{m} {v:.1f}" for m, v in g.set_index("muscle").rest_rms_uv.items()),
         f"{g.off.abs().max():.4f}", "; ".join(sorted({r for r in g.lines_hz.fillna("").astype(str) if r})) or "none")
        for (s, t), g in table.groupby(["subject", "task"])
    ]  # fmt: skip
    return Check(
        "Real study: UCI lower limb, 18 recordings, 1000 Hz",
        "sqrt(rest_rms_uv^2 + floor_uv^2) within 3 % of the median 1 s RMS of a plain scipy script; quadriceps above"
        " hamstrings in seated extension (sen) and below in standing flexion (pie) but for subject 2A, whom"
        " PRIME_MOVER_NOT_LOUDEST points at",
        f"largest difference {worst:.4f} in {len(given)} of {len(table)} values; order reversed in {', '.join(wrong)};"
        f" finding on {', '.join(pointed)}",
        worst <= 0.03 and set(wrong) == {"2A_V1_pie", "2A_V1_sen"} and set(wrong) <= set(pointed),
        ("recording", "rest_rms_uv, µV", "largest difference", "lines removed, Hz"),
        tuple(rows),
    )


def workers() -> int:
    """Worker processes of the bench: the cores of the machine."""
    return os.cpu_count() or 1
