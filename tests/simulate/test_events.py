"""Spasms and relax cues: the drive is where the truth says, in the order that it tells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.simulate import SimulatedMuscle, Spasm, SpasmModel, VisitPlan, draw_spasms, simulate_visit
from emgpipe.simulate.events import RelaxCues, check_spasms, relax_course, spasm_course, spasms_truth

NAMES = ["TA_R", "GM_R", "PSP_L"]


def drawn(seed=1, rest_s=3600.0, **model):
    return draw_spasms(SpasmModel(**{"per_hour": 200.0, **model}), NAMES, rest_s, np.random.default_rng(seed))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.floats(0, 0.8), st.floats(0.1, 0.5), st.floats(0, 60), st.floats(0, 20)),
        min_size=1,
        max_size=6,
    )
)
def test_drive_is_on_exactly_in_the_told_intervals(numbers):
    spasms = [Spasm(start, {"TA_R": delay}, ramp, plateau, decay) for start, delay, ramp, plateau, decay in numbers]
    excitation, when = spasm_course(spasms, "TA_R", 10_000)
    time_s = np.arange(10_000) * 0.01
    inside = np.zeros(10_000, bool)
    well_inside = np.zeros(10_000, bool)
    for start_s, stop_s in when.pairs:
        inside |= (time_s >= start_s) & (time_s <= stop_s)
    for spasm in spasms:
        start_s = spasm.start_s + spasm.delays_s["TA_R"]
        well_inside |= (time_s > start_s + 1e-9) & (time_s < start_s + spasm.length_s - 1e-9)
    assert not excitation[~inside].any()
    assert (excitation[well_inside] > 0).all()
    assert excitation.max() <= 0.35


def test_a_spasm_ramps_stays_and_decays_as_told():
    course, when = spasm_course([Spasm(10.0, {"TA_R": 0.5}, 0.5, 2.0, 4.0, 0.4)], "TA_R", 3000)
    assert when.pairs.tolist() == [[10.5, 17.0]]
    np.testing.assert_allclose(course[[1050, 1075, 1100, 1200, 1300, 1500, 1700]], [0, 0.2, 0.4, 0.4, 0.4, 0.2, 0])
    assert not spasm_course([Spasm(10.0, {"TA_R": 0.5})], "GM_R", 3000)[0].any()


def test_a_spasm_that_outlasts_the_rest_is_cut_there():
    assert spasm_course([Spasm(5.0, {"TA_R": 0.0}, 0.3, 60.0, 2.0)], "TA_R", 1000)[1].pairs.tolist() == [[5.0, 10.0]]
    assert spasms_truth([Spasm(5.0, {"TA_R": 0.0}, 0.3, 60.0, 2.0)], 10.0)[0]["stop_s"] == 10.0


def test_order_and_generalised_follow_the_delays():
    spasm = Spasm(1.0, {"TA_R": 0.4, "GM_R": 0.0, "PSP_L": 0.1})
    assert spasm.order == ("GM_R", "PSP_L", "TA_R")
    assert spasm.generalised
    assert not Spasm(1.0, {"TA_R": 0.0}).generalised
    assert not Spasm(1.0, {"TA_R": 0.0, "GM_R": 1.2}).generalised
    told = spasms_truth([spasm], 60.0)[0]
    assert told["order"] == ["GM_R", "PSP_L", "TA_R"]
    assert told["starts_s"] == {"TA_R": 1.4, "GM_R": 1.0, "PSP_L": 1.1}
    assert (told["start_s"], told["stop_s"]) == (1.0, pytest.approx(1.4 + 3.8))


def test_drawn_spasms_keep_to_their_ranges_and_rate():
    spasms = drawn(long_share=0.2)
    # Poisson of 200: four SD are 57
    assert 143 < len(spasms) < 257
    local = [s for s in spasms if len(s.delays_s) == 1]
    # binomial of 200 at 0.3: four SD are 0.13; at 0.2: 0.12
    assert len(local) / len(spasms) == pytest.approx(0.3, abs=0.13)
    assert np.mean([s.plateau_s > 3 for s in spasms]) == pytest.approx(0.2, abs=0.12)
    assert all(min(s.delays_s.values()) == 0 and max(s.delays_s.values()) <= 0.8 for s in spasms)
    assert all(0.1 <= s.ramp_s <= 0.5 and 2 <= s.decay_s <= 20 and 0.2 <= s.level <= 0.5 for s in spasms)
    assert {s.order[0] for s in spasms if s.generalised} == set(NAMES)
    assert [s.start_s for s in spasms] == sorted(s.start_s for s in spasms)
    assert drawn() == drawn()
    assert drawn(seed=2) != drawn()
    assert drawn(per_hour=0.0) == ()


def test_spasms_of_a_visit_are_seen_in_drive_signal_and_truth():
    spasms = (Spasm(8.0, {"TA_R": 0.0, "GM_R": 0.6}, 0.3, 3.0, 2.0), Spasm(20.0, {"TA_R": 0.0}, 0.2, 2.0, 1.0, 0.3))
    muscles = [SimulatedMuscle("TA_R", excitation=0.0), SimulatedMuscle("GM_R", excitation=0.0)]
    visit = simulate_visit(1, muscles, rest_s=30.0, plan=VisitPlan(spasms=spasms), rate_hz=1000.0)
    assert [c.events.pairs.tolist() for c in visit.channels] == [
        [[8.0, 13.3], [20.0, pytest.approx(23.2)]],
        [[8.6, pytest.approx(13.9)]],
    ]
    for channel, excitation, tonic in zip(visit.channels, visit.excitation, visit.tonic, strict=True):
        course = spasm_course(spasms, channel.name, 3000)[0]
        assert np.array_equal(excitation[:3000], course)
        assert tonic == 0
        for start_s, stop_s in channel.events.pairs:
            assert channel.clean_uv[round(start_s * 1000) : round(stop_s * 1000)].any()
        assert channel.active.overlap(channel.events).duration == pytest.approx(channel.active.duration - 10, abs=0.6)
    assert [s["order"] for s in visit.generated["spasms"]] == [["TA_R", "GM_R"], ["TA_R"]]


def test_drive_decays_after_a_cue_with_the_time_constant_of_the_muscle():
    tonic = np.full(4000, 0.02)
    held = relax_course(tonic, RelaxCues(0.0, 2), 0.25, relax_s=3.0)
    assert RelaxCues(100.0, 2).cues_s == [105.0, 125.0]
    assert held[100:500] == pytest.approx(0.25)
    for cue in (500, 2500):
        after_s = np.arange(1500) * 0.01
        np.testing.assert_allclose(held[cue : cue + 1500], 0.02 + 0.23 * np.exp(-after_s / 3.0))


def test_a_muscle_that_fails_to_relax_leaves_a_larger_residue():
    muscles = [SimulatedMuscle("TA_R", excitation=0.0, relax_s=tau) for tau in (0.3, 6.0)]
    residues = []
    for muscle in muscles:
        visit = simulate_visit(1, [muscle], rest_s=3.0, reference_s=0.0, plan=VisitPlan(n_relax=1))
        assert [(m.text, m.onset_s) for m in visit.annotations[1:]] == [("relax_cue", 8.0)]
        residues += visit.generated["relax"]["muscles"]["TA_R"]["resid_uv"]
    assert residues[0] < 0.1
    assert residues[1] > 20


@pytest.mark.parametrize(
    "wrong",
    [
        {"start_s": -1.0},
        {"start_s": 61.0},
        {"delays_s": {}},
        {"delays_s": {"RF_L": 0.0}},
        {"delays_s": {"TA_R": -0.1}},
        {"ramp_s": -0.1},
        {"ramp_s": 0.0, "plateau_s": 0.0, "decay_s": 0.0},
        {"level": 1.5},
        {"decay_s": float("nan")},
    ],
)
def test_a_spasm_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        check_spasms([Spasm(**{"start_s": 1.0, "delays_s": {"TA_R": 0.0}, **wrong})], ["TA_R"], 60.0)


@pytest.mark.parametrize(
    "wrong",
    [{"per_hour": -1.0}, {"per_hour": 4000.0}, {"local_share": 1.1}, {"decay_s": (3.0, 2.0)}, {"level": (0.5, 1.2)}],
)
def test_a_model_of_spasms_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        drawn(**wrong)
