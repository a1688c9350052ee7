"""What rows say of a heart that may be left in a value."""

from dataclasses import replace

import numpy as np
import pytest

from emgpipe.frames.model import Heart
from emgpipe.measures.judge import MUCH_HIDDEN, MUCH_RESIDUAL
from emgpipe.pipeline import compute_frames, measure
from emgpipe.recording import array_recording
from emgpipe.simulate import electrode_noise, heart_train, scenario
from tests.strategies import noise_of

RATE = 1000.0
CODES = {"ECG_NOT_REMOVED", "ECG_HIDDEN", "ECG_RESIDUAL", "ECG_UNCONFIRMED"}
RECORDING = array_recording(
    [scenario("always_active", 1, 60, RATE).samples_uv, noise_of(1, 60, RATE)], ["PSP_L", "TA_L"], RATE
)
FRAMES = compute_frames(RECORDING, mains_hz=50)
FOUND = Heart("PSP_L", n_beats=60, per_minute=60.0, hidden_share=0.0, residual=1.0)
NONE = Heart("PSP_L", n_beats=0, per_minute=0.0, hidden_share=0.0, residual=np.nan, why="few peaks")


def said(heart, muscle="PSP_L"):
    """Codes of the heart by measure of a muscle."""
    channels = tuple(replace(c, heart=heart) if c.muscle == muscle else c for c in FRAMES.channels)
    rows = measure(RECORDING, replace(FRAMES, channels=channels), rest=True).rows
    return {r.measure: set(r.reason.split(";")) & CODES for r in rows if r.target == muscle}


@pytest.mark.parametrize(
    ("heart", "code"),
    [
        (FOUND, None),
        (NONE, None),
        (None, "ECG_NOT_REMOVED"),
        (replace(NONE, doubtful=True), "ECG_NOT_REMOVED"),
        (replace(FOUND, hidden_share=MUCH_HIDDEN), None),
        (replace(FOUND, hidden_share=MUCH_HIDDEN + 0.01), "ECG_HIDDEN"),
        (replace(NONE, hidden_share=0.9), None),
        (replace(FOUND, residual=MUCH_RESIDUAL), None),
        (replace(FOUND, residual=MUCH_RESIDUAL + 0.01), "ECG_RESIDUAL"),
        (replace(FOUND, residual=np.nan), None),
        (replace(FOUND, residual=0.6), "ECG_RESIDUAL"),
        (replace(FOUND, confirmed=False), "ECG_UNCONFIRMED"),
        (replace(FOUND, n_told=66), None),
        (replace(FOUND, n_told=70), "ECG_NOT_REMOVED"),
        (replace(NONE, n_told=70, why=""), "ECG_NOT_REMOVED"),
        (replace(FOUND, missed_share=0.03), "ECG_NOT_REMOVED"),
    ],
)
def test_a_trunk_lead_says_what_its_heart_may_have_left(heart, code):
    codes = said(heart)
    wanted = {code} if code else set()
    for name in ("floor_uv", "act_frac", "rest_rms_uv", "apdf_p10_uv", "cmua_frac"):
        assert codes[name] == wanted, name
    # the witness of noise or muscle comes before any verdict
    assert codes["tilt"] == set()


def test_several_doubts_about_a_heart_are_said_together():
    assert said(replace(FOUND, hidden_share=0.5, residual=2.0))["act_frac"] == {"ECG_HIDDEN", "ECG_RESIDUAL"}


def test_a_limb_lead_that_was_not_looked_through_is_not_doubted():
    assert said(None, "TA_L")["act_frac"] == set()
    assert said(replace(NONE, doubtful=True), "TA_L")["act_frac"] == {"ECG_NOT_REMOVED"}


def test_a_doubt_flags_the_value_and_keeps_it():
    channels = tuple(replace(c, heart=replace(NONE, doubtful=True)) for c in FRAMES.channels)
    plain, doubted = (
        {(r.target, r.measure): r for r in measure(RECORDING, f, rest=True).rows}
        for f in (FRAMES, replace(FRAMES, channels=channels))
    )
    one, other = plain["PSP_L", "act_frac"], doubted["PSP_L", "act_frac"]
    assert other.value == one.value
    assert other.status == "flagged"


def lead(seed, duration_s, heart=True):
    rng = np.random.default_rng(seed)
    n = int(duration_s * RATE)
    beats = heart_train(n, RATE, rng, peak_uv=200.0).samples_uv
    return electrode_noise(n, RATE, rng, band_rms_uv=1.3), beats if heart else np.zeros(n)


def flags(channels, kinds=None):
    recording = array_recording(list(channels.values()), list(channels), RATE, kinds=kinds)
    rows = measure(recording, compute_frames(recording, mains_hz=50), rest=True, pairs=[]).rows
    return {r.target: set(r.reason.split(";")) & CODES for r in rows if r.measure == "act_frac"}


def test_a_lead_that_stops_telling_beats_half_way_leaves_no_number_without_a_word():
    noise, beats = lead(1, 120)
    ecg = 5 * beats + noise
    ecg[70_000:] = noise[70_000:]
    assert "ECG_NOT_REMOVED" in flags({"ECG": ecg, "PSP_L": noise + beats}, ["ecg", "emg"])["PSP_L"]


def test_a_recording_too_short_to_look_for_a_heart_says_so():
    noise, beats = lead(2, 12)
    recording = array_recording([noise + beats], ["PSP_L"], RATE)
    rows = measure(recording, compute_frames(recording, mains_hz=50), rest=True).rows
    told = [r for r in rows if r.value is not None and r.measure.endswith(("_uv", "_frac"))]
    assert told
    assert all("ECG_NOT_REMOVED" in r.reason for r in told)


def test_one_trunk_lead_alone_cannot_confirm_its_beats_and_two_can():
    noise, beats = lead(3, 60)
    other = lead(4, 60)[0]
    assert flags({"PSP_L": noise + beats})["PSP_L"] == {"ECG_UNCONFIRMED"}
    assert flags({"PSP_L": noise + beats, "PSP_R": other + 0.7 * beats}) == {"PSP_L": set(), "PSP_R": set()}
    assert flags({"ECG": 5 * beats + other, "PSP_L": noise + beats}, ["ecg", "emg"])["PSP_L"] == set()


@pytest.mark.parametrize(("heart", "reason"), [(FOUND, "QRS"), (NONE, None), (None, None)])
def test_coherence_is_not_measured_where_beats_were_taken_out(heart, reason):
    channels = tuple(replace(c, heart=heart) if c.muscle == "PSP_L" else c for c in FRAMES.channels)
    rows = measure(RECORDING, replace(FRAMES, channels=channels), rest=True, pairs=["TA_L/PSP_L"]).rows
    row = next(r for r in rows if r.measure == "imc_low_z")
    if reason:
        assert (row.value, row.status, row.reason) == (None, "not_measured", reason)
    else:
        assert abs(row.value) < 4
