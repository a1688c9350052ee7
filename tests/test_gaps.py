"""A recording with gaps through all steps: nothing is joined, filled or made from nothing."""

import numpy as np
import pytest

from emgpipe.errors import ReadError
from emgpipe.frames.model import GAP
from emgpipe.pipeline import compute_frames, measure
from emgpipe.readers import read_recording
from emgpipe.recording import MOST_GAPS_S, Run
from emgpipe.simulate import scenario
from tests.readers.conftest import File, S, annotation_signal, tal, write

RATE_HZ = 2000
STEP_UV = 0.1
PAIR = "TA_R/GM_R"
MUSCLES = {
    "EMG TA R": scenario("tonic_plus_spasms", 1, 120).samples_uv,
    "EMG GM R": scenario("silent_bursts", 2, 120).samples_uv,
}
PARTS = tal("+0", "rest", duration=40) + tal("+80", "rest", duration=40)


def recorded(folder, records, *, onsets=None, record_s=1.0, marks=b"", muscles=None, name="a.edf"):
    """The simulated recording with some of its records, at their own time or at others."""
    n = round(record_s * RATE_HZ)
    signals = [
        S(label=label, samples=[np.round(uv[k * n : (k + 1) * n] / STEP_UV).astype(int) for k in records])
        for label, uv in (muscles or MUSCLES).items()
    ]
    times = onsets if onsets is not None else [k * record_s for k in records]
    fields = [tal(f"+{time_s:.7f}", "") for time_s in times]
    fields[0] += marks
    file = File([*signals, annotation_signal(fields, 150)], record_s=f"{record_s:g}", plus="D")
    return read_recording(write(folder, file, name))


