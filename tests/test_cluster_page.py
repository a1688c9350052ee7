"""The recipes of docs/cluster.md, run as they are printed under a queue of a few lines."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.batch.studies import HEAD, NAMES, outputs, row_of, write_manifest, write_recording

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
EMGPIPE = f"""#!/bin/bash
exec "{sys.executable}" -m emgpipe "$@"
"""
ARRAYS = """#!/bin/bash
# runs at once what is submitted, once an index of its array, and says a number
echo "$@" >> calls
script="${@: -1}"
export SLURM_CPUS_PER_TASK=1
range=$(sed -n 's/^#SBATCH --array=//p' "$script")
for option in "$@"; do case "$option" in --array=*) range="${option#--array=}" ;; esac; done
if [ -n "$range" ]; then
    indices=$(seq "${range%-*}" "${range#*-}")
    export SLURM_ARRAY_TASK_COUNT=$(wc -w <<< "$indices")
    for index in $indices; do
        SLURM_ARRAY_TASK_ID=$index bash "$script" >> "$script.log" 2>&1 || exit 1
    done
else
    bash "$script" >> "$script.log" 2>&1 || exit 1
fi
echo 17
"""
STARTS = """#!/bin/bash
cp "$1" job.sh  # the other side removes its own
setsid bash job.sh > worker.log 2>&1 &
echo "Submitted batch job $!"
"""
STOPS = """#!/bin/bash
for job in "$@"; do kill -- "-$job" 2> /dev/null; done
true
"""


def blocks(language):
    """Code of the page by the name that its first comment gives."""
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)
    return {re.search(r"^# (\S+): ", code, flags=re.MULTILINE)[1]: code for code in found}


@pytest.fixture
def place(tmp_path):
    """A folder with a small study, and programs that stand before all others."""
    (tmp_path / "study").mkdir()
    for seed, name in enumerate(NAMES[:2]):
        write_recording(tmp_path / "study" / f"{name}.edf", seed)
    (tmp_path / "study" / "study.toml").write_text(HEAD)
    write_manifest(tmp_path / "study", [row_of(name) for name in NAMES[:2]])
    (tmp_path / "bin").mkdir()
    return tmp_path


def program(place, name, text):
    path = place / "bin" / name
    path.write_text(text)
    path.chmod(0o755)


def surroundings(place):
    """Environment of a user of the queue; kernels that are compiled already are taken from where they are."""
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(place), "OMP_NUM_THREADS": "1"}


def alone(place):
    """Tables of one process."""
    command = [sys.executable, "-m", "emgpipe", "run", place / "study", "-o", place / "alone", "-j", "1", "--no-report"]
    subprocess.run(command, check=True, capture_output=True, env=surroundings(place))
    return outputs(place / "alone")


def repeated(place, index):
    """Lines that one share says when it is submitted once more."""
    (place / "shards.sbatch.log").unlink()
    line = ["bash", "-c", f'STUDY="$PWD/study" OUT="$PWD/results" sbatch --array={index} shards.sbatch']
    subprocess.run(line, cwd=place, env=surroundings(place), check=True, capture_output=True)
    return [told for told in (place / "shards.sbatch.log").read_text().splitlines() if "shard" in told]


def test_the_array_gives_the_tables_of_one_machine(place):
    for name, code in blocks("bash").items():
        (place / name).write_text(code)
    program(place, "emgpipe", EMGPIPE)
    program(place, "sbatch", ARRAYS)
    done = subprocess.run(["bash", "submit.sh"], cwd=place, env=surroundings(place), capture_output=True, text=True)
    told = "".join(log.read_text() for log in sorted(place.glob("*.log")))
    assert (done.returncode, done.stderr) == (0, ""), told
    assert (place / "calls").read_text() == "--parsable shards.sbatch\n--dependency=afterany:17 merge.sbatch\n"
    assert told.count("tables by a run without --shard") == 8
    assert "2 recordings, nothing to compute; tables in " in told
    assert outputs(place / "results") == alone(place)
    sorted((place / "results" / "units").iterdir())[1].unlink()
    told = repeated(place, 2) + repeated(place, 3)
    assert [re.findall(r"\d computed now|nothing to compute", line) for line in told] == [
        ["1 computed now"],
        ["nothing to compute"],
    ]
    assert "shard 3/8 in" in told[1]


@pytest.mark.skipif(importlib.util.find_spec("dask_jobqueue") is None, reason="dask-jobqueue is not installed")
def test_the_recipe_with_dask_gives_the_tables_of_one_machine(place):
    (code,) = blocks("python").values()
    (place / "on_slurm.py").write_text(code.replace("jobs=8", "jobs=1"))
    program(place, "emgpipe", EMGPIPE)
    program(place, "sbatch", STARTS)
    program(place, "scancel", STOPS)
    command = [sys.executable, "on_slurm.py"]
    done = subprocess.run(command, cwd=place, env=surroundings(place), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "2 recordings, 2 computed now; tables in results" in done.stdout
    assert outputs(place / "results") == alone(place)
