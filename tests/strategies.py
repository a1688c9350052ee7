"""Signals, frames and verdicts that several rooms test with."""

import numpy as np
from hypothesis import strategies as st

from emgpipe.detectors.activity import detect_activity
from emgpipe.detectors.floor import estimate_floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.filters.settings import ConditionSettings
from emgpipe.frames.reduce import reduce_channel
from emgpipe.frames.runs import RunSamples
from emgpipe.measures.rows import NOTES
from emgpipe.pipeline import compute_frames, measure
from emgpipe.recording import array_recording
from emgpipe.simulate import electrode_noise

RATES_HZ = (500.0, 1000.0, 2000.0, 2048.0, 2144.57, 4000.0)

seeds = st.integers(0, 2**32 - 1)
rates_hz = st.sampled_from(RATES_HZ)


def run_of(samples_uv, place=0):
    """One contiguous run of samples."""
    stored = np.asarray(samples_uv, np.float32)
    return RunSamples(place, len(stored), lambda first, stop: stored[first:stop])


def frames_of(samples_uv, rate_hz, *, mains_hz=50, **more):
    """Frames of one run of samples."""
    return reduce_channel([run_of(samples_uv)], len(samples_uv), rate_hz, mains_hz, ConditionSettings(), **more)


def noise_of(seed, seconds, rate_hz, band_rms_uv=1.0, corner_hz=0.0):
    """Electrode noise of a seed; `band_rms_uv` is its true floor."""
    rng = np.random.default_rng(seed)
    return electrode_noise(round(seconds * rate_hz), rate_hz, rng, band_rms_uv=band_rms_uv, corner_hz=corner_hz)


def verdict_of(frames, settings=None, **known):
    """Floor and activity of a channel."""
    settings = settings or DetectSettings()
    floor = estimate_floor(frames, settings, **known)
    return floor, detect_activity(frames, floor, settings)


def measured(muscles, rate_hz, *, annotations=(), mains_hz=50, rest=True, **options):
    """Everything about a recording of `{muscle: µV}`; `rate_hz` common or one a muscle."""
    recording = array_recording(list(muscles.values()), list(muscles), rate_hz, annotations=annotations)
    return measure(recording, compute_frames(recording, mains_hz=mains_hz), rest=rest, **options)


def doubts_of(row):
    """Reason of a row without what is said of its interval."""
    return ";".join(code for code in row.reason.split(";") if code not in NOTES)


def row_of(result, target, name, segment=None):
    """The one row of a target and measure."""
    hits = [r for r in result.rows if (r.target, r.measure) == (target, name) and segment in (None, r.segment)]
    assert len(hits) == 1, (target, name, len(hits))
    return hits[0]
