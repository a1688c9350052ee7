"""Low-frequency coherence: a standard normal number without common drive, large with it, and what leaves it out."""

import numpy as np
import pytest

from emgpipe.detectors.coherence import LEAST_SEGMENTS, low_coherence, normal_of_gamma
from emgpipe.intervals import Intervals
from emgpipe.simulate.noise import slow_noise
from tests.strategies import frames_of

SECONDS = 60


def pair_of(seed, depth, rate_hz=1000.0):
    """Two muscles of Gaussian EMG whose loudness follows one drive below 10 Hz to a depth."""
    rng = np.random.default_rng([seed, 5])
    n = round(SECONDS * rate_hz)
    drive = np.clip(1 + depth * slow_noise(n, rate_hz, 10.0, rng), 0.05, None)
    return [frames_of(drive * rng.standard_normal(n) * 10, rate_hz) for _ in range(2)]


def test_independent_muscles_have_a_standard_normal_number():
    z = np.array([low_coherence(*pair_of(seed, 0.0), 0.0, SECONDS).z for seed in range(60)])
    # 60 draws: SE of the mean 0.13, of the SD 0.09; four of each
    assert abs(z.mean()) < 0.52
    assert 0.64 < z.std(ddof=1) < 1.36


@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0])
def test_common_drive_stands_out_and_more_of_it_does_so_more(rate_hz):
    weak, strong = (low_coherence(*pair_of(1, depth, rate_hz), 0.0, SECONDS) for depth in (0.2, 0.4))
    assert 4 < weak.z < strong.z
    assert weak.n_segments == (60 if rate_hz == 2000.0 else 59)  # 76.9 hops a second: 77 each


def test_the_order_and_the_scale_of_the_muscles_do_not_matter():
    one, other = pair_of(2, 0.2)
    z = low_coherence(one, other, 0.0, SECONDS).z
    assert low_coherence(other, one, 0.0, SECONDS).z == pytest.approx(z, rel=1e-12)
    rng = np.random.default_rng([2, 5])
    n = 60_000
    drive = np.clip(1 + 0.2 * slow_noise(n, 1000.0, 10.0, rng), 0.05, None)
    loud = frames_of(drive * rng.standard_normal(n) * 1000, 1000.0)
    assert low_coherence(loud, other, 0.0, SECONDS).z == pytest.approx(z, rel=1e-3)


def test_only_stretches_in_which_every_hop_is_usable_enter():
    one, other = pair_of(3, 0.0, 2000.0)
    marked = one.marked_bad(Intervals.of([(10.0, 10.01), (20.5, 21.0)]))
    said = low_coherence(marked, other, 0.0, SECONDS)
    assert said.n_segments == 10 + 10 + 39
    assert said.used_s == said.n_segments


def test_too_few_stretches_give_no_number_and_one_signal_a_finite_one():
    one, other = pair_of(4, 0.0, 2000.0)
    enough, few = (low_coherence(one, other, 10.0, 10.0 + s) for s in (LEAST_SEGMENTS, LEAST_SEGMENTS - 0.5))
    assert np.isfinite(enough.z)
    assert (np.isnan(few.z), few.n_segments) == (True, LEAST_SEGMENTS - 1)
    assert 20 < low_coherence(one, one, 0.0, SECONDS).z < 100
    assert np.isnan(low_coherence(frames_of(np.zeros(120_000), 2000.0), other, 0.0, SECONDS).z)


def test_the_cube_root_of_a_gamma_is_nearly_normal():
    z = np.sort([normal_of_gamma(g, 7) for g in np.random.default_rng(1).gamma(7, size=20_000)])
    # Wilson-Hilferty at 7 degrees: quantiles within 0.02 of the normal ones; SE of the draws at 97.5 % 0.02
    assert z[[500, 10_000, 19_500]] == pytest.approx([-1.96, 0.0, 1.96], abs=0.09)
