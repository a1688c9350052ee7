"""Rows and intervals of spasms, single and generalised, and of what is left after a cue to relax."""

import numpy as np
import pytest

from emgpipe.pipeline import compute_frames, measure
from emgpipe.recording import Annotation, array_recording
from emgpipe.settings import parse_settings
from emgpipe.simulate import heart_train
from emgpipe.simulate.scenarios import gaussian_emg
from tests.measures.test_rows import keeps_the_rules
from tests.strategies import measured, noise_of, row_of

RATE = 1000.0
SECONDS = 120


def muscle(starts_s, seed, *, seconds=SECONDS, length_s=4.0, level_uv=60.0, tonic_uv=4.0):
    """Noise of 1 µV and tonic EMG with spasms."""
    n = round(seconds * RATE)
    t = np.arange(n) / RATE
    envelope_uv = np.full(n, tonic_uv)
    for start_s in starts_s:
        envelope_uv[(t >= start_s) & (t < start_s + length_s)] = level_uv
    return envelope_uv * gaussian_emg(n, RATE, np.random.default_rng(seed)) + noise_of(seed + 100, seconds, RATE)


def spasms(result, target):
    return [r for r in result.intervals if (r.target, r.kind) == (target, "spasm")]


def test_spasms_are_rows_intervals_and_an_area_a_minute():
    result = measured({"TA_R": muscle([20.0, 60.0], 1)}, RATE)
    keeps_the_rules(result)
    found = np.array([(r.start_s, r.stop_s) for r in spasms(result, "TA_R")])
    assert found == pytest.approx(np.array([[20, 24], [60, 64]]), abs=0.06)
    # 2 x 4 s x 56 µV in 2 min; the tonic level is a P25, some percent below the mean
    assert row_of(result, "TA_R", "spasm_auc_uvs_min").value == pytest.approx(224.0, rel=0.05)
    rate = row_of(result, "TA_R", "spasm_rate_h")
    assert (rate.status, rate.reason) == ("undeterminable", "TOO_SHORT")
    few = row_of(result, "subject", "spasm_generalised_n")
    assert (few.status, few.reason, few.target_kind) == ("not_measured", "MUSCLES_TOO_FEW", "subject")


def test_a_rate_needs_ten_minutes_or_what_the_settings_say():
    x = muscle([20.0, 60.0], 1)
    shorter = parse_settings("[measure]\nleast_spasm_s = 60")
    row = row_of(measured({"TA_R": x}, RATE, settings=shorter, device_uv={"TA_R": 1.0}), "TA_R", "spasm_rate_h")
    assert row.value == pytest.approx(60.0, rel=0.01)
    assert row.status == "ok"


def test_heart_beats_take_no_time_from_a_rest_in_which_spasms_are_counted():
    x = muscle([20.0, 60.0], 1)
    x += heart_train(len(x), RATE, np.random.default_rng(7), peak_uv=400.0).samples_uv
    needing = parse_settings(f"[measure]\nleast_spasm_s = {SECONDS - 1}")
    row = row_of(measured({"PSP_L": x}, RATE, settings=needing, device_uv={"PSP_L": 1.0}), "PSP_L", "spasm_rate_h")
    assert row.value == pytest.approx(60.0, rel=0.01)
    assert row.used_s == pytest.approx(SECONDS, abs=0.3)
    assert row_of(measured({"PSP_L": x}, RATE), "PSP_L", "rest_rms_uv").used_s < 0.9 * SECONDS


def test_muscles_that_start_within_a_second_are_generalised_and_in_order():
    x = {"PSP_L": muscle([20.0, 80.0], 1), "RA_L": muscle([20.4, 50.0], 2), "TA_L": muscle([], 3)}
    result = measured(x, RATE)
    keeps_the_rules(result)
    assert row_of(result, "subject", "spasm_generalised_n").value == 1
    assert [r.reason for r in spasms(result, "PSP_L")] == ["GENERALISED", ""]
    assert [r.reason for r in spasms(result, "RA_L")] == ["GENERALISED", ""]
    (both,) = spasms(result, "subject")
    names, delays = zip(*(part.split(" ") for part in both.reason.split(";")), strict=True)
    assert names == ("PSP_L", "RA_L")
    assert [float(d) for d in delays] == pytest.approx([0.0, 0.4], abs=0.06)
    assert (both.start_s, both.stop_s) == pytest.approx((20.0, 24.4), abs=0.06)


def test_spasms_more_than_a_second_apart_are_not_generalised():
    result = measured({"PSP_L": muscle([20.0], 1), "RA_L": muscle([21.3], 2)}, RATE)
    assert row_of(result, "subject", "spasm_generalised_n").value == 0
    assert spasms(result, "subject") == []


def test_crosstalk_makes_no_generalised_spasm():
    x = muscle([20.0, 60.0], 1)
    result = measured({"PSP_L": x, "RA_L": 0.2 * x + noise_of(7, SECONDS, RATE)}, RATE)
    row = row_of(result, "subject", "spasm_generalised_n")
    assert len(spasms(result, "RA_L")) == 2
    assert (row.value, row.status) == (0, "flagged")
    assert "CROSSTALK_POSSIBLE" in row.reason
    assert spasms(result, "subject") == []


