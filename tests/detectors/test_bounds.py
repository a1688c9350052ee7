"""What a floor can be told from: the noise above the band where nothing has taken it, and bounds on known truth."""

import numpy as np
import pytest

from emgpipe.detectors.bounds import _low_quantile, in_signal_bounds, out_of_band
from emgpipe.detectors.floor import estimate_floor
from emgpipe.detectors.settings import DetectSettings
from emgpipe.detectors.witnesses import witness_seconds
from emgpipe.pipeline import compute_frames, measure
from emgpipe.readers import read_recording
from emgpipe.recording import Annotation
from emgpipe.simulate import band_rms_uv, electrode_noise, hardware_lowpass, write_edf
from emgpipe.simulate.scenarios import gaussian_emg
from tests.strategies import frames_of, measured, noise_of, row_of

DETECT = DetectSettings()
RATE = 2048.0
SECONDS = 40
FLOOR_UV = 2.0


def emg(seed, band_uv, rate_hz, seconds=SECONDS):
    x = gaussian_emg(round(seconds * rate_hz), rate_hz, np.random.default_rng([seed, 5]))
    return band_uv / band_rms_uv(x, rate_hz) * x


def decimated(seed, rate_hz=RATE, seconds=SECONDS, times=8, muscle_uv=0.0):
    """Noise as a converter leaves it that samples `times` as fast and takes five averages over one output sample."""
    x = electrode_noise(
        round((seconds + 1) * rate_hz * times), rate_hz * times, np.random.default_rng(seed), band_rms_uv=FLOOR_UV
    )
    if muscle_uv:
        x += emg(seed, muscle_uv, rate_hz * times, seconds + 1)
    for _ in range(5):
        x = np.convolve(x, np.ones(times) / times, "valid")
    return x[::times][: round(seconds * rate_hz)]


def through_edf(folder, x, rate_hz, prefilter="", annotations=()):
    path = folder / "a.edf"
    write_edf(path, [x], ["EMG TA_R"], rate_hz, prefilter=prefilter, annotations=annotations)
    recording = read_recording(path)
    return measure(recording, compute_frames(recording, mains_hz=50), rest=True)


def test_a_decimating_converter_that_is_named_gives_the_floor_that_it_had_before(tmp_path):
    """The low-pass takes part of the band too: the floor is the noise as recorded in it."""
    x = decimated(1)
    result = through_edf(tmp_path, x, RATE, "HP: DC; LP: 417 Hz")
    floor = result.floors["TA_R"]
    assert (floor.source, floor.confidence) == ("still", "high")
    assert floor.floor_uv == pytest.approx(band_rms_uv(x, RATE), rel=0.1)
    assert row_of(result, "TA_R", "act_frac").value == 0


@pytest.mark.parametrize("ratio", [1.5, 2.9])
def test_a_decimating_converter_that_is_named_has_a_floor_under_a_muscle_that_is_never_still(tmp_path, ratio):
    x = decimated(2, muscle_uv=ratio * FLOOR_UV)
    floor = through_edf(tmp_path, x, RATE, "LP: 417 Hz").floors["TA_R"]
    assert (floor.source, floor.confidence) == ("out_of_band", "high")
    assert floor.floor_uv == pytest.approx(band_rms_uv(decimated(2), RATE), rel=0.1)


def test_a_converter_that_is_not_named_gives_no_false_floor_and_no_activity(tmp_path):
    result = through_edf(tmp_path, decimated(1), RATE)
    floor = result.floors["TA_R"]
    assert floor.source != "out_of_band"
    assert floor.confidence != "high"
    row = row_of(result, "TA_R", "act_frac")
    assert row.value in (None, 0.0)
    assert not [i for i in result.intervals if i.kind == "active"]


@pytest.mark.parametrize("prefilter", ["LP: 250Hz", "LP: 417Hz", "LP: 500Hz"])
def test_a_stated_low_pass_leaves_the_band_above_it_unused(tmp_path, prefilter):
    """At 2000 Hz 417 Hz is no fifth of the rate: an edge like any other."""
    x = noise_of(3, SECONDS, 2000.0, FLOOR_UV)
    assert through_edf(tmp_path, x, 2000.0).floors["TA_R"].confidence == "high"
    floor = through_edf(tmp_path, x, 2000.0, prefilter).floors["TA_R"]
    assert floor.source != "out_of_band"
    assert floor.confidence != "high"
    assert "LOW_PASS" in floor.reason


