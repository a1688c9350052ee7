"""What a visit page says of grades and heart beats."""

import html
import re
from dataclasses import replace

import numpy as np
import pytest

from emgpipe.frames.model import Heart
from emgpipe.pipeline import compute_frames, measure
from emgpipe.recording import Annotation, array_recording
from emgpipe.reports import Measured, RecordingReport, VisitReport, visit_page
from emgpipe.reports.words import heart_words
from emgpipe.simulate import heart_train, scenario
from tests.strategies import noise_of

RATE_HZ, SECONDS = 2000.0, 70
FOUND = Heart("ECG", n_beats=80, per_minute=68.6, hidden_share=0.0, residual=1.0)


def text_of(result):
    page = visit_page(VisitReport("D", "S1", "V1", (RecordingReport("r", "rest", "a.edf", "", result),), "", "", "0"))
    page = re.sub(r"<(script|style)[^>]*>.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


@pytest.fixture(scope="module")
def page():
    n = int(SECONDS * RATE_HZ)
    beats_uv = heart_train(n, RATE_HZ, np.random.default_rng(1), ectopic_share=0.0).samples_uv
    noise = [noise_of(seed, SECONDS, RATE_HZ) for seed in (1, 2, 3)]
    signals = [noise[0] + beats_uv, noise[1] + beats_uv, noise[2], np.zeros(n),
               scenario("always_active", 1, SECONDS, RATE_HZ).samples_uv]  # fmt: skip
    names = ["PSP_L", "RA_L", "TA_R", "GM_R", "RF_R"]
    recording = array_recording(signals, names, RATE_HZ, annotations=[Annotation(20.0, 5.0, "BAD_cough")])
    return text_of(Measured.of(measure(recording, compute_frames(recording, mains_hz=50), rest=True)))


def test_a_page_says_how_many_beats_were_removed_and_which_lead_told_them(page):
    told = re.findall(r"(\d+) beats removed, (\d+) a minute, told by (PSP_L|RA_L)\.", page)
    assert len(told) == 2
    assert all(
        60 < int(per_minute) < 80 and abs(int(n) * 60 / SECONDS - int(per_minute)) < 3 for n, per_minute, _ in told
    )
    left = [float(x) for x in re.findall(r"RMS (\d\.\d\d) times that between", page)]
    assert left == pytest.approx([1.0, 1.0], abs=0.15)


def test_time_at_beats_is_told_and_is_no_remark(page):
    shares = [float(x) for x in re.findall(r"([\d.]+) % of the time, at the beats, does not enter", page)]
    assert shares == pytest.approx([100 * 0.13 * 70 / 60] * 2, abs=2.5)
    assert not re.search(r"\bQRS\b", page)


def test_every_muscle_has_its_grade_in_words(page):
    words = "left lumbar paraspinals, left rectus abdominis, right tibialis anterior"
    assert f"PSP_L , RA_L , TA_R {words} A nothing to say" in page
    assert "B usable, with a word The floor rests on one witness less" in page
    assert "D no number No usable second: dead, constant, clipped or missing signal. NO_USABLE_SIGNAL" in page


def test_a_signal_without_a_trace_has_its_grade(bad_result):
    assert "VL_R: no trace, grade D." in text_of(bad_result)


@pytest.mark.parametrize(
    ("heart", "words"),
    [
        (replace(FOUND, n_beats=0), "ECG shows 69 a minute, this lead none; nothing was removed."),
        (
            replace(FOUND, n_beats=0, why="few peaks", doubtful=True),
            "Something of one shape recurs, and may be a heart.",
        ),
        (replace(FOUND, hidden_share=0.25), "EMG hides beats for 25 % of the time."),
    ],
)
def test_a_heart_is_put_into_words(heart, words):
    assert words in heart_words(heart, 0.15)


def test_a_residual_that_is_not_known_is_not_told():
    assert not any("RMS" in line for line in heart_words(replace(FOUND, residual=np.nan), 0.15))
