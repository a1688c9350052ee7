import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

import emgpipe as emg
from emgpipe.batch import load_results
from emgpipe.errors import ResultsError, SettingsError
from emgpipe.recording import array_recording
from emgpipe.reports import figure_png
from emgpipe.reports.looks import COACTIVE
from emgpipe.reports.sheets import MARKS
from emgpipe.reports.trajectories import BAND
from tests.reports.conftest import samples_uv
from tests.reports.test_figures import axes_of, stretches
from tests.strategies import noise_of

SECONDS, RATE_HZ = 30.0, 2000.0


@pytest.fixture(scope="module")
def measured():
    """Two muscles that take turns, one that is too slow, one without a partner."""
    time_s = np.arange(int(SECONDS * RATE_HZ)) / RATE_HZ
    noise, muscle = noise_of(4, SECONDS, RATE_HZ), samples_uv("always_active", SECONDS)
    turns = [time_s % 10 < 6, time_s % 10 > 4, np.zeros(len(time_s))]
    signals = [*(noise + muscle * turn for turn in turns), noise[: int(SECONDS * 200)]]
    recording = array_recording(signals, ["TA_R", "GM_R", "PSP_L", "VL_R"], [RATE_HZ] * 3 + [200.0])
    frames = emg.compute_frames(recording, mains_hz=50)
    return emg.measure(recording, frames, rest=True, pairs=["TA_R/GM_R", "VL_R/PSP_L"])


def labels(figure):
    return [axes.get_label() for axes in figure.axes]


def drawn_labels(figure):
    axes = axes_of(figure, "strips")
    return {bars.get_label() for bars in (*axes.collections, *axes.patches)}


def refused(call, *args, code="PLOT_UNKNOWN", **kwargs):
    with pytest.raises(SettingsError) as caught:
        call(*args, **kwargs)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_channel_is_drawn_alone(measured):
    figure = emg.plot_channel(measured, "TA_R")
    assert isinstance(figure, Figure)
    assert labels(figure) == ["strips", "trace TA_R", "level TA_R"]
    assert {"ribbon TA_R"} <= drawn_labels(figure)
    assert not any("GM_R" in label for label in drawn_labels(figure))
    assert axes_of(figure, "strips").get_xlim() == (0.0, SECONDS)


def test_a_window_shows_every_hop_of_it_and_nothing_else(measured):
    frames = measured.judged["TA_R"].frames
    figure = emg.plot_channel(measured, "TA_R", start_s=12, stop_s=16.5)
    assert {axes.get_xlim() for axes in figure.axes} == {(12.0, 16.5)}
    line = axes_of(figure, "level TA_R").lines[0]
    hops = slice(int(12 / frames.hop_s), int(np.ceil(16.5 / frames.hop_s)))
    assert np.allclose(line.get_xdata(), (np.arange(hops.start, hops.stop) + 0.5) * frames.hop_s)
    assert np.allclose(line.get_ydata(), np.sqrt(frames.mean_square[hops]), rtol=1e-6)


def test_a_pair_is_drawn_with_the_time_in_which_both_are_active(measured):
    figure = emg.plot_pair(measured, "TA_R/GM_R")
    assert labels(figure) == ["strips", "trace TA_R", "level TA_R", "trace GM_R", "level GM_R"]
    told = sorted((i.start_s, i.stop_s) for i in measured.intervals if (i.target, i.kind) == ("TA_R/GM_R", "coactive"))
    assert told
    assert np.allclose(stretches(figure, "pair TA_R/GM_R", COACTIVE.fill), told)


def test_an_unknown_muscle_or_pair_is_refused_with_those_there_are(measured):
    assert "no muscle 'TA_X'; there are 'TA_R', 'GM_R', 'PSP_L'" in refused(emg.plot_channel, measured, "TA_X")
    assert "no trace (RATE_TOO_LOW) of muscle 'VL_R'" in refused(emg.plot_channel, measured, "VL_R")
    assert "no pair 'GM_R/TA_R'; there are 'TA_R/GM_R'" in refused(emg.plot_pair, measured, "GM_R/TA_R")
    refused(emg.plot_pair, measured, "VL_R/PSP_L")


