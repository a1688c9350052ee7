"""Motor units fire as they are told, and their potentials look like those of a muscle."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.simulate import (
    band_rms_uv,
    discharge_rates_hz,
    discharge_times_s,
    draw_pool,
    pool_discharges_s,
    scaled_to_band_rms,
    single_unit,
    surface_emg,
)
from emgpipe.simulate.muap import add_discharges, draw_shapes, unit_templates


def mean_frequency_hz(samples, rate_hz):
    power = np.abs(np.fft.rfft(samples)) ** 2
    return (power * np.fft.rfftfreq(len(samples), 1 / rate_hz)).sum() / power.sum()


@pytest.mark.parametrize("discharge_hz", [5.0, 6.0, 8.0, 10.0])
def test_one_unit_fires_at_its_rate_with_its_variability(discharge_hz):
    unit = single_unit(seed=1, duration_s=600, rate_hz=1000, discharge_hz=discharge_hz, isi_cv=0.15)
    intervals_s = np.diff(unit.discharges_s)
    n = len(intervals_s)
    # SD of a mean of n intervals: CV / sqrt(n); of a CV: CV / sqrt(2 n); four of each
    assert intervals_s.mean() == pytest.approx(1 / discharge_hz, rel=4 * 0.15 / np.sqrt(n))
    assert intervals_s.std() / intervals_s.mean() == pytest.approx(0.15, rel=4 / np.sqrt(2 * n))


@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0, 4096.0])
def test_one_unit_has_the_wanted_rms_in_the_band_at_any_rate(rate_hz):
    unit = single_unit(seed=2, duration_s=10, rate_hz=rate_hz, rms_uv=7.0)
    assert band_rms_uv(unit.samples_uv, rate_hz) == pytest.approx(7.0, rel=1e-12)


def test_the_same_seed_gives_the_same_unit():
    first, again, other = (single_unit(seed, duration_s=5) for seed in (1, 1, 2))
    assert np.array_equal(first.samples_uv, again.samples_uv)
    assert not np.array_equal(first.samples_uv, other.samples_uv)


@given(st.floats(1.0, 60.0), st.floats(0.0, 0.4), st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_no_discharge_follows_another_within_20_ms(discharge_hz, isi_cv, seed):
    times_s = discharge_times_s(np.full(200, discharge_hz), 0.1, isi_cv, np.random.default_rng(seed))
    assert (np.diff(times_s) > 0.020 - 1e-9).all()
    assert ((times_s >= 0) & (times_s < 20)).all()


def test_a_unit_is_silent_where_its_rate_is_zero():
    rates_hz = np.repeat([10.0, 0.0, 10.0], 100)
    times_s = discharge_times_s(rates_hz, 0.1, 0.1, np.random.default_rng(1))
    assert not ((times_s > 10.02) & (times_s < 20)).any()
    assert 95 < (times_s < 10).sum() < 105
    assert len(discharge_times_s(np.zeros(5), 0.1, 0.1, np.random.default_rng(1))) == 0


def test_units_are_recruited_in_order_and_capped():
    pool = draw_pool(np.random.default_rng(1))
    rates_hz = discharge_rates_hz(pool, np.linspace(0, 1, 201))
    recruited = (rates_hz > 0).sum(axis=0)
    assert recruited[0] == 0
    assert recruited[-1] == 120
    assert (np.diff(recruited) >= 0).all()
    assert all((rates_hz[:k, j] > 0).all() for j, k in enumerate(recruited))
    assert (np.diff(rates_hz, axis=1) >= 0).all()
    first = rates_hz[rates_hz > 0]
    assert 5.0 <= first.min() < 5.5
    # 45 Hz for a unit without threshold, 35 Hz for the last
    assert rates_hz[-1].max() == pytest.approx(35.0)
    assert 44 < rates_hz[0].max() < 45


def test_excitation_outside_0_to_1_is_refused():
    pool = draw_pool(np.random.default_rng(1), n_units=5)
    for wrong in (-0.1, 1.1, np.nan):
        with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
            discharge_rates_hz(pool, np.array([0.5, wrong]))


def test_shallow_units_are_faster_than_deep_ones_and_all_are_in_the_range_of_surface_emg():
    means_hz = []
    for depth_mm in (4.0, 15.0):
        templates = unit_templates(draw_shapes(40, np.random.default_rng(1), depth_mm=(depth_mm, depth_mm)), 2000.0)
        means_hz.append(np.mean([mean_frequency_hz(u[:: templates.oversampling], 2000.0) for u in templates.fine_uv]))
    assert 150 < means_hz[0] < 200
    assert 80 < means_hz[1] < 100


@pytest.mark.parametrize("excitation", [0.03, 0.1, 0.25])
def test_interference_emg_has_a_mean_frequency_of_90_to_200_hz(excitation):
    rng = np.random.default_rng(3)
    pool = draw_pool(rng)
    trains_s = pool_discharges_s(pool, np.full(200, excitation), 0.1, rng)
    assert 90 < mean_frequency_hz(surface_emg(pool.shapes, trains_s, 40000, 2000.0), 2000.0) < 200


def test_a_potential_between_samples_is_the_shifted_potential():
    """Against the exact shift by Fourier's theorem; linear steps of 25 µs err by 0.1 % at 450 Hz."""
    shapes = draw_shapes(1, np.random.default_rng(2), depth_mm=(5.0, 5.0))
    for rate_hz in (1000.0, 2048.0):
        templates = unit_templates(shapes, rate_hz)
        n = int(rate_hz / 4)
        on_grid = add_discharges(np.zeros(n), templates, 0, np.array([50 / rate_hz]))
        between = add_discharges(np.zeros(n), templates, 0, np.array([50.37 / rate_hz]))
        shift = np.exp(-2j * np.pi * np.fft.rfftfreq(n) * 0.37)
        expected = np.fft.irfft(np.fft.rfft(on_grid) * shift, n)
        assert np.abs(between - expected).max() < 2e-3 * np.abs(expected).max()


