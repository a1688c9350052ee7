"""Known answers: published estimates to their printed digits, recomputed ones to 1e-6."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

from emgpipe.statistics import (
    crossover_ancova,
    hills_armitage,
    hodges_lehmann,
    mixed_model,
    reliability,
    rerandomisation_p,
)

REFERENCE = Path(__file__).parents[3] / "shared" / "data" / "real" / "reference"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs ../shared/data/real, beside the repository")

# peak flow (L/min) of 13 children under formoterol and salbutamol, with the baseline of each period: Senn 2002
SENN_FS = [[310, 270], [310, 260], [370, 300], [410, 390], [250, 210], [380, 350], [330, 365]]
SENN_SF = [[370, 385], [310, 400], [380, 410], [290, 320], [260, 340], [90, 220]]
SENN = np.array(SENN_FS + SENN_SF, float)
SENN_SEQUENCES = ["FS"] * 7 + ["SF"] * 6
# six subjects, four judges: Shrout and Fleiss 1979, table 2
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)


def answers(room):
    return json.loads((REFERENCE / room / "answers.json").read_text(encoding="utf-8"))


def of_crossover(name):
    return next(a for a in answers("crossover") if a["dataset"] == name)


def table(name):
    """Values and baselines by subject and period (NaN where there is none), and the sequences."""
    with (REFERENCE / "crossover" / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    cells = {(r["subject"], int(r["period"])): (number(r["response"]), number(r.get("baseline"))) for r in rows}
    sequences = {r["subject"]: r["sequence"] for r in rows}
    told = np.array([[cells.get((s, p), (math.nan, math.nan)) for p in (1, 2)] for s in sequences])
    return told[..., 0], told[..., 1], list(sequences.values())


def number(text):
    return float(text) if text else math.nan


@needs_reference
@pytest.mark.parametrize("name", ["schuetz2014_A", "schuetz2014_B", "schuetz2014_D", "schuetz2014_G"])
def test_published_ratios_and_their_intervals_come_to_the_printed_digits(name):
    values, _, sequences = table(name)
    found = hills_armitage(np.log(values), sequences, level=0.90).treatment
    # the effect is R minus T, alphabetically; T over R is published, in percent, with two digits
    told = [f"{100 * math.exp(-x):.2f}" for x in (found.effect, found.high, found.low)]
    published = of_crossover(name)
    assert told == [f"{published[f'published_{key}']:.2f}" for key in ("GMR", "lo", "hi")]


@needs_reference
@pytest.mark.parametrize("name", ["xover_asthma", "xover_asthma_2", "xover_copd"])
def test_published_trials_come_to_a_millionth(name):
    values, _, sequences = table(name)
    found = hills_armitage(values, sequences)
    told = of_crossover(name)["computed"]
    got = {
        "n1": found.n_first, "n2": found.n_second, "df": found.treatment.df,
        "treat_first_minus_second": found.treatment.effect, "se": found.treatment.se, "t": found.treatment.t,
        "p": found.treatment.p, "ci_lo": found.treatment.low, "ci_hi": found.treatment.high,
        "period1_minus_period2": found.period.effect, "t_period": found.period.t, "p_period": found.period.p,
        "t_carryover": found.carryover.t, "p_carryover": found.carryover.p, "sigma_w": found.sigma_w,
    }  # fmt: skip
    for key, value in got.items():
        assert value == pytest.approx(told[key], rel=1e-6, abs=1e-6), key


@needs_reference
def test_jones_and_kenward_come_to_the_printed_digits():
    values, _, sequences = table("xover_copd")
    found = hills_armitage(values, sequences)
    carryover = found.carryover
    # 38.889 comes of cell means with three digits: 38.88845 of all
    assert carryover.effect == pytest.approx(38.889, abs=6e-4)
    assert [round(x, 3) for x in (carryover.se, carryover.t, found.mse)] == [41.008, 0.948, 326.243]


@needs_reference
def test_patel_is_as_far_in_927_of_24310_ways():
    values, _, sequences = table("xover_asthma")
    found = rerandomisation_p(values, sequences)
    assert (found.n_extreme, found.n_arrangements, found.exact) == (927, 24310, True)


@needs_reference
def test_senn_as_typed_here_is_senn_as_kept():
    values, _, sequences = table("xover_asthma_2")
    kept = sorted((s, *row) for s, row in zip(sequences, values.tolist(), strict=True))
    assert kept == sorted((s, *row) for s, row in zip(SENN_SEQUENCES, SENN.tolist(), strict=True))


@needs_reference
def test_senn_less_period_baselines():
    values, baselines, sequences = table("xover_asthma_2")
    found = hills_armitage(values - baselines, sequences).treatment
    assert [f"{x:.3f}" for x in (found.effect, found.se, found.t)] == ["39.286", "8.444", "4.653"]
    assert f"{found.p:.5f}" == "0.00070"


def test_senn_in_every_figure():
    found = hills_armitage(SENN, SENN_SEQUENCES)
    treatment = found.treatment
    assert [f"{x:.3f}" for x in (treatment.effect, treatment.se, treatment.t)] == ["46.607", "10.777", "4.325"]
    assert (f"{treatment.low:.3f}", f"{treatment.high:.3f}", f"{treatment.p:.5f}") == ("22.888", "70.326", "0.00120")
    assert (found.treatments, treatment.df, found.n_first, found.n_second) == (("F", "S"), 11, 7, 6)
    assert [f"{x:.3f}" for x in (found.period.effect, found.period.t, found.period.p)] == ["-15.893", "-1.475", "0.168"]
    carryover = found.carryover
    assert [f"{x:.3f}" for x in (carryover.effect, carryover.se, carryover.p)] == ["14.405", "80.405", "0.861"]
    assert f"{found.mse:.3f}" == "750.406"


def test_senn_by_ranks_and_by_other_ways_to_give_the_sequences():
    found = rerandomisation_p(SENN, SENN_SEQUENCES)
    assert (found.n_extreme, found.n_arrangements, found.exact) == (5, 1716, True)
    ranks = hodges_lehmann(SENN, SENN_SEQUENCES)
    assert ranks.effect == 45.0
    # 0.00816 = 14/1716 is that of tables without ties; four children tie, and with their midranks it is 11/1716
    assert f"{ranks.p_untied:.5f}" == "0.00816"
    assert ranks.p == pytest.approx(11 / 1716, rel=1e-12)


def test_the_mixed_model_of_complete_pairs_gives_the_classical_estimate_and_a_smaller_p():
    classical = hills_armitage(SENN, SENN_SEQUENCES).treatment
    found = mixed_model(SENN[..., None], SENN_SEQUENCES)
    # the likelihood is maximised to 1e-4 or so
    assert (found.estimate.effect, found.estimate.se) == pytest.approx((classical.effect, classical.se), rel=1e-3)
    assert found.estimate.p < classical.p


@needs_reference
def test_baselines_of_senn_leave_the_ancova_between_raw_and_change():
    values, baselines, sequences = table("xover_asthma_2")
    found = crossover_ancova(values, baselines, sequences)
    assert 0 < found.slope < 1
    assert 39.286 < found.effect < 46.607


def test_shrout_and_fleiss_come_to_the_published_digits():
    found = reliability(SHROUT_FLEISS)
    told = [f"{x.value:.3f}" for x in found.icc.values()]
    assert told == ["0.166", "0.290", "0.715", "0.443", "0.620", "0.909"]
    squares = (found.ms_subjects, found.ms_within, found.ms_visits, found.ms_error)
    assert [f"{x:.2f}" for x in squares] == ["11.24", "6.26", "32.49", "1.02"]


@needs_reference
def test_shrout_and_fleiss_come_to_a_millionth_with_intervals_and_errors():
    told = answers("icc")["shrout_fleiss_1979"]
    found = reliability(SHROUT_FLEISS)
    values = {"ICC(1,1)": "ICC11", "ICC(2,1)": "ICC21", "ICC(3,1)": "ICC31"}
    values |= {"ICC(1,k)": "ICC1k", "ICC(2,k)": "ICC2k", "ICC(3,k)": "ICC3k"}
    for name, key in values.items():
        assert found.icc[name].value == pytest.approx(told[key], abs=1e-6)
        # a second program, with its names and two digits
        theirs = told["pingouin"][name.replace("2", "A").replace("3", "C")]
        assert [found.icc[name].value, *found.icc[name][1:]] == pytest.approx([theirs[0], *theirs[1]], abs=5.001e-3)
    errors = {"SEM_agreement": found.agreement.sem, "SEM_consistency": found.consistency.sem}
    squares = {"BMS": found.ms_subjects, "WMS": found.ms_within, "JMS": found.ms_visits, "EMS": found.ms_error}
    for key, value in (errors | squares).items():
        assert value == pytest.approx(told[key], abs=1e-6)
