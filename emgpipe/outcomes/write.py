"""Outcome tables on disk: CSV, Parquet with its dictionary, XPT; whole or not at all, the same bytes each time."""

import io
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from emgpipe.errors import SettingsError
from emgpipe.outcomes.columns import OutcomeColumn, columns_of
from emgpipe.outcomes.xpt import DATASET, xpt_bytes
from emgpipe.store import csv_text, write_bytes

SUFFIXES = (".csv", ".parquet", ".xpt")
METADATA = b"emgpipe.outcomes"
"""Key of the dictionary in the schema of a Parquet file."""
_BEGINS = {".csv": b"STUDYID,USUBJID,SUBJID,", ".parquet": b"PAR1", ".xpt": f"SAS     {DATASET}".encode()}
_LOOKED_AT = 1024


def outcome_bytes(table: pd.DataFrame, suffix: str) -> bytes:
    """Bytes of an outcome table.

    Parameters
    ----------
    table : DataFrame
        From `bds_table`, `wide_table` or `with_arms`.
    suffix : str
        `.csv`: as all tables of a run (UTF-8, LF, shortest floats, no cell a formula). `.parquet`: with a dictionary of
        all columns as JSON under `emgpipe.outcomes` in the metadata. `.xpt`: see `xpt_bytes`.

    Raises
    ------
    SettingsError
        OUTCOMES_FORMAT.
    TableError
        Those of `xpt_bytes`.
    """
    columns = columns_of(table.columns)
    if suffix == ".csv":
        return _csv(table, columns)
    if suffix == ".parquet":
        return _parquet(table, columns)
    if suffix == ".xpt":
        return xpt_bytes(table, columns, label="Outcomes of surface EMG")
    message = f"{suffix!r} is no form of an outcome table; give a name that ends with {', '.join(SUFFIXES)}"
    raise SettingsError("OUTCOMES_FORMAT", message)


def write_outcomes(table: pd.DataFrame, path: str | Path) -> None:
    """Write an outcome table; its suffix says the form.

    Raises
    ------
    SettingsError, TableError
        As `outcome_bytes`, `refuse_place`.
    StoreError
        STORE_UNWRITABLE; what stood there stands as it was.
    """
    refuse_place(Path(path))
    write_bytes(Path(path), outcome_bytes(table, Path(path).suffix.lower()))


def refuse_place(path: Path) -> None:
    """Refuse a file that is of no known form, or would take the place of something that is no outcome table.

    Raises
    ------
    SettingsError
        OUTCOMES_FORMAT, OUTCOMES_PLACE.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        message = f"{path.name[-60:]!r}; a name that ends with {', '.join(SUFFIXES)} is needed"
        raise SettingsError("OUTCOMES_FORMAT", message)
    if (path.exists() or path.is_symlink()) and not _is_ours(path, suffix):
        message = "something that is no outcome table lies there; choose another name, or move it away"
        raise SettingsError("OUTCOMES_PLACE", message, where=str(path))


def _is_ours(path: Path, suffix: str) -> bool:
    if not path.is_file() or path.is_symlink():
        return False
    try:
        with path.open("rb") as stream:
            begin = stream.read(_LOOKED_AT)
        if suffix == ".parquet":
            return begin.startswith(_BEGINS[suffix]) and METADATA in _metadata(path)
    except (OSError, ValueError):
        return False
    return begin.startswith(_BEGINS[suffix]) if suffix == ".csv" else _BEGINS[suffix] in begin


def _metadata(path: Path) -> dict[bytes, bytes]:
    import pyarrow.parquet as pq

    return dict(pq.read_schema(path).metadata or {})


def _csv(table: pd.DataFrame, columns: Sequence[OutcomeColumn]) -> bytes:
    cells = [_plain(table[column.name], column.kind) for column in columns]
    names = [column.name for column in columns]
    rows = (dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True))
    return csv_text(names, rows).encode("utf-8")


def _plain(cells: pd.Series, kind: str) -> list[Any]:
    """Cells as Python's own values, None for what is missing."""
    if kind == "date":
        return [None if day is None else day.isoformat() for day in cells]
    return [None if cell is pd.NA else cell for cell in cells.astype(object)]


def _parquet(table: pd.DataFrame, columns: Sequence[OutcomeColumn]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"text": pa.string(), "number": pa.float64(), "integer": pa.int64(), "date": pa.date32()}
    arrays = [pa.array(_missing_none(table[c.name], c.kind), types[c.kind]) for c in columns]
    dictionary = {
        "made_by": f"emgpipe {version('emgpipe')}",
        "columns": {c.name: {"label": c.label, "kind": c.kind, "definition": c.meaning} for c in columns},
    }
    schema = pa.schema(
        [pa.field(c.name, types[c.kind]) for c in columns], metadata={METADATA: json.dumps(dictionary).encode()}
    )
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), out)
    return out.getvalue()


def _missing_none(cells: pd.Series, kind: str) -> list[Any]:
    """Cells with None for missing ones, NaN too: one sort of missing a file."""
    return [None if cell is None or (kind != "text" and pd.isna(cell)) else cell for cell in cells.astype(object)]
