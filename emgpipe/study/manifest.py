"""`recordings.csv`: one row a recording, checked cell by cell, errors with their line."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emgpipe.errors import NoInputError, StudyError
from emgpipe.settings import nearest
from emgpipe.store import cell_text
from emgpipe.study.blinding import column_tells, tell_orders
from emgpipe.study.columns import BLIND_CELLS, CELLS, CONDITIONS, REQUIRED, missing_columns, split_cell
from emgpipe.study.inside import path_inside

MOST_NAME = 200
"""Longest recording name; longer ones do not fit into file names."""
MOST_ROWS = 100_000
MOST_COLUMNS = 200
"""A larger table is something else."""


@dataclass(frozen=True)
class Entry:
    """One row of `recordings.csv`.

    Attributes
    ----------
    recording : str
        `{subject}_{visit}_{task}[_{run}]`, unique in the study.
    subject, visit, task, run : str
        As written; `run` may be `""`.
    file : str
        As written.
    path : Path
        Where the file should be; it may be missing.
    line : int
        Line in `recordings.csv`, from 1.
    exclude_channels, prime_mover : tuple of str
        Channels to leave out; muscles expected to be the loudest.
    conditions : mapping of str to str
        Every other optional column; `""` is "not recorded".
    """

    recording: str
    subject: str
    visit: str
    task: str
    run: str
    file: str
    path: Path
    line: int
    exclude_channels: tuple[str, ...] = ()
    prime_mover: tuple[str, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Sort key: subject, visit, task, run."""
        return (self.subject, self.visit, self.task, self.run)


def parse_manifest(text: str, folder: Path, *, where: str, allow_outside: bool = False) -> tuple[Entry, ...]:
    r"""Entries of `recordings.csv`, sorted by subject, visit, task and run.

    Parameters
    ----------
    text : str
        CSV with `,` or `;` between columns, a header line, CRLF or LF.
    folder : Path
        Folder of the study; files lie inside it.
    where : str
        Name of the file for messages.
    allow_outside : bool
        Accept files outside the folder.

    Returns
    -------
    tuple of Entry

    Raises
    ------
    StudyError
        ARM_COLUMN, ARM_CELL, COLUMN_UNKNOWN, COLUMN_MISSING, MANIFEST_INVALID, CELL_INVALID, FILE_OUTSIDE,
        RECORDING_TWICE, FILE_TWICE.
    NoInputError
        NO_RECORDINGS: a header and no rows.

    Examples
    --------
    >>> rows = parse_manifest("subject,visit,file,task\nP01,V1,a.edf,rest\n", Path("."), where="recordings.csv")
    >>> rows[0].recording, rows[0].line
    ('P01_V1_rest', 2)
    """
    (_, header), *rows = list(_rows(text, where)) or [(1, [])]
    _check_header(header, where)
    root = folder.resolve()
    entries = [_entry(dict(zip(header, cells, strict=True)), line, root, where, allow_outside) for line, cells in rows]
    if not entries:
        raise NoInputError("NO_RECORDINGS", "a header and no recordings; add one line a recording", where=where)
    _refuse_twins(entries, where)
    _refuse_spellings(entries, where)
    if tell_orders({entry.subject for entry in entries}):
        message = "subjects end with AB or BA as sequences do; results are computed blind: give names without it"
        raise StudyError("ARM_CELL", message, where=where)
    return tuple(sorted(entries, key=lambda entry: entry.key))


