"""What is added to a lead is added exactly, told, and moves nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from emgpipe.errors import SettingsError
from emgpipe.intervals import Intervals
from emgpipe.recording import Annotation
from emgpipe.simulate import (
    Amplifier,
    SimulatedMuscle,
    Spasm,
    VisitPlan,
    band_rms_uv,
    hardware_lowpass,
    simulate_visit,
    stimulus_artefact,
)
from emgpipe.simulate.contamination import electrode_steps, movement, noise_behind_lowpass

MUSCLE = SimulatedMuscle("PSP_L", excitation=0.03)
RATE_HZ = 1000.0


def made(muscle=MUSCLE, **options):
    return simulate_visit(5, [muscle], **{"rest_s": 20.0, "reference_s": 3.0, "rate_hz": RATE_HZ, **options})


@pytest.fixture(scope="module")
def plain():
    return made()


@pytest.mark.parametrize(
    "changes",
    [
        {"heart_uv": 80.0},
        {"movement_per_min": 10.0},
        {"steps_per_min": 10.0},
        {"flat_s": ((2.0, 4.0),)},
        {"relax_s": 4.0, "reflex_excitation": 0.4},
    ],
)
def test_a_feature_of_a_lead_leaves_muscle_noise_and_truth_as_they_are(plain, changes):
    visit = made(replace(MUSCLE, **changes))
    assert np.array_equal(visit.channels[0].clean_uv, plain.channels[0].clean_uv)
    assert visit.truth == plain.truth
    assert (visit.generated == {}) == ("relax_s" in changes)


def test_stimuli_and_cues_come_after_a_rest_that_they_do_not_move(plain):
    visit = made(replace(MUSCLE, reflex_excitation=0.4), plan=VisitPlan(n_stimuli=2, n_relax=1))
    # 2 s, two stimuli of 8 s, and 20 s of the cue
    assert visit.channels[0].duration_s == 23.0 + 2.0 + 16.0 + 20.0
    assert np.array_equal(visit.excitation[0][:2300], plain.excitation[0])
    assert [(m.text, m.onset_s) for m in visit.annotations[2:]] == [
        ("stimulus", 25.0),
        ("stimulus", 33.0),
        ("relax_cue", 46.0),
    ]


def test_nothing_planned_tells_nothing_and_has_no_more_than_rest_and_reference(plain):
    assert plain.generated == {}
    assert plain.annotations == (Annotation(0.0, 20.0, "rest"), Annotation(20.0, 3.0, "reference"))
    assert plain.ecg_uv is None
    assert plain.tonic[0] == pytest.approx(plain.excitation[0][:2000].mean())


def test_beats_stand_at_the_told_times_in_every_lead_and_in_the_ecg():
    muscles = [
        replace(MUSCLE, name=n, heart_uv=h, noise_uv=0.0, excitation=0.0) for n, h in (("PSP_L", 80), ("RA_L", 0))
    ]
    plan = VisitPlan(heart_per_min=60.0, ecg_uv=500.0)
    visit = simulate_visit(5, muscles, rest_s=20.0, reference_s=0.0, rate_hz=RATE_HZ, plan=plan)
    trunk, other = visit.channels
    beats_s = np.array(visit.generated["beats_s"])
    assert np.array_equal(trunk.beats_s, beats_s)
    assert not other.samples_uv.any()
    assert len(other.beats_s) == 0
    np.testing.assert_allclose(trunk.samples_uv, visit.ecg_uv * 80 / 500, atol=1e-9)
    assert 16 < len(beats_s) < 24
    for beat_s in beats_s:
        near = slice(round(beat_s * RATE_HZ) - 100, round(beat_s * RATE_HZ) + 100)
        # R waves of usual and ectopic beats stand within 30 ms of the told time
        assert abs(np.argmax(visit.ecg_uv[near]) - 100) <= 30


def test_an_artefact_is_what_a_stimulus_leaves_and_nothing_before_it():
    plan = VisitPlan(n_stimuli=2, artefact_uv=500.0)
    bare, struck = (made(plan=p) for p in (replace(plan, artefact_uv=0.0), plan))
    added = struck.channels[0].samples_uv - bare.channels[0].samples_uv
    expected = stimulus_artefact(len(added), RATE_HZ, [25.0, 33.0], peak_uv=500.0)
    np.testing.assert_allclose(added, expected, atol=1e-9)
    assert not added[:25_000].any()


def test_reflexes_are_told_with_latency_gain_and_area():
    muscle = replace(MUSCLE, excitation=0.0, reflex_excitation=0.4)
    visit = made(muscle, plan=VisitPlan(n_stimuli=3))
    told = visit.generated["stimuli"]["muscles"]["PSP_L"]
    assert told["gains"] == pytest.approx([1.0, 0.9, 0.81])
    clean_uv = visit.channels[0].clean_uv
    for at_s, latency_s, area_uvs in zip((25.0, 33.0, 41.0), told["latencies_s"], told["areas_uvs"], strict=True):
        assert not visit.excitation[0][round(at_s * 100) : int((at_s + latency_s) * 100)].any()
        first = np.flatnonzero(clean_uv[round(at_s * RATE_HZ) :])[0] / RATE_HZ
        # no unit fires before the drive; its potential begins up to 4 ms before the discharge
        assert latency_s - 0.02 < first < latency_s + 0.15
        rectified = np.abs(clean_uv[round((at_s + 0.04) * RATE_HZ) : round((at_s + 5) * RATE_HZ)]).sum() / RATE_HZ
        # the band takes some of it; silence before the stimulus takes nothing
        assert 0.7 * rectified < area_uvs < 1.3 * rectified


def test_clipped_samples_stand_at_the_rail_and_are_counted():
    visit, bare = (made(amplifier=a) for a in (Amplifier(range_uv=60.0), Amplifier()))
    samples_uv, free_uv = visit.channels[0].samples_uv, bare.channels[0].samples_uv
    beyond = np.abs(free_uv) >= 60.0
    assert beyond.any()
    assert np.array_equal(samples_uv[beyond], 60.0 * np.sign(free_uv[beyond]))
    lsb_uv = visit.amplifier.lsb_uv
    assert np.abs(samples_uv - free_uv)[~beyond].max() <= lsb_uv / 2 * (1 + 1e-6)
    # samples within half a step of the rail are rounded to it
    at_rail = np.abs(samples_uv) == 60.0
    assert visit.generated["clipped_n"] == {"PSP_L": int(at_rail.sum())}
    assert beyond.sum() <= at_rail.sum() <= (np.abs(free_uv) >= 60.0 - lsb_uv).sum()


def test_fewer_bits_leave_fewer_levels():
    samples_uv = made(amplifier=Amplifier(range_uv=300.0, bits=6)).channels[0].samples_uv
    steps = (samples_uv + 300.0) / (600.0 / 63)
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)


def test_a_low_pass_reaches_samples_clean_signal_and_floor(plain):
    visit = made(amplifier=Amplifier(lowpass_hz=200.0))
    channel, bare = visit.channels[0], plain.channels[0]
    np.testing.assert_allclose(channel.samples_uv, hardware_lowpass(bare.samples_uv, RATE_HZ, 200.0))
    np.testing.assert_allclose(channel.clean_uv, hardware_lowpass(bare.clean_uv, RATE_HZ, 200.0))
    # noise of 23 s in 180 Hz: SD 1.1 %; four of them
    noise_uv = band_rms_uv(channel.samples_uv - channel.clean_uv, RATE_HZ)
    assert noise_uv == pytest.approx(channel.floor_uv, rel=0.045)
    assert visit.truth["muscles"]["PSP_L"]["floor_uv"] == channel.floor_uv < 0.8 * bare.floor_uv
    full, band = noise_behind_lowpass(0.0, 2000.0, 500.0)
    # half of white noise is below 500 of 1000 Hz; the band ends at 450 Hz, where the filter has taken 30 % of the power
    assert full == pytest.approx(np.sqrt(0.5), rel=0.03)
    assert 0.95 < band < 1.0


def test_a_dead_electrode_is_flat_where_it_is_told(plain):
    visit = made(replace(MUSCLE, flat_s=((2.0, 4.0), (10.0, 40.0))))
    flat = np.zeros(23_000, bool)
    flat[2000:4000] = flat[10_000:] = True
    samples_uv = visit.channels[0].samples_uv
    assert not samples_uv[flat].any()
    assert np.array_equal(samples_uv[~flat], plain.channels[0].samples_uv[~flat])
    assert visit.generated["flat_s"] == {"PSP_L": [[2.0, 4.0], [10.0, 40.0]]}


def test_movement_is_slow_and_lies_where_it_is_told():
    samples_uv, moved = movement(600_000, 1000.0, np.random.default_rng(1), per_min=6.0, rms_uv=300.0)
    # Poisson of 60: four SD are 31; overlapping ones are joined
    assert 25 < len(moved) <= 91
    moving = Intervals(np.round(moved.pairs * 1000)).mask(600_000)
    assert not samples_uv[~moving].any()
    power, frequency_hz = np.abs(np.fft.rfft(samples_uv)) ** 2, np.fft.rfftfreq(600_000, 0.001)
    assert power[(frequency_hz > 0.3) & (frequency_hz < 12)].sum() > 0.95 * power.sum()
    # sin^2 of the swelling: RMS over a movement is sqrt(3/8) of that in its middle; some 150 s x 10 Hz of noise
    assert np.sqrt(np.mean(samples_uv[moving] ** 2)) == pytest.approx(300 * np.sqrt(3 / 8), rel=0.25)


def test_electrode_steps_jump_at_the_told_samples():
    samples_uv, steps_s = electrode_steps(100_000, 1000.0, np.random.default_rng(1), per_min=6.0, height_uv=1000.0)
    jumps = np.flatnonzero(np.abs(np.diff(samples_uv, prepend=0.0)) > 300)
    assert jumps.tolist() == [round(s * 1000) for s in steps_s]
    assert 2 < len(steps_s) < 23


def test_mains_drift_as_told():
    bare = replace(MUSCLE, noise_uv=0.0, excitation=0.0, mains_uv=10.0, mains_wander=0.0)
    still, moving = (made(replace(bare, mains_drift_hz=d), reference_s=0.0) for d in (0.0, 2.0))
    # a third of the record at each end: 50 Hz -+ 0.67 Hz in its middle
    for part, drift_hz in ((slice(0, 6667), -2 / 3), (slice(13333, 20000), 2 / 3)):
        found = [peak_hz(v.channels[0].samples_uv[part]) for v in (still, moving)]
        assert found[0] == pytest.approx(50.0, abs=0.05)
        assert found[1] == pytest.approx(50.0 + drift_hz, abs=0.2)


def peak_hz(samples_uv):
    spectrum = np.abs(np.fft.rfft(samples_uv * np.hanning(len(samples_uv)), 200_000))
    return np.argmax(spectrum) * RATE_HZ / 200_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"plan": VisitPlan(n_stimuli=-1)},
        {"plan": VisitPlan(n_relax=2000)},
        {"plan": VisitPlan(stimulus_every_s=0.0, n_stimuli=1)},
        {"plan": VisitPlan(heart_per_min=5.0)},
        {"plan": VisitPlan(ecg_uv=-1.0)},
        {"plan": VisitPlan(gaps_s=((5.0, 3.0),))},
        {"plan": VisitPlan(gaps_s=((5.0, 99.0),))},
        {"plan": VisitPlan(spasms=(Spasm(1.0, {"RF_L": 0.0}),))},
        {"amplifier": Amplifier(lowpass_hz=600.0)},
        {"amplifier": Amplifier(range_uv=0.0)},
        {"amplifier": Amplifier(bits=17)},
        {"amplifier": Amplifier(bits=1)},
        {"rest_s": 0.5},
        {"rest_s": float("inf")},
        {"reference_s": 0.5},
        {"rate_hz": 50.0},
    ],
)
def test_a_plan_or_amplifier_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        made(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"heart_uv": -1.0},
        {"movement_per_min": 100.0},
        {"step_uv": float("nan")},
        {"reflex_excitation": 1.5},
        {"relax_s": 0.0},
        {"mains_drift_hz": 9.0},
        {"flat_s": ((3.0, 2.0),)},
        {"flat_s": ((1.0, 3.0), (2.0, 4.0))},
    ],
)
def test_a_lead_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingsError, match="SIMULATION_INVALID"):
        made(replace(MUSCLE, **wrong))
