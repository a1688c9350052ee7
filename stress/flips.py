"""Random byte flips in what a run has written: `emgpipe verify` finds each."""

import shutil
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stress import processes, results
from stress.kills import in_pairs

KINDS = ("tables", "units", "settings.toml", "log.jsonl", "run.json", "run.json.sha256")


class Flip(NamedTuple):
    """One changed byte: the file, where, what it was and what it became."""

    name: str
    offset: int
    was: int
    became: int

    def __str__(self) -> str:
        """As told in the page."""
        return f"{self.name}, byte {self.offset}: {self.was:#04x} became {self.became:#04x}"


def draw(out: Path, seed: int, number: int) -> Flip:
    """Draw a flip: each kind of file in turn, any byte of it, any other value.

    Parameters
    ----------
    out : Path
        Results folder.
    seed, number : int
        The flip follows from them.

    Returns
    -------
    Flip
    """
    rng, kind = np.random.default_rng([seed, number]), KINDS[number % len(KINDS)]
    names = {"tables": results.TABLES[:-1], "units": sorted(f"units/{path.name}" for path in (out / "units").iterdir())}
    name = str(rng.choice(names.get(kind, (kind,))))
    data = (out / name).read_bytes()
    offset = int(rng.integers(len(data)))
    return Flip(name, offset, data[offset], data[offset] ^ int(rng.integers(1, 256)))


def is_found(out: Path, flip: Flip) -> bool:
    """Change the byte, verify, put it back; found means exit code 1 and the file named, without a traceback."""
    path = out / flip.name
    whole = path.read_bytes()
    path.write_bytes(whole[: flip.offset] + bytes([flip.became]) + whole[flip.offset + 1 :])
    try:
        ended = processes.run("verify", out)
    finally:
        path.write_bytes(whole)
    said = ended.out + ended.err
    return ended.code == 1 and flip.name in said and "Traceback" not in said


def missed(out: Path, seed: int, n_flips: int) -> list[Flip]:
    """Flips that `verify` does not find; two at once, each on a folder of its own.

    Parameters
    ----------
    out : Path
        Results folder that verifies.
    seed, n_flips : int
        As in `draw`.

    Returns
    -------
    list of Flip
    """
    other = out.with_name(f"{out.name}_flipped")  # beside the first, so that its way to the study is the same
    shutil.copytree(out, other)
    halves = [(out, range(0, n_flips, 2)), (other, range(1, n_flips, 2))]
    found = in_pairs([partial(_missed, folder, seed, numbers) for folder, numbers in halves])
    whole = [flip for half in found for flip in half]
    shutil.rmtree(other)
    return whole


def _missed(out: Path, seed: int, numbers: Iterable[int]) -> list[Flip]:
    return [flip for flip in (draw(out, seed, number) for number in numbers) if not is_found(out, flip)]
