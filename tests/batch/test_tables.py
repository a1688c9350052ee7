"""The tables of a results folder: columns, values, findings, and what stands in no file."""

import getpass
import itertools
import json
import math
import platform

import pandas as pd
import pytest

from emgpipe.batch import load_results, run_study
from emgpipe.measures.rows import VALUED
from tests.batch.studies import NAMES, read_table, row_of, value, write_manifest, write_recording

MEASURES = [
    "study", "subject", "visit", "task", "run", "recording", "segment", "target", "target_kind", "measure", "value",
    "unit", "low", "high", "limit", "status", "reason", "used_s", "excluded_s", "floor_uv", "floor_lo_uv",
    "floor_hi_uv", "floor_source", "floor_confidence", "settings_id", "input_sha256", "version", "lines_hz",
]  # fmt: skip
INPUTS = [
    "recording", "subject", "visit", "task", "run", "file", "sha256", "status", "code", "message", "duration_s",
    "rates_hz", "grade", "findings",
]  # fmt: skip
INTERVALS = ["subject", "visit", "recording", "target", "kind", "start_s", "stop_s", "cut_start", "cut_stop", "reason"]
KINDS = {"active", "silent", "undeterminable", "excluded", "cmua", "coactive"}


@pytest.fixture(scope="module")
def measures(tiny_out):
    return read_table(tiny_out / "measures.csv")


def header(path):
    return path.read_text().splitlines()[0].split(",")


def test_the_columns_are_those_that_were_promised(tiny_out):
    assert header(tiny_out / "measures.csv") == MEASURES
    assert header(tiny_out / "inputs.csv") == INPUTS
    assert header(tiny_out / "intervals.csv") == INTERVALS
    assert header(tiny_out / "visits.csv")[:4] == ["subject", "visit", "task", "segment"]


def test_a_value_is_given_with_the_statuses_that_allow_one_and_no_other(measures):
    assert {row["status"] for row in measures} >= {"ok", "flagged", "below_limit", "not_measured"}
    assert all(bool(row["value"]) == (row["status"] in VALUED) for row in measures)
    assert all(row["reason"] for row in measures if row["status"] not in ("ok", "below_limit"))


def test_every_number_is_finite_and_every_row_says_whose_it_is(measures):
    numbers = [row[c] for row in measures for c in ("value", "low", "high", "limit", "used_s", "floor_uv") if row[c]]
    assert all(math.isfinite(float(n)) for n in numbers)
    assert all(row["study"] == "TINY" and row["subject"] and row["visit"] and row["measure"] for row in measures)
    assert {len(row["input_sha256"]) for row in measures if row["recording"]} == {64}


def test_no_measure_of_a_target_and_segment_stands_twice(measures):
    keys = [
        tuple(row[c] for c in ("subject", "visit", "recording", "segment", "target", "measure")) for row in measures
    ]
    assert len(set(keys)) == len(keys)


def test_the_rows_find_what_was_put_in(measures):
    for level_uv, name in zip((12.0, 10.0, 8.0, 6.0), NAMES, strict=True):
        rows = [row for row in measures if row["recording"] == f"{name}_supine"]
        loud, quiet = value(rows, "TA_R", "apdf_p50_uv"), value(rows, "GM_R", "apdf_p50_uv")
        # 1 s of some 75 Hz bandwidth scatters by 6 %, the median of 32 of them by 1.3 %: four of these
        assert float(loud["value"]) == pytest.approx(level_uv, rel=0.05)
        assert quiet["status"] == "below_limit"
        assert (value(rows, "TA_R", "act_frac")["value"], value(rows, "GM_R", "act_frac")["value"]) == ("1.0", "0.0")
        # the reference is four times as loud
        assert float(value(rows, "TA_R", "apdf_p50_pct")["value"]) == pytest.approx(
            25.0, rel=0.15
        )  # the reference has 4 s only
        assert value(rows, "GM_R", "apdf_p50_pct")["reason"] == "REFERENCE_BELOW_LIMIT"


