"""Mains lines: what is taken out, what is left alone, and what it costs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.filters.bandpass import design_band, zero_phase
from emgpipe.filters.mains import find_lines, subtract, track_lines
from emgpipe.filters.settings import ConditionSettings
from emgpipe.simulate import mains, scenario, single_unit
from emgpipe.simulate.scenarios import burst_envelope, gaussian_emg
from tests.strategies import noise_of, seeds

CONDITION = ConditionSettings()
SECONDS = 60
HARMONICS = (1, 0.1, 0.3, 0.05, 0.1)


def cleaned(x, rate_hz, mains_hz, block=None):
    """Band-passed samples without lines, 0.1 s of both ends left out; and the lines."""
    y = zero_phase(x, design_band(rate_hz, CONDITION))
    block = block or len(y)

    def blocks():
        return ((first, y[first : first + block].copy()) for first in range(0, len(y), block))

    lines = find_lines(lambda a, b: y[a:b], len(y), rate_hz, mains_hz, CONDITION)
    track = track_lines(blocks, len(y), rate_hz, mains_hz, lines)
    parts = []
    for first, part in blocks():
        if track is not None:
            subtract(part, first, track)
        parts.append(part)
    edge = round(0.1 * rate_hz)
    return np.concatenate(parts)[edge:-edge], lines


def rms(x):
    return np.sqrt((x**2).mean())


def hum(rate_hz, line_hz, drift_hz, seconds=SECONDS):
    rng = np.random.default_rng(round(1000 * (line_hz + drift_hz)))
    n = round(seconds * rate_hz)
    return mains(n, rate_hz, rng, rms_uv=40, line_hz=line_hz, harmonics=HARMONICS, drift_hz=drift_hz, wander=0.05)


CASES = pytest.mark.parametrize(
    ("rate_hz", "mains_hz", "drift_hz"), [(1000.0, 50, 0.2), (2000.0, 60, 0.2), (2000.0, 50, 0.03), (2048.0, 60, 0.03)]
)


@CASES
def test_a_silent_muscle_under_40_uv_of_mains_reads_its_floor(rate_hz, mains_hz, drift_hz):
    noise = noise_of(1, SECONDS, rate_hz, 2.0)
    y, lines = cleaned(noise + hum(rate_hz, mains_hz + 0.02, drift_hz), rate_hz, mains_hz)
    assert [line.harmonic for line in lines] == [1, 2, 3, 4, 5]
    assert 0.95 < rms(y) / rms(cleaned(noise, rate_hz, mains_hz)[0]) < 1.05


@CASES
def test_a_tonic_muscle_of_20_uv_loses_at_most_1_5_percent(rate_hz, mains_hz, drift_hz):
    emg = 20 * gaussian_emg(round(SECONDS * rate_hz), rate_hz, np.random.default_rng(2))
    x = emg + noise_of(1, SECONDS, rate_hz, 2.0)
    y, lines = cleaned(x + hum(rate_hz, mains_hz + 0.02, drift_hz), rate_hz, mains_hz)
    assert lines
    assert rms(y) / rms(cleaned(x, rate_hz, mains_hz)[0]) == pytest.approx(1, abs=0.015)


@CASES
def test_nothing_rings_after_a_burst(rate_hz, mains_hz, drift_hz):
    rng = np.random.default_rng(3)
    n = round(SECONDS * rate_hz)
    envelope, bursts = burst_envelope(n, rate_hz, rng)
    x = noise_of(1, SECONDS, rate_hz, 2.0) + 40 * envelope * gaussian_emg(n, rate_hz, rng)
    y, _ = cleaned(x + hum(rate_hz, mains_hz + 0.02, drift_hz), rate_hz, mains_hz)
    plain, _ = cleaned(x, rate_hz, mains_hz)
    # from 30 ms on the band-pass itself has settled
    after = [slice(round((stop - 0.07) * rate_hz), round((stop + 0.3) * rate_hz)) for _, stop in bursts]
    left, without = (np.concatenate([z[a] for a in after]) for z in (y, plain))
    assert rms(left) / rms(without) < 1.1
    assert max(rms(y[a]) for a in after) < 1.5 * rms(without)


@pytest.mark.parametrize("mains_hz", [50, 60])
@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0])
def test_nothing_is_taken_where_there_is_no_line(rate_hz, mains_hz):
    signals = [noise_of(s, 30, rate_hz, 2.0, corner_hz=c) for s, c in ((1, 0.0), (2, 50.0))]
    signals += [scenario(name, 4, 30, rate_hz).samples_uv for name in ("always_active", "silent_bursts", "low_tonic")]
    for rate in (5.0, 8.0, 10.0, mains_hz / 4):
        unit = single_unit(5, 30, rate_hz, discharge_hz=rate, rms_uv=10)
        signals.append(unit.samples_uv + noise_of(6, 30, rate_hz, 1.0))
    for x in signals:
        y, lines = cleaned(x, rate_hz, mains_hz)
        assert lines == ()
        edge = round(0.1 * rate_hz)
        assert np.array_equal(y, zero_phase(x, design_band(rate_hz, CONDITION))[edge:-edge])


def test_a_strong_line_that_drifts_leaves_the_floor_too():
    """A cell is no whole cycle of a line that drifts: what the first pass leaves of 400 µV, the second takes."""
    noise, rng = noise_of(1, SECONDS, 2000.0, 2.0), np.random.default_rng(3)
    line = mains(len(noise), 2000.0, rng, rms_uv=400, line_hz=50.02, harmonics=(1, 0.1, 0.3), drift_hz=0.2)
    y, _ = cleaned(noise + line, 2000.0, 50)
    assert rms(y) / rms(cleaned(noise, 2000.0, 50)[0]) == pytest.approx(1, abs=0.03)


def test_a_line_that_was_found_is_named_with_its_frequency_and_level():
    x = noise_of(1, 30, 2000.0, 2.0) + hum(2000.0, 50.1, 0.0, seconds=30)
    lines = cleaned(x, 2000.0, 50)[1]
    assert [round(line.frequency_hz, 1) for line in lines[:3]] == [50.1, 100.2, 150.3]
    # the amplitude wanders by 5 %
    assert lines[0].rms_uv == pytest.approx(40, rel=0.1)


@settings(max_examples=5, deadline=None)
@given(st.integers(300, 20000))
def test_blocks_of_any_length_give_the_whole_run(block):
    rate_hz = 1000.0
    x = noise_of(1, 20, rate_hz, 2.0) + hum(rate_hz, 50.05, 0.1, seconds=20)
    assert np.abs(cleaned(x, rate_hz, 50, block)[0] - cleaned(x, rate_hz, 50)[0]).max() < 0.02


@settings(max_examples=5, deadline=None)
@given(seeds, st.sampled_from([1e-3, 0.1, 10.0, 1e3]), st.sampled_from([-1, 1]))
def test_gain_and_polarity_change_nothing_else(seed, gain, sign):
    rate_hz = 1000.0
    x = noise_of(seed, 20, rate_hz, 2.0) + hum(rate_hz, 60.05, 0.1, seconds=20)
    y, lines = cleaned(x, rate_hz, 60)
    scaled, same = cleaned(sign * gain * x, rate_hz, 60)
    assert [line.harmonic for line in same] == [line.harmonic for line in lines]
    # 1e-9 µV² keeps weights finite in silence: at 2 nV of noise that is a part in 4000
    assert np.abs(scaled / (sign * gain) - y).max() < 2e-3


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.3, 1.9])
def test_a_run_too_short_to_tell_is_left_as_it_is(seconds):
    x = hum(1000.0, 50, 0.0, seconds=2)[: round(seconds * 1000)]
    assert find_lines(lambda a, b: x[a:b], len(x), 1000.0, 50, CONDITION) == ()


@pytest.mark.parametrize(("rate_hz", "mains_hz"), [(2000.0, 60), (1000.0, 60), (2048.0, 50), (2144.57, 60)])
@pytest.mark.parametrize("present", [(1,), (1, 3), (1, 2, 3, 5)])
def test_a_line_is_not_seen_a_second_time_at_a_harmonic_that_is_not_there(rate_hz, mains_hz, present):
    """A cell of 33 samples is no whole cycle of 60 Hz at 2000 Hz: the line is mirrored to 120.6 Hz."""
    shares = [1.0 if k in present else 0.0 for k in range(1, 6)]
    n = round(30 * rate_hz)
    line = mains(n, rate_hz, np.random.default_rng(4), rms_uv=40, line_hz=mains_hz + 0.01, harmonics=shares)
    lines = cleaned(noise_of(1, 30, rate_hz, 1.0) + line, rate_hz, mains_hz)[1]
    assert tuple(line.harmonic for line in lines) == present