@pytest.mark.parametrize(
    ("lowpass_hz", "names"), [(250.0, set()), (449.0, set()), (450.0, {"high_band"}), (None, {"high_band"})]
)
def test_a_low_pass_below_450_hz_leaves_nothing_to_tell_from_350_to_425_hz(lowpass_hz, names):
    x = (
        hardware_lowpass(noise_of(4, SECONDS, 2000.0, FLOOR_UV), 2000.0, lowpass_hz)
        if lowpass_hz
        else noise_of(4, SECONDS, 2000.0, FLOOR_UV)
    )
    frames = frames_of(x, 2000.0)
    bounds = in_signal_bounds(frames, witness_seconds(frames), 1.0, lowpass_hz)
    assert set(bounds) - {"regression"} == {"quantile_12ms", "quantile_25ms", *names}


def test_a_hardware_low_pass_of_250_hz_gives_no_floor_below_the_noise():
    """350-425 Hz holds a hundredth of the noise there."""
    x = hardware_lowpass(noise_of(5, SECONDS, 2000.0, FLOOR_UV), 2000.0, 250.0)
    floor = estimate_floor(frames_of(x, 2000.0), DETECT, lowpass_hz=250.0)
    assert floor.floor_uv == pytest.approx(band_rms_uv(x, 2000.0), rel=0.15)


@pytest.mark.parametrize("rate_hz", [1000.0, 2000.0, 4000.0])
@pytest.mark.parametrize("corner_hz", [0.0, 20.0])
def test_every_bound_of_noise_alone_is_its_level(rate_hz, corner_hz):
    frames = frames_of(noise_of(6, SECONDS, rate_hz, FLOOR_UV, corner_hz), rate_hz)
    bounds = in_signal_bounds(frames, witness_seconds(frames), 1.0)
    for name, value in bounds.items():
        # coloured noise is louder in the band than at its upper end: by 7 % at a corner of 20 Hz; the 2 % quantile
        # of 11 degrees of freedom is a chi-square only so far
        assert value == pytest.approx(FLOOR_UV, rel=0.08 if corner_hz == 0 else 0.12), name


@pytest.mark.parametrize("ratio", [0.5, 2.0, 10.0])
def test_activity_only_raises_the_bounds(ratio):
    noise = noise_of(7, SECONDS, 2000.0, FLOOR_UV)
    plain, active = (
        in_signal_bounds(f, witness_seconds(f), 1.0)
        for f in (frames_of(x, 2000.0) for x in (noise, noise + emg(7, ratio * FLOOR_UV, 2000.0)))
    )
    for name in ("high_band", "quantile_12ms", "quantile_25ms"):
        assert active[name] >= plain[name] * 0.99, name


def test_the_regression_finds_the_noise_under_activity_that_varies():
    level = 3 + 7 * np.sin(np.pi * np.arange(120 * 2000) / 2000 / 7) ** 2
    x = noise_of(8, 120, 2000.0, FLOOR_UV) + level * emg(8, 1.0, 2000.0, 120)
    frames = frames_of(x, 2000.0)
    bounds = in_signal_bounds(frames, witness_seconds(frames), 5.0)
    assert bounds["regression"] < bounds["high_band"] < bounds["quantile_25ms"]
    assert bounds["regression"] == pytest.approx(FLOOR_UV, rel=0.25)


@pytest.mark.parametrize("rate_hz", [2000.0, 2048.0, 4000.0, 8000.0])
def test_the_level_above_the_band_is_that_of_the_noise_in_it(rate_hz):
    frames = frames_of(noise_of(9, SECONDS, rate_hz, FLOOR_UV), rate_hz)
    seconds = witness_seconds(frames)
    level, ratio = out_of_band(frames, seconds, seconds.still(DETECT))
    assert level == pytest.approx(FLOOR_UV, rel=0.03)
    assert ratio == pytest.approx(1, abs=0.1)


def test_below_1900_hz_there_is_no_level_above_the_band():
    frames = frames_of(noise_of(9, SECONDS, 1800.0, FLOOR_UV), 1800.0)
    seconds = witness_seconds(frames)
    assert out_of_band(frames, seconds, seconds.still(DETECT))[0] is None


