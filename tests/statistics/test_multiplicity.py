"""Holm: against statsmodels, its laws, members without an answer, what it refuses."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.statistics import holm

multitest = pytest.importorskip("statsmodels.stats.multitest", reason="needs the extra `stats`")


@settings(max_examples=25, deadline=None)
@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_it_is_the_adjustment_of_statsmodels(p):
    assert holm(p) == pytest.approx(multitest.multipletests(p, method="holm")[1], rel=1e-12, abs=1e-300)


@settings(max_examples=40, deadline=None)
@given(p=st.lists(st.floats(0, 1), min_size=2, max_size=8), seed=st.integers(0, 1000))
def test_order_does_not_count_and_adjusted_p_keep_the_order(p, seed):
    order = np.random.default_rng(seed).permutation(len(p))
    found = holm(p)
    assert holm([p[i] for i in order]) == [found[i] for i in order]
    assert all(x <= y for x, y in zip(p, found, strict=True))
    assert [found[i] for i in np.argsort(p, kind="stable")] == sorted(found)


def test_a_member_without_an_answer_counts_as_one_that_is_not_significant():
    found = holm([0.01, math.nan, 0.02, None])
    assert found[0::2] == holm([0.01, 1.0, 0.02, 1.0])[0::2]
    assert [math.isnan(x) for x in found] == [False, True, False, True]
    assert holm([]) == []
    assert math.isnan(holm([None])[0])


@pytest.mark.parametrize("p", [-0.1, 1.1, math.inf, "0.05", True])
def test_what_is_no_p_is_refused(p):
    with pytest.raises(SettingsError, match="p is") as caught:
        holm([0.5, p])
    assert caught.value.code == "ARGUMENT_INVALID"
