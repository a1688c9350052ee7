"""From leads to beats to hops: which lead tells the heart, what is removed from which channel, and what is said."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.detectors.witnesses import usable_hops
from emgpipe.frames.heart import OTHER_QRS_S, QRS_S, Heartbeats, Lead, find_heart, mark_qrs, run_beats
from emgpipe.frames.model import GAP, QRS
from emgpipe.pipeline import compute_frames, pair_covariances
from emgpipe.recording import Run, array_recording
from emgpipe.simulate import band_rms_uv, electrode_noise, heart_train, single_unit
from emgpipe.simulate.scenarios import gaussian_emg
from tests import naive
from tests.strategies import frames_of, measured, noise_of, row_of, run_of, seeds

RATE = 1000.0
DECLARED, TRUNK = True, False


def heart_of(seed, seconds, rate_hz, **more):
    return heart_train(round(seconds * rate_hz), rate_hz, np.random.default_rng([seed, 4]), **more)


def emg_of(seed, seconds, rate_hz, band_uv):
    x = gaussian_emg(round(seconds * rate_hz), rate_hz, np.random.default_rng([seed, 5]))
    return band_uv / band_rms_uv(x, rate_hz) * x


def plain_lead(seed, seconds=60, rate_hz=RATE, emg_uv=0.0):
    x = noise_of([seed, 6], seconds, rate_hz, 1.3, 10.0)
    return x + emg_of(seed, seconds, rate_hz, emg_uv) if emg_uv else x


def leads(*told, rate_hz=RATE):
    return [Lead(f"L{i}", declared, [run_of(x)], rate_hz) for i, (declared, x) in enumerate(told)]


def sure(heart, train, within_s):
    """Sensitivity and positive predictive value."""
    near = np.abs(heart.times_s[:, None] - train.beats_s) <= within_s
    return near.any(0).mean(), near.any(1).mean()


CASES = [
    (500.0, 100.0, 0.0, 50.0), (500.0, 300.0, 20.0, 130.0), (1000.0, 100.0, 1.0, 130.0), (1000.0, 200.0, 20.0, 70.0),
    (2048.0, 100.0, 10.0, 100.0), (2048.0, 300.0, 20.0, 50.0), (4000.0, 100.0, 20.0, 70.0), (4000.0, 200.0, 0.0, 130.0),
]  # fmt: skip


@pytest.mark.parametrize(("rate_hz", "peak_uv", "emg_uv", "beats_per_min"), CASES)
def test_beats_are_found_within_10_ms_and_nothing_else_is(rate_hz, peak_uv, emg_uv, beats_per_min):
    train = heart_of(1, 90, rate_hz, peak_uv=peak_uv, beats_per_min=beats_per_min, ectopic_share=0.0)
    x = plain_lead(1, 90, rate_hz, emg_uv) + train.samples_uv
    heart = find_heart(leads((TRUNK, x), rate_hz=rate_hz))
    assert heart.why == ""
    # the mean beat is centred on where its energy is, not on R
    lag_s = np.median([heart.times_s[np.abs(heart.times_s - t).argmin()] - t for t in train.beats_s])
    assert abs(lag_s) < 0.01
    inner = replace(heart, times_s=heart.times_s - lag_s)
    sensitivity, predictive = sure(inner, train, 0.01)
    ends = 2 / len(train.beats_s)
    assert sensitivity >= 0.98 - ends
    assert predictive >= 0.98


@pytest.mark.parametrize(
    ("rate_hz", "peak_uv", "emg_uv", "beats_per_min"),
    [
        (1000.0, 300.0, 0.0, 70.0),
        (2048.0, 200.0, 10.0, 130.0),
        (2048.0, 300.0, 20.0, 50.0),
        (1000.0, 100.0, 1.0, 100.0),
    ],
)
def test_usable_hops_read_as_without_the_heart_and_qrs_hops_are_few(rate_hz, peak_uv, emg_uv, beats_per_min):
    plain = plain_lead(2, 90, rate_hz, emg_uv)
    train = heart_of(2, 90, rate_hz, peak_uv=peak_uv, beats_per_min=beats_per_min)
    one, other = (
        compute_frames(array_recording([x], ["PSP_L"], rate_hz), mains_hz=50).channels[0]
        for x in (plain + train.samples_uv, plain)
    )
    good = usable_hops(one)
    power = [f.mean_square[good].mean(dtype=np.float64) for f in (one, other)]
    assert np.sqrt(power[0] / power[1]) == pytest.approx(1, abs=0.02)
    assert ((one.reasons & QRS) != 0).mean() <= 0.13 * beats_per_min / 60 + 0.02
    assert not (other.reasons & QRS).any()
    assert one.heart.residual < 1.3
    assert one.heart.n_beats >= 0.9 * (~train.ectopic).sum()
    assert one.heart.per_minute == pytest.approx(60 * (~train.ectopic).sum() / 90, rel=0.05)


@pytest.mark.parametrize("kind", ["noise", "tonic", "unit 6", "unit 10", "bursts"])
def test_a_trunk_lead_without_a_heart_keeps_every_sample(kind):
    """Bit by bit the frames of a limb lead, where no heart is looked for."""
    t = np.arange(60_000) / RATE
    x = {
        "tonic": emg_of(3, 60, RATE, 20.0),
        "bursts": emg_of(3, 60, RATE, 40.0) * (np.sin(2 * np.pi * 1.2 * t + 0.5 * np.sin(t)) > 0.8),
    }.get(kind, np.zeros(60_000))
    if kind.startswith("unit"):
        x = single_unit(3, 60, RATE, discharge_hz=float(kind[5:]), rms_uv=20.0).samples_uv
    x = x + plain_lead(3)
    frames = compute_frames(array_recording([x, x], ["PSP_L", "TA_L"], RATE), mains_hz=50)
    trunk, limb = frames.channels
    assert trunk.heart.n_beats == 0
    assert trunk.heart.why
    assert limb.heart is None
    for name in ("mean_square", "reasons", "psd", "slow_power"):
        assert getattr(trunk, name).tobytes() == getattr(limb, name).tobytes(), name


def slow_unit(seed, seconds=90):
    """A unit that fires twice a second, evenly: on one lead it looks like a heart."""
    return single_unit(seed, seconds, RATE, discharge_hz=2.0, isi_cv=0.05, rms_uv=20.0).samples_uv


def test_a_motor_unit_that_fires_twice_a_second_on_one_trunk_lead_is_no_heart():
    alone = find_heart(leads((TRUNK, slow_unit(4) + plain_lead(4, 90))))
    assert alone.why == ""
    both = find_heart(leads((TRUNK, slow_unit(4) + plain_lead(4, 90)), (TRUNK, plain_lead(5, 90))))
    assert both.why == "no second lead confirms them"
    assert both.doubtful
    assert len(both.times_s) == 0


def test_a_heart_on_two_trunk_leads_is_confirmed_even_where_it_is_small():
    train = heart_of(6, 90, RATE)
    x, y = train.samples_uv + plain_lead(6, 90), -0.15 * train.samples_uv + plain_lead(7, 90)
    for told in (leads((TRUNK, x), (TRUNK, y)), leads((TRUNK, y), (TRUNK, x))):
        heart = find_heart(told)
        assert heart.why == ""
        assert sure(heart, train, 0.03)[1] >= 0.98


def test_an_ecg_lead_tells_the_beats_before_any_trunk_lead():
    train = heart_of(8, 90, RATE)
    unit = slow_unit(8) + plain_lead(8, 90)
    heart = find_heart(leads((TRUNK, unit), (DECLARED, 5 * train.samples_uv + plain_lead(9, 90))))
    assert (heart.source, heart.declared, heart.why) == ("L1", True, "")
    assert sure(heart, train, 0.03)[1] >= 0.98


@pytest.mark.parametrize("dead", [np.zeros(90_000), np.full(90_000, 300.0), noise_of(10, 90, RATE, 3.0)])
def test_an_ecg_lead_that_shows_nothing_leaves_the_beats_to_the_trunk_leads(dead):
    train = heart_of(11, 90, RATE)
    x, y = train.samples_uv + plain_lead(11, 90), 0.5 * train.samples_uv + plain_lead(12, 90)
    heart = find_heart(leads((DECLARED, dead), (TRUNK, x), (TRUNK, y)))
    assert (heart.declared, heart.why) == (False, "")
    assert heart.source in ("L1", "L2")
    assert sure(heart, train, 0.03)[0] >= 0.9


def test_no_lead_is_no_heart_and_no_answer():
    assert find_heart([]) is None


def recorded(muscles, ecg_uv=None, rate_hz=RATE, **more):
    """A recording of muscles, and of an ECG lead where there is one."""
    arrays, labels = list(muscles.values()), list(muscles)
    kinds = ["emg"] * len(arrays)
    if ecg_uv is not None:
        arrays, labels, kinds = [*arrays, ecg_uv], [*labels, "ECG"], [*kinds, "ecg"]
    return array_recording(arrays, labels, rate_hz, kinds=kinds, **more)


def test_limb_leads_are_looked_through_only_with_an_ecg_lead():
    train = heart_of(13, 90, RATE, ectopic_share=0.0)
    far = plain_lead(13, 90) + 0.2 * train.samples_uv
    trunk = plain_lead(14, 90) + train.samples_uv
    without = compute_frames(recorded({"PSP_L": trunk, "VL_L": far}), mains_hz=50)
    assert without.channel("PSP_L").heart.n_beats > 80
    assert without.channel("VL_L").heart is None
    assert not (without.channel("VL_L").reasons & QRS).any()
    told = compute_frames(recorded({"PSP_L": trunk, "VL_L": far}, 5 * train.samples_uv), mains_hz=50)
    for muscle in ("PSP_L", "VL_L"):
        assert told.channel(muscle).heart.source == "ECG"
        assert told.channel(muscle).heart.n_beats > 80
    bare = compute_frames(recorded({"VL_L": plain_lead(13, 90)}, 5 * train.samples_uv), mains_hz=50).channels[0]
    assert bare.heart.n_beats == 0
    assert bare.heart.why == ""
    assert not (bare.reasons & QRS).any()


def test_a_refused_ecg_lead_is_not_asked():
    train = heart_of(15, 90, RATE)
    recording = recorded({"PSP_L": plain_lead(15, 90) + train.samples_uv}, 5 * train.samples_uv)
    signals = [replace(s, refused="UNIT_UNKNOWN") if s.kind == "ecg" else s for s in recording.signals]
    frames = compute_frames(replace(recording, signals=tuple(signals)), mains_hz=50)
    assert frames.channel("PSP_L").heart.source == "PSP_L"
    assert frames.channel("PSP_L").heart.n_beats > 80


@pytest.mark.parametrize("rate_hz", [125.0, 250.0, 512.0])
def test_an_ecg_lead_may_be_slower_than_the_muscles(rate_hz):
    train = heart_of(16, 90, 2000.0, ectopic_share=0.0)
    slow = np.interp(np.arange(round(90 * rate_hz)) / rate_hz, np.arange(180_000) / 2000, 5 * train.samples_uv)
    muscle = plain_lead(16, 90, 2000.0, 10.0)
    recording = recorded({"PSP_L": muscle + train.samples_uv}, slow, [2000.0, rate_hz])
    channel = compute_frames(recording, mains_hz=50).channels[0]
    assert channel.heart.source == "ECG"
    assert channel.heart.n_beats >= len(train.beats_s) - 3
    assert channel.heart.residual < 1.3


@pytest.mark.parametrize("samples", [0, 1, 40, 3000])
def test_a_trunk_lead_of_next_to_nothing_has_no_heart_and_no_number(samples):
    result = measured({"PSP_L": np.zeros(samples)}, RATE)
    assert {r.value for r in result.rows} == {None}
    assert all(r.reason for r in result.rows)


def with_gaps(x, rate_hz, parts):
    """Parts of a lead `(start, stop)` in seconds, in their places."""
    return [run_of(x[round(a * rate_hz) : round(b * rate_hz)], round(a * rate_hz)) for a, b in parts]


def test_beats_stand_at_their_own_time_right_after_a_gap():
    rate_hz = 2048.0
    train = heart_of(17, 100, rate_hz, ectopic_share=0.0)
    x = train.samples_uv + plain_lead(17, 100, rate_hz)
    parts = [(0.0, 30.0), (41.3, 60.0), (60.1, 60.4), (71.7, 100.0)]
    heart = find_heart([Lead("PSP_L", TRUNK, with_gaps(x, rate_hz, parts), rate_hz)])
    assert heart.why == ""
    recorded_s = [t for t in train.beats_s if any(a + 0.2 < t < b - 0.2 for a, b in parts)]
    lag_s = np.median([heart.times_s[np.abs(heart.times_s - t).argmin()] - t for t in recorded_s])
    near = np.abs(heart.times_s[:, None] - lag_s - np.array(recorded_s)) < 0.01
    assert near.any(0).mean() >= 0.98
    assert all(any(a <= t <= b for a, b in parts) for t in heart.times_s)
    first_s = min(t for t in recorded_s if t > 71.7)
    assert np.abs(heart.times_s - lag_s - first_s).min() < 0.01


def test_a_run_shorter_than_a_beat_is_reduced_with_the_others():
    rate_hz = 1000.0
    train = heart_of(18, 60, rate_hz)
    x = train.samples_uv + plain_lead(18, 60, rate_hz)
    whole = array_recording([np.concatenate([x[:40_000], x[50_000:50_250], x[52_000:]])], ["PSP_L"], rate_hz)
    recording = replace(whole, runs=(Run(0.0, 40.0), Run(50.0, 50.25), Run(52.0, 60.0)), duration_s=60.0)
    channel = compute_frames(recording, mains_hz=50).channels[0]
    assert channel.heart.n_beats > 30
    time_s = np.arange(len(channel.reasons)) * channel.hop_s
    gap = (time_s > 40) & (time_s < 50 - channel.hop_s)
    assert (channel.reasons[gap] & GAP != 0).all()
    assert np.isfinite(channel.mean_square[(channel.reasons & GAP) == 0]).all()


def test_beats_of_a_run_are_samples_from_its_own_start():
    heart = Heartbeats(np.array([0.5, 1.0, 2.0, 2.999, 3.0]), np.zeros(0), 0.0, "L", declared=True)
    assert run_beats(heart, run_of(np.zeros(2000), 1000), 1000.0).tolist() == [0, 1000, 1999]
    assert run_beats(heart, run_of(np.zeros(0), 1000), 1000.0).tolist() == []


beats_s = st.lists(st.floats(-0.5, 4.5), max_size=6).map(sorted).map(np.array)


@settings(max_examples=40, deadline=None)
@given(beats_s, beats_s, st.sampled_from([500.0, 1000.0, 2048.0]), st.floats(0, 4), st.floats(0, 4))
def test_qrs_hops_are_those_of_a_loop_over_samples(common_s, others_s, rate_hz, a, b):
    common_s, others_s = common_s.astype(float), others_s.astype(float)
    hop, n_hops = int(0.0125 * rate_hz + 0.5), 300
    heart = Heartbeats(common_s, others_s, 0.0, "L", declared=False)
    reasons = np.full(n_hops, GAP, np.uint16)
    mark_qrs(reasons, heart, [(min(a, b), max(a, b))], rate_hz, hop)
    shown = [(t, *reach) for times, reach in ((common_s, QRS_S), (others_s, OTHER_QRS_S)) for t in times.tolist()
             if min(a, b) <= t <= max(a, b)]  # fmt: skip
    wanted = naive.qrs_hops(n_hops, hop, rate_hz, shown)
    np.testing.assert_array_equal(reasons, GAP | np.where(wanted, QRS, 0))


def test_a_hop_is_qrs_from_the_half_of_it_on():
    heart = Heartbeats(np.array([1.0]), np.zeros(0), 0.0, "L", declared=False)
    reasons = np.zeros(160, np.uint16)
    mark_qrs(reasons, heart, [(0.0, 2.0)], 1000.0, 20)
    # samples 950 to 1080: hop 47 (940-960) holds half of itself, hop 54 (1080-1100) nothing
    assert np.flatnonzero(reasons).tolist() == list(range(47, 54))
    outside = np.zeros(160, np.uint16)
    mark_qrs(outside, heart, [(1.01, 2.0)], 1000.0, 20)
    assert not outside.any()


def test_an_uneven_heart_is_removed_or_flagged_and_never_left_in_silence():
    for seed in range(3):
        train = heart_of(seed, 90, RATE, interval_cv=0.25, beats_per_min=90.0, ectopic_share=0.0)
        result = measured({"PSP_L": plain_lead(seed, 90) + train.samples_uv}, RATE)
        row = row_of(result, "PSP_L", "act_frac")
        told = result.judged["PSP_L"].frames.heart
        assert told.n_beats > 0.9 * len(train.beats_s) or "ECG_NOT_REMOVED" in row.reason
        assert row.value is None or row.value < 0.02 or row.status == "flagged"


def test_the_heart_in_a_silent_trunk_lead_makes_no_activity_and_no_gap():
    train = heart_of(19, 90, 2000.0, beats_per_min=80.0)
    result = measured({"PSP_L": plain_lead(19, 90, 2000.0) + train.samples_uv}, 2000.0)
    assert row_of(result, "PSP_L", "act_frac").value < 0.01
    assert row_of(result, "PSP_L", "longest_silence_s").value == pytest.approx(90, abs=0.1)
    assert row_of(result, "PSP_L", "gaps_per_min").value == 0


def test_a_pair_is_correlated_without_the_heart_that_both_share():
    train = heart_of(20, 60, RATE)
    muscles = {m: plain_lead(20 + i, 60) + train.samples_uv for i, m in enumerate(("PSP_L", "RA_L"))}
    recording = recorded(muscles)
    frames = compute_frames(recording, mains_hz=50)
    found = pair_covariances(recording, frames, [("PSP_L", "RA_L")])["PSP_L", "RA_L"]
    assert np.nanmedian(np.abs(found.r).max(1)) < 0.2


@settings(max_examples=3, deadline=None)
@given(seeds)
def test_the_same_samples_give_the_same_frames(seed):
    rng = np.random.default_rng(seed)
    train = heart_train(30_000, RATE, rng)
    x = train.samples_uv + electrode_noise(30_000, RATE, rng, band_rms_uv=1.3)
    one, other = (compute_frames(array_recording([x], ["PSP_L"], RATE), mains_hz=50).channels[0] for _ in range(2))
    for name in ("mean_square", "mean_fourth", "reasons", "psd", "slow_power", "line_power"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    assert one.heart == other.heart


def test_frames_made_without_a_look_for_beats_say_so():
    assert frames_of(plain_lead(21), RATE).heart is None


def test_an_ecg_lead_in_doubt_keeps_its_doubt_where_trunk_leads_know_no_better():
    train = heart_of(22, 90, RATE, beats_per_min=170.0, ectopic_share=0.0)
    fast = 5 * train.samples_uv + plain_lead(22, 90)
    assert find_heart(leads((DECLARED, fast))).doubtful
    heart = find_heart(leads((DECLARED, fast), (TRUNK, plain_lead(23, 90))))
    assert heart.why
    assert heart.doubtful
