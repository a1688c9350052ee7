"""Rank correlation: that of scipy, in whole numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from emgpipe.errors import EmgpipeError
from emgpipe.statistics import rank_correlation

VALUES = st.lists(st.integers(-3, 3).map(float) | st.just(np.nan), min_size=3, max_size=12)


@settings(max_examples=60)
@given(st.data())
def test_it_is_spearmans_of_the_places_where_both_have_a_value(data):
    x = np.array(data.draw(VALUES))
    y = np.array(data.draw(st.lists(st.sampled_from([1.0, 2.0, 2.5, 9.0, np.nan]), min_size=len(x), max_size=len(x))))
    both = ~(np.isnan(x) | np.isnan(y))
    (found,) = rank_correlation(x[None], y)
    if both.sum() < 3 or len(set(x[both])) < 2 or len(set(y[both])) < 2:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(stats.spearmanr(x[both], y[both]).statistic, abs=1e-12)


@given(st.lists(st.integers(-9, 9), min_size=3, max_size=20).filter(lambda x: len(set(x)) > 1))
@settings(max_examples=30)
def test_the_same_order_is_exactly_one_and_the_other_way_round_minus_one(x):
    own = np.array(x, float)
    assert rank_correlation([own, np.exp(own), -own], own).tolist() == [1.0, 1.0, -1.0]


@pytest.mark.parametrize(
    ("x", "y"), [([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]), ([[1.0, 2.0]], [1.0, 2.0, 3.0]), ([["a"]], [1])]
)
def test_shapes_that_do_not_fit_are_refused(x, y):
    with pytest.raises(EmgpipeError, match="ARGUMENT_INVALID"):
        rank_correlation(x, y)
