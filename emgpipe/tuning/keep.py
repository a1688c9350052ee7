"""Everything that is kept of a sweep: tables, record, pages and pictures, and the settings that were chosen."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from emgpipe.batch.dictionary import Column
from emgpipe.reports.stored import is_simulated
from emgpipe.reports.tuned import tuned_page, tuned_pictures
from emgpipe.reports.tuned_model import Tuned
from emgpipe.settings import fingerprint
from emgpipe.store import json_text
from emgpipe.tuning.columns import AGREED, choice_columns, dictionary, points_columns, recordings_columns
from emgpipe.tuning.columns_moved import curve_columns, stability_columns, summary_columns
from emgpipe.tuning.curve import CURVE_COLUMNS, UNBLINDED_COLUMNS, Curve, curve_rows
from emgpipe.tuning.freeze import frozen_point, frozen_text
from emgpipe.tuning.grid import Grid
from emgpipe.tuning.model import Scored
from emgpipe.tuning.record import record_of
from emgpipe.tuning.stability import summary_rows
from emgpipe.tuning.told import (
    agreement_table,
    choice_table,
    stability_table,
    tuned_axes,
    tuned_choice,
    tuned_curve,
    tuned_measures,
    tuned_raters,
    tuned_scores,
    tuned_values,
)
from emgpipe.tuning.tune import Tuning, by_subject
from emgpipe.tuning.write import (
    DICTIONARY,
    PAGE,
    PAGE_UNBLINDED,
    RECORD,
    SETTINGS,
    axes_table,
    hashed,
    points_table,
    recordings_table,
    refuse_place,
    table_bytes,
    write_sweep,
)

SMALL = ("tuning_choice", "tuning_agreement", "tuning_stability_summary")
"""Tables that are read by people: CSV alone."""


class KeptSweep(NamedTuple):
    """What was written of a sweep.

    Attributes
    ----------
    folder : Path
        Where.
    files : tuple of Path
        All of them.
    record : mapping
        `tuning.json`.
    """

    folder: Path
    files: tuple[Path, ...]
    record: Mapping[str, Any]


def write_tuning(tuning: Tuning) -> KeptSweep:
    """Write a sweep into its folder: tables, `tuning.json`, pages, pictures, `settings.toml` where it is to be frozen.

    Parameters
    ----------
    tuning : Tuning
        From `tune_results`.

    Returns
    -------
    KeptSweep
        The same bytes for the same sweep. What tells arms is in files with `unblinded` in their names alone.

    Raises
    ------
    SettingsError
        TUNING_PLACE; nothing was written.
    StoreError
        STORE_UNWRITABLE, LOCK_CHANGED, STORE_LOCKED.
    """
    tried, grid = tuning.tried, tuning.tried.grid
    refuse_place(tuning.folder, tried.out)
    frozen = frozen_point(tuning.asked.freeze, tuning.choice)
    record = record_of(tried, tuning.asked, choice=tuning.choice, frozen=frozen)
    files = {**_tables(tuning), **_pages(tuning, record)}
    if frozen is not None:
        files[SETTINGS] = frozen_text(grid.settings(frozen), record).encode("utf-8")
    record["files"] = hashed(files)
    files[RECORD] = json_text(record).encode("utf-8")
    return KeptSweep(tuning.folder, tuple(write_sweep(tuning.folder, files)), record)


def _tables(tuning: Tuning) -> dict[str, bytes]:
    """All tables and the dictionary of their columns."""
    grid = tuning.tried.grid
    found = dict(_frames(tuning))
    known = _known(grid)
    files = {}
    for name, table in found.items():
        for suffix in (".csv",) if name in SMALL else (".csv", ".parquet"):
            files[name + suffix] = table_bytes(table, suffix)
    columns = {name: list(table.columns) for name, table in found.items()}
    return {**files, DICTIONARY: json_text(dictionary(columns, known)).encode("utf-8")}


def _known(grid: Grid) -> dict[str, dict[str, Column]]:
    """Every column of every table."""
    return {
        "tuning": points_columns(grid), "tuning_recordings": recordings_columns(grid),
        "tuning_choice": choice_columns(grid), "tuning_agreement": AGREED,
        "tuning_stability": stability_columns(grid), "tuning_stability_summary": summary_columns(grid),
        "tuning_curve": curve_columns(grid), "tuning_curve_unblinded": curve_columns(grid),
    }  # fmt: skip


def _frames(tuning: Tuning) -> Iterator[tuple[str, pd.DataFrame]]:
    """Tables by name; those with nothing to say are left out."""
    tried, grid, sweeps = tuning.tried, tuning.tried.grid, tuning.tried.sweeps
    yield "tuning", points_table(grid, tuning.pooled, _n_marked(tuning) if tuning.pooled else len(sweeps))
    if tuning.choice is not None:
        yield "tuning_recordings", recordings_table(grid, sweeps)
        yield "tuning_choice", choice_table(grid, tuning.choice, by_subject(sweeps, tuning.asked.kind))
        yield "tuning_agreement", agreement_table(tuning.agreement)
    if tuning.stability:
        yield "tuning_stability", stability_table(grid, tuning.stability)
        yield "tuning_stability_summary", pd.DataFrame(summary_rows(tuning.stability))
    for curves, blind in ((tuning.curves, ""), (tuning.unblinded, "_unblinded")):
        if curves:
            yield f"tuning_curve{blind}", _curve_table(tried.grid, curves)


def _n_marked(tuning: Tuning) -> dict[Scored, int]:
    """Recordings that each source has marked."""
    return {key: sum(key in one.scores for one in tuning.tried.sweeps) for key in tuning.pooled}


def _curve_table(grid: Grid, curves: Sequence[Curve]) -> pd.DataFrame:
    names = list(UNBLINDED_COLUMNS if curves[0].unblinded else CURVE_COLUMNS)
    rows = pd.DataFrame([row for curve in curves for row in curve_rows(curve)], columns=names)
    numbers = [name for name in names if name in ("effect", "low", "high", "spread") or name.startswith("ratio")]
    rows[numbers] = rows[numbers].astype(np.float64)
    axes = axes_table(grid).drop(columns=["point", "declared"])
    place = names.index("point") + 1
    for i, (title, values) in enumerate(axes.items()):
        rows.insert(place + i, str(title), values.to_numpy()[rows["point"]])
    return rows


def _pages(tuning: Tuning, record: Mapping[str, Any]) -> dict[str, bytes]:
    """The page, and with arms a second one; their pictures."""
    files: dict[str, bytes] = {}
    told = {PAGE: _tuned(tuning, record)} | ({PAGE_UNBLINDED: _opened(tuning, record)} if tuning.unblinded else {})
    for name, one in told.items():
        pictures = tuned_pictures(one)
        files[name] = tuned_page(one, pictures).encode("utf-8")
        files |= {picture.name: picture.png for part in pictures.values() for picture in part}
    return files


def _tuned(tuning: Tuning, record: Mapping[str, Any]) -> Tuned:
    """The blind page."""
    choice, sweeps, grid, kind = tuning.choice, tuning.tried.sweeps, tuning.tried.grid, tuning.asked.kind
    n_sources = len({source for source, _ in tuning.pooled})
    return Tuned(
        **_head(tuning, record),
        scores=tuned_scores(tuning.pooled, _n_marked(tuning), choice, kind) if choice is not None else (),
        choice=tuned_choice(grid, choice, sweeps, kind) if choice is not None else None,
        raters=tuned_raters(tuning.agreement) if n_sources > 1 else (),
        stability=tuned_measures(tuning.stability),
        curves=tuple(tuned_curve(one) for one in tuning.curves),
        notes=(*record["post_hoc"], *(f"{one.code}: {one.message}" for one in tuning.findings)),
    )


def _opened(tuning: Tuning, record: Mapping[str, Any]) -> Tuned:
    """The page that tells arms: treatment effects alone."""
    notes = dict.fromkeys(note for curve in tuning.unblinded for note in curve.notes)
    return Tuned(
        **_head(tuning, record), curves=tuple(tuned_curve(one) for one in tuning.unblinded),
        notes=tuple(notes), unblinded=True,
    )  # fmt: skip


def _head(tuning: Tuning, record: Mapping[str, Any]) -> dict[str, Any]:
    grid = tuning.tried.grid
    return {
        "study": record["study"], "version": version("emgpipe"), "settings_id": fingerprint(grid.base),
        "simulated": is_simulated(record["study"]), "axes": tuned_axes(grid), "values": tuned_values(grid),
        "facts": _facts(record),
    }  # fmt: skip


def _facts(record: Mapping[str, Any]) -> dict[str, str]:
    """Provenance as printed."""
    results, marks, frozen = record["results"], record["marks"], record["frozen"]
    facts = {
        "results": f"{results['n_recordings']} recordings, measures.csv SHA-256 {results['measures.csv']}",
        "inputs": f"inputs.csv SHA-256 {results['inputs.csv']}",
        "grid": f"{record['grid']['n_points']} points, SHA-256 {record['grid']['sha256']}",
    }
    if marks:
        facts |= {f"marks of {file['name']}": f"SHA-256 {file['sha256']}" for file in marks["files"]}
        if marks["annotation"]:
            facts["marks"] = f"annotations {marks['annotation']!r} in the recordings"
        facts["tolerance of onsets"] = f"{marks['tolerance_s']:g} s"
    if record["plan_sha256"]:
        facts["plan"] = f"SHA-256 {record['plan_sha256']}"
    if frozen:
        facts["frozen"] = f"point {frozen['point']} as {SETTINGS}, settings {frozen['settings_id']}"
    return facts
