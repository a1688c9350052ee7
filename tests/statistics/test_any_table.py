"""Whatever stands in a table, every analysis gives finite numbers or a code; never a crash or a warning."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import EmgpipeError
from emgpipe.statistics import (
    crossover_ancova,
    hills_armitage,
    hodges_lehmann,
    reliability,
    rerandomisation_p,
)
from tests.statistics.trials import told

SIZES = [1e-250, 1e-120, 1e-3, 1.0, 1e6, 1e50, 1e98]


@st.composite
def tables(draw, columns):
    """Small tables on a grid (many ties) or not, of any size, with holes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, k = draw(st.integers(0, 9)), draw(columns)
    x = rng.integers(-3, 4, (n, k)).astype(float) if draw(st.booleans()) else rng.normal(1, 1, (n, k))
    x *= draw(st.sampled_from(SIZES))
    x[rng.random(x.shape) < draw(st.sampled_from([0.0, 0.15]))] = np.nan
    return x, [str(s) for s in rng.choice(["AB", "BA"], n)]


@settings(max_examples=200, deadline=None)
@given(table=tables(st.just(2)), other=tables(st.just(2)))
def test_every_analysis_of_a_crossover_gives_numbers_or_a_code(table, other):
    values, sequences = table
    baselines = np.resize(other[0], values.shape) if other[0].size else np.zeros_like(values)
    for analysis in (
        lambda: told(crossover_ancova(values, baselines, sequences)),
        lambda: [x for e in of_pairs(values, sequences) if e for x in told(e)],
        lambda: [rerandomisation_p(values, sequences).p],
        lambda: [rerandomisation_p(values, sequences, baselines=baselines).p],
        lambda: [hodges_lehmann(values, sequences).effect, hodges_lehmann(values, sequences).p],
    ):
        try:
            found = analysis()
        except EmgpipeError:
            continue
        assert all(map(math.isfinite, found))
        assert not found or 0 <= found[-1] <= 1


def of_pairs(values, sequences):
    found = hills_armitage(values, sequences)
    return [found.treatment, found.period, found.carryover, found.first_period]


@settings(max_examples=150, deadline=None)
@given(table=tables(st.integers(1, 4)), log=st.booleans())
def test_reliability_of_any_table_gives_an_error_above_0_or_a_code(table, log):
    try:
        found = reliability(table[0], log=log)
    except EmgpipeError:
        return
    for error in (found.consistency, found.agreement):
        assert 0 < error.sem < error.mdc95 < math.inf
        assert error.mdc95_low <= error.mdc95 <= error.mdc95_high
        assert 1 - 1e-9 <= error.df <= (found.n_subjects - 1) * (found.k_visits - 1) + found.k_visits
    for one in found.icc.values():
        assert not one.value > 1
        assert math.isnan(one.low) or math.isnan(one.high) or one.low <= one.value <= one.high
