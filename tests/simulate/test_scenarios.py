"""The eight scenarios keep their promises."""

import numpy as np
import pytest

from emgpipe.errors import SettingsError
from emgpipe.simulate import SCENARIOS, band_rms_uv, scenario

TRUE_FRACTION = {
    "always_active": 1.0,
    "tonic_plus_spasms": 1.0,
    "low_tonic": 1.0,
    "starts_active": 0.5,
    "ends_active": 0.5,
    "silent": 0.0,
    "silent_ecg": 0.0,
}


@pytest.mark.parametrize(("name", "fraction"), TRUE_FRACTION.items())
def test_active_fraction_is_the_one_of_the_table(name, fraction):
    assert scenario(name, seed=2, duration_s=20).active_fraction == fraction


def test_every_scenario_is_in_the_table():
    assert set(SCENARIOS) == {*TRUE_FRACTION, "silent_bursts"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not(name):
    first, again, other = (scenario(name, seed, duration_s=9) for seed in (4, 4, 5))
    assert np.array_equal(first.samples_uv, again.samples_uv)
    assert not np.array_equal(first.samples_uv, other.samples_uv)


@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0, 2048.0])
def test_rms_over_all_frequencies_does_not_depend_on_the_rate(rate_hz):
    channel = scenario("low_tonic", seed=1, duration_s=30, rate_hz=rate_hz)
    assert np.sqrt(np.mean(channel.clean_uv**2)) == pytest.approx(4.0, rel=1e-9)
    noise_uv = channel.samples_uv - channel.clean_uv
    # SD of the RMS of n white samples: 1 / sqrt(2 n); five of them
    assert np.sqrt(np.mean(noise_uv**2)) == pytest.approx(2.0, rel=5 / np.sqrt(2 * len(noise_uv)))


@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0])
def test_the_true_floor_is_the_rms_of_the_noise_in_the_band(rate_hz):
    channel = scenario("silent", seed=3, rate_hz=rate_hz)
    # 430 Hz x 90 s are 77400 degrees of freedom: SD 0.25 %
    assert band_rms_uv(channel.samples_uv, rate_hz) == pytest.approx(channel.floor_uv, rel=0.0125)


def test_the_mask_is_exact_to_the_sample():
    channel = scenario("silent_bursts", seed=1)
    inside = channel.active.scaled(channel.rate_hz).pairs.round()
    mask = np.zeros(len(channel.samples_uv), bool)
    for start, stop in inside.astype(int):
        mask[start:stop] = True
    assert np.array_equal(mask, channel.envelope_uv > 0)
    assert np.array_equal(mask, channel.clean_uv != 0)


def test_bursts_leave_silence_before_between_and_after():
    for seed in range(5):
        channel = scenario("silent_bursts", seed)
        pairs, sample_s = channel.events.pairs, 1 / channel.rate_hz
        assert channel.events == channel.active
        assert pairs[0, 0] == 5.0
        assert pairs[-1, 1] < channel.duration_s - 1
        lengths, gaps = pairs[:, 1] - pairs[:, 0], pairs[1:, 0] - pairs[:-1, 1]
        assert 0.5 - sample_s <= lengths.min() <= lengths.max() <= 2 + sample_s
        assert 1 - sample_s <= gaps.min() <= gaps.max() <= 4 + sample_s


def test_heart_beats_stand_out_where_they_are_said_to_be():
    channel = scenario("silent_ecg", seed=1)
    assert 60 < len(channel.beats_s) / 1.5 < 80
    at = (channel.beats_s * channel.rate_hz).round().astype(int)
    # the R wave is 100 µV less a few of its neighbours' tails, under 2 µV of noise
    assert channel.samples_uv[at].min() > 80
    assert not channel.clean_uv.any()


def test_an_unknown_scenario_is_refused_with_the_names():
    with pytest.raises(SettingsError, match=r"SCENARIO_UNKNOWN.*'quiet'.*silent_bursts"):
        scenario("quiet", seed=1)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_duration_or_rate_that_cannot_be_is_refused(value):
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        scenario("silent", seed=1, duration_s=value)
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        scenario("silent", seed=1, rate_hz=value)
