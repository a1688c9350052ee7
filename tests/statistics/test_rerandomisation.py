"""Re-randomisation: against every arrangement looked at one by one, ties, its laws, Monte Carlo, what it refuses."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError, StatisticsError
from emgpipe.statistics import crossover_ancova, hills_armitage, rerandomisation_p, rerandomisation_ps
from emgpipe.statistics.rerandomisation import DRAWS, MOST_ARRANGEMENTS, arrangements
from tests.statistics.trials import drawn


def size_of_t(values, baselines, sequences):
    if baselines is None:
        return abs(hills_armitage(values, sequences).treatment.t)
    return abs(crossover_ancova(values, baselines, sequences).t)


def one_by_one(values, baselines, sequences):
    """The naive twin: the whole analysis for every way to give the sequences."""
    n, k = len(values), sequences.count("AB")
    own = size_of_t(values, baselines, sequences)
    far = total = 0
    for chosen in combinations(range(n), k):
        other = ["AB" if i in chosen else "BA" for i in range(n)]
        far += size_of_t(values, baselines, other) >= own * (1 - 1e-9)
        total += 1
    return far, total


@pytest.mark.parametrize("adjusted", [False, True])
@pytest.mark.parametrize(("n_first", "n_second"), [(4, 4), (3, 6), (5, 2), (1, 6)])
def test_it_counts_what_every_arrangement_analysed_alone_gives(n_first, n_second, adjusted):
    for seed in range(3):
        values, baselines, sequences = drawn(seed, n_first, n_second)
        base = baselines if adjusted else None
        found = rerandomisation_p(values, sequences, baselines=base)
        far, total = one_by_one(values, base, sequences)
        assert (found.n_extreme, found.n_arrangements, found.exact) == (far, total, True)
        assert found.p == far / total


def test_arrangements_are_those_of_combinations_in_their_order():
    for n, k in ((1, 1), (5, 1), (5, 5), (9, 4), (17, 8)):
        found = [tuple(row) for block in arrangements(n, k) for row in block.tolist()]
        assert found == list(combinations(range(n), k))


def test_ties_that_decimals_hide_count():
    # in tenths all differences are 1 or 2, in binary none is
    values = np.array([[0.4, 0.3], [0.8, 0.7], [1.1, 0.9], [0.3, 0.1], [0.7, 0.6], [1.3, 1.1]])
    whole = np.round(10 * values)
    sequences = ["AB"] * 3 + ["BA"] * 3
    told, plain = rerandomisation_p(values, sequences), rerandomisation_p(whole, sequences)
    assert (told.n_extreme, told.n_arrangements) == (plain.n_extreme, 20)
    assert len(set((values[:, 0] - values[:, 1]).tolist())) > 2


def test_values_all_alike_are_no_evidence():
    assert rerandomisation_p(np.ones((8, 2)), ["AB", "BA"] * 4).p == 1.0
    _, baselines, sequences = drawn(1, 4, 4)
    # wholly told by baselines
    assert rerandomisation_p(2 * baselines, sequences, baselines=baselines).p == 1.0


def test_complete_separation_has_the_smallest_p():
    values = np.zeros((16, 2))
    values[:8, 0], values[8:, 1] = np.arange(8) + 10.0, np.arange(8) + 10.0
    assert rerandomisation_p(values, ["AB"] * 8 + ["BA"] * 8).p == 2 / 12870


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), factor=st.sampled_from([-8.0, 0.25, 1024.0]), adjusted=st.booleans())
def test_units_periods_letters_and_order_do_not_count(seed, factor, adjusted):
    values, baselines, sequences = drawn(seed, 4, 5)
    base = baselines if adjusted else None
    was = rerandomisation_p(values, sequences, baselines=base)
    order = np.random.default_rng(seed).permutation(9)
    mixed = rerandomisation_p(
        values[order], [sequences[i] for i in order], baselines=None if base is None else base[order]
    )
    moved = rerandomisation_p(factor * values + [3.0, -2.0], [s[::-1] for s in sequences], baselines=base)
    assert was == mixed == moved


def test_subjects_with_a_missing_cell_are_left_out():
    values, baselines, sequences = drawn(7)
    values[2, 1] = baselines[12, 0] = np.nan
    keep = [i for i in range(16) if i not in (2, 12)]
    alone = [sequences[i] for i in keep]
    found = rerandomisation_p(values, sequences, baselines=baselines)
    assert found == rerandomisation_p(values[keep], alone, baselines=baselines[keep])
    assert found.n_arrangements == math.comb(14, 7)
    assert rerandomisation_p(values, sequences).n_arrangements == math.comb(15, 7)


@pytest.mark.parametrize("most", [1_000_000, 100])
def test_many_measures_at_once_are_each_alone(most):
    sets = [drawn(seed, 5, 6) for seed in range(7)]
    values, baselines = (np.array([s[i] for s in sets]) for i in (0, 1))
    values[3, 2, 0] = baselines[5, 9, 1] = np.nan
    sequences = sets[0][2]
    for base in (None, baselines):
        many = rerandomisation_ps(values, sequences, baselines=base, most=most)
        for i in range(7):
            one = rerandomisation_p(values[i], sequences, baselines=None if base is None else base[i], most=most)
            got = many.p[i], many.n_extreme[i], many.n_arrangements[i], many.exact[i]
            assert got == (one.p, one.n_extreme, one.n_arrangements, one.exact)


def test_a_measure_without_an_answer_leaves_the_others_theirs():
    values, baselines, sequences = drawn(1, 4, 4)
    flat, empty = np.zeros_like(baselines), np.where(np.arange(8)[:, None] < 4, np.nan, values)
    found = rerandomisation_ps([values, values, empty], sequences, baselines=[baselines, flat, baselines])
    assert found.refused.tolist() == ["", "BASELINES_CONSTANT", "SEQUENCE_EMPTY"]
    assert np.isfinite(found.p).tolist() == [True, False, False]


def test_draws_come_near_the_exact_p_and_again_the_same():
    values, baselines, sequences = drawn(2, effect=-0.1)
    for base in (None, baselines):
        exact = rerandomisation_p(values, sequences, baselines=base).p
        told = rerandomisation_p(values, sequences, baselines=base, most=1000)
        assert (told.exact, told.n_arrangements) == (False, DRAWS)
        assert told.p == (told.n_extreme + 1) / (DRAWS + 1)
        # four standard errors
        assert abs(told.p - exact) < 4 * math.sqrt(exact * (1 - exact) / DRAWS)
        assert rerandomisation_p(values, sequences, baselines=base, most=1000) == told
    other = rerandomisation_p(values, sequences, baselines=baselines, most=1000, seed=2)
    assert other.n_extreme != told.n_extreme


def test_forty_subjects_are_drawn_and_never_have_p_0():
    values = np.zeros((40, 2))
    values[:20, 0] = values[20:, 1] = np.linspace(5, 6, 20)
    assert rerandomisation_p(values, ["AB"] * 20 + ["BA"] * 20).p == 1 / (DRAWS + 1)


def test_it_is_valid_where_errors_are_skewed_and_sizes_unequal():
    rng, sets = np.random.default_rng(4), 3000
    values = rng.exponential(1.0, (sets, 11, 2)) ** 2
    baselines = rng.lognormal(0, 1, (sets, 11, 2))
    for base in (None, baselines):
        p = rerandomisation_ps(values, ["AB"] * 4 + ["BA"] * 7, baselines=base).p
        # at most 5 % and at least one step of 1/330 less, four standard errors of a share of 0.05 in 3000
        assert abs((p <= 0.05).mean() - 0.05) < 1 / 330 + 4 * math.sqrt(0.05 * 0.95 / sets)


def test_an_arrangement_that_baselines_tell_apart_wholly_counts_as_nothing():
    # baselines 1 and 0: the arrangement that follows them has no t, all others have
    baselines = np.array([[1.0, 0.0]] * 2 + [[0.0, 0.0]] * 2 + [[1.0, 0.0]] * 0)
    values = np.array([[1.0, 0.2], [2.0, 0.1], [0.5, 0.0], [3.0, 0.7]])
    sequences = ["AB", "BA", "AB", "BA"]
    found = rerandomisation_p(values, sequences, baselines=baselines)
    own = size_of_t(values, baselines, sequences)
    far = 0
    for chosen in combinations(range(4), 2):
        if set(chosen) in ({0, 1}, {2, 3}):
            continue
        far += size_of_t(values, baselines, ["AB" if i in chosen else "BA" for i in range(4)]) >= own * (1 - 1e-9)
    assert (found.n_extreme, found.n_arrangements) == (far, 6)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sequences": ["AB"] * 8}, "SEQUENCE_EMPTY"),
        ({"sequences": ["AB", "AC"] * 4}, "SEQUENCES_INVALID"),
        ({"values": np.full((8, 2), np.inf)}, "VALUE_OUT_OF_RANGE"),
        ({"baselines": np.ones((8, 2))}, "BASELINES_CONSTANT"),
        ({"values": np.where(np.arange(16).reshape(8, 2) > 5, np.nan, 1.0), "baselines": np.eye(8, 2),
          "sequences": ["AB", "BA"] * 4}, "SUBJECTS_TOO_FEW"),
        ({"values": np.ones((2002, 2)), "sequences": ["AB", "BA"] * 1001}, "SUBJECTS_TOO_MANY"),
    ],
)  # fmt: skip
def test_what_allows_no_answer_is_refused_with_a_code(change, code):
    values, _, sequences = drawn(1, 4, 4)
    with pytest.raises(StatisticsError) as caught:
        rerandomisation_p(**({"values": values, "sequences": sequences} | change))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "change",
    [{"most": 0}, {"most": 1e6}, {"most": True}, {"most": MOST_ARRANGEMENTS + 1}, {"seed": -1}, {"seed": None},
     {"values": np.ones((8, 3))}, {"baselines": np.ones((7, 2))}],
)  # fmt: skip
def test_arguments_that_cannot_be_meant_are_refused(change):
    values, _, sequences = drawn(1, 4, 4)
    with pytest.raises(SettingsError) as caught:
        rerandomisation_p(**({"values": values, "sequences": sequences} | change))
    assert caught.value.code == "ARGUMENT_INVALID"


@pytest.mark.parametrize(("values", "baselines"), [((8, 2), None), ((3, 7, 2), None), ((3, 8, 2), (2, 8, 2))])
def test_data_sets_of_other_shapes_are_refused(values, baselines):
    base = None if baselines is None else np.ones(baselines)
    with pytest.raises(SettingsError, match="have shape"):
        rerandomisation_ps(np.ones(values), ["AB", "BA"] * 4, baselines=base)
