"""Results to draw, made once and drawn by many tests, and the browser that shows them."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from emgpipe.pipeline import compute_frames, measure
from emgpipe.recording import Annotation, Finding, array_recording
from emgpipe.reports import Measured, RecordingReport, VisitReport
from emgpipe.simulate import scenario
from tests.reports.folders import small_results, tiny_results

RATE_HZ = 2000.0
SETTLED = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));
})"""
"""Two frames: in the first, observers of sizes and places are told; in the next, what they asked for is drawn."""
HOSTILE = "<b>$\\q$\u202e\x07"
"""Markup, a formula that is none, a turn of direction, a bell."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCENARIOS = {"TA_R": "starts_active", "GM_R": "always_active", "PSP_L": "silent"}


def samples_uv(name, duration_s=40.0):
    return scenario(name, seed=3, duration_s=duration_s, rate_hz=RATE_HZ).samples_uv


@pytest.fixture(scope="session")
def result():
    """A pair and a silent muscle; rest from 0 to 35 s, a BAD mark from 10 to 14 s."""
    marks = [Annotation(0.0, 35.0, "rest"), Annotation(10.0, 4.0, "BAD_cough")]
    signals = [samples_uv(name) for name in SCENARIOS.values()]
    recording = array_recording(signals, list(SCENARIOS), RATE_HZ, annotations=marks)
    return Measured.of(measure(recording, compute_frames(recording, mains_hz=50)))


@pytest.fixture(scope="session")
def bad_result():
    """Clipped, dead, too slow, missing, and labels that are markup."""
    clipped = np.clip(samples_uv("always_active") * 40, -1000, 1000)
    signals = [samples_uv("silent"), clipped, np.zeros(80_000), samples_uv("silent")[:8000]]
    labels = ["TA_R", "GM_R", HOSTILE, "VL_R"]
    recording = array_recording(
        signals, labels, [RATE_HZ] * 3 + [200.0], clip_uv=1000.0, muscles=["TA_R", "GM_R", "", "VL_R"]
    )
    frames = compute_frames(recording, mains_hz=50)
    return Measured.of(measure(recording, frames, rest=True, pairs=["TA_R/GM_R", "TA_R/SOL_R"]))


@pytest.fixture(scope="session")
def report(result):
    conditions = {"posture": "supine", "skin_temp_c": ""}
    return RecordingReport("S1_V1_rest", "rest", "folder/v1.edf", "ab" * 32, result, conditions=conditions)


@pytest.fixture(scope="session")
def bad_report(bad_result):
    return RecordingReport("S1_V1_bad", "rest", "C:\\people\\bad.edf", "", bad_result)


@pytest.fixture(scope="session")
def failed_report():
    failure = Finding("FILE_TRUNCATED", "error", "", "3 of 90 records; copy the file again")
    return RecordingReport("S1_V1_gone", "rest", "gone.edf", "", None, failure)


@pytest.fixture
def visit_of():
    def make(*recordings, **values):
        told = {"study": "DEMO", "subject": "S1", "visit": "V1"} | values
        return VisitReport(recordings=recordings, settings_toml="", settings_id="0a1b", version="0.1.0", **told)

    return make


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """Results and pages of one small simulated study that has everything a page may have to show."""
    return small_results(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A tiny study with its results and pages, `study` and `out`; one recording is missing."""
    return tiny_results(tmp_path_factory.mktemp("reports"))


@pytest.fixture
def copy(made, tmp_path):
    """The same, to change."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


def settled(page):
    """Wait until a page has drawn what it was told last."""
    page.evaluate(SETTLED)


@pytest.fixture(scope="module")
def browser():
    why = "playwright is not installed: pip install '.[test]'"
    playwright = pytest.importorskip("playwright.sync_api", reason=why)
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser on PATH ({', '.join(BROWSERS)}): apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()
