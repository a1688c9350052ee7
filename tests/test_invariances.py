"""What must not change a verdict: gain, sign, order, sampling rate, units, gaps, blocks, and running it again."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from emgpipe.detectors.settings import DetectSettings
from emgpipe.filters.settings import ConditionSettings
from emgpipe.frames.heart import Lead, find_heart
from emgpipe.frames.model import GAP, QRS
from emgpipe.frames.reduce import reduce_channel
from emgpipe.frames.runs import RunSamples
from emgpipe.pipeline import compute_frames, measure
from emgpipe.readers import read_recording
from emgpipe.recording import Run, array_recording
from emgpipe.settings import Settings
from emgpipe.simulate import heart_train, mains, scenario
from tests.readers.conftest import File, S, annotation_signal, tal, write
from tests.strategies import frames_of, measured, noise_of, row_of, verdict_of

RATE = 2000.0
BURSTS = scenario("silent_bursts", 1, 60).samples_uv
ALWAYS = scenario("always_active", 2, 60).samples_uv
HALF = scenario("starts_active", 3, 60).samples_uv
HEART = heart_train(len(BURSTS), RATE, np.random.default_rng(4)).samples_uv
SIGNALS = {"bursts": BURSTS, "always": ALWAYS, "half": HALF, "heart": noise_of(5, 60, RATE, 1.3) + HEART}


def scaled_settings(gain):
    """Every setting in µV times the gain."""
    plain = DetectSettings()
    return replace(plain, floor_max_uv=gain * plain.floor_max_uv, floor_min_uv=gain * plain.floor_min_uv)


@settings(max_examples=8, deadline=None)
@given(st.sampled_from(sorted(SIGNALS)), st.floats(-3, 3).map(lambda x: 10.0**x), st.booleans(), st.booleans())
def test_gain_and_sign_change_no_state_where_the_floor_is_scaled_too(name, gain, flipped, device):
    x = SIGNALS[name]
    known = [{"device_uv": g * 1.4} if device else {} for g in (1.0, gain)]
    one = verdict_of(frames_of(x, RATE), **known[0])
    other = verdict_of(frames_of((-gain if flipped else gain) * x, RATE), scaled_settings(gain), **known[1])
    assert other[0].floor_uv == pytest.approx(gain * one[0].floor_uv, rel=1e-4)
    assert (other[0].source, other[0].confidence, other[0].reason) == (one[0].source, one[0].confidence, one[0].reason)
    # float32 rounds each hop by 1e-7: a window at the very threshold may fall to the other side
    assert (other[1].states != one[1].states).mean() <= 8 / len(one[1].states)


@pytest.mark.parametrize("gain", [-1.0, 1e-3, 1e3])
def test_gain_and_sign_change_no_beat_and_no_qrs_hop(gain):
    x = SIGNALS["heart"]
    one, other = (
        compute_frames(array_recording([g * x], ["PSP_L"], RATE, clip_uv=1e7), mains_hz=50).channels[0]
        for g in (1.0, gain)
    )
    assert one.heart.n_beats == other.heart.n_beats > 0
    np.testing.assert_array_equal(one.reasons, other.reasons)
    good = one.reasons == 0
    np.testing.assert_allclose(other.mean_square[good], gain**2 * one.mean_square[good], rtol=1e-3)


def test_polarity_changes_no_row():
    muscles = {"TA_R": BURSTS, "GM_R": ALWAYS, "PSP_L": SIGNALS["heart"]}
    one, other = (measured({m: s * x for m, x in muscles.items()}, RATE) for s in (1, -1))
    assert [(r.target, r.measure, r.status, r.reason) for r in one.rows] == [
        (r.target, r.measure, r.status, r.reason) for r in other.rows
    ]
    for a, b in zip(one.rows, other.rows, strict=True):
        assert (a.value is None) == (b.value is None)
        assert a.value is None or b.value == pytest.approx(a.value, rel=1e-4, abs=1e-6)


def test_the_order_of_trunk_leads_changes_no_verdict():
    heart = SIGNALS["heart"]
    muscles = {"PSP_L": heart, "RA_L": noise_of(6, 60, RATE, 1.5) + 0.4 * HEART, "TA_R": BURSTS}
    one, other = measured(muscles, RATE), measured(dict(reversed(muscles.items())), RATE)
    assert one.judged["PSP_L"].frames.heart.n_beats > 0
    assert sorted(map(repr, one.rows)) == sorted(map(repr, other.rows))
    assert sorted(map(repr, one.intervals)) == sorted(map(repr, other.intervals))


@pytest.mark.parametrize("rate_hz", [1000.0, 1500.0, 3000.0, 4000.0])
@pytest.mark.parametrize("name", ["bursts", "half", "always"])
def test_resampling_changes_the_active_fraction_by_less_than_two_hundredths(name, rate_hz):
    """The device floor is stated: the noise above the band does not survive resampling."""
    x = signal.resample_poly(SIGNALS[name], int(rate_hz), int(RATE))
    one = measured({"TA_R": SIGNALS[name]}, RATE, device_uv={"TA_R": 1.31})
    other = measured({"TA_R": x}, rate_hz, device_uv={"TA_R": 1.31})
    values = [row_of(r, "TA_R", "act_frac").value for r in (one, other)]
    assert values[1] == pytest.approx(values[0], abs=0.02)


def test_a_gap_before_and_after_changes_no_verdict_outside_it():
    recording = array_recording([SIGNALS["heart"], BURSTS], ["PSP_L", "TA_R"], RATE)
    end_s = recording.duration_s
    padded = replace(recording, runs=(Run(20.0, 20.0 + end_s),), duration_s=40.0 + end_s)
    results = [measure(r, compute_frames(r, mains_hz=50), rest=True) for r in (recording, padded)]
    one, other = (r.judged["TA_R"] for r in results)
    skip = round(20.0 / one.frames.hop_s)
    inside = slice(skip, skip + len(one.frames.reasons))
    np.testing.assert_array_equal(other.frames.reasons[inside], one.frames.reasons)
    np.testing.assert_array_equal(other.frames.mean_square[inside], one.frames.mean_square)
    np.testing.assert_array_equal(other.activity.states[inside], one.activity.states)
    assert other.floor.floor_uv == one.floor.floor_uv
    assert (other.frames.reasons[:skip] & GAP).all()
    # a beat half-way between two samples may be rounded to the other one, and take a hop with it
    one, other = (r.judged["PSP_L"] for r in results)
    assert one.frames.heart.n_beats == other.frames.heart.n_beats > 0
    assert (other.frames.reasons[inside] != one.frames.reasons).sum() <= 3
    np.testing.assert_array_equal(other.activity.states[inside], one.activity.states)
    assert (other.frames.reasons[inside] & QRS).any()


NAMES = ("mean_square", "mean_fourth", "low_uv", "high_uv", "reasons", "psd", "line_power", "slow_power")


def test_rerunning_gives_the_same_bits():
    hum = mains(len(BURSTS), RATE, np.random.default_rng(7), rms_uv=10.0)
    recording = array_recording([SIGNALS["heart"] + hum, BURSTS], ["PSP_L", "TA_R"], RATE)
    one, again = (compute_frames(recording, mains_hz=50) for _ in range(2))
    for a, b in zip(one.channels, again.channels, strict=True):
        assert all(getattr(a, n).tobytes() == getattr(b, n).tobytes() for n in NAMES)
        assert (a.heart, a.lines) == (b.heart, b.lines)


def test_reading_in_parts_gives_the_bits_of_reading_at_once():
    """What a reader returns must depend on its bounds alone: parts of a run come from memory or from a file."""
    x = SIGNALS["heart"].astype(np.float32)

    def in_parts(first, stop):
        return np.concatenate([x[a : min(a + 777, stop)] for a in range(first, stop, 777)] or [x[:0]])

    one, other = (
        reduce_channel([RunSamples(0, len(x), read)], len(x), RATE, 50, ConditionSettings())
        for read in (lambda a, b: x[a:b], in_parts)
    )
    assert all(getattr(one, n).tobytes() == getattr(other, n).tobytes() for n in NAMES)


@pytest.mark.parametrize(("unit", "scale"), [("uV", 1.0), ("mV", 1e-3), ("V", 1e-6)])
def test_units_change_nothing_but_the_last_digit(tmp_path, unit, scale):
    """A digital step of 0.1 µV, written in the unit."""
    records = [np.round(BURSTS[k * 2000 : (k + 1) * 2000] / 0.1).astype(int) for k in range(60)]
    edges = tuple(f"{sign * 3200 * scale:g}" for sign in (-1, 1))
    marks = [tal(f"+{k}", "") for k in range(60)]
    channel = S("EMG TA R", unit, edges, ("-32000", "32000"), records)
    recording = read_recording(write(tmp_path, File([channel, annotation_signal(marks, 60)], plus="C")))
    result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    wanted = measured({"TA_R": np.concatenate(records) * 0.1}, RATE)
    for name in ("act_frac", "floor_uv", "rest_rms_uv"):
        assert row_of(result, "TA_R", name).value == pytest.approx(row_of(wanted, "TA_R", name).value, rel=1e-5), name


def test_settings_that_are_not_in_microvolts_stay_out_of_the_gain():
    assert {n for n in Settings().detect.__dataclass_fields__ if n.endswith("_uv")} == {"floor_max_uv", "floor_min_uv"}


@pytest.mark.parametrize("block_s", [1.0, 7.3])
def test_beats_are_the_same_whatever_the_lead_is_read_in(monkeypatch, block_s):
    x = SIGNALS["heart"].astype(np.float32)
    lead = Lead("PSP_L", False, [RunSamples(0, len(x), lambda a, b: x[a:b])], RATE)
    whole = find_heart([lead])
    monkeypatch.setattr("emgpipe.frames.heart.BLOCK_S", block_s)
    assert find_heart([lead]).times_s.tobytes() == whole.times_s.tobytes()
