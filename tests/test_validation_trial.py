"""The trial bench in its short form: what its half-seconds are, that they pass through the package, what it says."""

import numpy as np
import pytest

from emgpipe import array_recording, compute_frames
from emgpipe.detectors.activity import Activity
from emgpipe.detectors.floor import Floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.measures import muscle
from emgpipe.measures.rows import MeasureRow
from emgpipe.measures.settings import MeasureSettings
from emgpipe.measures.views import Judged, MuscleView, Segment
from emgpipe.simulate import band_rms_uv, discharge_times_s, electrode_noise
from emgpipe.simulate.scenarios import gaussian_emg
from emgpipe.summary import StudyRow, subject_rows
from validation import trial

NUMBERS = {scenario.name: number for number, scenario in enumerate(trial.SCENARIOS)}
MUSCLES = ("TA_R", "GM_R", "PSP_L")


def one_by_one(function, arguments):
    return [function(*a) for a in arguments]


@pytest.mark.parametrize("emg_uv", [0.0, 1.5, 6.0])
def test_half_seconds_have_mean_and_spread_of_those_of_full_signals(emg_uv):
    rng, rate_hz, duration_s = np.random.default_rng(4), 2000.0, 300.0
    n = int(duration_s * rate_hz)
    emg = gaussian_emg(n, rate_hz, rng)
    noise = electrode_noise(n, rate_hz, rng, band_rms_uv=1.5, corner_hz=0.0)
    x = emg * emg_uv / band_rms_uv(emg, rate_hz) + noise
    frames = compute_frames(array_recording([x], ["TA_R"], rate_hz), mains_hz=50).channels[0]
    real = np.float64(frames.mean_square).reshape(-1, 40).mean(axis=1)[2:-2]
    made = trial.mean_squares(np.full(20_000, emg_uv**2), np.full(20_000, 1.5), rng, gaussian=True)
    # four standard errors: of a mean of 600, and of a variance of 600 (sqrt(2 / 600) = 6 %)
    assert abs(real.mean() - made.mean()) < 4 * real.std() / np.sqrt(len(real))
    assert real.var() == pytest.approx(made.var(), rel=0.24)


def test_units_fire_as_those_of_the_simulator():
    rng = np.random.default_rng(2)
    times_s = [discharge_times_s(np.full(120, 7.0), 0.5, 0.15, rng) for _ in range(200)]
    real = np.array([np.histogram(t, np.arange(0, 60.5, 0.5))[0] for t in times_s])
    made = trial.discharges(np.full((200, 120), 3.5), rng)
    assert made.mean() == pytest.approx(real.mean(), rel=0.01)
    # a regular train has counts of 3 and 4 and few others: 24,000 of them, variance to 5 %
    assert made.var() == pytest.approx(real.var(), rel=0.05)
    # renewal: variance of the count of a minute is near CV^2 n; four standard errors of two variances of 200
    assert made.sum(1).var() == pytest.approx(real.sum(1).var(), rel=4 * np.sqrt(4 / 200))


def view_of(mean_square, floor_uv):
    frames = trial.half_seconds(mean_square)
    floor = Floor(floor_uv, floor_uv, floor_uv, "device", "high")
    none = np.zeros(len(mean_square), bool)
    activity = Activity(np.ones(len(mean_square), np.int8), lambda: none, lambda: none, 1.5)
    segment = Segment("rest", "rest", 0.0, len(mean_square) * trial.HOP_S)
    return MuscleView(Judged(frames, floor, activity), segment, DetectSettings(), MeasureSettings())


@pytest.mark.parametrize("name", ["high SNR", "low SNR", "1-3 motor units, low SNR, unequal floors"])
def test_the_index_is_that_of_the_measures_and_of_the_summary(name):
    drawn = trial.draw_trials(trial.SCENARIOS[NUMBERS[name]], 0.2, 1, np.random.default_rng(8))
    index = trial.outcomes(drawn)[trial.OURS][0]
    for place in ((0, 0, 0), (9, 1, 2), (15, 0, 1)):
        rows = []
        for k, target in enumerate(MUSCLES):
            power, floor_uv = drawn.mean_square[0][place][k], float(drawn.floor_uv[0][place][k])
            p10_uv = muscle.apdf_p10_uv(view_of(power, floor_uv)).value
            row = MeasureRow("rest", target, "muscle", "apdf_p10_uv", p10_uv, "uV", status="ok")
            rows.append(StudyRow("P", "V", "rest", "", "", "", row))
        told = [r.row.value for r in subject_rows(rows, MUSCLES, trial.OFFSET_UV)]
        # cumulative sums over one visit and over a whole trial round differently
        assert told[0] == pytest.approx(index[place], abs=1e-8)


