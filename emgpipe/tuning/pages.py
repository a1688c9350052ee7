"""The page of the documentation that lists the tables of a sweep."""

from collections.abc import Mapping

from emgpipe.batch.dictionary import Column
from emgpipe.settings import Settings
from emgpipe.tuning.columns import AGREED, choice_columns, points_columns, recordings_columns
from emgpipe.tuning.columns_moved import curve_columns, stability_columns, summary_columns
from emgpipe.tuning.grid import parse_grid

SETTING = "detect.activity_ratio"
FILES = {
    "tuning.csv, .parquet": "One row a point, source and kind of marks; without marks one a point.",
    "tuning_recordings.csv, .parquet": "The same of each recording that was marked.",
    "tuning_choice.csv": "The best point, and for each patient the point that the other patients choose.",
    "tuning_agreement.csv": "Sources of marks with each other, and with the program.",
    "tuning_stability.csv, .parquet": "Without marks: how far visits move, a row a point and measure.",
    "tuning_stability_summary.csv": "The same over all points, a row a measure.",
    "tuning_curve.csv, .parquet": "With `--outcome`: its change within patients under each point, blind.",
    "tuning_curve_unblinded.csv, .parquet": "With `--unblind`: the treatment effect under each point; it tells arms.",
    "tuning.json": "The record: grid, hashes of results, marks and of all other files (but of those that tell arms),"
    " tolerance, rule, chosen and frozen point, outcomes shown, lock, post-hoc.",
    "tuning.html, tuning_unblinded.html": "The pages, each one file that needs no network; the second one tells arms.",
    "tuning_*.png": "The pictures of the pages.",
    "settings.toml": "With `--freeze`: the settings of a point, for `run --settings`.",
    "data_dictionary.json": "The columns below for programs.",
    "cache/": "Finished parts: a stopped sweep goes on from them. May be deleted.",
}


def tuning_tables_markdown() -> str:
    """Text of `docs/tuning_tables.md`."""
    grid = parse_grid([f"{SETTING}=1.3"], Settings())
    lines = [
        "# Tables of a sweep", "",
        "Written by `make docs` from the dictionary of `emgpipe tune`. Format of cells: [conventions](conventions.md);"
        " how to read them: [tuning](tuning.md). A later sweep into the same folder takes away what the record of the"
        " earlier one names and it does not write itself; a folder that holds frozen settings takes the same sweep"
        " alone. The same sweep gives the same bytes.", "", "| file | what |", "| --- | --- |",
        *(f"| {_names(name)} | {what} |" for name, what in FILES.items()), "",
    ]  # fmt: skip
    for name, columns in {
        "tuning.csv": points_columns(grid), "tuning_recordings.csv": recordings_columns(grid),
        "tuning_choice.csv": choice_columns(grid), "tuning_agreement.csv": AGREED,
        "tuning_stability.csv": stability_columns(grid), "tuning_stability_summary.csv": summary_columns(grid),
        "tuning_curve.csv": curve_columns(grid),
    }.items():  # fmt: skip
        lines += [f"## Columns of {name}", "", *_table(columns), ""]
    return "\n".join(lines[:-1]) + "\n"


def _names(told: str) -> str:
    return ", ".join(f"`{name}`" for name in told.split(", "))


def _table(columns: Mapping[str, Column]) -> list[str]:
    rows = [f"| `{name.replace(SETTING, '{setting}')}` | {one.unit} | {one.meaning} |" for name, one in columns.items()]
    return ["| column | unit | meaning |", "| --- | --- | --- |", *rows]
