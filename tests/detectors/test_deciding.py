"""Verdicts on real recordings against the plain twin of the compiled decision."""

from pathlib import Path

import pytest

from emgpipe.detectors.activity import detect_activity
from emgpipe.detectors.floor import estimate_floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.pipeline import compute_frames
from emgpipe.readers import read_recording
from tests import naive_activity
from tests.kernels.test_states import assert_same

REAL = Path(__file__).parents[3] / "shared" / "data" / "real" / "edf_converted"


def test_real_recordings_are_decided_as_by_the_plain_twin():
    paths = sorted(REAL.glob("*.edf"))[::4]
    if not paths:
        pytest.skip("no real recordings in ../shared/data")
    detects = DetectSettings(), DetectSettings(activity_ratio=1.2, close_gap_s=0.05, shortest_burst_s=0.0)
    for path in paths:
        for frames in compute_frames(read_recording(path), mains_hz=50).channels[:3]:
            for detect in detects if not frames.refused else ():
                floor = estimate_floor(frames, detect)
                assert_same(detect_activity(frames, floor, detect), naive_activity.activity(frames, floor, detect))
