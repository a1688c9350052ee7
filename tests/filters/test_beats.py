"""Heart beats learnt from a conditioned signal and taken out of it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicHermiteSpline

from emgpipe.filters.beats import (
    AFTER_S,
    BEFORE_S,
    LEAST_BEATS,
    MOST_SHAPES,
    BeatShapes,
    _leading,
    _moved,
    learn_run,
    subtract_beats,
)
from emgpipe.simulate import band_passed, electrode_noise, heart_train
from emgpipe.simulate.scenarios import gaussian_emg
from tests import naive
from tests.strategies import seeds

RATE = 1000.0


def blocks_of(x, block):
    return ((first, x[first : first + block].copy()) for first in range(0, len(x), block))


def learnt(x, beats_s, rate_hz=RATE, block=7000):
    beats = np.round(np.asarray(beats_s) * rate_hz).astype(np.int64)
    return learn_run(blocks_of(x, block), beats, len(x), rate_hz)


def cleaned(x, chunks):
    y = x.copy()
    subtract_beats(y, 0, chunks)
    return y


def lead(seed=1, seconds=60, rate_hz=RATE, peak_uv=200.0, emg_uv=0.0, beats_per_min=70.0, **heart):
    """Conditioned lead without a heart, the heart as the band leaves it, and its beats."""
    rng = np.random.default_rng(seed)
    n = round(seconds * rate_hz)
    plain = electrode_noise(n, rate_hz, rng, band_rms_uv=1.3) + emg_uv * gaussian_emg(n, rate_hz, rng)
    train = heart_train(n, rate_hz, rng, peak_uv=peak_uv, beats_per_min=beats_per_min, **heart)
    return band_passed(plain, rate_hz), band_passed(train.samples_uv, rate_hz), train


shapes = st.integers(1, 3)


@settings(max_examples=25, deadline=None)
@given(seeds, shapes, st.integers(1, 300), st.integers(-100, 900))
def test_subtraction_is_that_of_a_loop_over_beats_and_samples(seed, n_shapes, length, first):
    rng = np.random.default_rng(seed)
    n_beats, n = 5, 60
    chunk = BeatShapes(
        np.sort(rng.integers(0, 800, n_beats)),
        rng.uniform(-0.5, 0.5, n_beats),
        rng.standard_normal((n_shapes, n)),
        rng.uniform(0.3, 2.0, (n_beats, n_shapes)),
    )
    y = rng.standard_normal(length)
    wanted = naive.without_beats(y, first, [chunk])
    # a shape moved by half a sample reaches one sample further: the loop and the stretch both leave that out
    subtract_beats(y, first, [chunk])
    np.testing.assert_allclose(y, wanted, rtol=0, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(seeds, st.floats(-0.5, 0.5))
def test_a_moved_stretch_is_the_hermite_cubic_with_the_slopes_of_neighbours(seed, shift):
    x = np.random.default_rng(seed).standard_normal(40)
    spline = CubicHermiteSpline(np.arange(1, 39), x[1:-1], (x[2:] - x[:-2]) / 2)
    moved = _moved(x[None], np.array([5]), np.array([shift]), 25)[0]
    np.testing.assert_allclose(moved, spline(5 + shift + np.arange(25)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("shift", [-0.5, -0.2, 0.0, 0.3, 0.5])
def test_moving_a_beat_by_part_of_a_sample_errs_by_less_than_a_thousandth(shift):
    """Beats lie below 60 Hz: 30 samples a period at the rates of EMG."""
    t = np.arange(200) / 2000

    def wave(at):
        return np.sin(2 * np.pi * 40 * at) + 0.5 * np.cos(2 * np.pi * 60 * at)

    moved = _moved(wave(t)[None], np.array([10]), np.array([shift]), 150)[0]
    assert np.abs(moved - wave((10 + shift + np.arange(150)) / 2000)).max() < 1.5e-3


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(2, 30), st.integers(2, 30))
def test_the_leading_shape_is_that_of_the_singular_value_decomposition(seed, n, m):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n, m))
    rows += 5 * rng.standard_normal((n, 1)) * rng.standard_normal(m)
    size, shape = _leading(rows)
    _, values, right = np.linalg.svd(rows)
    # power iteration stops when the value moves by 1e-9; the vector is as good as its root
    assert size == pytest.approx(values[0], rel=1e-6)
    if values[1] < 0.7 * values[0]:
        assert abs(shape @ right[0]) == pytest.approx(1, abs=1e-6)
    assert (shape**2).sum() == pytest.approx(1)


def test_rows_of_zeros_have_no_leading_shape():
    size, shape = _leading(np.zeros((4, 6)))
    assert size == 0
    assert shape.tolist() == [0.0] * 6


@pytest.mark.parametrize("emg_uv", [0.0, 10.0])
@pytest.mark.parametrize(("rate_hz", "beats_per_min"), [(1000.0, 60.0), (2000.0, 110.0)])
def test_a_lead_less_its_beats_is_the_lead_without_a_heart(rate_hz, beats_per_min, emg_uv):
    plain, heart, train = lead(3, 90, rate_hz, emg_uv=emg_uv, beats_per_min=beats_per_min, ectopic_share=0.0)
    y = cleaned(plain + heart, learnt(plain + heart, train.beats_s, rate_hz))
    left_uv = np.sqrt(((y - plain) ** 2)[round(rate_hz) : -round(rate_hz)].mean())
    heart_uv = np.sqrt((heart**2).mean())
    # breathing turns shape and height of the beat; 10 µV of EMG over 100 beats adds a tenth of itself
    assert left_uv < 0.06 * heart_uv + 0.1 * emg_uv
    assert np.sqrt((y[2000:-2000] ** 2).mean() / (plain[2000:-2000] ** 2).mean()) == pytest.approx(1, abs=0.05)


def test_learning_does_not_depend_on_the_blocks():
    plain, heart, train = lead(4, 40)
    one, other, third = (learnt(plain + heart, train.beats_s, block=n) for n in (40_000, 997, 12_345))
    for a in (other, third):
        for x, y in zip(one, a, strict=True):
            assert x.shapes.tobytes() == y.shapes.tobytes()
            assert x.amounts.tobytes() == y.amounts.tobytes()
            assert x.places.tobytes() == y.places.tobytes()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 39_999), max_size=6))
def test_subtracting_in_blocks_is_subtracting_at_once(cuts):
    plain, heart, train = lead(5, 40)
    chunks = learnt(plain + heart, train.beats_s)
    whole = cleaned(plain + heart, chunks)
    edges = [0, *sorted(set(cuts)), len(plain)]
    parts = []
    for a, b in pairwise(edges):
        y = (plain + heart)[a:b]
        subtract_beats(y, a, chunks)
        parts.append(y)
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_learning_and_subtracting_is_linear_in_gain_and_sign():
    plain, heart, train = lead(6, 40, emg_uv=5.0)
    one = cleaned(plain + heart, learnt(plain + heart, train.beats_s))
    for gain in (-1.0, 1e-3, 1e3):
        x = gain * (plain + heart)
        np.testing.assert_allclose(cleaned(x, learnt(x, train.beats_s)), gain * one, rtol=0, atol=1e-5 * abs(gain))


@pytest.mark.parametrize("emg_uv", [0.0, 20.0])
def test_beats_that_are_not_in_a_channel_take_nothing_out_of_it(emg_uv):
    plain, _, train = lead(7, 90, emg_uv=emg_uv)
    assert learnt(plain, train.beats_s) == ()


def test_too_few_beats_teach_nothing():
    plain, heart, train = lead(8, 20)
    assert len(train.beats_s) > LEAST_BEATS
    assert learnt(plain + heart, train.beats_s[1:LEAST_BEATS]) == ()
    assert learnt(plain + heart, []) == ()
    assert len(learnt(plain + heart, train.beats_s)) == 1


def test_a_stretch_is_whole_or_left_out():
    plain, heart, _ = lead(9, 30)
    reach = round((BEFORE_S + AFTER_S) * RATE)
    beats = np.array([0.0, 0.1, *np.arange(1.0, 29.0), 29.8, 29.999])
    for chunk in learnt(plain + heart, beats):
        assert chunk.places.min() >= reach - BEFORE_S * RATE - 10
        assert chunk.places.max() + chunk.shapes.shape[1] <= len(plain)
        assert len(chunk.places) == 28


def test_a_heart_that_changes_its_shape_is_learnt_anew():
    """After ten minutes the patient turns over: the beats of each chunk are their own."""
    rng = np.random.default_rng(10)
    seconds, rate_hz = 600, 500.0
    n = round(seconds * rate_hz)
    train = heart_train(n, rate_hz, rng, peak_uv=200.0, ectopic_share=0.0)
    turned = np.where(np.arange(n) < n / 2, 1.0, -0.6) * train.samples_uv
    plain = band_passed(electrode_noise(n, rate_hz, rng, band_rms_uv=1.3), rate_hz)
    x = plain + band_passed(turned, rate_hz)
    chunks = learnt(x, train.beats_s, rate_hz)
    assert len(chunks) == 3
    y = cleaned(x, chunks)
    for part in (slice(2000, 90_000), slice(210_000, -2000)):
        left_uv = np.sqrt(((y - plain)[part] ** 2).mean())
        assert left_uv < 0.1 * np.sqrt(((x - plain)[part] ** 2).mean())


def test_shapes_end_in_zeros_and_amounts_stay_within_reason():
    plain, heart, train = lead(11, 60, emg_uv=10.0)
    (chunk,) = learnt(plain + heart, train.beats_s)
    assert 1 <= len(chunk.shapes) <= 1 + MOST_SHAPES
    assert np.abs(chunk.shapes[:, [0, -1]]).max() == 0
    assert (np.abs(chunk.shift) <= 0.5).all()
    assert (chunk.amounts[:, 0] >= 0.3).all()
    assert (chunk.amounts[:, 0] <= 2.0).all()


def test_a_heart_without_any_noise_is_learnt_and_leaves_nothing():
    x = np.zeros(60_000)
    beats_s = np.arange(1.0, 59.0)
    x[np.round(beats_s * RATE).astype(int)] = 100.0
    y = cleaned(x, learnt(x, beats_s))
    assert np.abs(y).max() < 1e-9
