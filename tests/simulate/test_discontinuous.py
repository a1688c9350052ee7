"""A file with gaps is EDF+D, and our reader finds every sample and mark at its own time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgpipe.errors import SettingsError
from emgpipe.readers import read_recording
from emgpipe.recording import Annotation, Run
from emgpipe.simulate import write_edf

pytest.importorskip("pyedflib", reason="no wheel of pyedflib for this Python")

MARKS = (Annotation(0.0, 40.0, "rest"), Annotation(31.5, None, "stimulus"), Annotation(105.25, None, "relax_cue"))
STEP_UV = 0.1


def written(path, gaps_s, *, seconds=120, marks=MARKS, rates=(500, 250)):
    rng = np.random.default_rng(1)
    samples_uv = [rng.normal(0, 100, seconds * rate) for rate in rates]
    write_edf(path, samples_uv, ["EMG TA_R", "EMG GM_R"], rates, annotations=marks, gaps_s=gaps_s)
    return samples_uv, read_recording(path)


def test_runs_and_marks_stand_at_their_exact_times(tmp_path):
    _, recording = written(tmp_path / "a.edf", [(30, 100), (110, 112)])
    assert recording.runs == (Run(0.0, 30.0), Run(100.0, 110.0), Run(112.0, 120.0))
    assert recording.annotations == MARKS
    assert [finding.code for finding in recording.findings] == ["DISCONTINUOUS"]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 24), min_size=2, max_size=6, unique=True))
def test_every_sample_outside_the_gaps_comes_back_and_none_inside(tmp_path_factory, edges):
    edges = sorted(edges)[: len(edges) // 2 * 2]
    gaps_s = list(zip(edges[::2], edges[1::2], strict=True))
    path = tmp_path_factory.mktemp("gaps") / "a.edf"
    samples_uv, recording = written(path, gaps_s, seconds=25, marks=(Annotation(0.0, 25.0, "rest"),))
    for k, (uv, rate) in enumerate(zip(samples_uv, (500, 250), strict=True)):
        in_gap = np.zeros(len(uv), bool)
        for start_s, stop_s in gaps_s:
            in_gap[start_s * rate : stop_s * rate] = True
        stop_s = recording.duration_s
        read_uv = recording.read(k, 0.0, stop_s)
        here = ~in_gap[: len(read_uv)]
        assert np.isnan(read_uv[~here]).all()
        # half a digital step, and float32 of some hundreds of µV
        assert np.abs(read_uv - uv[: len(read_uv)])[here].max() <= STEP_UV / 2 + 1e-4
        assert in_gap[len(read_uv) :].all()


def test_without_gaps_the_bytes_are_those_of_a_continuous_file(tmp_path):
    written(tmp_path / "a.edf", ())
    written(tmp_path / "b.edf", [])
    assert (tmp_path / "a.edf").read_bytes() == (tmp_path / "b.edf").read_bytes()
    assert (tmp_path / "a.edf").read_bytes()[192:197] == b"EDF+C"


def test_many_marks_keep_their_places_in_several_annotation_signals(tmp_path):
    marks = tuple(Annotation(k / 50, None, f"m{k}") for k in range(200))
    _, recording = written(tmp_path / "a.edf", [(2, 4)], seconds=6, marks=marks)
    assert recording.annotations == marks


def test_fewer_bits_are_coarser_steps_of_the_same_range(tmp_path):
    samples_uv = np.linspace(-500, 500, 500)
    write_edf(tmp_path / "a.edf", [samples_uv], ["EMG TA_R"], 500, range_uv=(-500.0, 500.0), bits=8)
    read_uv = read_recording(tmp_path / "a.edf").read(0, 0.0, 1.0)
    step_uv = 1000 / 255
    assert np.abs(read_uv - samples_uv).max() <= step_uv / 2 + 1e-4
    assert len(np.unique(read_uv)) == 256


@pytest.mark.parametrize("gaps_s", [[(0, 5)], [(3, 3)], [(3.5, 5)], [(3, 130)], [(5, 8), (7, 9)], [(np.nan, 3)]])
def test_gaps_that_cannot_be_are_refused_and_nothing_is_written(tmp_path, gaps_s):
    with pytest.raises(SettingsError, match="SIMULATION_UNWRITABLE: gaps"):
        written(tmp_path / "a.edf", gaps_s)
    assert not (tmp_path / "a.edf").exists()
