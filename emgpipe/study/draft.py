"""A first `study.toml` and `recordings.csv` for a folder of recordings; every guess is marked."""

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from emgpipe.errors import NoInputError, ReadError, StudyError
from emgpipe.readers.files import opened
from emgpipe.readers.header import Header, read_header
from emgpipe.readers.signals import describe_signals
from emgpipe.store import cell
from emgpipe.study.columns import CELLS, REQUIRED
from emgpipe.study.copies import copies

SUFFIXES = (".edf", ".bdf")
_VISIT = re.compile(r"(?:visit|ses|v)[-_ ]?([0-9]{1,4})|baseline|screening", re.IGNORECASE)
_SUBJECT = re.compile(r"(?:sub|subject|pat|patient|p|s)[-_ ]?[0-9]{1,6}|sub-[A-Za-z0-9]+", re.IGNORECASE)
_TASK = re.compile(r"task-[A-Za-z0-9]+|rest", re.IGNORECASE)
_RUN = re.compile(r"run[-_ ]?([0-9]{1,3})", re.IGNORECASE)


@dataclass(frozen=True)
class Guess:
    """What the name of a file seems to say."""

    file: str
    subject: str
    visit: str
    task: str
    run: str


class Draft(NamedTuple):
    """What was drafted: the two files, how many recordings they list, and what is left out with the reason."""

    study: Path
    manifest: Path
    n_listed: int
    left_out: Mapping[str, str]


def draft_study(folder: str | Path, out: str | Path | None = None) -> Draft:
    """Write a draft of `study.toml` and `recordings.csv` for the recordings below a folder.

    Mains is left open: it is never guessed. Subject, visit, task and run are guessed from names and
    marked as such; labels and rates are listed as the headers state them. Nothing is taken from what a
    header says of a person. A file is listed once. Links to it, copies of it, what is refused and names that no cell
    can hold are left out of `recordings.csv` and named in a comment of `study.toml`.

    Parameters
    ----------
    folder : str or Path
        Searched with all its folders for `.edf` and `.bdf`, any case.
    out : str or Path, optional
        The `study.toml` to write, `folder/study.toml` where left out; `recordings.csv` goes beside it.

    Returns
    -------
    Draft
        The two files and what was left out.

    Raises
    ------
    NoInputError
        NO_RECORDINGS: no recording below the folder, or it cannot be read.
    StudyError
        STUDY_EXISTS: one of the two files is there already; FILE_OUTSIDE: recordings do not lie below `out`;
        STORE_UNWRITABLE: a file cannot be written.
    """
    root = Path(folder)
    study = Path(out) if out else root / "study.toml"
    manifest = study.parent / "recordings.csv"
    try:
        found = sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES)
        any_file = any(p.is_file() for p in found)
    except OSError as problem:
        message = f"{problem.strerror or problem}; give a folder that can be read"
        raise NoInputError("NO_RECORDINGS", message, where=str(root)) from None
    if not any_file:
        message = f"no {' or '.join(SUFFIXES)} file below it; give the folder of the recordings"
        raise NoInputError("NO_RECORDINGS", message, where=str(root))
    for path in (study, manifest):
        if os.path.lexists(path):  # no raise on a name that is too long
            raise StudyError("STUDY_EXISTS", "it is there already; remove it or choose another -o", where=str(path))
    headers, left_out = _usable(found, root)
    guesses = {path: _guess(path, study.parent) for path in headers}
    fitting = [path for path in headers if _fits_a_cell(guesses[path].file)]
    left_out |= {path: "its name cannot stand in a cell; rename it" for path in headers if path not in fitting}
    told = {path.relative_to(root).as_posix(): why for path, why in sorted(left_out.items())}
    _write_new(study, _study_text(root.resolve().name, [headers[path] for path in fitting], told))
    _write_new(manifest, _manifest_text([guesses[path] for path in fitting]))
    return Draft(study, manifest, len(fitting), told)


