"""Pages of recordings nobody would make on purpose: shorter than a hop, larger than any amplifier."""

import json

import numpy as np
import pytest

from emgpipe.batch import run_study
from emgpipe.pipeline import compute_frames, measure
from emgpipe.recording import array_recording
from emgpipe.reports import Measured, RecordingReport, visit_page
from emgpipe.reports.viewer import views
from emgpipe.reports.write import write_reports
from tests.handmade import LABELS, RATE_HZ, edf_bytes

HEAD_BYTES = 256 * (len(LABELS) + 2)
STUDY = '[study]\nid = "SIMULATED-ODD"\nmains_hz = 50\n'
ROWS = "subject,visit,file,task\nS01,V1,blink.edf,supine\nS01,V2,good.edf,supine\n"


def reported(*signals_uv, rate_hz=1000.0):
    recording = array_recording(list(signals_uv), ["TA_R", "GM_R"], rate_hz)
    result = Measured.of(measure(recording, compute_frames(recording, mains_hz=50), rest=True))
    return RecordingReport("S1_V1_rest", "rest", "a.edf", "", result)


def blink_bytes():
    """One record of 0.01 s."""
    n = RATE_HZ // 100
    made = edf_bytes(seconds=1, fields={"record_s": b"0.01", "samples": b"%d" % n}, marks=())
    samples, marks = made[HEAD_BYTES:][: 2 * n * len(LABELS)], made[HEAD_BYTES + 2 * RATE_HZ * len(LABELS) :]
    return made[:HEAD_BYTES] + samples + marks


@pytest.mark.parametrize("n_samples", [10, 11, 12, 13])
def test_a_recording_of_no_whole_hop_or_of_one_is_drawn(n_samples, visit_of):
    report = reported(np.arange(n_samples, dtype=float), np.ones(n_samples))
    assert len(report.result.muscles["TA_R"].frames.mean_square) == n_samples // 13
    assert "data-view" in visit_page(visit_of(report))


def test_a_blink_beside_a_good_file_costs_no_page(tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    for name, content in (("blink.edf", blink_bytes()), ("good.edf", edf_bytes(seed=2))):
        (study / name).write_bytes(content)
    (study / "recordings.csv").write_text(ROWS)
    (study / "study.toml").write_text(STUDY)
    run_study(study, tmp_path / "out", jobs=1)
    write_reports(tmp_path / "out")
    drawn = {one.name for one in (tmp_path / "out" / "reports").glob("*.html")}
    assert drawn == {"index.html", "patient.S01.html", "visit.S01.V1.html", "visit.S01.V2.html"}
    assert "No result" not in (tmp_path / "out" / "reports" / "visit.S01.V1.html").read_text("utf-8")


@pytest.mark.parametrize("factor", [1e17, 1e19, 1e25])
def test_samples_beyond_any_amplifier_are_drawn_without_a_number_that_is_none(factor, visit_of):
    """Powers above 3e38 µV² do not fit into frames and are as if not recorded; the samples do."""
    noise_uv = np.random.default_rng(1).normal(size=20_000)
    report = reported(factor * noise_uv, noise_uv)
    assert "data-view" in visit_page(visit_of(report))
    told = json.loads(views([report])[0])["muscles"]
    assert told[0]["peak_uv"] == 0
    assert told[0]["reach_uv"] == pytest.approx(1.08 * factor * np.abs(noise_uv).max(), rel=0.3)
    assert all(np.isfinite([*one["limits_uv"], *one["ticks_uv"]]).all() for one in told)
