"""Pages of the documentation that are written from the registry and the data dictionary: measures and outputs."""

from collections.abc import Iterable, Iterator, Sequence

from emgpipe.batch.dictionary import COLUMNS, STATUSES, measure_entries
from emgpipe.batch.tables import TABLE_COLUMNS
from emgpipe.measures.grade import LETTERS, RULES
from emgpipe.measures.registry import BODY_MEASURES, MUSCLE_MEASURES, PAIR_MEASURES
from emgpipe.measures.settings import MeasureSettings
from emgpipe.measures.views import CUE_KINDS, REST

_HEADINGS = {
    "muscle": "Of a muscle",
    "pair": "Of a pair, agonist first",
    "subject": "Of a visit (`target` is `subject`, or a bare muscle for left/right)",
}
_FILES = (
    ("measures.csv, measures.parquet", "Long: one row a recording, segment, target and measure, with a value or a coded"
     " reason; visit-level rows and `_pct` twins behind them, failed recordings last."),
    ("visits.csv, visits.parquet", "Wide: one row a `subject, visit, task, segment`, one column `{target}.{measure}`."
     " Values only, repeats by their median: status and reason stand in `measures.csv`."),
    ("visits_repeats.csv", "Measures that a visit has more than once: median, number, between-run SD."),
    ("inputs.csv", "One row for every input, read or not."),
    ("intervals.csv", "Stretches of each state of each muscle and pair."),
    ("data_dictionary.json", "This page for programs."),
    ("settings.toml", "Resolved settings."),
    ("run.json", "Versions, kind of machine, conditions; hashes of recordings and tables, digests of units; no time."),
    ("run.json.sha256", "Hash of `run.json`, and of the end of the log: what [verify](audit.md) starts from. Keep a"
     " copy elsewhere."),
    ("log.jsonl", "What was done when and by whom (`EMGPIPE_USER`: another name than the login, or none): append-only,"
     " each line carries the hash of the line before."),
    ("logs/", "The same of each shard, as `shard-I-of-N.jsonl`; taken over into `log.jsonl` when they are merged. These"
     " logs alone hold names of users and times."),
    ("reports/", "`index.html` (the study), `patient.SUBJECT.html` (a subject over its visits) and"
     " `visit.SUBJECT.VISIT.html`, each one file that needs no network; `pages.json` says what each was drawn from."),
    ("units/", "Result of each recording, `NAME.jsonl` of three lines: digest of all that follows; head (file, status,"
     " settings, findings); body (annotations, rows, intervals). May be deleted; it is then computed again."),
    ("cache/", "Frames, pair covariances, stretches around stimuli, all behind hashes. May be deleted, too."),
)  # fmt: skip


def measures_markdown() -> str:
    """The page `docs/measures.md`: every measure with unit, direction, need, definition and source."""
    entries = measure_entries()
    needs = {m.name: _need(m.need, m.given_in) for m in (*MUSCLE_MEASURES, *PAIR_MEASURES, *BODY_MEASURES)}
    out = [
        "# Measures",
        "",
        "Written by `make docs` from the registry; words and limits are in [conventions](conventions.md) and"
        " [limits](limits.md).",
        "",
        "Direction: `up` means that more is more rigidity, `none` that the number must not be read so. Amplitudes are"
        " RMS in the analysis band with the noise floor subtracted in power. `rest` marks measures that are given in"
        " declared rest only, `relax_cue` and `stimulus` those of the stretches that such marks make; seconds are the"
        " least usable time of a segment of rest (settings `measure.*`).",
        "",
    ]
    for kind, heading in _HEADINGS.items():
        rows = [
            [f"`{name}`", e["unit"], e["direction"], needs.get(name, "as its µV twin" if e["unit"] == "%" else "rest"),
             e["definition"], e["reference"]]
            for name, e in entries.items() if e["target_kind"] == kind
        ]  # fmt: skip
        header = ["measure", "unit", "direction", "needs", "definition", "source"]
        out += [f"## {heading}", "", *_table(header, rows), ""]
    return "\n".join(out)


def outputs_markdown() -> str:
    """The page `docs/outputs.md`: every file of a results folder, every column, every status."""
    out = [
        "# Outputs",
        "",
        "Written by `make docs` from the data dictionary. Format of cells: [conventions](conventions.md).",
        "",
        *_table(["file", "what"], [["`" + name.replace(", ", "`, `") + "`", text] for name, text in _FILES]),
        "",
    ]
    for name, columns in TABLE_COLUMNS.items():
        rows = [[f"`{c}`", COLUMNS[c].unit, COLUMNS[c].meaning] for c in columns]
        out += [f"## Columns of {name}", "", *_table(["column", "unit", "meaning"], rows), ""]
    out += [
        "## Status",
        "",
        *_table(["status", "meaning"], [[f"`{status}`", text] for status, text in STATUSES.items()]),
        "",
    ]
    out += [
        "## Grade",
        "",
        "Of each channel, on the page of the visit and in `Result.grades`; of the worst channel in `inputs.csv`. It is"
        " read off the rows of the channel, over all segments ([decision 16](decisions/0016-grades.md)).",
        "",
        *_table(["grade", "means", "given for"], [[*told] for told in _grade_lines()]),
        "",
    ]
    return "\n".join(out)


def _grade_lines() -> Iterator[tuple[str, str, str]]:
    """Letter, meaning and codes of each grade."""
    for letter, meaning in LETTERS.items():
        codes = ", ".join(f"`{code}`" for code, best in RULES.items() if best == letter)
        yield letter, meaning, codes or {"A": "none of these", "D": "no `rest_rms_uv` in any segment"}[letter]


def _need(need: str, given_in: str) -> str:
    """Least usable time in words.

    Examples
    --------
    >>> _need("continuity", "rest"), _need("nothing", "any"), _need("amplitude", "relax_cue")
    ('rest, 30 s', '3 s', 'relax_cue, 3 s')
    """
    least = MeasureSettings()
    seconds = {
        "amplitude": least.least_usable_s,
        "third": least.least_usable_s,
        "continuity": least.least_continuity_s,
        "events": least.least_spasm_s,
        "nothing": least.least_reference_s,
    }
    if given_in in CUE_KINDS:
        return f"{given_in}, {least.least_reference_s:g} s"
    return f"{'rest, ' if given_in == REST else ''}{seconds[need]:g} s"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