def _usable(found: Sequence[Path], root: Path) -> tuple[dict[Path, Header], dict[Path, str]]:
    """Headers of the files to list, in order of their paths, and why others are left out."""
    headers, left_out = {}, {}
    for path in found:
        header = _header(path)
        if isinstance(header, str):
            left_out[path] = f"refused, {header}; see `emgpipe check`"
        else:
            headers[path] = header
    # what is no link is listed before links to it
    ordered = sorted(headers, key=lambda path: (path.resolve() != root.resolve() / path.relative_to(root), path))
    places: dict[Path, Path] = {}
    for path in ordered:
        first = places.setdefault(path.resolve(), path)
        if first is not path:
            left_out[path] = f"a link to {first.relative_to(root).as_posix()!r}"
        elif not path.resolve().is_relative_to(root.resolve()):
            left_out[path] = "a link that leads out of the folder; move the file here"
    for copy, first in copies([path for path in ordered if path not in left_out]).items():
        left_out[copy] = f"the same bytes as {first.relative_to(root).as_posix()!r}; a recording is of one visit"
    return {path: header for path, header in headers.items() if path not in left_out}, left_out


def _header(path: Path) -> Header | str:
    """Header of a file, or the code that refuses it."""
    try:
        with opened(path) as file:
            header, findings = read_header(file)
    except ReadError as error:
        return error.code
    return header or next(finding.code for finding in findings if finding.severity == "error")


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as problem:
        if not isinstance(problem, FileExistsError):  # a half would be taken for a study that is there already
            with suppress(OSError):
                path.unlink()
        message = f"{problem.strerror}; name a study.toml with -o, in a folder that is there and can be written"
        raise StudyError("STORE_UNWRITABLE", message, where=str(path)) from None


def _guess(path: Path, folder: Path) -> Guess:
    """Subject, visit, task and run from the folders and words of a file name."""
    try:
        relative = path.resolve().relative_to(folder.resolve())
    except ValueError:
        message = f"recordings must lie below the folder of study.toml, {folder}; choose another -o"
        raise StudyError("FILE_OUTSIDE", message, where=str(path)) from None
    words = [w for part in relative.with_suffix("").parts for w in re.split(r"[_ .]+", part) if w]
    words = [w for w in dict.fromkeys(words) if w.casefold() != "emg"]
    subject, visit, run = (_take(words, pattern) for pattern in (_SUBJECT, _VISIT, _RUN))
    # what no word says stays blank: "rest" would declare rest
    task = _take(words, _TASK) or (words[-1] if words else "")
    return Guess(relative.as_posix(), *map(_safe, (subject, visit, task, run)))


def _take(words: list[str], pattern: re.Pattern[str]) -> str:
    """Remove and return the first word that fits."""
    for n, word in enumerate(words):
        if pattern.fullmatch(word):
            return words.pop(n)
    return ""


def _safe(word: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", re.sub(r"^(sub|ses|task|run)-", "", word)).strip("-")[:64]


def _manifest_text(guesses: list[Guess]) -> str:
    """CSV of the guesses; what cannot be guessed is left blank for a person."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*REQUIRED, "run"])
    for guess in guesses:
        writer.writerow(map(cell, (guess.subject, guess.visit, guess.file, guess.task, guess.run)))
    return out.getvalue()


def _fits_a_cell(file: str) -> bool:
    return not CELLS["file"](file) and file == file.strip() and "\\" not in file


def _study_text(name: str, headers: Iterable[Header], left_out: Mapping[str, str]) -> str:
    lines = [
        "# Drafted by `emgpipe init`. Lines with (guess) need your eye; so does every row of recordings.csv,",
        "# whose subject, visit, task and run were guessed from the names of files and folders; what no name says",
        "# is blank there. Task `rest` declares that the patient was asked to rest.",
        "",
        "[study]",
        f'id = "{_safe(name) or "STUDY"}"  # (guess) from the name of the folder',
        "# mains_hz = 50  # required, never guessed: 50 or 60, the mains of the place of recording",
        'recordings = "recordings.csv"',
        'preset = "plain"  # or "sps-crossover"',
        "",
        "# Signals found, label: muscle (guess), rate, number of files. A label that is taken for no muscle or for the",
        "# wrong one is named here, as",
        "# [channels]",
        '# "EMG ch3" = "PSP_L"',
        *_signal_lines(headers),
        *(["#", "# Left out of recordings.csv:"] if left_out else []),
        *(f"#   {file!r}: {why}" for file, why in left_out.items()),
    ]
    return "\n".join(lines) + "\n"


def _signal_lines(headers: Iterable[Header]) -> list[str]:
    counts: Counter[tuple[str, str, float]] = Counter()
    for header in headers:
        counts.update((s.label, s.muscle or s.kind, s.rate_hz) for s in describe_signals(header, {}, {}).signals)
    return [f"#   {label!r}: {muscle}, {rate:g} Hz, {n}" for (label, muscle, rate), n in sorted(counts.items())]
