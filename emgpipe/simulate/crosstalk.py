"""Crosstalk: what the electrodes over one muscle pick up of another, through a filter and never as a plain copy."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import fft

from emgpipe.errors import SettingsError
from emgpipe.simulate.band import Floats, band_gain
from emgpipe.simulate.checks import require_between, require_positive

EMG_LOW_HZ, EMG_HIGH_HZ = 60.0, 120.0
LONGEST_DELAY_S = 0.002


@dataclass(frozen=True)
class CrosstalkPath:
    """From one muscle to the electrodes of another.

    Attributes
    ----------
    source, target : str
        Muscles.
    gain : float
        In-band RMS of what arrives over that of the source, for EMG of the usual spectrum (Notes of `crosstalk_uv`).
    kind : str
        `end_effect`: high frequencies are favoured, as fibres end at one place under both electrodes and nothing
        travels; `distance`: low frequencies are, as tissue between a far source and the electrodes does.
    corner_hz : float
        Of the filter.
    delay_s : float
        Below a sample or a few: -2 to 2 ms.
    """

    source: str
    target: str
    gain: float
    kind: Literal["end_effect", "distance"] = "end_effect"
    corner_hz: float = 100.0
    delay_s: float = 0.0005


def check_path(path: CrosstalkPath, names: tuple[str, ...]) -> None:
    """Refuse a path that cannot be.

    Parameters
    ----------
    path : CrosstalkPath
        Of a visit.
    names : tuple of str
        Muscles of the visit.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID.
    """
    if path.source not in names or path.target not in names or path.source == path.target:
        found = f"crosstalk from {path.source!r} to {path.target!r}"
        raise SettingsError("SIMULATION_INVALID", f"{found}; two of the muscles {list(names)!r} are needed")
    if path.kind not in ("end_effect", "distance"):
        raise SettingsError("SIMULATION_INVALID", f"kind = {path.kind!r}; 'end_effect' or 'distance' is needed")
    require_between(0.0, 1.0, crosstalk_gain=path.gain)
    require_positive(corner_hz=path.corner_hz)
    require_between(-LONGEST_DELAY_S, LONGEST_DELAY_S, delay_s=path.delay_s)


def crosstalk_uv(source_uv: Floats, rate_hz: float, path: CrosstalkPath) -> Floats:
    """Signal of a muscle as it arrives at the electrodes of another.

    Parameters
    ----------
    source_uv : ndarray, shape (n_samples,)
        Clean EMG of the source, µV, no NaN.
    rate_hz : float
        Samples per second.
    path : CrosstalkPath
        Filter, gain and delay.

    Returns
    -------
    ndarray, shape (n_samples,)
        µV; linear in the source, zeros where `gain` is 0.

    Raises
    ------
    SettingsError
        SIMULATION_INVALID: a path that cannot be.

    Notes
    -----
    Magnitude 1 / (1 + (f/corner)^2) (`distance`) or (f/corner)^2 / (1 + (f/corner)^2) (`end_effect`), phase of a pure
    delay. The scale makes the in-band RMS `gain` for EMG of the spectrum of Stulen and De Luca (1981,
    doi:10.1109/TBME.1981.324738) with corners at 60 and 120 Hz; other spectra arrive with a little more or less.
    Crosstalk is mostly what does not travel, made where the fibres end, and holds high frequencies
    (doi:10.1055/s-0038-1633419). Both shapes are models, not measured tissue.

    Examples
    --------
    >>> path = CrosstalkPath("TA_R", "GM_R", gain=0.1)
    >>> emg = np.random.default_rng(1).standard_normal(4000)
    >>> bool(np.allclose(crosstalk_uv(2 * emg, 2000.0, path), 2 * crosstalk_uv(emg, 2000.0, path)))
    True
    """
    check_path(path, (path.source, path.target))
    n = fft.next_fast_len(len(source_uv) + round(rate_hz), real=True)  # a second of zeros: nothing wraps around
    frequency_hz = fft.rfftfreq(n, 1 / rate_hz)
    response = _magnitude(frequency_hz, path) * np.exp(-2j * np.pi * frequency_hz * path.delay_s)
    spectrum = fft.rfft(source_uv, n) * response * (path.gain * _scale(rate_hz, path))
    return np.asarray(fft.irfft(spectrum, n)[: len(source_uv)], np.float64)


def _magnitude(frequency_hz: Floats, path: CrosstalkPath) -> Floats:
    low: Floats = 1 / (1 + (frequency_hz / path.corner_hz) ** 2)
    return low if path.kind == "distance" else 1 - low


def _scale(rate_hz: float, path: CrosstalkPath) -> float:
    """Factor that makes the in-band RMS of usual EMG the same before and behind the filter."""
    frequency_hz = np.arange(0.25, rate_hz / 2, 0.5)
    low, high, squared = EMG_LOW_HZ**2, EMG_HIGH_HZ**2, frequency_hz**2
    power = squared / ((squared + low) * (squared + high) ** 2) * band_gain(frequency_hz, rate_hz)
    return float(np.sqrt(power.sum() / (power * _magnitude(frequency_hz, path) ** 2).sum()))
