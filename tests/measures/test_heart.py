"""What rows say of a heart that may be left in a value."""

from dataclasses import replace

import numpy as np
import pytest

from emgpipe.frames.model import Heart
from emgpipe.measures.judge import MUCH_HIDDEN, MUCH_RESIDUAL
from emgpipe.pipeline import compute_frames, measure
from emgpipe.recording import array_recording
from emgpipe.simulate import scenario
from tests.strategies import noise_of

RATE = 1000.0
CODES = {"ECG_NOT_REMOVED", "ECG_HIDDEN", "ECG_RESIDUAL"}
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
