"""What a caller of `measure` may say, and what is refused."""

import numpy as np
import pytest

from emgpipe import SettingsError, array_recording, compute_frames, measure
from tests.strategies import noise_of

X = noise_of(1, 12, 1000.0, 2.0)
RECORDING = array_recording([X, X[::-1].copy()], ["TA_R", "GM_R"], 1000.0, sha256="a")
FRAMES = compute_frames(RECORDING, mains_hz=50)


def refused(code, **said):
    with pytest.raises(SettingsError) as caught:
        measure(said.pop("recording", RECORDING), FRAMES, rest=True, **said)
    assert caught.value.code == code
    return str(caught.value)


def test_frames_of_another_recording_are_refused():
    refused("FRAMES_FOREIGN", recording=array_recording([X], ["TA_R"], 1000.0, sha256="b"))
    refused("FRAMES_FOREIGN", recording=array_recording([X[:-1000]], ["TA_R"], 1000.0, sha256="a"))


@pytest.mark.parametrize("uv", [-1.0, 0.0, np.nan, np.inf, "2"])
def test_a_device_floor_that_is_no_positive_number_is_refused(uv):
    assert "TA_R" in refused("ARGUMENT_INVALID", device_uv={"TA_R": uv})


@pytest.mark.parametrize("argument", ["exclude", "pairs", "prime_movers"])
@pytest.mark.parametrize("given", ["TA_R", [("TA_R", "GM_R")]])
def test_one_text_or_no_text_where_a_list_of_texts_is_needed_is_refused(argument, given):
    assert argument in refused("ARGUMENT_INVALID", **{argument: given})


@pytest.mark.parametrize("segment", ["rest", "rest_2", "whole", " rest"])
def test_rest_cannot_be_its_own_reference(segment):
    assert repr(segment) in refused("REFERENCE_IS_REST", reference=segment)


def test_a_line_of_the_other_mains_frequency_is_said_and_flagged():
    t = np.arange(60_000) / 1000
    x = noise_of(2, 60, 1000.0, 2.0) + 20 * np.sin(2 * np.pi * 60 * t)
    recording = array_recording([x], ["TA_R"], 1000.0)
    result = measure(recording, compute_frames(recording, mains_hz=50), rest=True)
    assert "MAINS_OTHER" in {finding.code for finding in result.findings}
    row = next(r for r in result.rows if r.measure == "act_frac")
    assert row.value is None or (row.status == "flagged" and "MAINS_OTHER" in row.reason)
