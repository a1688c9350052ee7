"""A first `study.toml` and `recordings.csv` for a folder of recordings; every guess is marked."""

import csv
import io
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from emgpipe.errors import NoInputError, ReadError, StudyError
from emgpipe.readers.files import opened
from emgpipe.readers.header import read_header, refusal
from emgpipe.readers.signals import describe_signals
from emgpipe.store import cell
from emgpipe.study.columns import CELLS, REQUIRED

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


def draft_study(folder: str | Path, out: str | Path | None = None) -> tuple[Path, Path]:
    """Write a draft of `study.toml` and `recordings.csv` for the recordings below a folder.

    Mains is left open: it is never guessed. Subject, visit, task and run are guessed from names and
    marked as such; labels and rates are listed as the headers state them. Nothing is taken from what a
    header says of a person. What is refused, or has a name that no cell can hold, is named in a comment.

    Parameters
    ----------
    folder : str or Path
        Searched with all its folders for `.edf` and `.bdf`, any case.
    out : str or Path, optional
        The `study.toml` to write, `folder/study.toml` where left out; `recordings.csv` goes beside it.

    Returns
    -------
    tuple of Path
        The two files.

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
        files = [p for p in found if p.is_file()]
    except OSError as problem:
        message = f"{problem.strerror or problem}; give a folder that can be read"
        raise NoInputError("NO_RECORDINGS", message, where=str(root)) from None
    if not files:
        message = f"no {' or '.join(SUFFIXES)} file below it; give the folder of the recordings"
        raise NoInputError("NO_RECORDINGS", message, where=str(root))
    for path in (study, manifest):
        if os.path.lexists(path):  # no raise on a name that is too long
            raise StudyError("STUDY_EXISTS", "it is there already; remove it or choose another -o", where=str(path))
    guesses = [_guess(path, study.parent) for path in files]
    odd = [f"# {g.file!r} is left out of recordings.csv; rename it" for g in guesses if not _fits_a_cell(g.file)]
    _write_new(study, _study_text(root.resolve().name, found, odd))
    _write_new(manifest, _manifest_text([g for g in guesses if _fits_a_cell(g.file)]))
    return study, manifest


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as problem:
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


def _study_text(name: str, found: list[Path], odd: list[str]) -> str:
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
        *_signal_lines(found),
        *odd,
    ]
    return "\n".join(lines) + "\n"


def _signal_lines(found: list[Path]) -> list[str]:
    counts: Counter[tuple[str, str, float]] = Counter()
    refused = []
    for path in found:
        try:
            with opened(path) as file:
                header, findings = read_header(file)
            if header is None:
                raise refusal(findings, path.name)
        except ReadError as error:
            refused.append(f"# {path.name!r} is refused: {error.code}; see `emgpipe check`")
            continue
        counts.update((s.label, s.muscle or s.kind, s.rate_hz) for s in describe_signals(header, {}, {}).signals)
    told = [f"#   {label!r}: {muscle}, {rate:g} Hz, {n}" for (label, muscle, rate), n in sorted(counts.items())]
    return told + refused