def judged(recording, **options):
    frames = compute_frames(recording, mains_hz=50)
    return frames, measure(recording, frames, rest=True, pairs=[PAIR], **options)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Frames and result of a whole recording, and of the same one without its middle 40 s."""
    folder = tmp_path_factory.mktemp("gap")
    parts = [*range(40), *range(80, 120)]
    whole = recorded(folder, range(120), marks=PARTS, name="whole.edf")
    cut = recorded(folder, parts, marks=PARTS, name="cut.edf")
    assert cut.runs == (Run(0.0, 40.0), Run(80.0, 120.0))
    return judged(whole), judged(cut)


@pytest.mark.parametrize("muscle", ["TA_R", "GM_R"])
def test_removing_the_middle_changes_no_hop_of_the_parts(both, muscle):
    whole, cut = (frames.channel(muscle) for frames, _ in both)
    gap = (cut.reasons & GAP) != 0
    time_s = np.arange(len(gap)) * cut.hop_s
    assert np.array_equal(gap, (time_s >= 40) & (time_s < 80))
    assert np.isnan(cut.mean_square[gap]).all()
    # the filter rings for 0.1 s at the end of a run, as at the end of a recording
    apart = ~gap & ((time_s < 39.8) | (time_s > 80.2))
    np.testing.assert_allclose(cut.mean_square[apart], whole.mean_square[apart], rtol=1e-3)
    inside = [t for t in range(120) if not 40 <= t < 80]
    assert np.isnan(cut.psd[40:80]).all()
    np.testing.assert_array_equal(cut.psd[inside], whole.psd[inside])


@pytest.mark.parametrize("segment", ["rest", "rest_2"])
def test_removing_the_middle_leaves_the_rows_of_the_parts(both, segment):
    rows = [{(r.target, r.measure): r for r in result.rows if r.segment == segment} for _, result in both]
    assert rows[0].keys() == rows[1].keys()
    compared = 0
    for key, whole in rows[0].items():
        cut = rows[1][key]
        assert (cut.status, cut.reason) == (whole.status, whole.reason), key
        if whole.value is None:
            continue
        compared += 1
        name = key[1]
        if name == "tilt":  # of the still seconds, half of which are gone
            continue
        # a window of 100 ms at each end of a part of 40 s; floors of half as many seconds differ by a few percent
        near = 0.02 if name.endswith(("frac", "_lo", "_hi")) else 0.1
        by_seconds = name in ("xt_r0", "cc_overlap_xt_uv")
        assert cut.value == pytest.approx(whole.value, rel=0.1 if by_seconds else 0.05, abs=near), key
        # whole seconds with 2 ms more on both sides: a run has one less
        assert cut.used_s == pytest.approx(whole.used_s, abs=1.1 if by_seconds else 0.2), key
    assert compared > 30


def test_what_lies_in_one_run_changes_nothing_in_another(tmp_path):
    records = [*range(20), *range(30, 50)]
    quiet = {label: uv[: 50 * RATE_HZ] for label, uv in MUSCLES.items()}
    loud = {label: np.concatenate([uv[: 30 * RATE_HZ], uv[30 * RATE_HZ :] + 2000]) for label, uv in quiet.items()}
    one, other = (
        compute_frames(recorded(tmp_path, records, muscles=m, name=f"{i}.edf"), mains_hz=50).channel("TA_R")
        for i, m in enumerate((quiet, loud))
    )
    first = round(20 / one.hop_s)
    assert one.mean_square[:first].tobytes() == other.mean_square[:first].tobytes()
    assert one.reasons[:first].tobytes() == other.reasons[:first].tobytes()


def test_twenty_runs_of_three_seconds_are_measured_for_the_time_they_hold(tmp_path):
    onsets = [5 * run + second for run in range(20) for second in range(3)]
    recording = recorded(tmp_path, range(60), onsets=onsets)
    assert [run.start_s for run in recording.runs] == [5 * run for run in range(20)]
    _, result = judged(recording)
    rows = {(r.target, r.measure): r for r in result.rows}
    for muscle in ("TA_R", "GM_R"):
        row = rows[muscle, "act_frac"]
        assert (row.status, row.used_s) == ("flagged", pytest.approx(60, abs=0.1))
        assert "GAP" in row.reason
    assert rows["TA_R", "act_frac"].value == 1.0
    pairs = [row for (target, _), row in rows.items() if target == PAIR and row.used_s is not None]
    assert len(pairs) > 4
    assert all(row.used_s <= 60.0 for row in pairs)
    overlap = rows[PAIR, "cc_overlap_uv"]
    assert (overlap.value is not None, overlap.used_s) == (True, pytest.approx(60, abs=0.5))


@pytest.mark.parametrize(
    ("record_s", "every_s", "n"),
    [(0.3, 0.9, 40), (0.3, 0.35, 100), (0.15, 0.2, 200), (0.0125, 0.025, 200), (0.005, 0.02, 200), (0.0005, 0.02, 200),
     (0.005, 0.01, 1), (0.0005, 0.01, 1)],
)  # fmt: skip
def test_runs_shorter_than_a_second_or_a_hop_give_no_number(tmp_path, record_s, every_s, n):
    recording = recorded(tmp_path, range(n), onsets=[k * every_s for k in range(n)], record_s=record_s)
    assert len(recording.runs) == n
    frames, result = judged(recording)
    assert all(r.value is None for r in result.rows)
    assert {r.status for r in result.rows} <= {"undeterminable", "not_measured"}
    channel = frames.channel("TA_R")
    assert np.isfinite(channel.mean_square[(channel.reasons & GAP) == 0]).all()
    if record_s < channel.hop_s:
        assert ((channel.reasons & GAP) != 0).all()


def test_a_run_of_two_samples_changes_nothing_in_the_other(tmp_path):
    step_s = 2 / RATE_HZ
    whole = recorded(tmp_path, range(20_000), record_s=step_s, name="whole.edf")
    onsets = [*(k * step_s for k in range(20_000)), 30.0001]
    more = recorded(tmp_path, range(20_001), onsets=onsets, record_s=step_s, name="more.edf")
    assert len(more.runs) == 2
    one, other = (judged(r)[0].channel("TA_R") for r in (whole, more))
    assert one.mean_square.tobytes() == other.mean_square[: len(one.mean_square)].tobytes()
    assert ((other.reasons[len(one.reasons) :] & GAP) != 0).all()


def test_gaps_of_more_than_a_day_are_read_and_not_measured(tmp_path):
    recording = recorded(tmp_path, range(2), onsets=[0, 1 + MOST_GAPS_S])
    assert len(compute_frames(recording, mains_hz=50).channels) == 2
    recording = recorded(tmp_path, range(4), onsets=[0, 1 + MOST_GAPS_S / 2, 2.5 + MOST_GAPS_S, 7 * MOST_GAPS_S])
    assert len(recording.runs) == 4
    with pytest.raises(ReadError, match=r"^a.edf: GAP_TOO_LONG: gaps of 604797 s .* cut it into files"):
        compute_frames(recording, mains_hz=50)
    assert len(recording.read("TA_R", 0, MOST_GAPS_S)) == MOST_GAPS_S * RATE_HZ
    with pytest.raises(ReadError, match=r"^a.edf: GAP_TOO_LONG: .* read each run on its own"):
        recording.read("TA_R", 0, np.inf)
