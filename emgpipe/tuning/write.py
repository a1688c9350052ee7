"""What a sweep leaves on disk: tables, record, pages and pictures; they take their places together."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from emgpipe.errors import SettingsError
from emgpipe.store import (
    OutputLock,
    cell,
    json_text,
    put_file,
    read_json,
    refuse_links,
    replaced_together,
    stops_deferred,
)
from emgpipe.store.atomic import storing
from emgpipe.tuning.columns import points_columns, recordings_columns
from emgpipe.tuning.grid import Grid
from emgpipe.tuning.model import SCORES, Floats, Scored, Swept
from emgpipe.tuning.scores import agreement_of
from emgpipe.tuning.study import CACHE

RECORD = "tuning.json"
PAGE, PAGE_UNBLINDED = "tuning.html", "tuning_unblinded.html"
SETTINGS = "settings.toml"
DICTIONARY = "data_dictionary.json"
OURS = ("tuning.*", "tuning_*", SETTINGS, DICTIONARY)
"""Names that a sweep writes; the cache beside them is kept from sweep to sweep."""
MADE_BY = "emgpipe tune"
TELLS_ARMS = "unblinded"
"""In the name of every file that tells arms."""


def table_bytes(table: pd.DataFrame, suffix: str) -> bytes:
    r"""Bytes of a table, the same each time.

    Parameters
    ----------
    table : DataFrame
        Numbers, truth values and text; what is missing is NaN or None.
    suffix : str
        `.csv` (UTF-8, LF, numbers as the shortest text that reads back equal, missing cells empty, no cell a formula)
        or `.parquet`.

    Examples
    --------
    >>> table_bytes(pd.DataFrame({"point": [0, 1], "f1": [0.5, float("nan")], "source": ["=a", "b"]}), ".csv")
    b"point,f1,source\n0,0.5,'=a\n1,,b\n"
    """
    whole = pa.Table.from_pandas(table, preserve_index=False)
    if suffix == ".csv":
        return _csv(whole)
    out = io.BytesIO()
    pq.write_table(whole.replace_schema_metadata(None), out)
    return out.getvalue()


def _csv(table: pa.Table) -> bytes:
    """CSV column by column: a sweep has millions of cells."""
    head = ",".join(cell(name) for name in table.column_names) + "\n"
    if not table.num_rows:
        return head.encode("utf-8")
    columns = [_cells(column.combine_chunks()) for column in table.columns]
    if len(columns) == 1:
        lines = columns[0]
    else:
        lines = pc.binary_join_element_wise(*columns, ",", null_handling="replace", null_replacement="")
    return (head + "\n".join(text or "" for text in lines.to_pylist()) + "\n").encode("utf-8")


def _cells(column: pa.Array) -> pa.Array:
    """Cells as text; null where they are empty."""
    if pa.types.is_floating(column.type):
        finite = pc.is_finite(column)
        return pc.if_else(finite, pc.cast(column, pa.string()), pa.scalar(None, pa.string()))
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        coded = pc.dictionary_encode(column)
        texts = pa.array([_quoted(cell(text)) for text in coded.dictionary.to_pylist()], pa.string())
        return texts.take(coded.indices)
    return pc.cast(column, pa.string())


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text


def points_table(grid: Grid, sums: Mapping[Scored, Floats], n_recordings: Mapping[Scored, int] | int) -> pd.DataFrame:
    """Rows of `tuning.csv`: one a point, source and kind; without marks one a point.

    Parameters
    ----------
    grid : Grid
        What was tried.
    sums : mapping of (source, kind) to ndarray, shape (n_points, len(SCORES))
        Pooled over recordings; empty without marks.
    n_recordings : mapping of (source, kind) to int, or int
        Recordings that were marked; without marks the number of those that were swept.
    """
    columns = list(points_columns(grid))
    points = axes_table(grid)
    if not sums:
        n = n_recordings if isinstance(n_recordings, int) else 0
        return points.assign(source="", kind="", n_recordings=n).reindex(columns=columns)
    parts = []
    for key, one in sums.items():
        n = n_recordings if isinstance(n_recordings, int) else n_recordings[key]
        parts.append(points.assign(source=key[0], kind=key[1], n_recordings=n, **scored(one)))
    whole = pd.concat(parts, ignore_index=True)
    return whole.sort_values("point", kind="stable", ignore_index=True)[columns]


def recordings_table(grid: Grid, swept: Sequence[Swept]) -> pd.DataFrame:
    """Rows of `tuning_recordings.csv`: one a recording, source, kind and point; those of no marks have none."""
    columns = list(recordings_columns(grid))
    points = axes_table(grid)
    parts = [
        points.assign(recording=one.recording, subject=one.subject, source=key[0], kind=key[1], **scored(sums))
        for one in swept for key, sums in one.scores.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def axes_table(grid: Grid) -> pd.DataFrame:
    """Points and their settings: `point`, a column an axis, `declared`."""
    n = len(grid)
    values = [grid.values(point) for point in range(n)]
    axes = {axis.title: [row[i] for row in values] for i, axis in enumerate(grid.axes)}
    return pd.DataFrame({"point": np.arange(n), **axes, "declared": np.arange(n) == 0})


def scored(sums: Floats) -> dict[str, Floats]:
    """Columns of scores, and the sums that they are made from."""
    agreement = agreement_of(sums)
    told = {field.name: getattr(agreement, field.name) for field in fields(agreement)}
    return {"scored_s": sums[:, :4].sum(1), **told, **dict(zip(SCORES, sums.T, strict=True))}


class Earlier(NamedTuple):
    """What an earlier sweep has left in a folder.

    Attributes
    ----------
    record : mapping
        Its `tuning.json`; empty where there is none of ours.
    files : mapping of str to str or None
        All others that it wrote, as `hashed` tells them.
    """

    record: Mapping[str, Any]
    files: Mapping[str, str | None]


def refuse_place(folder: str | Path, out: str | Path) -> None:
    """Refuse a folder for a sweep that lies in the results, or holds files that are of no sweep under our names.

    Parameters
    ----------
    folder : str or Path
        Where the sweep is to be written; may be missing.
    out : str or Path
        Results folder.

    Raises
    ------
    SettingsError
        TUNING_PLACE.
    StoreError
        STORE_LINKED: a link in it could lead what is written elsewhere.
    """
    place, results = Path(folder), Path(out).resolve()
    if any(path.resolve().is_relative_to(results) for path in (place, place / CACHE)):
        _refuse(place, "a sweep in the results folder; choose a place outside it")
    if place.exists() and not place.is_dir():
        _refuse(place, "it is no folder; choose another name")
    refuse_links(place)
    _refuse_others(place)


def refuse_other_frozen(folder: str | Path, question: Mapping[str, Any], freeze: str) -> None:
    """Refuse, before anything is swept, a folder whose frozen settings this sweep would not write again as they are.

    Parameters
    ----------
    folder : str or Path
        Where the sweep is to be written.
    question : mapping
        From `question_of`.
    freeze : str
        What is to be frozen.

    Raises
    ------
    SettingsError
        TUNING_PLACE.
    """
    place = Path(folder)
    record, files = earlier_sweep(place)
    lying = _frozen_bytes(place, record)
    if lying is None:
        return
    same = all(record.get(key) == one for key, one in json.loads(json_text(question)).items())
    if not (same and record["frozen"]["asked"] == freeze and files.get(SETTINGS) == _sha256(lying)):
        _refuse_frozen(place)


def earlier_sweep(folder: Path) -> Earlier:
    """Read what an earlier sweep says of itself; nothing where `tuning.json` is missing or not ours."""
    try:
        record = read_json(folder / RECORD)
        if not record["made_by"].startswith(MADE_BY):
            return Earlier({}, {})
        files = dict(record["files"].items())
        if record["frozen"] is not None:
            str(record["frozen"]["asked"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Earlier({}, {})
    return Earlier(record, files)


def hashed(files: Mapping[str, bytes]) -> dict[str, str | None]:
    """SHA-256 of files by name, as `files` of the record; none of files that tell arms.

    The record is blind, and a bare hash of so few possible files could be searched through.

    Examples
    --------
    >>> hashed({"tuning.csv": b"", "tuning_unblinded.html": b""})["tuning_unblinded.html"] is None
    True
    """
    return {name: None if TELLS_ARMS in name else _sha256(files[name]) for name in sorted(files)}


def write_sweep(folder: str | Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write all files of a sweep; those of an earlier one in the same folder go.

    Parameters
    ----------
    folder : str or Path
        As `refuse_place` lets pass; made where missing.
    files : mapping of str to bytes
        By name, all of `OURS`; `tuning.json` is among them, and tells the others as `hashed` does.

    Returns
    -------
    list of Path
        What was written, by name.

    Raises
    ------
    SettingsError
        TUNING_PLACE: somebody has put other files there meanwhile, or it holds frozen settings that are other ones.
    StoreError
        STORE_UNWRITABLE; what stood there stands as it was.

    Notes
    -----
    Two sweeps into one folder wait for each other. Only files that the record of the earlier sweep names are removed.
    The record takes its place first: a process that is killed behind it leaves hashes that tell what is missing or old.
    """
    place = Path(folder)
    with OutputLock(place, wait=True), stops_deferred():
        _refuse_others(place)
        earlier = earlier_sweep(place)
        lying = _frozen_bytes(place, earlier.record)
        if lying is not None and files.get(SETTINGS) != lying:
            _refuse_frozen(place)
        with replaced_together(place) as made, storing(place):
            for name, data in files.items():
                (made / name).write_bytes(data)
            for path in _ours_in(place):
                if path.name in earlier.files and path.name not in files:
                    path.unlink()
            put_file(made / RECORD, place / RECORD)
    return [place / name for name in sorted(files)]


def _refuse_others(place: Path) -> None:
    """Refuse names of ours that no sweep has written, and folders of these names."""
    names = {RECORD, *earlier_sweep(place).files} if earlier_sweep(place).record else set()
    for path in _ours_in(place):
        if path.name not in names or path.is_dir():
            _refuse(place, f"{path.name!r} lies there and is of no sweep; choose another folder")


def _ours_in(place: Path) -> list[Path]:
    """What has names of ours."""
    found = sorted(place.iterdir()) if place.is_dir() else []
    return [path for path in found if any(fnmatch(path.name, name) for name in OURS)]


def _frozen_bytes(place: Path, record: Mapping[str, Any]) -> bytes | None:
    """Settings that an earlier sweep froze, as they lie there; None where it froze none, or they were taken away."""
    path = place / SETTINGS
    return path.read_bytes() if record.get("frozen") and path.is_file() else None


def _refuse_frozen(place: Path) -> NoReturn:
    _refuse(place, f"it holds frozen settings, {SETTINGS!r}; choose another folder")


def _refuse(place: Path, message: str) -> NoReturn:
    raise SettingsError("TUNING_PLACE", message, where=str(place))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
