"""Sums over hours must not lose a quiet second."""

import numpy as np

from emgpipe.detectors.windows import window_power
from emgpipe.frames.model import ChannelFrames


def frames_of(mean_square: np.ndarray) -> ChannelFrames:
    n_seconds = len(mean_square) // 80
    zeros = np.zeros(n_seconds, np.float32)
    return ChannelFrames(
        index=0,
        label="TA_R",
        muscle="TA_R",
        rate_hz=2000.0,
        hop_samples=25,
        mean_square=mean_square,
        mean_fourth=3 * mean_square**2,
        low_uv=-np.sqrt(mean_square),
        high_uv=np.sqrt(mean_square),
        reasons=np.zeros(len(mean_square), np.uint16),
        psd=np.ones((n_seconds, 40), np.float32),
        line_power=zeros,
        slow_power=zeros,
        largest_step_uv=zeros,
        bandwidth_hz=394.0,
        band_gain=np.ones(40),
        band_hz=(20.0, 450.0),
        lines=(),
        lsb_uv=0.05,
    )


def test_a_quiet_second_after_eight_loud_hours_keeps_its_power():
    loud = np.full(8 * 3600 * 80, 400.0, np.float32)
    quiet = np.full(80, 2.25, np.float32)
    frames = frames_of(np.concatenate([loud, quiet]))
    start = np.array([len(loud)], np.int64)
    # float64 sums of 1e9 resolve 1e-7; float32 sums would resolve 64
    np.testing.assert_allclose(window_power(frames, start, 80).power, 2.25, rtol=1e-6)