def test_one_signal_in_two_channels_makes_no_generalised_spasm():
    x = muscle([20.0, 60.0], 1)
    result = measured({"PSP_L": x, "TA_R": x}, RATE)
    assert row_of(result, "subject", "spasm_generalised_n").value == 0
    third = measured({"PSP_L": x, "TA_R": x, "RF_L": muscle([20.2], 5)}, RATE)
    assert row_of(third, "subject", "spasm_generalised_n").value == 1


def test_a_clipped_spasm_stays_a_possible_one_and_values_are_lower_bounds():
    x = np.clip(muscle([20.0, 60.0], 1, level_uv=600.0), -1000, 1000)
    x[:40_000] = muscle([], 9)[:40_000]
    recording = array_recording([x], ["TA_R"], RATE, clip_uv=1000.0)
    result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    assert row_of(result, "TA_R", "possible_spasm_n").value >= 1
    row = row_of(result, "TA_R", "spasm_auc_uvs_min")
    assert row.status == "flagged"
    assert {"LOWER_BOUND", "POSSIBLE_SPASMS"} <= set(row.reason.split(";"))


def test_without_a_floor_no_spasm_is_told():
    result = measured({"TA_R": np.zeros(60_000)}, RATE)
    assert spasms(result, "TA_R") == []
    assert row_of(result, "TA_R", "spasm_auc_uvs_min").value is None


def test_a_floor_that_decides_what_is_a_spasm_is_said():
    """5.2 µV of EMG over a floor of 1: a spasm at the lower end of its bracket, none at the upper."""
    x = muscle([20.0], 1, level_uv=5.2, tonic_uv=0.0)
    row = row_of(measured({"TA_R": x}, RATE, device_uv={"TA_R": 1.0}), "TA_R", "spasm_auc_uvs_min")
    assert "SPASMS_UNSURE" in row.reason
    clear = row_of(measured({"TA_R": muscle([20.0], 1)}, RATE, device_uv={"TA_R": 1.0}), "TA_R", "spasm_auc_uvs_min")
    assert clear.reason == ""


def test_what_is_left_after_a_cue_is_the_level_from_5_to_10_s():
    x = muscle([10.0], 1, length_s=16.0, level_uv=30.0)
    marks = [Annotation(0.0, 100.0, "rest"), Annotation(20.0, None, "relax_cue"), Annotation(60.0, None, "relax_cue")]
    result = measured({"TA_R": x}, RATE, annotations=marks)
    keeps_the_rules(result)
    first, second = (row_of(result, "TA_R", "relax_resid_uv", name) for name in ("relax_cue", "relax_cue_2"))
    assert second.value == pytest.approx(4.0, rel=0.1)
    assert first.value == pytest.approx(4.0, rel=0.15)
    assert second.used_s == pytest.approx(5.0, abs=0.02)
    assert {r.measure for r in result.rows if r.segment == "relax_cue_2"} == {"relax_resid_uv"}


@pytest.mark.parametrize(("next_s", "cut"), [(29.0, True), (30.0, False)])
def test_what_is_left_after_a_cue_says_that_its_stretch_was_cut(next_s, cut):
    marks = [Annotation(20.0, None, "relax_cue"), Annotation(next_s, 10.0, "mvc")]
    row = row_of(measured({"TA_R": muscle([], 1)}, RATE, annotations=marks, device_uv={"TA_R": 1.0}), "TA_R",
                 "relax_resid_uv", "relax_cue")  # fmt: skip
    assert row.value == pytest.approx(4.0, rel=0.1)
    assert ("SHORT" in row.reason.split(";")) is cut
    assert row.status == ("flagged" if cut else "ok")


@pytest.mark.parametrize("start_s", [40.0, 40.3, 40.5, 40.9])
def test_a_short_spasm_that_stands_in_a_silent_antagonist_too_is_crosstalk(start_s):
    x = muscle([start_s], 1, length_s=1.6, tonic_uv=0.0)
    both = {"TA_R": x, "GM_R": 0.5 * x + noise_of(7, SECONDS, RATE)}
    result = measured(both, RATE, pairs=["TA_R/GM_R"], device_uv=dict.fromkeys(both, 1.0))
    keeps_the_rules(result)
    assert len(spasms(result, "GM_R")) == 1
    flagged = [("GM_R", "spasm_auc_uvs_min"), ("TA_R/GM_R", "xt_r0"), ("subject", "spasm_generalised_n")]
    assert all("CROSSTALK_POSSIBLE" in row_of(result, *row).reason for row in flagged)
    assert row_of(result, "TA_R/GM_R", "xt_r0").value > 0.9
    assert row_of(result, "subject", "spasm_generalised_n").value == 0
    assert row_of(result, "TA_R", "spasm_auc_uvs_min").reason == ""


@pytest.mark.parametrize("tonic_uv", [0.0, 10.0])
def test_a_short_spasm_of_two_muscles_at_once_is_no_crosstalk(tonic_uv):
    both = {"TA_R": muscle([40.3], 1, length_s=1.6), "GM_R": muscle([40.5], 2, length_s=1.6, tonic_uv=tonic_uv)}
    result = measured(both, RATE, pairs=["TA_R/GM_R"], device_uv=dict.fromkeys(both, 1.0))
    assert row_of(result, "subject", "spasm_generalised_n").value == 1
    assert "CROSSTALK_POSSIBLE" not in {code for row in result.rows for code in row.reason.split(";")}
