"""Time of the study page of many visits: tables of a small results folder, copied under other names.

`python -m stress.pages RESULTS FOLDER [N_SUBJECTS]` prints seconds of processor; muscles are copied to the other side.
"""

import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from emgpipe.reports.draw import drawings
from emgpipe.reports.told import INDEX, read_results
from emgpipe.store import file_digest, read_csv, read_json, write_csv, write_json

OTHER_SIDE = {"_R": "_L", "_L": "_R"}
N_SUBJECTS = 70


def copied(small: Path, out: Path, n_subjects: int = N_SUBJECTS) -> int:
    """Write tables and units of `n_subjects` subjects; the number of their recordings."""
    inputs, measures, run = (
        read_csv(small / "inputs.csv"),
        read_csv(small / "measures.csv"),
        read_json(small / "run.json"),
    )
    subjects = list(dict.fromkeys(row["subject"] for row in inputs))
    (out / "units").mkdir(parents=True)
    listed, rows, conditions = [], [], {}
    for number in range(n_subjects):
        old, new = subjects[number % len(subjects)], f"S{number + 1:03d}"
        for row in (_renamed(row, old, new) for row in inputs if row["subject"] == old):
            before = row["recording"].replace(new, old, 1)
            shutil.copy(small / "units" / f"{before}.jsonl", out / "units" / f"{row['recording']}.jsonl")
            conditions[row["recording"]] = run["conditions"][before]
            listed.append(row)
        for row in (_renamed(row, old, new) for row in measures if row["subject"] == old):
            rows += [row, *([{**row, "target": other}] if (other := _mirrored(row["target"])) else [])]
    write_csv(out / "inputs.csv", list(inputs[0]), listed)
    write_csv(out / "measures.csv", list(measures[0]), rows)
    shutil.copy(small / "settings.toml", out)
    outputs = {name: file_digest(out / name) for name in ("inputs.csv", "measures.csv", "settings.toml")}
    write_json(out / "run.json", {**run, "conditions": conditions, "outputs": outputs})
    return len(listed)


def _renamed(row: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    return {**row, "subject": new, "recording": row["recording"].replace(old, new, 1)}


def _mirrored(target: str) -> str:
    """The same muscles of the other side; empty for what has none."""
    names = [name[:-2] + OTHER_SIDE.get(name[-2:], "") for name in target.split("/")]
    return "/".join(names) if all(name[-2:] in OTHER_SIDE for name in target.split("/")) else ""


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    n_recordings = copied(Path(sys.argv[1]), folder, *map(int, sys.argv[3:]))
    for page in (INDEX, INDEX, "patient.S001.html"):
        start_s = time.process_time()
        size = len(drawings(read_results(folder), folder)[page]())
        sys.stdout.write(
            f"{page} of {n_recordings} recordings: {time.process_time() - start_s:.1f} s, {size / 1e6:.2f} MB\n"
        )
