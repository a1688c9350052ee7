"""Pages of the documentation that are written from the registry and the data dictionary: measures and outputs."""

from collections.abc import Iterable, Iterator, Sequence

from emgpipe.batch.dictionary import COLUMNS, STATUSES, measure_entries
from emgpipe.batch.tables import TABLE_COLUMNS
from emgpipe.measures.grade import LETTERS, RULES
from emgpipe.measures.registry import BODY_MEASURES, MUSCLE_MEASURES, PAIR_MEASURES
from emgpipe.measures.settings import MeasureSettings
from emgpipe.measures.views import CUE_KINDS, REST
from emgpipe.outcomes.columns import ARM_COLUMNS, BDS_COLUMNS, VALUE_COLUMN, WIDE_COLUMNS, OutcomeColumn

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
    ("lock.json", "Locks of the analysis, once there is one: plan, settings, hashes of tables"
     " ([lock](audit.md#lock-and-unblinding))."),
    ("unblinded/", "All that depends on arms, once they were opened; nothing else here does."),
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
    return "\n".join([*out, *_outcome_lines(), *_SWEEPS])


_OUTCOMES = (
    "## Outcome tables", "",
    "`emgpipe outcomes OUT -o FILE.{csv,parquet,xpt}` makes the table of a trial from results and a plan (`--plan"
    " analysis.toml`, else that of the lock). It lies outside the results folder, is not part of what `verify`"
    " checks, and takes no other file's place than that of an earlier outcome table. The same results and plan"
    " give the same bytes. Without a plan and a lock every visit is itself: no period, baseline, mean or flag.", "",
    "- **Rows.** `--shape bds` (default): one a subject, parameter and visit, in the form of CDISC ADaM BDS; no"
    " conformance is claimed. A parameter that a subject has at any visit has a row at every visit of the plan,"
    " without a value where there is none, with STATUS, REASON and NOTANL: nothing that was planned is silently"
    " absent. Behind the visits stand means (DTYPE = `AVERAGE`). `--shape wide`: one a subject, visit, task and"
    " segment, values alone.",
    "- **Two flags.** Rows with ANL01FL = `Y` are visits that enter the analysis, rows with ANL02FL = `Y` their"
    " means a period. Use one of both, never both: a mean counts its visits again.",
    "- **Endpoints of several targets or of logarithms** are made by `emgpipe crossover` from these rows and are"
    " no rows themselves; `rigidity_index_log` is one.",
    "- **CSV** reads back to the last bit; a text that a spreadsheet would take for a formula has a leading `'`."
    " **Parquet** has this list as JSON in the metadata of its schema (`emgpipe.outcomes`), and texts without a"
    " guard.",
    "- **XPT** is SAS transport, version 5, one data set `ADEMG`: names of 8, labels of 40, texts of 200 letters,"
    " ASCII (the micro sign becomes `u`). What does not fit is refused (XPT_NAME, XPT_TEXT, XPT_NUMBER), nothing"
    " is cut; more than three recordings behind one value are too long for SRCSHA. Numbers are IBM floats of 56"
    " bits: every float64 of a magnitude from 1e-78 to 1e74, and 0, reads back bit-equal. `pandas.read_sas` (3.1)"
    " reads a stored 0 as 5.4e-79; `pyreadstat` and the bytes are right.",
    "- **Arms.** `--unblind ARMS.csv` opens them under the [lock](audit.md), logs it and writes a second file,"
    " `FILE_unblinded`; `FILE` is byte for byte what it is without.",
    "- **Scripts.** `scripts/outcomes_for_r_sas.py OUT FOLDER` writes both shapes as CSV and XPT with the lines"
    " that read them in R and SAS (which are not run here). `scripts/join_scales.py OUTCOMES.csv SCALES.tsv"
    " FILE.csv` puts clinical scales (`subject`, `visit`, a column a scale) beside every row of their visit; a"
    " visit twice, an unknown subject or visit and a column that may tell an arm are refused with the line."
    " `scripts/export_outcomes.py OUT FILE.csv [MEASURE ...]` is a short table of a few measures at rest, without"
    " a plan.", "",
)  # fmt: skip

_SWEEPS = (
    "## Sweeps", "",
    "`emgpipe tune OUT -o DIR` writes into a folder of its own, outside OUT; [its tables](tuning_tables.md) and"
    " [what they mean](tuning.md) have pages of their own.", "",
)  # fmt: skip


def _outcome_lines() -> Iterator[str]:
    """What an outcome table is, and its columns."""
    yield from _OUTCOMES
    for heading, columns in (
        ("Columns of the long outcome table", BDS_COLUMNS),
        ("Columns of the wide outcome table", (*WIDE_COLUMNS, VALUE_COLUMN)),
        ("Further columns of FILE_unblinded", ARM_COLUMNS),
    ):
        yield from (f"### {heading}", "", *_table(["column", "label", "type", "meaning"], map(_told, columns)), "")


def _told(column: OutcomeColumn) -> list[str]:
    return [f"`{column.name}`", column.label or "its name", column.kind, column.meaning]


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
