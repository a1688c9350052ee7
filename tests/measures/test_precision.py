"""`low` and `high` of rows: inside what can be, said where they are missing, no doubt about a value."""

import numpy as np
import pytest

from emgpipe.measures.grade import grades
from emgpipe.measures.rows import NOTES
from emgpipe.simulate import scenario
from emgpipe.simulate.scenarios import gaussian_emg
from emgpipe.summary.references import reference_rows
from emgpipe.summary.subject import subject_rows
from emgpipe.summary.visits import StudyRow
from tests.strategies import measured, noise_of, row_of

SECONDS, RATE = 180, 1000.0


def bursts(seed):
    """Bursts of a second or so, 10-30 µV, for three minutes."""
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.choice([0.0, 10.0, 20.0, 30.0], SECONDS * 2), round(RATE / 2))
    emg = level * gaussian_emg(len(level), RATE, rng)
    return emg + noise_of(seed + 1, SECONDS, RATE, 1.5)


@pytest.fixture(scope="module")
def result():
    return measured({"TA_R": bursts(1), "GM_R": bursts(5)}, RATE, pairs=["TA_R/GM_R"])


MUSCLE = {"tilt", "rest_rms_uv", "apdf_p50_uv", "apdf_p90_uv", "act_frac", "act_frac_lo", "act_frac_hi", "gaps_per_min"}
PAIR = {"cc_overlap_uv", "cc_rudolph_uv", "coact_frac", "coact_excess"}
NEVER = {"longest_silence_s", "possible_spasm_n", "xt_r0", "imc_low_z"}


def test_three_minutes_of_quick_bursts_give_intervals_that_hold_their_values(result):
    for target, names in (("TA_R", MUSCLE), ("TA_R/GM_R", PAIR)):
        for name in names:
            row = row_of(result, target, name)
            assert row.low is not None, (name, row.reason)
            assert row.low < row.value < row.high, name
            assert "SEGMENT_SHORT" not in row.reason, name
    for name in ("act_frac", "coact_frac"):
        row = next(r for r in result.rows if r.measure == name)
        assert 0 < row.low < row.high < 1


def test_extremes_have_no_interval(result):
    for row in result.rows:
        if row.measure in NEVER:
            assert (row.low, row.high) == (None, None), row.measure
            assert "SEGMENT_SHORT" not in row.reason


def test_longer_segments_are_told_more_precisely():
    widths = {}
    for seconds in (60, 180):
        result = measured({"TA_R": bursts(1)[: seconds * 1000]}, RATE)
        row = row_of(result, "TA_R", "act_frac")
        widths[seconds] = row.high - row.low
    # sqrt(3) by length; both widths are estimates
    assert 1.2 < widths[60] / widths[180] < 2.6


def test_a_segment_too_short_for_an_interval_keeps_its_status_and_its_grade():
    result = measured({"TA_R": np.concatenate([bursts(1)[:35_000], noise_of(3, 35, RATE, 1.5)])}, RATE)
    short = [r for r in result.rows if "SEGMENT_SHORT" in r.reason]
    assert short
    for r in short:
        assert (r.value is not None, r.low, r.high) == (True, None, None), r.measure
        assert r.status != "flagged" or set(r.reason.split(";")) - NOTES, r.measure
        assert r.reason.split(";")[-1] == "SEGMENT_SHORT"
    assert {code for g in grades(result.rows).values() for code in g.codes}.isdisjoint(NOTES)


def test_what_is_always_on_has_no_spread_and_no_code():
    row = row_of(measured({"TA_R": scenario("always_active", 1, 70).samples_uv}, 2000.0), "TA_R", "act_frac")
    assert (row.value, row.low, row.high, row.status, row.reason) == (1.0, None, None, "ok", "")


def test_a_missing_interval_flags_neither_twin_nor_subject():
    result = measured({"TA_R": bursts(1)[:60_000]}, RATE)
    level = row_of(result, "TA_R", "apdf_p90_uv")
    rows = [
        StudyRow("S1", "V1", "rest", "", "r", "", r.__class__(**{**vars(r), "status": "ok", "reason": "SEGMENT_SHORT"}))
        for r in result.rows
        if r.value is not None
    ]
    reference = level.__class__(**{**vars(level), "segment": "mvc", "measure": "rest_rms_uv", "value": 50.0})
    twins = list(reference_rows([*rows, StudyRow("S1", "V1", "rest", "", "r", "", reference)], "same visit: mvc"))
    assert {(t.row.status, t.row.reason) for t in twins} == {("ok", "SEGMENT_SHORT")}
    made = {r.row.measure: r.row for r in subject_rows(rows, ["TA_R"], 0.5)}
    assert (made["rigidity_index_log"].status, made["rigidity_index_log"].reason) == ("ok", "")
    assert made["active_regions_emg"].status == "ok"