def test_the_index_stands_in_the_rows_of_the_visit(measures):
    rows = [row for row in measures if row["target"] == "subject" and row["measure"] == "rigidity_index_log"]
    assert [(row["subject"], row["visit"], row["recording"], row["run"]) for row in rows] == [
        (*name.split("_"), "", "") for name in NAMES
    ]
    by_visit = [float(row["value"]) for row in rows]
    assert by_visit == sorted(by_visit, reverse=True)  # levels fall from file to file


def test_parquet_says_what_csv_says(tiny_out):
    for name in ("measures", "visits"):
        told = read_table(tiny_out / f"{name}.csv")
        kept = pd.read_parquet(tiny_out / f"{name}.parquet")
        assert list(told[0]) == list(kept)
        for column in kept:
            texts = [row[column] for row in told]
            if pd.api.types.is_numeric_dtype(kept[column]):
                assert [float(text or "nan") for text in texts] == pytest.approx(
                    kept[column].tolist(), rel=0, abs=0, nan_ok=True
                )
            else:
                assert texts == kept[column].tolist()


def test_results_are_read_back_as_tables(tiny_out):
    results = load_results(tiny_out)
    assert (len(results.inputs), len(results.visits)) == (4, 8)
    assert results.measures["value"].dtype == float
    assert set(results.intervals["kind"]) <= KINDS


def test_a_subject_that_is_called_na_keeps_its_name(tmp_path):
    write_recording(tmp_path / "NA_V1.edf", 1)
    (tmp_path / "study.toml").write_text('[study]\nid = "TINY"\nmains_hz = 50\n')
    write_manifest(tmp_path, [row_of("NA_V1")])
    run_study(tmp_path, tmp_path / "out", jobs=1)
    results = load_results(tmp_path / "out")
    assert results.inputs["subject"].tolist() == ["NA"]
    assert set(results.measures["subject"]) == {"NA"}


def test_the_dictionary_describes_every_column_and_measure(tiny_out, measures):
    told = json.loads((tiny_out / "data_dictionary.json").read_text())
    for table, columns in told["columns"].items():
        promised = header(tiny_out / table)
        assert list(columns) == promised if table != "visits.csv" else promised[:4] == list(columns)[:4]
        assert all(column["definition"] for column in columns.values())
    names = {row["measure"] for row in measures}
    assert names <= told["measures"].keys()
    for row in measures:
        entry = told["measures"][row["measure"]]
        assert (entry["unit"], entry["definition"] != "", entry["direction"] in ("up", "down", "none")) == (
            row["unit"], True, True,
        )  # fmt: skip
    assert {row["status"] for row in measures} <= told["levels"]["status"].keys()


def test_intervals_are_ordered_and_a_muscle_is_in_one_state_at_a_time(tiny_out):
    rows = read_table(tiny_out / "intervals.csv")
    states = [r for r in rows if r["kind"] in ("active", "silent", "undeterminable", "excluded")]
    for recording in {r["recording"] for r in states}:
        for target in ("TA_R", "GM_R"):
            mine = sorted(
                (float(r["start_s"]), float(r["stop_s"]))
                for r in states
                if (r["recording"], r["target"]) == (recording, target)
            )
            assert all(start < stop for start, stop in mine)
            assert all(a[1] == pytest.approx(b[0]) for a, b in itertools.pairwise(mine))


def test_no_file_names_a_folder_a_machine_or_a_user(study, tmp_path):
    (study / "P02_V2.edf").unlink()
    (study / "P02_V2.edf").mkdir()
    (study / "P02_V1.edf").write_bytes(b"no EDF")
    out = tmp_path / "out"
    run_study(study, out, jobs=1)
    secrets = {str(tmp_path), tmp_path.parent.name, platform.node(), str(study.resolve())}
    # a user named like a word of the tables would prove nothing
    secrets |= {f"/{getpass.getuser()}/"}
    texts = {p: p.read_bytes() for p in out.rglob("*") if p.is_file() and p.suffix != ".npy"}
    assert len(texts) > 12
    assert [(p.name, s) for p, text in texts.items() for s in secrets if s and s.encode() in text] == []