def _rows(text: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Stripped cells of each row with its line; blank rows left out."""
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    width = 0
    line = 1
    try:
        for cells in reader:
            stripped = [cell_text(cell.strip()) for cell in cells]
            if any(stripped):
                width = width or len(stripped)
                if len(stripped) != width or width > MOST_COLUMNS:
                    allowed = f"the header has {width}" if width <= MOST_COLUMNS else f"at most {MOST_COLUMNS}"
                    message = f"{len(stripped)} cells; {allowed}"
                    raise StudyError("MANIFEST_INVALID", message, where=f"{where}:{line}")
                yield line, stripped
            if line > MOST_ROWS:
                message = f"more than {MOST_ROWS} lines; part the study"
                raise StudyError("MANIFEST_INVALID", message, where=f"{where}:{line}")
            line += 1
    except csv.Error as problem:
        raise StudyError("MANIFEST_INVALID", f"{problem}; the file must be CSV", where=f"{where}:{line}") from None


def _check_header(header: Sequence[str], where: str) -> None:
    place = f"{where}:1"
    for column in header:
        if column not in CELLS and (rule := column_tells(column)):
            message = (
                f"column {column!r} may give an arm away by {rule}; results are computed blind: keep it in arms.csv"
            )
            raise StudyError("ARM_COLUMN", message, where=place)
    for column in header:
        if column not in CELLS:
            raise StudyError("COLUMN_UNKNOWN", f"column {column!r}; {nearest(column, CELLS)}", where=place)
        if header.count(column) > 1:
            raise StudyError("COLUMN_UNKNOWN", f"column {column!r} stands twice; name it once", where=place)
    missing = missing_columns(header)
    if missing:
        message = f"no column {', '.join(map(repr, missing))}; subject, visit, file and task are required"
        raise StudyError("COLUMN_MISSING", message, where=place)


def _entry(row: Mapping[str, str], line: int, root: Path, where: str, allow_outside: bool) -> Entry:  # noqa: FBT001
    place = f"{where}:{line}"
    for column, cell in row.items():
        _check_cell(column, cell, place)
    run = row.get("run", "")
    name = "_".join(part for part in (row["subject"], row["visit"], row["task"], run) if part)
    if len(name) > MOST_NAME:
        message = f"subject, visit, task and run have {len(name)} characters; at most {MOST_NAME} are allowed"
        raise StudyError("CELL_INVALID", message, where=place)
    return Entry(
        recording=name,
        subject=row["subject"],
        visit=row["visit"],
        task=row["task"],
        run=run,
        file=row["file"],
        path=path_inside(row["file"], root, what="file", where=place, allow_outside=allow_outside),
        line=line,
        exclude_channels=split_cell(row.get("exclude_channels", "")),
        prime_mover=split_cell(row.get("prime_mover", "")),
        conditions={c: row.get(c, "") for c in CONDITIONS if c not in ("exclude_channels", "prime_mover")},
    )


def _check_cell(column: str, cell: str, place: str) -> None:
    """Refuse a cell that its column cannot mean; one that may give an arm away is not repeated in the message."""
    tells, advice = BLIND_CELLS.get(column, (None, ""))
    if tells and (rule := tells(cell)):
        message = f"the {column}, not shown here, may give an arm away by {rule}; results are computed blind: {advice}"
        raise StudyError("ARM_CELL", message, where=place)
    needed = "" if cell else ("required" if column in REQUIRED else None)
    allowed = CELLS[column](cell) if cell else needed
    if allowed:
        message = f"{column} = {cell[:60]!r}; {'it is ' if not cell else 'allowed: '}{allowed}"
        raise StudyError("CELL_INVALID", message, where=place)


def _refuse_twins(entries: Sequence[Entry], where: str) -> None:
    names: dict[str, Entry] = {}
    paths: dict[Path, Entry] = {}
    for entry in entries:
        place = f"{where}:{entry.line}"
        # file systems that ignore case would write both into one folder
        twin = names.setdefault(entry.recording.casefold(), entry)
        if twin is not entry:
            message = f"recording {entry.recording!r} is also on line {twin.line}; tell repeats apart by `run`"
            raise StudyError("RECORDING_TWICE", message, where=place)
        twin = paths.setdefault(entry.path, entry)
        if twin is not entry:
            message = f"file {entry.file!r} is also on line {twin.line}; a file is one recording"
            raise StudyError("FILE_TWICE", message, where=place)


def _refuse_spellings(entries: Sequence[Entry], where: str) -> None:
    """Refuse `p01` beside `P01`: one patient told as two, and one page over the other where case does not count."""
    for column in ("subject", "visit"):
        names: dict[str, Entry] = {}
        for entry in entries:
            name = getattr(entry, column)
            first = names.setdefault(name.casefold(), entry)
            if getattr(first, column) != name:
                message = f"{column} = {name!r} is {getattr(first, column)!r} on line {first.line}; write it one way"
                raise StudyError("CELL_INVALID", message, where=f"{where}:{entry.line}")
