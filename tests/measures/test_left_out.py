"""What a number does not hold is said, and a number that rests on too little is none."""

import numpy as np
import pytest

from emgpipe.pipeline import compute_frames, measure
from emgpipe.recording import Annotation, array_recording
from emgpipe.simulate import scaled_to_band_rms, scenario
from emgpipe.simulate.scenarios import gaussian_emg
from tests.strategies import doubts_of, measured, noise_of, row_of

RATE = 2000
ALWAYS = scenario("always_active", 1, 90).samples_uv
OTHER = scenario("always_active", 2, 90).samples_uv
QUIET = noise_of(3, 90, RATE, 2.0)
PAIR = "TA_R/GM_R"


def emg_of(seed, level_uv, seconds=90):
    rng = np.random.default_rng(seed)
    return scaled_to_band_rms(gaussian_emg(round(seconds * RATE), RATE, rng), RATE, level_uv)


def only(samples, *stretches):
    """The samples inside stretches, 0 outside."""
    inside = np.zeros(len(samples), bool)
    for start, stop in stretches:
        inside[round(start * RATE) : round(stop * RATE)] = True
    return samples * inside


def clipped(samples, rail_uv, others=None, annotations=(), **options):
    signals = {"TA_R": np.clip(samples, -rail_uv, rail_uv), **(others or {})}
    recording = array_recording(
        list(signals.values()), list(signals), RATE, clip_uv=rail_uv, lsb_uv=0.05, annotations=annotations
    )
    return measure(recording, compute_frames(recording, mains_hz=50), rest=True, **options)


SPASMS = QUIET + only(emg_of(4, 800), (10, 15), (25, 30), (40, 45), (55, 60), (70, 75))


def test_clipped_spasms_do_not_read_as_silence_without_a_word():
    result = clipped(SPASMS, 500.0, {"GM_R": OTHER})
    for name in ("act_frac", "act_frac_lo", "act_frac_hi", "cmua_frac"):
        row = row_of(result, "TA_R", name)
        # clipped hops take more than half of five of the nine epochs
        assert (row.status, row.reason.removesuffix(";SHORT")) == ("flagged", "LOWER_BOUND;CLIPPED"), name
    for name in ("rest_rms_uv", "apdf_p10_uv", "apdf_p90_uv", "rest_third2_uv"):
        assert "LOWER_BOUND;CLIPPED" in row_of(result, "TA_R", name).reason, name
    assert row_of(result, "TA_R", "longest_silence_s").reason == "CLIPPED"
    assert "LOWER_BOUND;CLIPPED" in row_of(result, PAIR, "cc_overlap_uv").reason
    assert row_of(result, PAIR, "coact_excess").reason == "CLIPPED"
    assert {row_of(result, "GM_R", name).reason for name in ("act_frac", "rest_rms_uv")} == {""}


@pytest.mark.parametrize(("stop_s", "said"), [(20.5, ""), (22, "LOWER_BOUND;CLIPPED")])
def test_clipping_is_said_from_a_hundredth_of_the_segment_on(stop_s, said):
    result = clipped(ALWAYS + only(emg_of(4, 2000), (20, stop_s)), 1500.0)
    excluded_s = row_of(result, "TA_R", "floor_uv").excluded_s
    assert (excluded_s >= 0.9) == bool(said)
    assert row_of(result, "TA_R", "act_frac").reason == said


@pytest.mark.parametrize(("length_s", "said"), [(8, ""), (10, "BAD")])
def test_much_excluded_time_is_named_with_the_value(length_s, said):
    result = measured({"TA_R": ALWAYS}, RATE, annotations=[Annotation(20.0, length_s, "BAD_x")])
    row = row_of(result, "TA_R", "act_frac")
    assert (row.value, row.reason) == (1.0, said)
    assert row_of(result, "TA_R", "floor_uv").reason == ""


def test_a_muscle_that_is_never_active_has_no_gaps_whatever_is_excluded():
    marks = [Annotation(5.0 + 8 * i, 1.0, "BAD_x") for i in range(10)]
    for annotations in ([], marks):
        row = row_of(measured({"TA_R": QUIET}, RATE, annotations=annotations), "TA_R", "gaps_per_min")
        assert row.value == 0


def test_gaps_are_the_silences_between_bursts():
    bursts = [(10 + 8 * i, 15 + 8 * i) for i in range(8)]
    row = row_of(measured({"TA_R": QUIET + only(emg_of(4, 40), *bursts)}, RATE), "TA_R", "gaps_per_min")
    assert row.value == pytest.approx(7 / 1.5, rel=1e-3)


def test_continuous_epochs_rest_on_what_their_row_says():
    """Eight active epochs that lose 1.2 s each, and a silent one, are eight in nine and not none in one."""
    marks = [Annotation(10.0 * i + 1, 1.2, "BAD_x") for i in range(8)]
    row = row_of(measured({"TA_R": QUIET + only(emg_of(4, 20), (0, 80))}, RATE, annotations=marks), "TA_R", "cmua_frac")
    assert row.value == pytest.approx(8 / 9)
    assert row.used_s == pytest.approx(90 - 8 * 1.2, abs=0.4)


