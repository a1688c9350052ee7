"""Eight short recordings of one muscle with known truth, on which detectors are compared.

Gaussian EMG, white noise of 2 µV: idealised on purpose. Motor units are in `motor_units`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from emgpipe.errors import SettingsError
from emgpipe.intervals import Intervals
from emgpipe.simulate.band import Floats, band_share
from emgpipe.simulate.checks import require_positive
from emgpipe.simulate.noise import electrode_noise, qrs_train, shaped_noise

NOISE_UV = 2.0


@dataclass(frozen=True)
class SimulatedChannel:
    """One simulated channel and its truth.

    Attributes
    ----------
    name : str
        Scenario or muscle.
    rate_hz : float
        Samples per second.
    samples_uv : ndarray, shape (n_samples,)
        What an amplifier would record, µV.
    clean_uv : ndarray, shape (n_samples,)
        The EMG in it, free of noise, ECG and mains, µV.
    envelope_uv : ndarray, shape (n_samples,)
        Generating RMS, µV.
    active : Intervals
        Seconds with EMG, exact to the sample.
    noise_rms_uv : float
        RMS of the noise over all frequencies, µV.
    floor_uv : float
        RMS of the noise in the analysis band, µV: the true floor.
    events : Intervals
        Bursts or spasms, seconds.
    beats_s : ndarray, shape (n_beats,)
        Heart beats, seconds.
    """

    name: str
    rate_hz: float
    samples_uv: Floats
    clean_uv: Floats
    envelope_uv: Floats
    active: Intervals
    noise_rms_uv: float
    floor_uv: float
    events: Intervals
    beats_s: Floats

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples_uv) / self.rate_hz

    @property
    def active_fraction(self) -> float:
        """True share of active time, 0 to 1."""
        return self.active.duration / self.duration_s


def gaussian_emg(n_samples: int, rate_hz: float, rng: np.random.Generator) -> Floats:
    """Gaussian noise with the spectrum of surface EMG, RMS exactly 1.

    Parameters
    ----------
    n_samples : int
        Length.
    rate_hz : float
        Samples per second.
    rng : Generator
        Source.

    Returns
    -------
    ndarray, shape (n_samples,)
        Unit RMS over all frequencies.

    Notes
    -----
    P(f) = fh^4 f^2 / ((f^2 + fl^2) (f^2 + fh^2)^2), fl = 60 Hz, fh = 120 Hz: the model of
    Stulen and De Luca (1981, doi:10.1109/TBME.1981.324738).
    """
    low_hz, high_hz = 60.0, 120.0
    carrier = shaped_noise(
        n_samples,
        rate_hz,
        lambda f: high_hz**4 * f**2 / ((f**2 + low_hz**2) * (f**2 + high_hz**2) ** 2),
        rng,
    )
    return np.asarray(carrier / np.sqrt(np.mean(carrier**2)), np.float64)


def burst_envelope(n_samples: int, rate_hz: float, rng: np.random.Generator) -> tuple[Floats, Intervals]:
    """Bursts of 0.5-2 s, gaps of 1-4 s, after 5 s of silence and with at least 1 s of it at the end.

    Parameters
    ----------
    n_samples : int
        Length.
    rate_hz : float
        Samples per second.
    rng : Generator
        Lengths.

    Returns
    -------
    envelope : ndarray, shape (n_samples,)
        0 to 1, above 0 in every sample of a burst; cosine edges of 20 ms inside the burst.
    bursts : Intervals
        Seconds, exact to the sample.
    """
    envelope, pairs, start_s = np.zeros(n_samples), [], 5.0
    edge = max(int(0.02 * rate_hz), 1)
    ramp = 0.5 * (1 - np.cos(np.pi * (np.arange(edge) + 1) / (edge + 1)))
    while start_s < n_samples / rate_hz - 3.0:
        stop_s = start_s + rng.uniform(0.5, 2.0)
        first, stop = int(start_s * rate_hz), int(stop_s * rate_hz)
        envelope[first:stop] = 1.0
        envelope[first : first + edge] = ramp
        envelope[stop - edge : stop] = ramp[::-1]
        pairs.append((first / rate_hz, stop / rate_hz))
        start_s = stop_s + rng.uniform(1.0, 4.0)
    return envelope, Intervals.of(pairs)


Envelope = Callable[[Floats, Floats], Floats]
"""`(seconds, bursts from 0 to 1) -> RMS in µV`."""


def _tonic(t_s: Floats) -> Floats:
    return 1 + 0.2 * np.sin(2 * np.pi * 0.1 * t_s)


_ENVELOPES_UV: dict[str, Envelope] = {
    "silent_bursts": lambda t, bursts: 20 * bursts,
    "always_active": lambda t, bursts: 20 * _tonic(t),
    "tonic_plus_spasms": lambda t, bursts: 10 * _tonic(t) + 50 * bursts,
    "low_tonic": lambda t, bursts: np.full_like(t, 4.0),
    "starts_active": lambda t, bursts: 20 * _tonic(t) * (np.arange(len(t)) < len(t) / 2),
    "ends_active": lambda t, bursts: 20 * _tonic(t) * (np.arange(len(t)) >= len(t) / 2),
    "silent": lambda t, bursts: np.zeros_like(t),
    "silent_ecg": lambda t, bursts: np.zeros_like(t),
}
_WITH_BURSTS = ("silent_bursts", "tonic_plus_spasms")

SCENARIOS: tuple[str, ...] = tuple(_ENVELOPES_UV)
"""Names that `scenario` knows."""


def scenario(name: str, seed: int, duration_s: float = 90.0, rate_hz: float = 2000.0) -> SimulatedChannel:
    """Simulate one of the eight scenarios.

    | name | RMS of the EMG, µV |
    |---|---|
    | silent_bursts | bursts at 20 |
    | always_active | 20 x (1 + 0.2 sin 2π 0.1 t) |
    | tonic_plus_spasms | 10 x the same + bursts at 50 |
    | low_tonic | 4 |
    | starts_active, ends_active | 20 x the same in the first, last half |
    | silent | 0 |
    | silent_ecg | 0, QRS of 100 µV at 72/min |

    White noise of 2 µV RMS over all frequencies is added; at any rate both RMS stay the same.

    Parameters
    ----------
    name : str
        One of `SCENARIOS`.
    seed : int
        The same seed, name, length and rate give the same samples.
    duration_s : float
        Seconds.
    rate_hz : float
        Samples per second.

    Returns
    -------
    SimulatedChannel

    Raises
    ------
    SettingsError
        SCENARIO_UNKNOWN (the message lists the names), SIMULATION_INVALID.

    Examples
    --------
    >>> channel = scenario("starts_active", seed=1, duration_s=10)
    >>> channel.active_fraction, channel.active.pairs.tolist()
    (0.5, [[0.0, 5.0]])
    """
    if name not in _ENVELOPES_UV:
        raise SettingsError("SCENARIO_UNKNOWN", f"scenario {name!r}; there are {', '.join(SCENARIOS)}")
    require_positive(duration_s=duration_s, rate_hz=rate_hz)
    rng = np.random.default_rng([seed, sum(map(ord, name)), round(rate_hz)])
    n_samples = round(duration_s * rate_hz)
    bursts, events = np.zeros(n_samples), Intervals.of([])
    if name in _WITH_BURSTS:
        bursts, events = burst_envelope(n_samples, rate_hz, rng)
    envelope_uv = _ENVELOPES_UV[name](np.arange(n_samples) / rate_hz, bursts)
    noise_uv = electrode_noise(n_samples, rate_hz, rng, full_rms_uv=NOISE_UV)
    clean_uv = envelope_uv * gaussian_emg(n_samples, rate_hz, rng)
    ecg_uv, beats_s = np.zeros(n_samples), np.zeros(0)
    if name == "silent_ecg":
        ecg_uv, beats_s = qrs_train(n_samples, rate_hz, rng)
    return SimulatedChannel(
        name=name,
        rate_hz=rate_hz,
        samples_uv=noise_uv + clean_uv + ecg_uv,
        clean_uv=clean_uv,
        envelope_uv=envelope_uv,
        active=Intervals(Intervals.from_mask(envelope_uv > 0).pairs / rate_hz),
        noise_rms_uv=NOISE_UV,
        floor_uv=NOISE_UV * float(np.sqrt(band_share(np.ones_like, rate_hz))),
        events=events,
        beats_s=beats_s,
    )
