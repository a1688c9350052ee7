from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from emgpipe.frames.spectra import BAND_HZ
from emgpipe.measures.rows import IntervalRow
from emgpipe.pipeline import compute_frames, measure
from emgpipe.recording import array_recording
from emgpipe.reports import Measured, RecordingReport, figure_png
from emgpipe.reports.looks import FLOOR, LEVEL
from emgpipe.reports.spectra import CUT_LINE, spectra_figure, spectrum
from tests.strategies import noise_of

RATE_HZ, SECONDS, FLOOR_UV = 2000.0, 40.0, 2.0


@pytest.fixture(scope="module")
def noisy():
    """White noise of 2 µV in the band, with mains lines, and a lead that is clipped throughout."""
    time_s = np.arange(int(SECONDS * RATE_HZ)) / RATE_HZ
    lines = sum(20.0 * np.sin(2 * np.pi * hz * time_s) for hz in (50.0, 150.0))
    signals = [FLOOR_UV * noise_of(5, SECONDS, RATE_HZ) + lines, 1000.0 * np.sign(np.sin(900.0 * time_s))]
    recording = array_recording(signals, ["TA_R", "GM_R"], RATE_HZ, clip_uv=1000.0)
    return Measured.of(measure(recording, compute_frames(recording, mains_hz=50), rest=True))


def figure_of(result):
    return spectra_figure(RecordingReport("S1_V1_rest", "rest", "a.edf", "", result))


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def strokes(figure, colour):
    found = [c for c in figure.axes[0].collections if len(c.get_edgecolor()) and not len(c.get_facecolor())]
    return [path.vertices for c in found if tuple(c.get_edgecolor()[0]) == to_rgba(colour) for path in c.get_paths()]


def test_the_median_density_is_that_of_the_noise(noisy):
    seen = spectrum(noisy.muscles["TA_R"].frames)
    # median over 40 seconds of a value with 0.3 relative scatter: 0.06, and its own bias; three of them
    assert seen.n_seconds == SECONDS
    assert np.median(seen.middle) == pytest.approx(FLOOR_UV**2 / noisy.muscles["TA_R"].frames.bandwidth_hz, rel=0.2)
    assert seen.flatness == pytest.approx(1.0, abs=0.1)
    assert np.all(seen.low <= seen.middle)
    assert np.all(seen.middle <= seen.high)


def test_excluded_seconds_do_not_speak(noisy):
    frames = noisy.muscles["TA_R"].frames
    loud = replace(frames, psd=np.where(np.arange(40)[:, None] < 25, 50.0 * frames.psd, frames.psd))
    out = [IntervalRow("TA_R", "excluded", 0.0, 24.6), IntervalRow("GM_R", "excluded", 0.0, 40.0)]
    seen = spectrum(loud, out, "TA_R")
    assert seen.n_seconds == 15
    assert np.median(seen.middle) < 2 * np.median(spectrum(frames).middle)
    assert spectrum(loud).middle.max() > 20 * seen.middle.max()


def test_the_floor_stands_where_white_noise_of_its_level_would(noisy):
    figure = figure_of(noisy)
    one = noisy.muscles["TA_R"]
    (median,) = (line for line in strokes(figure, LEVEL))
    (floor,) = (line for line in strokes(figure, FLOOR))
    # both on one log axis: inches a decade from the spread of the median itself
    heights = np.log10(spectrum(one.frames, noisy.intervals, "TA_R").middle)
    inches = np.ptp(median[:, 1]) / np.ptp(heights)
    expected = np.log10(one.floor.floor_uv**2 / one.frames.bandwidth_hz)
    drawn = heights.max() + (floor[0, 1] - median[:, 1].max()) / inches
    assert drawn == pytest.approx(expected, abs=1e-6)
    assert floor[0, 1] == floor[1, 1]


def test_bands_and_removed_lines_are_named(noisy):
    figure = figure_of(noisy)
    said = texts(figure)
    assert "analysis band" in said
    assert any(text.startswith("out of band\n×") for text in said)
    assert "cut: 50, 150 Hz" in said
    ticks = strokes(figure, CUT_LINE)
    (median,) = (line for line in strokes(figure, LEVEL))
    per_hz = (median[-1, 0] - median[0, 0]) / (BAND_HZ * noisy.muscles["TA_R"].frames.psd.shape[1])
    assert [(tick[0, 0] - median[0, 0]) / per_hz for tick in ticks] == pytest.approx([50.0, 150.0], abs=0.05)


def test_many_lines_are_counted(noisy):
    one = noisy.muscles["TA_R"]
    lines = tuple(replace(one.frames.lines[0], frequency_hz=50.0 * k) for k in range(1, 8))
    many = replace(noisy, muscles={"TA_R": replace(one, frames=replace(one.frames, lines=lines))})
    assert "cut: 50 Hz and 6 more" in texts(figure_of(many))


def test_a_lead_without_a_usable_second_says_so(noisy):
    assert "no usable second" in texts(figure_of(noisy))
    gone = noisy.muscles["TA_R"].frames
    for psd in (np.full_like(gone.psd, np.nan), np.empty((0, 0), np.float32)):
        lost = replace(noisy.muscles["TA_R"], frames=replace(gone, psd=psd))
        figure = figure_of(replace(noisy, muscles={"TA_R": lost}))
        assert "no usable second" in texts(figure)
        assert not strokes(figure, LEVEL)


def test_a_slow_recording_shows_no_band_outside(noisy):
    one = noisy.muscles["TA_R"]
    slow = replace(one.frames, rate_hz=1000.0, psd=one.frames.psd[:, :20])
    said = texts(figure_of(replace(noisy, muscles={"TA_R": replace(one, frames=slow)})))
    assert "analysis band" in said
    assert not any("out of band" in text for text in said)


def test_thumbnails_wrap_and_give_the_same_bytes(noisy):
    one = noisy.muscles["TA_R"]
    nine = replace(noisy, muscles={f"M{i}_R": one for i in range(9)})
    four = replace(noisy, muscles={f"M{i}_R": one for i in range(4)})
    assert figure_of(nine).get_size_inches()[1] > 2.5 * figure_of(four).get_size_inches()[1]
    assert figure_png(figure_of(nine)) == figure_png(figure_of(nine))
    assert figure_png(figure_of(Measured())).startswith(b"\x89PNG")