def test_the_same_unit_sampled_at_two_rates_is_one_signal():
    fast = single_unit(seed=4, duration_s=4, rate_hz=4000, depth_mm=(8.0, 8.0))
    slow = single_unit(seed=4, duration_s=4, rate_hz=2000, depth_mm=(8.0, 8.0))
    assert np.array_equal(fast.discharges_s, slow.discharges_s)
    # tendons are cut to the fine grid, which differs by 0 to 0.1 mm of 70 mm
    assert np.abs(fast.samples_uv[::2] - slow.samples_uv).max() < 5e-3 * np.abs(slow.samples_uv).max()


def test_the_end_of_a_fibre_is_felt_when_the_wave_gets_there():
    long = draw_shapes(1, np.random.default_rng(1), depth_mm=(8.0, 8.0))
    short = replace(long, tendon_mm=np.minimum(long.tendon_mm, 48.0))
    first, second = (unit_templates(shapes, 2000.0) for shapes in (long, short))
    change = np.abs(first.fine_uv - second.fine_uv)[0] / np.abs(first.fine_uv).max()
    arrival = round((0.004 + 0.048 / long.velocity_m_s[0]) * 40_000)
    # the zero-phase low-pass rings by 1 % at 2 ms before
    assert change[: arrival - 80].max() < 0.02
    assert change[arrival : arrival + 200].max() > 0.2
    # 6 ms later the tail of the source has gone out too, up to the same ringing
    assert np.abs(second.fine_uv[0, arrival + 240 :]).max() < 5e-3 * np.abs(second.fine_uv).max()


def test_potentials_add_up():
    rng = np.random.default_rng(5)
    shapes = draw_shapes(2, rng)
    trains_s = [rng.uniform(0, 2, 10), rng.uniform(0, 2, 10)]
    together = surface_emg(shapes, trains_s, 4000, 2000.0)
    apart = sum(
        surface_emg(shapes, [t if k == j else t[:0] for k, t in enumerate(trains_s)], 4000, 2000.0) for j in (0, 1)
    )
    np.testing.assert_allclose(together, apart, atol=1e-12 * np.abs(together).max())


def test_potentials_at_the_ends_are_cut():
    templates = unit_templates(draw_shapes(1, np.random.default_rng(1)), 1000.0)
    samples = add_discharges(np.zeros(30), templates, 0, np.array([0.0005, 0.029]))
    assert samples.shape == (30,)
    assert samples.any()


def test_silence_cannot_be_scaled():
    with pytest.raises(SettingsError, match="SIMULATION_INVALID: band_rms_uv = 0"):
        scaled_to_band_rms(np.zeros(1000), 1000.0, 5.0)
