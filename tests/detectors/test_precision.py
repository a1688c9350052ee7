"""Intervals from one segment: they cover, say when they cannot, and pass over gaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from scipy.stats import norm

from emgpipe.detectors.precision import Span, quantile_span, ratio_span, share_span
from emgpipe.detectors.settings import DetectSettings
from tests.strategies import seeds

SET = DetectSettings()


def drifting(seed, n, tau):
    """Gaussian series of variance 1 whose correlations fade with tau steps."""
    a = np.exp(-1 / tau)
    noise = np.random.default_rng(seed).standard_normal(n)
    noise[1:] *= np.sqrt(1 - a * a)
    return lfilter([1], [1, -a], noise)


def covers(spans, truth):
    given_spans = [s for s in spans if s.low is not None]
    return len(given_spans) / len(spans), np.mean([s.low <= truth <= s.high for s in given_spans])


@pytest.mark.parametrize("tau", [0.1, 2.0, 20.0])
def test_intervals_of_a_hundred_and_more_correlation_times_cover_what_they_claim(tau):
    series = [drifting(seed, int(200 * max(tau, 1)), tau) for seed in range(300)]
    ones = np.ones(len(series[0]))
    high = norm.isf(0.1)
    found = {
        "mean": ([ratio_span(x, ones, SET) for x in series], 0.0),
        "median": ([quantile_span(x, 0.5, SET) for x in series], 0.0),
        "P10": ([quantile_span(x, 0.1, SET) for x in series], -high),
        "P90": ([quantile_span(x, 0.9, SET) for x in series], high),
        "half": ([share_span((x > 0) * 1.0, ones, SET) for x in series], 0.5),
        "rare": ([share_span((x > high) * 1.0, ones, SET) for x in series], 0.1),
    }
    for name, (spans, truth) in found.items():
        told, share = covers(spans, truth)
        assert told > 0.95, name
        # 0.90-0.98, give or take two standard errors of 300 draws at these ends
        assert 0.90 - 0.035 <= share <= 0.98 + 0.016, (name, share)


def test_blocks_of_white_noise_are_worth_the_plain_standard_error():
    x = drifting(3, 4000, 0.01)
    low, high, _ = ratio_span(x, np.ones(4000), SET)
    assert (high - low) / 2 == pytest.approx(1.96 * x.std() / 4000**0.5, rel=0.1)


def test_a_slow_series_has_a_wider_interval_than_its_count_says():
    """Variance of the mean of n steps is 2 tau / n; the estimate of it varies by a fifth."""
    halves = [np.diff(ratio_span(drifting(s, 8000, 20.0), np.ones(8000), SET)[:2])[0] / 2 for s in range(20)]
    assert np.median(halves) == pytest.approx(1.98 * (2 * 20 / 8000) ** 0.5, rel=0.1)


@pytest.mark.parametrize("span", [lambda x: ratio_span(x, np.ones(len(x)), SET), lambda x: quantile_span(x, 0.5, SET)])
def test_few_blocks_are_said_and_give_no_interval(span):
    assert span(drifting(1, 600, 100.0)) == Span(short=True)
    assert span(np.full(50, np.nan)) == Span(short=True)
    assert span(np.empty(0)) == Span(short=True)
    assert span(drifting(1, 1, 1.0)).low is None


def test_what_never_changes_has_no_interval_and_is_not_short():
    ones = np.ones(500)
    for constant in (0.0, 1.0):
        assert share_span(constant * ones, ones, SET) == Span()
        assert ratio_span(constant * ones, ones, SET) == Span()
    assert quantile_span(ones, 0.5, SET) == Span()
    # nor has what is the same in every block
    assert share_span(np.tile([1.0, 0.0], 600), np.ones(1200), SET) == Span()


def test_an_end_that_was_perhaps_never_seen_is_not_given():
    """Of 30 looks all lie above the 10 % quantile in one of 24 draws."""
    x = np.random.default_rng(4).standard_normal(30)
    assert quantile_span(x, 0.1, SET) == quantile_span(x, 0.9, SET) == Span(short=True)
    assert quantile_span(x, 0.5, SET).low is not None
    y = np.random.default_rng(4).standard_normal(60)
    assert quantile_span(y, 0.1, SET).low is not None
    assert quantile_span(y, 0.1, SET, per_window=2).short


def test_values_cut_at_zero_are_ordered_by_what_they_were_cut_from():
    x = drifting(5, 2000, 2.0)
    cut = np.maximum(x + 0.5, 0.0)
    span = quantile_span(cut, 0.5, SET, order=x)
    assert span == quantile_span(x + 0.5, 0.5, SET)
    assert quantile_span(cut, 0.1, SET, order=x) == Span()


def test_time_that_is_not_seen_is_no_time_for_blocks_but_keeps_its_place():
    """Half of the time gone in stretches of 5 tau leaves half of the looks: sqrt(2) wider."""
    n, tau = 8000, 10.0
    hole = np.arange(n) % 100 >= 50
    ratios = []
    for seed in range(20):
        x = drifting(seed, n, tau)
        ends = [ratio_span(y, np.ones(n), SET) for y in (x, np.where(hole, np.nan, x))]
        ratios.append((ends[1].high - ends[1].low) / (ends[0].high - ends[0].low))
    assert np.median(ratios) == pytest.approx(2**0.5, rel=0.15)
    x = drifting(1, 30 * 30, tau)
    assert ratio_span(np.concatenate([x[:200], np.full(5000, np.nan), x[200:300]]), np.ones(5300), SET).short


def test_intervals_stay_inside_what_can_be():
    x = (drifting(2, 400, 1.0) > 2.0) * 1.0
    span = share_span(x, np.ones(400), SET)
    assert 0 <= span.low < x.mean() < span.high <= 1
    rare = ratio_span(x, np.ones(400), SET, least=0.0)
    assert rare.low >= 0


def test_a_ratio_is_told_by_what_each_block_weighs():
    """One burst holds all of the weight: it is one block, not many."""
    part, whole = np.full(1000, 1e-6), np.full(1000, 2e-6)
    part[500:503], whole[500:503] = (3.0, 1.0, 2.0), 5.0
    assert ratio_span(part, whole, SET).short


@settings(max_examples=30, deadline=None)
@given(seeds, st.sampled_from([0.1, 3.0, 15.0]), st.sampled_from([0.1, 0.5, 0.9]))
def test_an_interval_follows_scale_and_holds_its_value(seed, tau, share):
    x = drifting(seed, 1200, tau)
    x[::7] = np.nan
    seen = np.isfinite(x)
    for name, span in (("mean", lambda y: ratio_span(y, np.ones(1200), SET)),
                       ("quantile", lambda y: quantile_span(y, share, SET))):  # fmt: skip
        one, scaled = span(x), span(8 * x)
        assert one.short == scaled.short
        if one.low is not None:
            value = x[seen].mean() if name == "mean" else np.quantile(x[seen], share)
            assert one.low <= value <= one.high
            assert (8 * one.low, 8 * one.high) == pytest.approx((scaled.low, scaled.high))


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_summing_to_slots_changes_an_interval_little(seed):
    x = drifting(seed, 6000, 30.0)
    fine, coarse = (ratio_span(x, np.ones(6000), SET, per_slot=n) for n in (1, 10))
    assert coarse.high - coarse.low == pytest.approx(fine.high - fine.low, rel=0.2)