@pytest.mark.parametrize(
    "window",
    [(-1, 5), (5, 5), (6, 5), (30, 40), (float("nan"), 5), (0, float("nan")), ("a", 5), (0, []), (False, True)],
)
def test_a_window_that_shows_nothing_is_refused(measured, window):
    start_s, stop_s = window
    message = refused(emg.plot_channel, measured, "TA_R", start_s=start_s, stop_s=stop_s, code="ARGUMENT_INVALID")
    assert "seconds within 0 to 30" in message


def test_a_window_ends_with_the_recording(measured):
    assert emg.plot_pair(measured, "TA_R/GM_R", start_s=20, stop_s=1e9).axes[0].get_xlim() == (20.0, SECONDS)


@pytest.mark.parametrize("wrong", [None, 3, "results"])
def test_what_is_no_result_is_refused(wrong):
    assert repr(type(wrong).__name__) in refused(emg.plot_channel, wrong, "TA_R", code="ARGUMENT_INVALID")
    refused(emg.plot_pair, wrong, "TA_R/GM_R", code="ARGUMENT_INVALID")


@pytest.mark.parametrize("name", [[], {}, 3, None, b"TA_R"])
def test_a_name_that_is_no_text_is_refused(measured, results, name):
    wrong = {"code": "ARGUMENT_INVALID"}
    refused(emg.plot_channel, measured, name, **wrong)
    refused(emg.plot_pair, measured, name, **wrong)
    refused(emg.plot_visit, results, name, "V1", **wrong)
    refused(emg.plot_visit, results, "S01", name, **wrong)
    refused(emg.plot_trajectory, results, "S01", "apdf_p10_uv", name, **wrong)
    refused(emg.plot_trajectory, results, "S01", name, "TA_R", **wrong)
    refused(emg.plot_trajectory, results, name, "apdf_p10_uv", "TA_R", **wrong)
    refused(emg.plot_trajectory, results, "S01", "apdf_p10_uv", "TA_R", segment=name, **wrong)
    if name:  # falsy: left out
        refused(emg.plot_visit, results, "S01", "V1", recording=name, **wrong)


@pytest.mark.parametrize("folder", [None, 3, [], b"results"])
def test_what_is_no_folder_is_refused(folder):
    refused(emg.plot_visit, folder, "S01", "V1", code="ARGUMENT_INVALID")
    refused(emg.plot_trajectory, folder, "S01", "apdf_p10_uv", "TA_R", code="ARGUMENT_INVALID")


def test_a_window_shorter_than_two_hops_is_refused_and_one_of_two_is_drawn(measured):
    hop_s = measured.judged["TA_R"].frames.hop_s
    window = {"start_s": 29.99, "stop_s": 40}
    assert "two hops of the frames" in refused(emg.plot_channel, measured, "TA_R", code="ARGUMENT_INVALID", **window)
    line = axes_of(emg.plot_channel(measured, "TA_R", start_s=12, stop_s=12 + 2 * hop_s), "level TA_R").lines[0]
    assert np.isfinite(line.get_ydata()).sum() > 1


def test_a_course_is_titled_with_subject_segment_and_task(results):
    figure = emg.plot_trajectory(results, "S01", "apdf_p10_uv", "TA_R")
    assert "S01, rest (supine)" in [text.get_text() for text in figure.texts]


def test_a_visit_is_drawn_from_its_results_and_says_that_it_is_simulated(results):
    figure = emg.plot_visit(results, "S01", "V1")
    assert [text.get_text() for part in figure.subfigs for text in part.texts] == ["S01_V1_supine, simulated data"]
    assert {"trace TA_R", "level GM_R"} <= set(labels(figure))
    same = emg.plot_visit(load_results(results), "S01", "V1", recording="S01_V1_supine")
    assert figure_png(same) == figure_png(figure)