def test_the_record_of_a_run_names_versions_and_every_hash(tiny_out):
    record = json.loads((tiny_out / "run.json").read_text())
    assert record["versions"].keys() >= {"python", "emgpipe", "numpy", "scipy", "numba"}
    assert set(record["inputs"]) == {f"{name}_supine" for name in NAMES}
    assert all(len(digest) == 64 for digest in [*record["inputs"].values(), *record["outputs"].values()])


def findings(out):
    return {row["recording"]: row["findings"] for row in read_table(out / "inputs.csv")}


def test_conditions_that_differ_between_visits_are_a_finding_of_the_subject(study, done):
    postures = ["supine", "sitting", "supine", ""]
    write_manifest(study, [row_of(n, posture=p) for n, p in zip(NAMES, postures, strict=True)])
    assert run_study(study, done, jobs=1).computed == 0
    told = findings(done)
    for name in NAMES[:2]:
        assert "CONDITIONS_DIFFER: posture: 'supine' at V1, 'sitting' at V2" in told[f"{name}_supine"]
    assert [told[f"{name}_supine"] for name in NAMES[2:]] == ["", ""]  # blank is not recorded, which is no difference


def test_a_prime_mover_that_is_not_the_loudest_is_a_finding(study, tmp_path):
    movers = ["GM_R", "TA_R", "GM_R;TA_R", ""]
    write_manifest(study, [row_of(n, prime_mover=m) for n, m in zip(NAMES, movers, strict=True)])
    run_study(study, tmp_path / "out", jobs=1)
    told = findings(tmp_path / "out")
    assert told["P01_V1_supine"].startswith("PRIME_MOVER_NOT_LOUDEST: reference: 'TA_R' is louder than")
    assert [told[f"{name}_supine"] for name in NAMES[1:]] == [""] * 3


def test_units_that_a_file_does_not_state_are_told_by_the_study(study, tmp_path):
    path = study / "P01_V1.edf"
    data = bytearray(path.read_bytes())
    signals = int(data[252:256])
    dimensions = 256 + signals * (16 + 80)
    data[dimensions : dimensions + 16] = b" " * 16
    path.write_bytes(data)
    first = {"jobs": 1, "subjects": ["P01"], "visits": ["V1"]}
    run_study(study, tmp_path / "out", **first)
    rows = read_table(tmp_path / "out" / "measures.csv")
    told = {(row["status"], row["reason"]) for row in rows if row["recording"] == "P01_V1_supine"}
    assert told == {("failed", "UNIT_UNKNOWN")}
    with (study / "study.toml").open("a") as stream:
        stream.write('[units]\n"EMG TA_R" = "mV"\n"EMG GM_R" = "mV"\n')
    assert run_study(study, tmp_path / "out", **first).computed == 1
    rows = read_table(tmp_path / "out" / "measures.csv")
    assert float(value(rows, "TA_R", "apdf_p50_uv")["value"]) == pytest.approx(12_000, rel=0.05)


def test_repeats_of_a_visit_are_pooled_in_the_tables(study, tmp_path):
    rows = [row_of("P01_V1", run="1"), {**row_of("P01_V1", run="2"), "file": "P01_V2.edf"}]
    write_manifest(study, rows)
    run_study(study, tmp_path / "out", jobs=1)
    told = [float(row["value"]) for row in read_table(tmp_path / "out" / "measures.csv")
            if (row["target"], row["measure"], row["segment"]) == ("TA_R", "apdf_p10_uv", "rest")]  # fmt: skip
    visit = value_of_visit(tmp_path / "out", "TA_R.apdf_p10_uv")
    assert visit == pytest.approx(sum(told) / 2)
    repeats = read_table(tmp_path / "out" / "visits_repeats.csv")
    row = next(r for r in repeats if (r["target"], r["measure"], r["segment"]) == ("TA_R", "apdf_p10_uv", "rest"))
    assert row["n"] == "2"
    assert float(row["sd"]) == pytest.approx(abs(told[0] - told[1]) / math.sqrt(2))


def value_of_visit(out, column):
    rows = [row for row in read_table(out / "visits.csv") if row["segment"] == "rest"]
    assert len(rows) == 1
    return float(rows[0][column])