def test_continuous_epochs_need_half_a_minute_of_epochs_that_count():
    marks = [Annotation(10.0 * i + 1, 5.5, "BAD_x") for i in range(7)]
    row = row_of(measured({"TA_R": ALWAYS}, RATE, annotations=marks), "TA_R", "cmua_frac")
    assert (row.value, row.reason) == (None, "TOO_SHORT")
    assert row.used_s == pytest.approx(20, abs=0.2)
    assert row_of(measured({"TA_R": ALWAYS}, RATE, annotations=marks), "TA_R", "act_frac").used_s > 50


@pytest.mark.parametrize(("bad_s", "given"), [(28.9, False), (15.5, False), (14.5, True)])
def test_a_third_needs_half_of_itself(bad_s, given):
    result = measured({"TA_R": ALWAYS}, RATE, annotations=[Annotation(0.0, bad_s, "BAD_x")])
    row = row_of(result, "TA_R", "rest_third1_uv")
    assert (row.value is not None) == given
    assert row.used_s == pytest.approx(30 - bad_s, abs=0.1)
    assert given or row.reason == "TOO_SHORT"
    assert row_of(result, "TA_R", "rest_third2_uv").used_s == pytest.approx(30, abs=0.02)


def test_thirds_of_a_minute_are_not_short():
    assert doubts_of(row_of(measured({"TA_R": ALWAYS}, RATE), "TA_R", "rest_third1_uv")) == ""


def test_an_artefact_that_is_marked_bad_makes_no_crosstalk_and_no_identity():
    shakes = [(i + 0.35, i + 0.65) for i in range(60)]
    artefact = only(500 * np.random.default_rng(5).standard_normal(90 * RATE), *shakes)
    muscles = {"TA_R": ALWAYS + artefact, "GM_R": OTHER + artefact}
    marks = [Annotation(start - 0.05, 0.4, "BAD_move") for start, _ in shakes]
    result = measured(muscles, RATE, annotations=marks)
    row = row_of(result, PAIR, "xt_r0")
    assert row.value < 0.2
    assert 10 <= row.used_s <= 31  # one of two equal muscles is the louder there
    assert "CROSSTALK_POSSIBLE" not in {c for r in result.rows for c in r.reason.split(";")}


def test_channels_that_are_one_signal_for_a_fifth_of_the_time_are_no_pair():
    copied = OTHER.copy()
    copied[: 20 * RATE] = ALWAYS[: 20 * RATE]
    result = measured({"TA_R": ALWAYS, "GM_R": copied}, RATE)
    assert {r.reason for r in result.rows if r.target == PAIR} == {"IDENTICAL_CHANNELS"}


def test_a_pair_needs_time_that_is_usable_in_both():
    one, other = ALWAYS.copy(), OTHER.copy()
    other[: 44 * RATE] = 0
    one[46 * RATE :] = 0
    result = measured({"TA_R": one, "GM_R": other}, RATE)
    for name in ("cc_overlap_uv", "cc_rudolph_uv", "coact_frac", "coact_excess"):
        row = row_of(result, PAIR, name)
        assert (row.value, row.reason) == (None, "TOO_MUCH_EXCLUDED;FLAT"), name
        assert row.used_s == pytest.approx(2, abs=0.3)
    row = row_of(result, PAIR, "xt_r0")
    assert (row.value, row.reason) == (None, "TOO_SHORT")
    assert row_of(result, "TA_R", "act_frac").value == 1


def test_a_pair_of_a_whole_minute_is_not_short():
    result = measured({"TA_R": ALWAYS[: 60 * RATE], "GM_R": OTHER[: 60 * RATE]}, RATE)
    row = row_of(result, PAIR, "cc_overlap_uv")
    assert (row.reason, row.used_s) == ("", pytest.approx(60))


MARKS = [Annotation(0.0, 70.0, "rest"), Annotation(75.0, 10.0, "mvc")]


def fw_row(first, second):
    result = clipped(first, 500.0, {"GM_R": second}, annotations=MARKS, reference="mvc")
    return row_of(result, PAIR, "cc_fw_pct", "rest")


def test_a_reference_below_its_limit_is_none():
    row = fw_row(QUIET + only(emg_of(4, 20), (0, 70)), ALWAYS)
    assert (row.value, row.status, row.reason) == (None, "not_measured", "REFERENCE_BELOW_LIMIT")


def test_the_doubts_about_a_reference_are_those_of_its_share():
    loud = only(emg_of(5, 160), (75, 85))
    row = fw_row(QUIET + only(emg_of(4, 20), (0, 70)) + loud, ALWAYS)
    assert (row.value is not None, row.status, row.reason) == (True, "flagged", "REFERENCE_LOWER_BOUND;CLIPPED")


@pytest.mark.parametrize(("seconds", "name"), [(30, "cmua_frac"), (10, "act_frac"), (10, "rest_third2_uv")])
def test_a_segment_of_just_the_time_that_is_needed_is_enough_at_any_rate(seconds, name):
    """Hops do not divide it: 30 s of 2048 Hz hold 29.999 s of hops."""
    n = 60 * 2048
    muscle = scenario("always_active", 1, 60, 2048.0).samples_uv[:n]
    result = measured({"TA_R": muscle}, 2048.0, annotations=[Annotation(5.0, seconds, "rest")])
    row = row_of(result, "TA_R", name, "rest")
    assert (row.value is not None, doubts_of(row)) == (True, "SHORT")
    whole = row_of(measured({"TA_R": muscle}, 2048.0), "TA_R", name)
    assert doubts_of(whole) == ""
