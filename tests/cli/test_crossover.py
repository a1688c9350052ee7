"""`emgpipe crossover` of a table: known answers to the printed digits, and one coded line for what cannot be meant."""

import json
from pathlib import Path

import pytest

from emgpipe.cli.app import run

REFERENCE = Path(__file__).parents[3] / "shared" / "data" / "real" / "reference" / "crossover"
COLUMNS = ["--subject", "subject", "--sequence", "sequence", "--period", "period", "--value", "response"]

needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference data are not in ../shared")

TABLE = """subject,sequence,period,response
P1,AB,1,4.1
P1,AB,2,6.0
P2,AB,1,3.2
P2,AB,2,5.4
P3,BA,1,6.3
P3,BA,2,4.0
P4,BA,1,5.2
P4,BA,2,3.9
"""


@pytest.fixture
def said(capsys):
    """What a command prints on stdout, which must be well."""

    def saying(*arguments: str | Path) -> str:
        assert run(["crossover", *map(str, arguments)]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return saying


def lines_of(told: str) -> dict[str, dict]:
    return {line["name"]: line for line in json.loads(told)["lines"]}


@needs_reference
def test_the_peak_flow_of_13_children_is_as_published(said):
    told = said(REFERENCE / "xover_asthma_2.csv", *COLUMNS, "--treatment", "treatment")
    assert "response: F minus S\n13 subjects: 7 FS, 6 SF\n" in told
    assert "re-randomisation: 5 of 1716 arrangements\n" in told
    rows = {" ".join(line.split()) for line in told.splitlines()}
    assert {
        "headline: raw means 46.607 10.777 22.888 to 70.326 0.0012 11 7+6",
        "period 1 - period 2 -15.893 10.777 -39.612 to 7.826 0.1683 11 7+6",
        "carryover (sums) 14.405 80.405 -162.566 to 191.376 0.8611 11 7+6",
    } <= rows


@needs_reference
@pytest.mark.parametrize("name", ["xover_asthma", "xover_asthma_2", "xover_copd"])
def test_reference_data_are_met_to_a_millionth(name, said):
    answers = {one["dataset"]: one for one in json.loads((REFERENCE / "answers.json").read_text())}
    known = answers[name]["computed"]
    lines = lines_of(said(REFERENCE / f"{name}.csv", *COLUMNS, "--format", "json"))
    head, period = lines["headline"], lines["period"]
    found = {
        "treat_first_minus_second": head["effect"], "se": head["se"], "p": head["p"], "ci_lo": head["low"],
        "ci_hi": head["high"], "df": head["df"], "n1": head["n_first"], "n2": head["n_second"],
        "period1_minus_period2": period["effect"], "p_period": period["p"], "p_carryover": lines["carryover"]["p"],
    }  # fmt: skip
    assert found == pytest.approx({name: known[name] for name in found}, rel=1e-6)


@needs_reference
def test_the_change_from_baseline_of_the_children_is_as_recomputed(said):
    lines = lines_of(said(REFERENCE / "xover_asthma_2.csv", *COLUMNS, "--baseline", "baseline", "--format", "json"))
    change = lines["change"]
    assert (round(change["effect"], 3), round(change["se"], 3), round(change["p"], 5)) == (39.286, 8.444, 0.0007)
    assert round(lines["raw"]["effect"], 3) == 46.607
    assert lines["headline"]["df"] == 10


@needs_reference
def test_the_exact_test_is_of_the_statistic_of_the_headline(said):
    path = REFERENCE / "xover_asthma.csv"
    raw, adjusted = (lines_of(said(path, *COLUMNS, *more, "--format", "json"))["rerandomisation"]
                     for more in ([], ["--baseline", "baseline"]))  # fmt: skip
    assert (raw["note"], round(raw["p"], 4)) == ("927 of 24310 arrangements", 0.0381)
    assert adjusted["note"] != raw["note"]


@needs_reference
@pytest.mark.parametrize("name", ["A", "B", "D", "G"])
def test_ratios_of_published_bioequivalence_data_are_met_to_the_printed_digits(name, said):
    answers = {one["dataset"]: one for one in json.loads((REFERENCE / "answers.json").read_text())}
    known = answers[f"schuetz2014_{name}"]
    told = said(REFERENCE / f"schuetz2014_{name}.csv", *COLUMNS, "--log", "--level", "0.9")
    gmr, low, high = (f"{known[key] / 100:.4f}" for key in ("published_GMR", "published_lo", "published_hi"))
    assert f"the headline turned round, T/R: {gmr} ({low} to {high})\n" in told
    assert "response: R/T, ratios of geometric means\n" in told


@needs_reference
def test_those_without_a_value_are_left_out_by_name(said):
    told = said(REFERENCE / "xover_copd.csv", *COLUMNS)
    assert "PERIOD_MISSING: no response in period 1: 4, 73\n" in told
    rows = [" ".join(line.split()) for line in told.splitlines()]
    assert "headline: raw means 10.403 3.416 3.555 to 17.250 0.0036 54 27+29" in rows


@pytest.fixture
def table(tmp_path):
    """Write a table and give its path."""

    def written(text: str | bytes) -> Path:
        path = tmp_path / "t.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def test_neither_order_of_rows_nor_of_columns_nor_delimiters_move_a_byte(table, said):
    path = table(TABLE)
    expected = said(path, *COLUMNS, "--format", "json")
    header, *rows = TABLE.splitlines()
    assert said(table("\n".join([header, *reversed(rows)])), *COLUMNS, "--format", "json") == expected
    turned = "\n".join("\t".join(reversed(line.split(","))) for line in TABLE.splitlines())
    assert said(table(turned), *COLUMNS, "--format", "json") == expected


def test_blanks_and_capitals_in_names_of_columns_are_taken_as_given(table, said):
    text = TABLE.replace("subject,", "Patient ID ,").replace("response", "FEV1 (L)")
    named = ["--subject", "Patient ID", *COLUMNS[2:-1], "FEV1 (L)"]
    assert "FEV1 (L): A minus B" in said(table(text), *named)


def test_without_a_baseline_the_headline_is_the_raw_contrast_and_says_so(table, said):
    told = said(table(TABLE), *COLUMNS)
    assert "headline: the raw contrast of period means; with --baseline it is the ANCOVA\n" in told
    assert "change" not in told


def test_a_logarithm_gives_ratios_and_no_standard_error(table, said):
    told = said(table(TABLE), *COLUMNS, "--log")
    assert "A/B, ratios of geometric means" in told
    lines = lines_of(said(table(TABLE), *COLUMNS, "--log", "--format", "json"))
    assert lines["headline"]["ratio"] == pytest.approx(2.718281828459045 ** lines["headline"]["effect"])
    assert " SE " not in told


def test_every_line_fits_into_80_columns(table, said):
    for text in (TABLE, TABLE.replace(".", "0."), TABLE.replace(".", "000.")):
        for more in ([], ["--log"], ["--level", "0.9"]):
            assert max(map(len, said(table(text), *COLUMNS, *more).splitlines())) <= 80


def test_no_width_makes_a_small_error_0(table, said):
    rows = [
        f"S{n},{'AB' if n % 2 else 'BA'},{k},{(7 * n + 3 * k * n) % 97 / 1e6}\n" for n in range(2400) for k in (1, 2)
    ]
    told = said(table("subject,sequence,period,response\n" + "".join(rows)), *COLUMNS)
    (row,) = [line.split() for line in told.splitlines() if line.startswith("headline: raw")]
    assert 0 < float(row[4]) < 1e-5


def test_values_in_a_very_large_unit_are_told_in_powers_of_ten(table, said):
    text = "\n".join(f"{line}e-12" if n else line for n, line in enumerate(TABLE.splitlines()))
    (row,) = [line.split() for line in said(table(text), *COLUMNS).splitlines() if line.startswith("headline: raw")]
    assert -1e-10 < float(row[3]) < -1e-12
    assert 0 < float(row[4]) < 1e-11


REFUSED = {
    "one sequence empty": ("TABLE_SEQUENCE", TABLE.replace("BA", "AB"), "all 4 subjects have sequence = 'AB'"),
    "one subject": ("TABLE_SEQUENCE", TABLE[: TABLE.index("P2")], "one subject"),
    "one patient in two sequences": ("TABLE_SEQUENCE", TABLE.replace("P1,AB,2", "P1,BA,2"), ":3: sequence = 'BA'"),
    "a third sequence": ("TABLE_SEQUENCE", TABLE.replace("P4,BA", "P4,CA"), ":8: sequence = 'CA'"),
    "three letters": ("TABLE_CELL", TABLE.replace("P4,BA", "P4,BAB"), ":8: sequence = 'BAB'"),
    "the same letter twice": ("TABLE_CELL", TABLE.replace("P4,BA", "P4,AA"), ":8: sequence = 'AA'"),
    "no sequence": ("TABLE_CELL", TABLE.replace("P4,BA", "P4,"), ":8: sequence = ''"),
    "a third period": ("TABLE_CELL", TABLE + "P4,BA,3,3.9\n", ":10: period = '3'"),
    "period 0": ("TABLE_CELL", TABLE.replace("P4,BA,1", "P4,BA,0"), ":8: period = '0'"),
    "a period in words": ("TABLE_CELL", TABLE.replace("P4,BA,1", "P4,BA,first"), ":8: period = 'first'"),
    "no subject": ("TABLE_CELL", TABLE.replace("P4,BA,1", ",BA,1"), ":8: subject = ''"),
    "text": ("TABLE_CELL", TABLE.replace("5.2", "high"), ":8: response = 'high'"),
    "a decimal comma": ("TABLE_CELL", TABLE.replace("5.2", '"5,2"'), ":8: response = '5,2'; write a decimal point"),
    "infinite": ("TABLE_CELL", TABLE.replace("5.2", "inf"), ":8: response = 'inf'"),
    "a row twice": ("TABLE_TWICE", TABLE + "P4,BA,2,3.9\n", ":10: subject = 'P4', period = '2' is also on line 9"),
    "a column that is not there": ("TABLE_COLUMN", TABLE.replace("response", "respons"), ":1: no column 'response'; d"),
    "empty": ("TABLE_EMPTY", "", "t.csv: TABLE_EMPTY: no header"),
    "no rows": ("TABLE_EMPTY", TABLE.splitlines()[0], "a header and no rows"),
    "binary": ("TABLE_UNREADABLE", b"\x7fELF\x02\x01\x01\x00\xff\xfe", "is not UTF-8"),
    "nothing varies": ("RESIDUALS_ZERO", TABLE.replace("3.2", "4.1").replace("5.4", "6.0").replace("5.2", "6.3")
                       .replace("3.9", "4.0"), "no error to judge by"),
    "too few are complete": ("SUBJECTS_TOO_FEW", TABLE.replace("3.2", "").replace("5.2", "NA"), "1 complete"),
    "a sequence without a value": ("SEQUENCE_EMPTY", TABLE.replace("6.3", "").replace("3.9", "n/a"), "0 in BA"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_input_that_cannot_be_meant_is_one_coded_line_and_no_number(name, table, capsys):
    code, text, place = REFUSED[name]
    path = table(text)
    assert run(["crossover", str(path), *COLUMNS]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"emgpipe: {path}")
    assert f": {code}: " in told.err
    assert place in told.err.replace(f" {code}:", "", 1) or place in told.err
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    ("more", "text", "place"),
    [
        (["--log"], TABLE.replace("5.2", "0"), ":8: TABLE_CELL: response = '0'; above 0"),
        (["--treatment", "given"], "".join(f"{line},{'A' if n else 'given'}\n" for n, line in
                                           enumerate(TABLE.splitlines())), ":3: TABLE_CELL: given = 'A'; 'B' follows"),
        (["--baseline", "response"], TABLE, "TABLE_COLUMN: column 'response' for value and baseline"),
        (["--baseline", "base"], "".join(f"{line},{'1' if n else 'base'}\n" for n, line in
                                         enumerate(TABLE.splitlines())), "BASELINES_CONSTANT: "),
    ],
)  # fmt: skip
def test_options_that_the_table_contradicts_are_one_coded_line(more, text, place, table, capsys):
    assert run(["crossover", str(table(text)), *COLUMNS, *more]) == 3
    told = capsys.readouterr()
    assert place in told.err
    assert (told.out, told.err.count("\n")) == ("", 1)


def test_files_that_are_none_are_refused(tmp_path, capsys):
    for path in (tmp_path, tmp_path / "absent.csv"):
        assert run(["crossover", str(path), *COLUMNS]) == 3
        assert f"emgpipe: {path}: TABLE_UNREADABLE: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (COLUMNS[:-2], "--value not given"),
        (COLUMNS[2:-2], "--subject, --value not given"),
        ([*COLUMNS, "--level", "1"], "level is 1.0"),
        ([*COLUMNS, "--level", "nan"], "level is nan"),
        ([*COLUMNS, "--unblind", "arms.csv"], "--subject, --sequence, --period, --value beside --unblind"),
        (["--plan", "analysis.toml"], "--unblind not given"),
    ],
)
def test_options_that_cannot_be_meant_are_exit_code_2(arguments, said, table, capsys):
    assert run(["crossover", str(table(TABLE)), *arguments]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert (told.out, told.err.count("\n")) == ("", 1)


def test_a_folder_of_results_without_arms_or_with_a_level_is_told_what_to_give(tmp_path, capsys):
    assert run(["crossover", str(tmp_path)]) == 2
    assert "USAGE: --unblind not given" in capsys.readouterr().err
    assert run(["crossover", str(tmp_path), "--unblind", "arms.csv", "--level", "0.9"]) == 2
    assert "USAGE: --level beside --unblind" in capsys.readouterr().err