def test_a_visit_from_results_and_a_recording_measured_now_give_the_same_level(results):
    folder = results.parent / "study"
    recording = emg.read_recording(folder / "full.edf")
    result = emg.measure(recording, emg.compute_frames(recording, mains_hz=50), rest=True)
    line = axes_of(emg.plot_channel(result, "TA_R"), "level TA_R").lines[0]
    stored = axes_of(emg.plot_visit(results, "S01", "V1"), "level TA_R").lines[0]
    assert np.array_equal(line.get_ydata(), stored.get_ydata(), equal_nan=True)


def test_a_failed_recording_is_named_with_its_code(results):
    figure = emg.plot_visit(results, "S02", "V2")
    assert [text.get_text() for part in figure.subfigs for text in part.texts] == [
        "S02_V2_supine, simulated data, not measured: FILE_TRUNCATED"
    ]
    assert labels(figure) == ["strips"]
    assert figure_png(figure).startswith(b"\x89PNG")


def test_hostile_labels_are_drawn(results):
    assert figure_png(emg.plot_visit(results, "S01", "V2")).startswith(b"\x89PNG")


def test_names_that_the_results_do_not_have_are_refused(results):
    assert "'S01', 'S02'" in refused(emg.plot_visit, results, "S9", "V1")
    assert "'V1', 'V2', 'V10'" in refused(emg.plot_visit, results, "S01", "V9")
    assert "'S01_V1_supine'" in refused(emg.plot_visit, results, "S01", "V1", recording="S02_V1_supine")
    assert "'S01', 'S02'" in refused(emg.plot_trajectory, results, "S9", "apdf_p10_uv", "TA_R")
    assert "'TA_R/GM_R'" in refused(emg.plot_trajectory, results, "S01", "apdf_p10_uv", "TA_X")
    assert "'apdf_p10_uv'" in refused(emg.plot_trajectory, results, "S01", "apdf_p11_uv", "TA_R")
    assert "'rest'" in refused(emg.plot_trajectory, results, "S01", "apdf_p10_uv", "TA_R", segment="mvc")
    assert "'supine'" in refused(emg.plot_trajectory, results, "S01", "apdf_p10_uv", "TA_R", task="prone")


def test_a_course_shows_a_point_a_visit(results):
    figure = emg.plot_trajectory(results, "S01", "apdf_p10_uv", "TA_R")
    lines = {line.get_label(): line.get_xdata() for line in figure.axes[0].lines}
    assert sum(len(lines.get(kind, ())) for kind in MARKS if kind != "run") == 2
    assert any(text.get_text() == "simulated data" for text in figure.texts)


def band_heights(figure):
    filled = [c for c in figure.axes[0].collections if len(c.get_facecolor())]
    bands = [c for c in filled if tuple(c.get_facecolor()[0]) == to_rgba(BAND)]
    return [np.ptp(path.vertices[:, 1]) for c in bands for path in c.get_paths()]


def test_a_course_has_a_band_only_where_a_change_is_given(results):
    asked = (results, "S01", "apdf_p10_uv", "TA_R")
    assert band_heights(emg.plot_trajectory(*asked)) == []
    assert len(band_heights(emg.plot_trajectory(*asked, mdc95=3.0))) == 1


@pytest.mark.parametrize("mdc95", [0.0, -1.0, float("nan"), float("inf"), "3", True, [1]])
def test_a_change_that_is_no_number_above_0_is_refused(results, mdc95):
    refused(emg.plot_trajectory, results, "S01", "apdf_p10_uv", "TA_R", mdc95=mdc95, code="ARGUMENT_INVALID")


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(ResultsError, match="RESULTS_UNREADABLE"):
        emg.plot_visit(tmp_path, "S01", "V1")
    with pytest.raises(ResultsError, match="RESULTS_UNREADABLE"):
        emg.plot_trajectory(str(tmp_path / "none"), "S01", "apdf_p10_uv", "TA_R")


def test_nothing_is_shown(measured, results):
    emg.plot_channel(measured, "TA_R")
    emg.plot_visit(results, "S01", "V1")
    assert "matplotlib.pyplot" not in sys.modules
