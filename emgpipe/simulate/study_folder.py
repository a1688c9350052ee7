"""The files of a simulated study: recordings, tables, sums."""

import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emgpipe.simulate.edf_writer import RANGE_UV, write_edf, write_truth
from emgpipe.simulate.truth import INTERVAL_COLUMNS
from emgpipe.simulate.visit import SimulatedVisit

TRUTHS = ("truth.json", "truth_intervals.csv")
Rows = Sequence[Sequence[str | int | float]]


def write_recording(path: Path, visit: SimulatedVisit) -> None:
    """Write a simulated visit as EDF+.

    Parameters
    ----------
    path : Path
        File to write.
    visit : SimulatedVisit
        Whole seconds at a whole rate. Without a range of the amplifier the file has +-3276.8 µV in steps of 0.1 µV.

    Raises
    ------
    SettingsError
        SIMULATION_UNWRITABLE.
    EmgpipeError
        WRITER_ABSENT.
    """
    limit_uv = visit.amplifier.range_uv
    labels, samples_uv = [f"EMG {c.name}" for c in visit.channels], [c.samples_uv for c in visit.channels]
    if visit.ecg_uv is not None:
        labels, samples_uv = [*labels, "ECG"], [*samples_uv, visit.ecg_uv]
    write_edf(
        path,
        samples_uv,
        labels,
        visit.channels[0].rate_hz,
        annotations=visit.annotations,
        range_uv=RANGE_UV if limit_uv is None else (-limit_uv, limit_uv),
        prefilter=visit.amplifier.prefilter,
        bits=visit.amplifier.bits,
        gaps_s=visit.plan.gaps_s,
    )


def write_study(
    folder: Path,
    study_id: str,
    rows: Rows,
    truth: dict[str, Any],
    intervals: Rows,
    *,
    readme: str,
    mains_hz: int = 50,
    pairs: Sequence[tuple[str, str]],
    index_muscles: Sequence[str],
    reference: bool = True,
    arms: Rows | None = None,
) -> None:
    """Write README.md, study.toml, recordings.csv, truths, SHA256SUMS, and arms.csv where there are arms.

    Parameters
    ----------
    folder : Path
        Holds the recordings.
    study_id : str
        Name of the study.
    rows : sequence of sequence
        Of recordings.csv, the header first; the third column is the file.
    truth : dict
        Of truth.json.
    intervals : sequence of sequence
        Of truth_intervals.csv, without its header.
    readme : str
        Text of README.md; says that nobody was recorded.
    mains_hz : int
        50 or 60.
    pairs : sequence of (str, str)
        Agonist and antagonist.
    index_muscles : sequence of str
        Of the rigidity index.
    reference : bool
        Whether the visits have a reference contraction.
    arms : sequence of sequence, optional
        Of arms.csv, the header first.
    """
    (folder / "README.md").write_bytes(readme.encode())
    write_truth(folder / "truth.json", truth)
    _write_csv(folder / "truth_intervals.csv", [INTERVAL_COLUMNS, *intervals])
    _write_csv(folder / "recordings.csv", rows)
    if arms is not None:
        _write_csv(folder / "arms.csv", arms)
    text = STUDY.format(
        id=study_id,
        mains_hz=mains_hz,
        pairs="".join(f'\n[[pairs]]\nagonist = "{a}"\nantagonist = "{b}"\n' for a, b in pairs),
        index=", ".join(f'"{name}"' for name in index_muscles),
        reference='reference = "same visit: reference"\n' if reference else "",
    )
    (folder / "study.toml").write_bytes(text.encode())
    names = ["README.md", "recordings.csv", "study.toml", *TRUTHS, *(["arms.csv"] if arms is not None else [])]
    _write_sums(folder, sorted([*names, *(str(row[2]) for row in rows[1:])]))


def _write_csv(path: Path, rows: Rows) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_bytes(text.getvalue().encode())


def _write_sums(folder: Path, names: Sequence[str]) -> None:
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "SHA256SUMS").write_bytes("".join(lines).encode())


STUDY = """\
# Simulated: nobody was recorded. See README.md.
[study]
id = "{id}"
mains_hz = {mains_hz}
recordings = "recordings.csv"
{pairs}
[subject]
index_muscles = [{index}]
index_offset_uv = 0.5
{reference}"""
