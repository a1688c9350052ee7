"""The rules that every row keeps: a value or a coded reason, limits, shortness, bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.detectors.activity import ACTIVE, SILENT, UNDETERMINABLE, Activity
from emgpipe.detectors.floor import Floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.errors.codes import CODES
from emgpipe.measures.judge import muscle_row
from emgpipe.measures.reference import ReferenceLevel
from emgpipe.measures.registry import BODY_MEASURES, MUSCLE_MEASURES, PAIR_MEASURES
from emgpipe.measures.rows import VALUED
from emgpipe.measures.settings import MeasureSettings
from emgpipe.measures.views import Judged, MuscleView, Segment
from emgpipe.recording import Annotation
from emgpipe.settings import parse_settings
from emgpipe.simulate import band_passed, scenario, windowed_rms_uv
from emgpipe.simulate.scenarios import gaussian_emg
from tests.strategies import doubts_of, frames_of, measured, noise_of, row_of, seeds

ALWAYS = scenario("always_active", 1, 70).samples_uv
QUIET = scenario("silent", 2, 70).samples_uv
GIVEN = ("any", "rest")
N_MUSCLE, N_PAIR, N_BODY = (
    sum(m.given_in in GIVEN for m in measures) for measures in (MUSCLE_MEASURES, PAIR_MEASURES, BODY_MEASURES)
)


def keeps_the_rules(result):
    """What must hold for every row of every recording."""
    for row in result.rows:
        where = (row.target, row.measure, row.status, row.reason)
        assert (row.value is not None) == (row.status in VALUED), where
        assert row.value is None or np.isfinite(row.value), where
        assert row.reason or row.status in ("ok", "below_limit"), where
        assert row.status != "ok" or row.reason in ("", "SEGMENT_SHORT"), where
        assert row.status != "flagged" or row.reason != "SEGMENT_SHORT", where
        assert row.low is None or "SEGMENT_SHORT" not in row.reason, where
        assert all(code in CODES for code in row.reason.split(";") if code), where
        if row.limit is not None and row.value is not None:
            assert (row.value < row.limit) == (row.status == "below_limit"), where
        assert (row.limit is not None) <= (row.unit == "uV"), where
        if row.low is not None:
            assert row.low <= row.value <= row.high, where
        no_share = ("tilt", "coact_excess", "imc_low_z", "spasm_generalised_n", "possible_spasm_n")
        if row.unit == "1" and row.measure not in no_share and row.value is not None:
            assert 0 <= row.value <= 1, where
    for target in {r.target for r in result.rows if r.target_kind == "muscle"}:
        for segment in {r.segment for r in result.rows}:
            shares = [
                r.value
                for name in ("act_frac_lo", "act_frac", "act_frac_hi")
                for r in result.rows
                if (r.target, r.segment, r.measure) == (target, segment, name)
            ]
            if shares and None not in shares:
                assert shares == sorted(shares), (target, segment, shares)


def tiles(result, duration_s, hop_s=0.0125):
    """The states of each muscle cover the recording once."""
    for target in {r.target for r in result.intervals if "/" not in r.target}:
        states = sorted(
            (r.start_s, r.stop_s)
            for r in result.intervals
            if r.target == target and r.kind in ("active", "silent", "undeterminable", "excluded")
        )
        starts, stops = np.array(states).T
        assert starts[0] == 0, target
        assert starts[1:] == pytest.approx(stops[:-1]), target
        assert duration_s - hop_s <= stops[-1] <= duration_s + 1e-9, target


def codes_of(result, target):
    return {code for r in result.rows if r.target == target for code in r.reason.split(";")}


def numbers_of(result, target):
    return [r.measure for r in result.rows if r.target == target and r.value is not None]


@pytest.mark.parametrize(
    ("first", "rate_hz", "codes"),
    [
        (np.zeros(140_000), 2000.0, {"NO_USABLE_SIGNAL", "FLAT"}),
        (np.full(140_000, -77.7), 2000.0, {"NO_USABLE_SIGNAL", "FLAT"}),
        (ALWAYS[:4000], 2000.0, {"TOO_SHORT"}),
        (ALWAYS[:14_000], 200.0, {"RATE_TOO_LOW"}),
    ],
)
@pytest.mark.parametrize("rest", [True, False])
def test_what_cannot_be_measured_is_a_code_and_no_number(first, rate_hz, codes, rest):
    other = QUIET[: len(first)]
    result = measured({"TA_R": first, "GM_R": other}, rate_hz, rest=rest, pairs=["TA_R/GM_R"])
    keeps_the_rules(result)
    assert numbers_of(result, "TA_R") == []
    assert numbers_of(result, "TA_R/GM_R") == []
    assert codes <= codes_of(result, "TA_R")
    assert codes & codes_of(result, "TA_R/GM_R")
    assert len(result.rows) == 2 * N_MUSCLE + N_PAIR + N_BODY


def test_a_missing_muscle_is_said_in_every_row_of_its_pair():
    result = measured({"TA_R": ALWAYS}, 2000.0, pairs=["TA_R/GM_R"])
    keeps_the_rules(result)
    rows = [r for r in result.rows if r.target == "TA_R/GM_R"]
    assert {(r.status, r.reason) for r in rows} == {("not_measured", "MUSCLE_MISSING")}
    assert len(rows) == N_PAIR


@pytest.mark.parametrize("factor", [1.0, -2.0])
def test_identical_channels_are_refused_as_a_pair(factor):
    result = measured({"TA_R": ALWAYS, "GM_R": factor * ALWAYS}, 2000.0, pairs=["TA_R/GM_R"])
    keeps_the_rules(result)
    rows = [r for r in result.rows if r.target == "TA_R/GM_R"]
    assert {(r.value, r.status, r.reason) for r in rows} == {(None, "undeterminable", "IDENTICAL_CHANNELS")}


def test_one_muscle_twice_is_no_muscle():
    from emgpipe.pipeline import compute_frames, measure
    from emgpipe.recording import array_recording

    recording = array_recording([ALWAYS, QUIET], ["a", "b"], 2000.0, muscles=["TA_R", "TA_R"])
    result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    assert codes_of(result, "TA_R") == {"MUSCLE_DUPLICATE"}
    assert numbers_of(result, "TA_R") == []


def test_without_a_declared_rest_amplitudes_are_given_and_rest_measures_are_not():
    result = measured({"TA_R": ALWAYS, "GM_R": QUIET}, 2000.0, rest=False, pairs=["TA_R/GM_R"])
    keeps_the_rules(result)
    assert {r.segment for r in result.rows} == {"whole"}
    refused = {r.measure for r in result.rows if r.reason == "REST_NOT_DECLARED"}
    assert refused == {m.name for m in (*MUSCLE_MEASURES, *PAIR_MEASURES, *BODY_MEASURES) if m.given_in == "rest"}
    assert {r.status for r in result.rows if r.measure in refused} == {"not_measured"}
    given = set(numbers_of(result, "TA_R") + numbers_of(result, "TA_R/GM_R"))
    assert given == {"floor_uv", "tilt", "rest_rms_uv", "apdf_p10_uv", "apdf_p50_uv", "apdf_p90_uv", "cc_overlap_uv",
                     "coact_frac", "coact_excess", "xt_r0"}  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "refused", "short"),
    [(9, {"rest_rms_uv", "act_frac", "apdf_p10_uv", "cmua_frac"}, False),
     (25, {"apdf_p10_uv", "cmua_frac"}, True), (45, set(), True), (65, set(), False)],
)  # fmt: skip
def test_short_rest_is_flagged_and_shorter_rest_is_refused(seconds, refused, short):
    result = measured({"TA_R": ALWAYS[: seconds * 2000]}, 2000.0)
    keeps_the_rules(result)
    rows = {m: row_of(result, "TA_R", m) for m in ("rest_rms_uv", "act_frac", "apdf_p10_uv", "cmua_frac")}
    assert {m for m, r in rows.items() if r.value is None} == refused
    assert {r.reason for m, r in rows.items() if m in refused} <= {"TOO_SHORT"}
    assert {doubts_of(r) for m, r in rows.items() if m not in refused} <= {"SHORT" if short else ""}
    assert row_of(result, "TA_R", "floor_uv").reason == ""


def test_half_of_the_segment_must_be_usable():
    bad = [Annotation(0.0, 36.0, "BAD_movement")]
    result = measured({"TA_R": ALWAYS}, 2000.0, annotations=bad)
    keeps_the_rules(result)
    assert row_of(result, "TA_R", "act_frac").reason == "TOO_MUCH_EXCLUDED;BAD"
    bad = [Annotation(0.0, 30.0, "BAD_movement")]
    row = row_of(measured({"TA_R": ALWAYS}, 2000.0, annotations=bad), "TA_R", "act_frac")
    assert (row.value, row.status, row.reason) == (1.0, "flagged", "BAD;SHORT")
    assert (row.used_s, row.excluded_s) == pytest.approx((40, 30), abs=0.02)


@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0])
def test_a_silent_muscle_is_below_the_limit_with_its_estimate_kept(rate_hz):
    result = measured({"TA_R": noise_of(3, 70, rate_hz, 2.0)}, rate_hz)
    keeps_the_rules(result)
    row = row_of(result, "TA_R", "apdf_p50_uv")
    share = 0.5 if row.floor_confidence == "high" else 0.75
    assert (row.status, row.floor_source) == ("below_limit", "still")
    assert row.limit == pytest.approx(share * row.floor_uv)
    assert 0 <= row.value < row.limit
    assert row_of(result, "TA_R", "act_frac").value == 0
    assert row_of(result, "TA_R", "longest_silence_s").value == pytest.approx(70, abs=0.02)


def test_the_limit_is_at_least_one_digital_step():
    from emgpipe.pipeline import compute_frames, measure
    from emgpipe.recording import array_recording

    recording = array_recording([QUIET], ["TA_R"], 2000.0, lsb_uv=3.0)
    result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    assert row_of(result, "TA_R", "rest_rms_uv").limit == 3.0


@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0])
def test_amplitudes_are_those_of_the_noise_free_muscle(rate_hz):
    n = round(70 * rate_hz)
    level = 12 * (1 + 0.5 * np.sin(2 * np.pi * 0.07 * np.arange(n) / rate_hz))
    clean = level * gaussian_emg(n, rate_hz, np.random.default_rng(4))
    result = measured({"TA_R": clean + noise_of(5, 70, rate_hz, 2.0)}, rate_hz)
    passed = band_passed(clean, rate_hz)
    truth = windowed_rms_uv(passed, rate_hz)
    for name, share in (("apdf_p10_uv", 0.1), ("apdf_p50_uv", 0.5), ("apdf_p90_uv", 0.9)):
        assert row_of(result, "TA_R", name).value == pytest.approx(np.quantile(truth, share), rel=0.05)
    seconds = windowed_rms_uv(passed, rate_hz, 1.0, 1.0)
    assert row_of(result, "TA_R", "rest_rms_uv").value == pytest.approx(np.median(seconds), rel=0.05)


def test_thirds_follow_the_segment():
    n = 180_000
    level = np.repeat([30.0, 20.0, 10.0], n // 3)
    emg = level * gaussian_emg(n, 2000.0, np.random.default_rng(6))
    result = measured({"TA_R": emg + noise_of(7, 90, 2000.0, 2.0)}, 2000.0)
    keeps_the_rules(result)
    thirds = [row_of(result, "TA_R", f"rest_third{i}_uv").value for i in (1, 2, 3)]
    # 20-450 Hz holds 98 % of the model's power
    assert thirds == pytest.approx([30, 20, 10], rel=0.05)
    assert row_of(result, "TA_R", "rest_rms_uv").value == pytest.approx(20, rel=0.06)


WIDE = parse_settings("[detect]\nstill_tilt = 0.01\n")


@settings(max_examples=25, deadline=None)
@given(seeds, st.lists(st.sampled_from([0.0, 0.7, 1.2, 1.6, 2.2, 3.0, 8.0, 40.0]), min_size=7, max_size=7),
       st.sampled_from([500.0, 1000.0, 2000.0]), st.sampled_from([0.4, 5.0]))  # fmt: skip
def test_any_course_of_levels_keeps_the_rules_and_tiles_the_recording(seed, levels, rate_hz, piece_s):
    """Low-confidence floors leave wide brackets, where bounds are easily crossed."""
    n = round(35 * rate_hz)
    place = (np.arange(n) / rate_hz / piece_s).astype(int) % len(levels)
    emg = np.array(levels)[place] * gaussian_emg(n, rate_hz, np.random.default_rng(seed))
    x = emg + noise_of(seed + 1, 35, rate_hz, 1.0)
    bad = [Annotation(11.0, 0.25, "BAD_1"), Annotation(20.0, 1.3, "BAD_2")]
    for chosen in (None, WIDE):
        result = measured({"TA_R": x}, rate_hz, settings=chosen, annotations=bad)
        keeps_the_rules(result)
        tiles(result, 35.0, 0.014)


def act_frac_of(active, silent, unsure):
    """`act_frac` of 100 s with so many seconds of each state, and both bounds."""
    frames = frames_of(noise_of(1, 100, 1000.0), 1000.0)
    states = np.repeat(np.array([ACTIVE, SILENT, UNDETERMINABLE], np.int8), [76 * active, 76 * silent, 76 * unsure])
    states = np.concatenate([states, np.full(len(frames.mean_square) - len(states), UNDETERMINABLE, np.int8)])
    floor = Floor(1.0, 0.3, 1.1, "in_signal", "low")
    judged = Judged(frames, floor, Activity(states, lambda: states == ACTIVE, lambda: states != SILENT, 1.5))
    view = MuscleView(judged, Segment("rest", "rest", 0.0, 100.0), DetectSettings(), MeasureSettings())
    rows = {one.name: muscle_row(one, view) for one in MUSCLE_MEASURES if one.name.startswith("act_frac")}
    low, high = rows["act_frac_lo"], rows["act_frac_hi"]
    partly = doubts_of(rows["act_frac"]) != ""
    assert {doubts_of(low), doubts_of(high)} == {"PARTLY_UNDETERMINABLE" if partly else ""}
    return rows["act_frac"], low.value, high.value


def test_little_undeterminable_time_is_left_out_more_makes_a_lower_bound_and_most_of_it_no_number():
    row, low, high = act_frac_of(45, 50, 5)
    # the last hops, 92 of 7692, are undeterminable too
    assert (row.value, row.status) == (pytest.approx(45 / 95, abs=1e-3), "ok")
    assert low <= row.value <= high == pytest.approx(0.5, abs=0.01)
    row, low, high = act_frac_of(30, 50, 20)
    assert (row.value, row.status, doubts_of(row)) == (pytest.approx(0.3, abs=0.01), "flagged", "LOWER_BOUND")
    assert (low, high) == pytest.approx((0.3, 0.5), abs=0.01)
    row, _, _ = act_frac_of(30, 10, 60)
    assert (row.value, row.status, row.reason) == (None, "undeterminable", "MOSTLY_UNDETERMINABLE")


def test_crosstalk_is_flagged_on_the_pair_and_on_the_weaker_muscle():
    strong = scenario("always_active", 3, 65).samples_uv
    weak = 0.2 * strong + noise_of(8, 65, 2000.0, 1.0) + 3 * gaussian_emg(130_000, 2000.0, np.random.default_rng(9))
    result = measured({"TA_R": strong, "GM_R": weak}, 2000.0, pairs=["TA_R/GM_R"])
    keeps_the_rules(result)
    assert row_of(result, "TA_R/GM_R", "xt_r0").value > 0.3
    assert "CROSSTALK_POSSIBLE" in row_of(result, "TA_R/GM_R", "cc_overlap_uv").reason
    touched = {r.measure for r in result.rows if r.target == "GM_R" and "CROSSTALK_POSSIBLE" in r.reason}
    assert {"act_frac", "cmua_frac", "apdf_p10_uv", "rest_rms_uv"} <= touched
    assert touched.isdisjoint({"floor_uv", "tilt"})
    assert "CROSSTALK_POSSIBLE" not in codes_of(result, "TA_R")


def test_each_segment_is_judged_for_crosstalk_on_its_own():
    rng = np.random.default_rng(4)
    strong = 40 * gaussian_emg(200_000, 2000.0, rng)
    weak = np.where(np.arange(200_000) < 100_000, 0.1 * strong, 10 * gaussian_emg(200_000, 2000.0, rng))
    marks = [Annotation(0.0, 50.0, "rest"), Annotation(50.0, 50.0, "mvc")]
    muscles = {"TA_R": strong + noise_of(1, 100, 2000.0), "GM_R": weak + noise_of(2, 100, 2000.0)}
    result = measured(muscles, 2000.0, annotations=marks)
    flagged = {(r.segment, r.target) for r in result.rows if "CROSSTALK_POSSIBLE" in r.reason.split(";")}
    assert flagged == {("rest", "GM_R"), ("rest", "TA_R/GM_R")}


def test_two_separate_muscles_show_no_crosstalk():
    result = measured({"TA_R": ALWAYS, "GM_R": scenario("always_active", 9, 70).samples_uv}, 2000.0)
    row = row_of(result, "TA_R/GM_R", "xt_r0")
    assert row.value < 0.15
    assert row.status == "ok"


def test_unequal_rates_have_an_overlap_and_no_correlation():
    other = scenario("always_active", 4, 70, 1000.0).samples_uv
    result = measured({"TA_R": ALWAYS, "GM_R": other}, [2000.0, 1000.0], pairs=["TA_R/GM_R"])
    keeps_the_rules(result)
    row = row_of(result, "TA_R/GM_R", "xt_r0")
    assert (row.value, row.status, row.reason) == (None, "not_measured", "UNEQUAL_RATES")
    for name in ("cc_overlap_xt_uv", "imc_low_z"):
        assert row_of(result, "TA_R/GM_R", name).reason == "UNEQUAL_RATES"
    assert row_of(result, "TA_R/GM_R", "cc_overlap_uv").value > 10
    assert row_of(result, "TA_R/GM_R", "coact_frac").value == 1


def test_the_corrected_overlap_takes_a_copy_off_and_leaves_two_muscles_alone():
    strong = scenario("always_active", 3, 65).samples_uv
    copy = {"TA_R": strong, "GM_R": 0.2 * strong + noise_of(8, 65, 2000.0, 1.0)}
    result = measured(copy, 2000.0, pairs=["TA_R/GM_R"])
    plain, left = (row_of(result, "TA_R/GM_R", name) for name in ("cc_overlap_uv", "cc_overlap_xt_uv"))
    assert plain.value == pytest.approx(4.0, rel=0.1)
    assert left.value < 0.15 * plain.value
    assert "CROSSTALK_POSSIBLE" in plain.reason
    alone = {"TA_R": strong, "GM_R": scenario("always_active", 9, 65).samples_uv}
    result = measured(alone, 2000.0, pairs=["TA_R/GM_R"])
    plain, left = (row_of(result, "TA_R/GM_R", name) for name in ("cc_overlap_uv", "cc_overlap_xt_uv"))
    assert left.status == "ok"
    assert left.value == pytest.approx(plain.value, rel=0.02)


def test_coherence_needs_twenty_seconds():
    short = {name: x[:36_000] for name, x in (("TA_R", ALWAYS), ("GM_R", ALWAYS[50_000:]))}
    result = measured(short, 2000.0, pairs=["TA_R/GM_R"])
    row = row_of(result, "TA_R/GM_R", "imc_low_z")
    assert (row.status, row.reason) == ("undeterminable", "TOO_SHORT")
    assert row.used_s < 20


def test_a_silent_antagonist_is_below_the_limit_of_the_pair():
    result = measured({"TA_R": ALWAYS, "GM_R": QUIET}, 2000.0, pairs=["TA_R/GM_R"])
    row = row_of(result, "TA_R/GM_R", "cc_overlap_uv")
    assert row.status == "below_limit"
    assert row.value <= 0.2 * row.floor_uv


def test_falconer_winter_needs_a_reference_and_two_muscles_off_the_floor():
    ends = 0.5 * scenario("always_active", 5, 20).samples_uv
    one, other = np.concatenate([ALWAYS, 3 * ALWAYS[:20_000]]), np.concatenate([0.5 * ALWAYS[::-1], ends[:20_000]])
    marks = [Annotation(0.0, 70.0, "rest"), Annotation(70.0, 10.0, "reference")]
    muscles = {"TA_R": one, "GM_R": other}
    row = row_of(measured(muscles, 2000.0, annotations=marks), "TA_R/GM_R", "cc_fw_pct", "rest")
    assert (row.status, row.reason) == ("not_measured", "NO_REFERENCE")
    row = row_of(measured(muscles, 2000.0, annotations=marks, reference="reference"), "TA_R/GM_R", "cc_fw_pct", "rest")
    # a third of its reference in one, all of it in the other: 2 x 1/3 / (1/3 + 1)
    assert row.value == pytest.approx(50, abs=8)
    assert 0 <= row.value <= 100
    told = {"TA_R": ReferenceLevel(60.0), "GM_R": ReferenceLevel(10.0, ("REFERENCE_LOWER_BOUND",))}
    elsewhere = row_of(measured(muscles, 2000.0, annotations=marks, references=told), "TA_R/GM_R", "cc_fw_pct", "rest")
    assert elsewhere.value == pytest.approx(row.value, abs=8)
    assert (elsewhere.status, elsewhere.reason) == ("flagged", "REFERENCE_LOWER_BOUND")
    refused = {"TA_R": ReferenceLevel(60.0), "GM_R": ReferenceLevel(None, (), "REFERENCE_BELOW_LIMIT")}
    row = row_of(measured(muscles, 2000.0, annotations=marks, references=refused), "TA_R/GM_R", "cc_fw_pct", "rest")
    assert (row.status, row.reason) == ("not_measured", "REFERENCE_BELOW_LIMIT")


def test_removed_lines_are_named_in_the_rows():
    from emgpipe.simulate import mains

    line = mains(140_000, 2000.0, np.random.default_rng(1), rms_uv=40, line_hz=60.0, harmonics=(1, 0, 0.3))
    result = measured({"TA_R": QUIET + line, "GM_R": ALWAYS}, 2000.0, mains_hz=60)
    assert row_of(result, "TA_R", "floor_uv").lines_hz == "60;180"
    assert row_of(result, "GM_R", "floor_uv").lines_hz == ""
    assert row_of(result, "TA_R/GM_R", "cc_overlap_uv").lines_hz == "60;180"