def test_the_effect_on_drive_is_the_effect_on_the_outcome_where_the_floor_does_not_count():
    loud = trial.Scenario("loud", 1000.0, floor_error=0.0)
    rng = np.random.default_rng(6)
    index = trial.outcomes(trial.draw_trials(loud, 0.3, 60, rng))
    found = trial.headline(index)[..., 0]
    # 60 trials with a standard error of 0.06 each
    assert np.abs(found.mean(axis=1) + 0.3).max() < 4 * 0.06 / np.sqrt(60)


def test_trials_are_the_same_again_and_differ_between_purposes():
    again = [trial.trial_case(0, 0.1, trial.POWER, 3) for _ in range(2)]
    assert np.array_equal(*again)
    assert not np.array_equal(again[0], trial.trial_case(0, 0.1, trial.NULL, 3))


def test_few_null_trials_reject_seldom():
    found = np.concatenate([trial.trial_case(i, 0.0, trial.NULL, c) for i in (0, 5) for c in range(5)], axis=1)
    # of 200 trials 10 are expected; more than 22 come once in 5000 times
    assert trial.rejected(found).sum(axis=1).max() <= 22


def test_with_spasms_the_static_level_sees_what_plain_rms_does_not():
    number = NUMBERS["spasms, high SNR"]
    found = np.concatenate([trial.trial_case(number, 0.3, trial.POWER, c) for c in range(4)], axis=1)
    powers = trial.rejected(found).mean(axis=1)
    # 0.99 and 0.6 of 80 trials
    assert powers[trial.OURS] > 0.9
    assert powers[trial.PLAIN] < 0.8


def made(shares, n=1000):
    """Trials of which the given share of each outcome is rejected, those of ours and plain together."""
    p = np.where(np.arange(n) < np.array(shares)[:, None] * n, 0.01, 0.5)
    return np.stack([np.zeros_like(p), p], axis=-1)


@pytest.mark.parametrize(("share", "holds"), [(0.05, True), (0.039, False), (0.061, False)])
def test_type_one_errors_outside_4_to_6_percent_are_refused(share, holds):
    null = [made([0.05] * 5) for _ in trial.SCENARIOS]
    null[3] = made([share, 0.05, 0.05, 0.05, 0.05])
    assert trial.type_one_check(null).holds is holds


@pytest.mark.parametrize(
    ("name", "shares", "holds", "said"),
    [
        ("high SNR", [0.65, 0.65, 0.6, 0.6, 0.6], True, "yes"),
        ("high SNR", [0.6, 0.65, 0.6, 0.6, 0.66], False, "no: the low quantile"),
        ("high SNR", [0.6, 0.65, 0.6, 0.6, 0.6], False, "no: the error of the floor told"),
        ("low SNR", [0.65, 0.65, 0.6, 0.6, 0.64], False, "no: the low quantile"),
        ("low SNR", [0.85, 0.81, 0.6, 0.8, 0.8], False, "yes"),
    ],
)
def test_power_that_falls_short_or_was_not_comparable_is_said(name, shares, holds, said):
    found = [made([0.75, 0.65, 0.7, 0.7, 0.7]) for _ in trial.SCENARIOS]
    found[NUMBERS[name]] = made(shares)
    check = trial.power_check([0.2] * len(found), found)
    assert check.holds is holds
    assert {row[0]: row[-1] for row in check.rows}[name] == said
    assert (name in check.measured) is not holds


def test_bisection_finds_the_effect_of_the_wanted_power():
    slopes = np.array([1.0, 2.0, 0.1])
    found = trial.bisected(lambda effects: slopes * effects, 3)
    step = trial.LARGEST_EFFECT / 2**trial.BISECTIONS
    assert found == pytest.approx([0.65, 0.325, trial.LARGEST_EFFECT], abs=step)


def test_trials_of_scenarios_come_in_their_order():
    found = trial.run_trials(one_by_one, [0.0, 0.4], trial.CALIBRATION, trial.CHUNK + 1)
    assert [f.shape for f in found] == [(5, 2 * trial.CHUNK, 2)] * 2
    assert np.array_equal(found[1][:, trial.CHUNK :], trial.trial_case(1, 0.4, trial.CALIBRATION, 1))