@pytest.mark.parametrize(("per_s", "quiet"), [(40.0, 0.34), (80.0, 0.12), (200.0, 0.005)])
def test_the_low_quantile_follows_the_chance_of_a_window_without_a_discharge(per_s, quiet):
    """exp(-rate (window + duration)) with 12 and 15 ms: 34 % of windows are noise at 40 discharges a second.

    The band-pass makes each of them about 15 ms longer, so that at 80 a second 3 % are left and the 2 % quantile lies
    at the edge; at 200 a second it lies in activity. It is a bound, and never below the noise.
    """
    rate_hz, n = 2000.0, 80_000
    rng = np.random.default_rng(10)
    places = np.flatnonzero(rng.random(n) < per_s / rate_hz)
    shape = np.sin(2 * np.pi * np.arange(30) / 30) * np.hanning(30)  # 15 ms
    units = 60 * np.convolve(np.isin(np.arange(n), places).astype(float), shape)[:n]
    assert np.exp(-per_s * 0.027) == pytest.approx(quiet, rel=0.1)
    frames = frames_of(noise_of(10, n / rate_hz, rate_hz, 1.0) + units, rate_hz)
    hit = np.isin(np.arange(n), places)
    clear = np.convolve(hit, np.ones(54), "valid") == 0
    assert clear.mean() == pytest.approx(quiet, rel=0.2, abs=0.003)
    bound = _low_quantile(frames, 1, None)
    low, high = {0.34: (0.9, 1.7), 0.12: (0.9, 3.0), 0.005: (3.0, np.inf)}[quiet]
    assert low < bound < high


@pytest.mark.parametrize("lsb_uv", [0.05, 1.0, 2.44])
@pytest.mark.parametrize("noise_uv", [0.05, 2.0])
def test_a_coarse_step_gives_no_floor_below_its_own_noise(lsb_uv, noise_uv):
    x = np.round(noise_of(11, SECONDS, 2000.0, noise_uv) / lsb_uv) * lsb_uv
    result = estimate_floor(frames_of(x, 2000.0, lsb_uv=lsb_uv), DETECT)
    true_uv = max(noise_uv, 0.0)
    if result.known and noise_uv == 2.0:
        assert result.floor_uv >= 0.9 * true_uv
    if result.known and noise_uv < 1 and lsb_uv > 1:
        assert result.floor_uv >= 0.9 * lsb_uv / np.sqrt(12) or "FLOOR_IMPLAUSIBLE" in result.reason


@pytest.mark.parametrize(("ratio", "source"), [(0.0, "calibration"), (4.0, "out_of_band")])
def test_a_calibration_is_used_where_it_is_quiet_and_said_where_it_is_not(tmp_path, ratio, source):
    noise = noise_of(12, 70, 2000.0, FLOOR_UV)
    muscle = emg(12, 8.0, 2000.0, 70)
    muscle[: 10 * 2000] *= ratio / 4
    result = through_edf(tmp_path, noise + muscle, 2000.0, annotations=[Annotation(0.0, 10.0, "calibration")])
    floor = result.floors["TA_R"]
    assert (floor.source, floor.confidence) == (source, "high")
    assert ("CALIBRATION_NOT_QUIET" in floor.reason) == (source != "calibration")
    assert floor.floor_uv == pytest.approx(FLOOR_UV, rel=0.1)


@pytest.mark.parametrize("rate_hz", [500.0, 1000.0, 2000.0])
def test_the_floor_of_an_amplifier_decides_at_every_rate(rate_hz):
    noise, muscle = noise_of(13, 40, rate_hz, 1.4), emg(13, 1.4 * 3, rate_hz)
    result = measured({"TA_R": noise, "GM_R": noise + muscle}, rate_hz, device_uv={"TA_R": 1.4, "GM_R": 1.4})
    assert row_of(result, "TA_R", "act_frac").value == 0
    assert row_of(result, "GM_R", "act_frac").value == 1
    for muscle_name in ("TA_R", "GM_R"):
        floor = result.floors[muscle_name]
        assert (floor.floor_uv, floor.source, floor.confidence) == (1.4, "device", "high")


@pytest.mark.parametrize("rate_hz", [2000.0, 4000.0])
def test_half_a_minute_of_white_noise_is_no_low_pass(rate_hz):
    """The quietest three seconds of it fall by chance; eight draws of twelve were called a low-pass at worst."""
    told = [estimate_floor(frames_of(noise_of(s, 30, rate_hz, FLOOR_UV), rate_hz), DETECT) for s in range(12)]
    assert sum(f.confidence != "high" or "LOW_PASS" in f.reason for f in told) <= 1
