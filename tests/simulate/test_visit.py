"""A simulated visit does what its muscles are told, and its truth can be measured again."""

import numpy as np
import pytest

from emgpipe.errors import SettingsError
from emgpipe.recording import Annotation
from emgpipe.simulate import SimulatedMuscle, band_passed, band_rms_uv, simulate_visit, windowed_rms_uv
from emgpipe.simulate.drive import bouts, slow_drives, spasm_drive
from emgpipe.simulate.truth import active_stretches

PAIR = [("TA_R", "GM_R")]


@pytest.fixture(scope="module")
def visit():
    muscles = [
        SimulatedMuscle("TA_R", excitation=0.08),
        SimulatedMuscle("GM_R", excitation=0.05, noise_uv=2.5, corner_hz=0.0),
        SimulatedMuscle("PSP_L", excitation=0.0),
    ]
    return simulate_visit(3, muscles, PAIR, rest_s=30.0, reference_s=5.0)


def test_rest_and_reference_are_declared(visit):
    assert visit.annotations == (Annotation(0.0, 30.0, "rest"), Annotation(30.0, 5.0, "reference"))
    assert [c.duration_s for c in visit.channels] == [35.0] * 3
    assert simulate_visit(1, [SimulatedMuscle("TA_R")], rest_s=2, reference_s=0).annotations == (
        Annotation(0.0, 2, "rest"),
    )


def test_noise_has_the_true_floor(visit):
    for channel in visit.channels:
        # 390 Hz x 35 s: SD 0.6 %; four of them
        rest_uv = channel.samples_uv - channel.clean_uv
        assert band_rms_uv(rest_uv, 2000.0) == pytest.approx(channel.floor_uv, rel=0.024)


def test_a_muscle_without_drive_is_silent_until_the_reference(visit):
    silent, truth = visit.channels[2], visit.truth["muscles"]["PSP_L"]
    assert not silent.clean_uv[:59000].any()
    assert silent.clean_uv[62000:].any()
    assert (truth["active_fraction"], truth["rms_on_uv"], truth["units"]) == (0, 0, 0)
    assert truth["apdf_p90_uv"] < 1e-9


def test_reference_has_the_wanted_rms_by_the_theorem_of_campbell(visit):
    for muscle in visit.truth["muscles"].values():
        # 5 windows of 1 s, each with an SD near 5 %, and trains that are not quite Poisson
        assert muscle["reference_rms_uv"] == pytest.approx(150.0, rel=0.12)


def test_generating_rms_is_the_rms_of_what_is_generated(visit):
    for channel in visit.channels[:2]:
        rest = slice(0, 60000)
        expected_uv = np.sqrt(np.mean(channel.envelope_uv[rest] ** 2))
        assert np.sqrt(np.mean(band_passed(channel.clean_uv, 2000.0)[rest] ** 2)) == pytest.approx(
            expected_uv, rel=0.06
        )


def test_truth_is_measured_again_from_the_clean_signal(visit):
    rest_uv = [band_passed(c.clean_uv, 2000.0)[:60000] for c in visit.channels]
    truth = visit.truth["muscles"]["TA_R"]
    p10, p50, p90 = np.quantile(
        [np.sqrt(np.mean(rest_uv[0][i : i + 2000] ** 2)) for i in range(0, 58001, 1000)], [0.1, 0.5, 0.9]
    )
    assert (truth["apdf_p10_uv"], truth["apdf_p50_uv"], truth["apdf_p90_uv"]) == pytest.approx(
        (p10, p50, p90), rel=1e-9
    )
    smaller = np.minimum(*(windowed_rms_uv(x, 2000.0, 0.1, 0.05) for x in rest_uv[:2]))
    assert visit.truth["pairs"]["TA_R/GM_R"]["cc_overlap_uv"] == pytest.approx(smaller.mean(), rel=1e-9)


def test_activity_covers_every_discharge_and_joins_those_within_300_ms(visit):
    for channel, trains_s in zip(visit.channels, visit.discharges_s, strict=True):
        times_s = np.sort(np.concatenate(trains_s))
        pairs = channel.active.pairs
        which = np.searchsorted(pairs[:, 0], times_s, side="right") - 1
        assert ((times_s >= pairs[which, 0]) & (times_s <= pairs[which, 1])).all()
        assert (pairs[1:, 0] - pairs[:-1, 1] > 0.3 - 0.02).all()


def test_discharges_are_joined_up_to_300_ms_and_not_beyond():
    trains_s = [np.array([1.0, 1.5]), np.array([1.25, 1.875])]
    assert active_stretches(trains_s, 1.88).pairs.tolist() == [[1.0, 1.52], [1.875, 1.88]]


