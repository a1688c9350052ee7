"""The bench of rank correlations in its short form: its draws, its ranks, and a few visits."""

import numpy as np
import pytest
from scipy import stats

from validation import drive


def value(patient, number, u, said, target="TA_R", **told):
    draw = drive._draw(patient, number, [u] * 9)
    return drive.Value(draw, target, "apdf_p10_uv", told.get("confidence", "high"), said)


def test_draws_are_spread_evenly_over_every_range():
    draws = drive.drawn_visits(200)
    assert len(draws) == 200
    for patient in range(drive.PATIENTS):
        own = [d for d in draws if d.patient == patient]
        share = np.sort(np.log([d.drive / 0.012 for d in own]) / np.log(25))
        assert (np.floor(share * 40) == np.arange(40)).all()
        assert sum(d.rate_hz == 2000.0 for d in own) == sum(d.heart_uv > 0 for d in own) == 20
        assert sum(d.spasms_per_h > 0 for d in own) == 20
    assert drive.drawn_visits(200) == draws
    assert abs(stats.spearmanr([d.drive for d in draws], [d.noise_uv for d in draws])[0]) < 0.3


def test_it_is_spearman_in_one_patient():
    rng = np.random.default_rng(1)
    u = rng.uniform(size=40)
    said = np.round(u + 0.3 * rng.standard_normal(40), 1)  # ties
    rho, n = drive.rank_correlation(
        [value(0, k, float(x), float(y)) for k, (x, y) in enumerate(zip(u, said, strict=True))]
    )
    assert (rho, n) == (pytest.approx(stats.spearmanr(u, said)[0], abs=1e-12), 40)


def test_patients_and_muscles_are_ranked_apart():
    u = np.linspace(0, 1, 10)
    values = [
        value(p, k, float(x), float(np.exp(x) * gain), target)
        for k, x in enumerate(u)
        for p, target, gain in ((0, "TA_R", 1.0), (0, "GM_R", 100.0), (1, "TA_R", 1e4))
    ]
    assert drive.rank_correlation(values) == (pytest.approx(1.0, abs=1e-12), 30)
    assert drive.rank_correlation([v._replace(value=-v.value) for v in values])[0] == pytest.approx(-1.0, abs=1e-12)


def test_few_numbers_and_constant_ones_have_no_rank_correlation():
    few = [value(0, k, k / 4, float(k)) for k in range(drive.LEAST_GROUP - 1)]
    assert np.isnan(drive.rank_correlation(few)[0])
    constant = [value(0, k, k / 9, 1.0) for k in range(9)]
    assert np.isnan(drive.rank_correlation(constant)[0])


def test_levels_follow_the_drive_whatever_spoils_the_visits():
    drawn = [d for d in drive.drawn_visits(200) if d.patient == 1]
    order = sorted(drawn, key=lambda d: d.drive)
    said = [{(v.target, v.measure): v.value for v in drive.measured(d)} for d in (order[12], order[25], order[38])]
    for key in (
        ("TA_R", "apdf_p10_uv"),
        ("PSP_L", "rest_rms_uv"),
        ("TA_R/GM_R", "cc_overlap_uv"),
        ("subject", "rigidity_index_log"),
    ):
        levels = [s[key] for s in said]
        assert levels == sorted(levels), key


def test_plain_rms_is_the_level_of_the_band():
    t = np.arange(20_000) / 2000
    tone_uv = np.sqrt(2) * 30 * np.sin(2 * np.pi * 100 * t)
    assert drive.plain_rms_uv(tone_uv, 2000.0) == pytest.approx(30.0, rel=0.01)


def test_the_check_counts_visits_and_refuses_weak_ranks():
    def row(name, sign, n):
        return [value(k % 5, k, k / n, sign * float(k), "TA_R")._replace(measure=name) for k in range(n)]

    good = [v for name in drive.CLAIMED for v in row(name, 1, 220)]
    assert drive.rank_check(good, 220).holds
    assert not drive.rank_check([v for v in good if v.measure != "rest_rms_uv"], 220).holds
    assert not drive.rank_check(
        [*(v for v in good if v.measure != "rest_rms_uv"), *row("rest_rms_uv", -1, 220)], 220
    ).holds
    assert not drive.rank_check([v for name in drive.CLAIMED for v in row(name, 1, 190)], 190).holds