def test_more_drive_means_more_units_and_more_amplitude():
    truths = [
        simulate_visit(1, [SimulatedMuscle("TA_R", excitation=e)], rest_s=10).truth["muscles"]["TA_R"]
        for e in (0.02, 0.03, 0.06, 0.12)
    ]
    for name in ("units", "rest_rms_uv"):
        values = [t[name] for t in truths]
        assert values == sorted(set(values))


def test_a_level_in_microvolts_is_met_exactly():
    visit = simulate_visit(1, [SimulatedMuscle("TA_R", tonic_uv=12.0)], rest_s=10, reference_s=0, rate_hz=1000.0)
    assert band_rms_uv(visit.channels[0].clean_uv, 1000.0) == pytest.approx(12.0, rel=1e-12)


def test_a_level_in_microvolts_of_a_muscle_that_never_fires_is_refused():
    with pytest.raises(SettingsError, match="SIMULATION_INVALID: rest_rms"):
        simulate_visit(1, [SimulatedMuscle("TA_R", excitation=0.0, tonic_uv=12.0)], rest_s=2)


def test_gain_scales_emg_and_not_noise():
    one, two = (simulate_visit(1, [SimulatedMuscle("TA_R", gain=g)], rest_s=3).channels[0] for g in (1.0, 2.0))
    np.testing.assert_allclose(two.clean_uv, 2 * one.clean_uv)
    np.testing.assert_allclose(two.samples_uv - two.clean_uv, one.samples_uv - one.clean_uv, atol=1e-9)


def test_a_patient_keeps_the_units_and_a_visit_draws_new_discharges():
    first, second = (simulate_visit(s, [SimulatedMuscle("TA_R")], rest_s=3, patient_seed=9) for s in (1, 2))
    assert not np.array_equal(first.discharges_s[0][0], second.discharges_s[0][0])
    again = simulate_visit(1, [SimulatedMuscle("TA_R")], rest_s=3, patient_seed=9)
    assert np.array_equal(first.channels[0].samples_uv, again.channels[0].samples_uv)


def test_two_muscles_do_not_share_noise_or_units():
    first, second = simulate_visit(1, [SimulatedMuscle("TA_R"), SimulatedMuscle("GM_R")], rest_s=20).channels
    # 40000 samples with at least 100 Hz x 20 s degrees of freedom: SD of r 0.016; four of them
    assert abs(np.corrcoef(first.samples_uv[:40000], second.samples_uv[:40000])[0, 1]) < 0.064


def test_slow_drive_is_shared_as_asked():
    for correlation in (0.0, 0.5, 1.0):
        first, second = slow_drives(2, 400_000, correlation, np.random.default_rng(1))
        # 4000 s x 2 x 2 Hz: SD below 0.01
        assert np.corrcoef(first, second)[0, 1] == pytest.approx(correlation, abs=0.04)
        assert first.std() == pytest.approx(1.0, abs=0.04)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.7, 1.0])
def test_bouts_fill_their_share(share):
    # 100000 s / 24 s bouts and pauses: SD of the share below 0.01
    assert bouts(1_000_000, share, np.random.default_rng(1)).mean() == pytest.approx(share, abs=0.03)


def test_spasms_come_at_their_rate_and_lie_where_they_are_said_to_be():
    excitation, spasms = spasm_drive(720_000, 100.0, np.random.default_rng(1))
    # Poisson of 200 in 2 h: four SD are 57; overlapping ones are joined
    assert 140 < len(spasms) < 260
    inside = np.zeros(len(excitation), bool)
    for start_s, stop_s in spasms:
        inside[int(start_s * 100) : int(stop_s * 100) + 2] = True
    assert not excitation[~inside].any()
    assert 0.4 < excitation.max() <= 0.5
    assert not spasm_drive(1000, 0.0, np.random.default_rng(1))[0].any()


@pytest.mark.parametrize(
    "wrong",
    [{"excitation": 1.2}, {"excitation": float("nan")}, {"noise_uv": -1.0}, {"gain": 0.0}, {"active_share": 2.0}],
)
def test_a_muscle_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        simulate_visit(1, [SimulatedMuscle("TA_R", **wrong)], rest_s=2)


@pytest.mark.parametrize("wrong", [{"rest_s": 0.0}, {"reference_s": -1.0}, {"rate_hz": 0.0}, {"spasms_per_h": -1.0}])
def test_a_visit_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        simulate_visit(1, [SimulatedMuscle("TA_R")], **wrong)


@pytest.mark.parametrize(("names", "pairs"), [(["TA_R"], PAIR), (["TA_R", "TA_R"], []), ([], [])])
def test_muscles_and_pairs_must_agree(names, pairs):
    with pytest.raises(SettingsError, match="SIMULATION_INVALID: muscles"):
        simulate_visit(1, [SimulatedMuscle(name) for name in names], pairs)
