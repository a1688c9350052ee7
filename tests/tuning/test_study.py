"""A sweep over a study: the same bits however it is cut, stopped or shared, and those of a run with the settings."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emgpipe.batch import load_results, run_study
from emgpipe.detectors.activity import ACTIVE, EXCLUDED, SILENT, UNDETERMINABLE
from emgpipe.errors import EmgpipeError, NoInputError, ResultsError, SettingsError, StoreError
from emgpipe.measures.rows import VALUED
from emgpipe.settings import Settings, fingerprint, to_toml
from emgpipe.store import OutputLock
from emgpipe.tuning import parse_grid, study, tasks
from emgpipe.tuning.model import SCORES, STATUSES
from emgpipe.tuning.scores import prepare_marks, score_hops
from emgpipe.tuning.study import Wish, try_settings
from emgpipe.tuning.sweep import in_turn, swept_bytes, swept_from

GRID = ("detect.activity_ratio=1.3,2", "detect.close_gap_s=0.1,0.25", "detect.still_tilt=1.6,1.8")
MEASURES = frozenset({"act_frac", "cmua_frac", "apdf_p10_uv", "cc_overlap_uv", "coact_frac", "gaps_per_min"})
KINDS = {"active": ACTIVE, "silent": SILENT, "undeterminable": UNDETERMINABLE, "excluded": EXCLUDED}


@pytest.fixture(scope="session")
def truth(crossover_out, tmp_path_factory) -> Path:
    """A rater who marks what the program finds with other settings, a tenth of a second late."""
    found = load_results(crossover_out).intervals
    own = found[found["kind"].isin(["active", "cmua", "coactive"])].copy()
    late = own["kind"].eq("active") & (own["stop_s"] - own["start_s"] > 0.3)
    own.loc[late, "start_s"] += 0.1
    path = tmp_path_factory.mktemp("truth") / "rater.csv"
    own.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def tried(crossover_out, truth, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tried")
    return try_settings(crossover_out, folder, Wish(GRID, (truth,)), measures=MEASURES, jobs=1)


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".emgpipe.lock")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def assert_equal(one, other):
    assert len(one.sweeps) == len(other.sweeps)
    for a, b in zip(one.sweeps, other.sweeps, strict=True):
        assert swept_bytes(a) == swept_bytes(b)


def test_every_measured_recording_is_tried_in_the_order_of_the_study(tried, crossover_out):
    inputs = load_results(crossover_out).inputs
    assert [one.recording for one in tried.sweeps] == inputs["recording"].tolist()
    assert [one.subject for one in tried.sweeps] == inputs["subject"].tolist()
    assert tried.left_out == ()


def test_point_0_gives_the_values_of_the_results(tried, crossover_out):
    rows = load_results(crossover_out).measures
    places = {}
    for row in rows.itertuples():
        places[row.recording, row.segment, row.target, row.measure] = row
    n = 0
    for one in tried.sweeps:
        for key, value, status in zip(one.values.keys, one.values.value[0], one.values.status[0], strict=True):
            row = places[key.recording, key.segment, key.target, key.measure]
            assert STATUSES[status] == row.status
            assert np.array_equal(value, row.value, equal_nan=True)
            n += 1
    assert n == rows["measure"].isin(MEASURES).sum()


@pytest.mark.parametrize("point", [3, 8])
def test_any_point_gives_what_a_run_with_its_settings_writes(tried, crossover_study, tmp_path, truth, point):
    settings = tried.grid.settings(point)
    assert settings != tried.grid.base
    chosen = tmp_path / "settings.toml"
    chosen.write_text(to_toml(settings))
    out = tmp_path / "out"
    assert run_study(crossover_study, out, settings=chosen, jobs=1).exit_code == 0
    lines = pd.read_csv(out / "measures.csv", dtype=str, keep_default_na=False)
    assert set(lines["settings_id"]) == {fingerprint(settings)}
    cells = {(r.recording, r.segment, r.target, r.measure): (r.value, r.status) for r in lines.itertuples()}
    for one in tried.sweeps:
        for key, value, status in zip(one.values.keys, one.values.value[point], one.values.status[point], strict=True):
            text = repr(float(value)) if STATUSES[status] in VALUED else ""
            assert cells[key.recording, key.segment, key.target, key.measure] == (text, STATUSES[status])
    for one in tried.sweeps:
        assert np.array_equal(one.scores["rater", "active"][point], scores_of_run(out, tried, one.recording))


def scores_of_run(out: Path, tried, recording: str) -> np.ndarray:
    """Scores of the intervals that a run has written, hop by hop."""
    found = load_results(out).intervals
    total = np.zeros(len(SCORES))
    for marks in tried.marks:
        if (marks.recording, marks.kind) != (recording, "active"):
            continue
        own = found[(found["recording"] == recording) & (found["target"] == marks.target)]
        states = own[own["kind"].isin(KINDS)].sort_values("start_s")
        hop_s = 13 / 1000.0  # 12.5 ms in whole samples
        n_hops = round(states["stop_s"].max() / hop_s)
        hops = np.full(n_hops, 9, np.int8)
        for row in states.itertuples():
            hops[round(row.start_s / hop_s) : round(row.stop_s / hop_s)] = KINDS[row.kind]
        assert not (hops == 9).any()
        total += score_hops(hops, prepare_marks(marks, n_hops, hop_s, tried.tolerance_s))
    return total


def test_two_processes_and_small_parts_give_the_same_bits(tried, crossover_out, truth, tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "POINTS_A_PART", 4)
    other = try_settings(crossover_out, tmp_path, Wish(GRID, (truth,)), measures=MEASURES, jobs=2)
    assert len(list((tmp_path / "cache").iterdir())) == 3 * len(tried.sweeps)
    assert_equal(tried, other)


def test_a_stopped_sweep_goes_on_where_it_was(tried, crossover_out, truth, tmp_path, monkeypatch):
    wish = Wish(GRID, (truth,))
    seen = []

    def stop(done, total):
        seen.append((done, total))
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        try_settings(crossover_out, tmp_path, wish, measures=MEASURES, jobs=1, progress=stop)
    assert seen[-1] == (4, len(tried.sweeps))
    decided = []
    real = tasks.sweep_recording
    monkeypatch.setattr(tasks, "sweep_recording", lambda *a, **k: decided.append(a[1][0]) or real(*a, **k))
    begun = []
    other = try_settings(crossover_out, tmp_path, wish, measures=MEASURES, jobs=1, progress=lambda *n: begun.append(n))
    assert begun[0] == (4, len(tried.sweeps))
    assert begun[-1] == (len(tried.sweeps), len(tried.sweeps))
    assert decided == [one.recording for one in tried.sweeps[4:]]
    assert_equal(tried, other)


def test_a_part_that_is_damaged_on_disk_is_decided_again(tried, crossover_out, truth, tmp_path):
    wish = Wish(GRID, (truth,))
    try_settings(crossover_out, tmp_path, wish, measures=MEASURES, jobs=1)
    part = sorted((tmp_path / "cache").iterdir())[0]
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    begun = []
    other = try_settings(crossover_out, tmp_path, wish, measures=MEASURES, jobs=1, progress=lambda *n: begun.append(n))
    assert begun[0] == (len(tried.sweeps) - 1, len(tried.sweeps))
    assert_equal(tried, other)


@pytest.mark.parametrize("changed", ["marks", "tolerance", "grid", "measures"])
def test_what_a_part_depends_on_names_it(crossover_out, truth, tmp_path, changed):
    begun = []

    def first_done(wish, measures=MEASURES):
        begun.clear()
        try_settings(crossover_out, tmp_path, wish, measures=measures, jobs=1, progress=lambda *n: begun.append(n))
        return begun[0][0]

    grid, one = GRID[:1], Wish(GRID[:1], (truth,))
    assert first_done(one) == 0
    assert first_done(one) == 9
    marks = pd.read_csv(truth)
    marks.loc[marks["recording"].eq("P02_V1_supine") & marks["kind"].eq("active"), "stop_s"] -= 0.01
    other_truth = tmp_path / truth.name
    marks.to_csv(other_truth, index=False)
    again = {
        "marks": lambda: first_done(Wish(grid, (other_truth,))),
        "tolerance": lambda: first_done(one._replace(tolerance_s=0.1)),
        "grid": lambda: first_done(one._replace(grid=("detect.activity_ratio=1.3,2.1",))),
        "measures": lambda: first_done(one, MEASURES - {"act_frac"}),
    }
    assert again[changed]() == (8 if changed == "marks" else 0)


def test_the_results_stay_as_they_were(crossover_out, truth, tmp_path):
    before = digests(crossover_out)
    try_settings(crossover_out, tmp_path, Wish(GRID[:1], (truth,)), measures=MEASURES, jobs=2)
    assert digests(crossover_out) == before


def test_only_marked_recordings_are_decided_where_no_measure_is_wanted(crossover_out, truth, tmp_path):
    lines = truth.read_text().splitlines()
    own = tmp_path / "one.csv"
    own.write_text("\n".join([lines[0], *(line for line in lines if line.startswith("P02,V1"))]))
    tried = try_settings(crossover_out, tmp_path / "sweep", Wish(GRID[:1], (own,)), jobs=1)
    assert [one.recording for one in tried.sweeps] == ["P02_V1_supine"]
    assert tried.sweeps[0].values.keys == ()
    assert set(tried.sweeps[0].scores) == {("one", "active"), ("one", "cmua"), ("one", "coactive")}


def test_marks_that_repeat_the_verdicts_agree_wholly_with_them(crossover_out, tmp_path):
    found = load_results(crossover_out).intervals
    own = tmp_path / "same.csv"
    found[found["kind"].isin(["active", "silent", "undeterminable", "excluded", "cmua", "coactive"])].to_csv(
        own, index=False
    )
    tried = try_settings(crossover_out, tmp_path / "sweep", Wish(GRID[:1], (own,)), jobs=1)
    for one in tried.sweeps:
        for sums in one.scores.values():
            told = dict(zip(SCORES, sums[0], strict=True))
            assert told["found_only_s"] == 0
            assert told["true_only_s"] == 0
            assert told["n_true"] == told["n_found"] == told["n_matched"]


def test_points_are_taken_in_a_turn_that_holds_each_once():
    grid = parse_grid(["detect.cmua_act_frac=0.9,0.95", "detect.still_tilt=1.6,1.7,1.8", *GRID[:2]], Settings())
    turns = in_turn(grid)
    assert sorted(turns) == list(range(len(grid)))
    tilts = [grid.values(n)[1] for n in turns]
    assert tilts == sorted(tilts)


def test_bytes_of_a_sweep_read_back(tried):
    for one in tried.sweeps:
        again = swept_from(swept_bytes(one))
        assert again.values.keys == one.values.keys
        assert again.scores.keys() == one.scores.keys()
        assert swept_bytes(again) == swept_bytes(one)


def test_results_of_two_settings_are_refused(crossover_study, tmp_path):
    place = Path(shutil.copytree(crossover_study, tmp_path / "study"))
    out = tmp_path / "out"
    assert run_study(place, out, jobs=1).exit_code == 0
    other = tmp_path / "settings.toml"
    other.write_text("[detect]\nactivity_ratio = 2.0\n")
    run_study(place, out, settings=other, subjects=["P02"], jobs=1)
    with pytest.raises(ResultsError, match="BASE_MIXED") as caught:
        try_settings(out, tmp_path / "sweep", Wish(GRID[:1]), measures=MEASURES, jobs=1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("wish", "error", "code"),
    [
        (Wish(("detect.activty_ratio=1.3",)), SettingsError, "SETTING_UNKNOWN"),
        (
            Wish(("detect.activity_ratio=1.001:11:0.001", "detect.close_gap_s=0.001:1:0.001")),
            SettingsError,
            "GRID_TOO_LARGE",
        ),
        (Wish((), (Path("absent.csv"),)), EmgpipeError, "TABLE_UNREADABLE"),
    ],
)
def test_what_cannot_be_tried_is_refused_before_anything_is_decided(crossover_out, tmp_path, wish, error, code):
    with pytest.raises(error, match=code):
        try_settings(crossover_out, tmp_path / "sweep", wish, measures=MEASURES, jobs=1)
    assert not (tmp_path / "sweep").exists()


def test_more_values_or_scores_than_memory_holds_are_refused(crossover_out, truth, tmp_path, monkeypatch):
    monkeypatch.setattr(study, "MOST_CELLS", 1000)
    with pytest.raises(SettingsError, match=r"GRID_TOO_LARGE: 9 settings of 9 recordings, \d+ values; at most \d "):
        try_settings(crossover_out, tmp_path / "sweep", Wish(GRID), measures=MEASURES, jobs=1)
    monkeypatch.setattr(study, "MOST_SCORED", 200)
    with pytest.raises(SettingsError, match=r"GRID_TOO_LARGE: 9 settings of 9 recordings, 243 scores; at most 7 "):
        try_settings(crossover_out, tmp_path / "sweep", Wish(GRID, (truth,)), jobs=1)
    assert not (tmp_path / "sweep").exists()


def test_marks_of_what_was_not_judged_are_passed_over_and_told(crossover_study, truth, tmp_path):
    place = Path(shutil.copytree(crossover_study, tmp_path / "study"))
    manifest = pd.read_csv(place / "recordings.csv", dtype=str, keep_default_na=False)
    manifest["exclude_channels"] = ["TA_R" if file == "P02_V1.edf" else "" for file in manifest["file"]]
    manifest.to_csv(place / "recordings.csv", index=False)
    (place / "P03_V2.edf").write_bytes(b"no recording")
    run_study(place, tmp_path / "out", jobs=1)
    told = []
    tried = try_settings(tmp_path / "out", tmp_path / "sweep", Wish(GRID[:1], (truth,)), jobs=1, tell=told.append)
    (said,) = (words for words in told if "not judged" in words)
    assert "P02_V1_supine TA_R" in said
    assert "P03_V2_supine GM_R" in said
    there = {(one.recording, one.target) for one in tried.marks}
    assert ("P02_V1_supine", "GM_R") in there
    assert not there & {("P02_V1_supine", "TA_R"), ("P03_V2_supine", "GM_R")}
    assert tried.left_out[0][0] == "P03_V2_supine"


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(ResultsError, match="RESULTS_UNREADABLE"):
        try_settings(tmp_path, tmp_path / "sweep", Wish())


def test_results_at_which_a_run_works_are_refused(crossover_out, tmp_path):
    with OutputLock(crossover_out), pytest.raises(StoreError, match="STORE_LOCKED"):
        try_settings(crossover_out, tmp_path / "sweep", Wish())


def test_results_without_a_measured_recording_are_refused(tmp_path):
    from tests.batch.studies import HEAD, row_of, write_manifest

    place = tmp_path / "study"
    place.mkdir()
    (place / "study.toml").write_text(HEAD)
    (place / "gone.edf").write_bytes(b"no recording")
    write_manifest(place, [row_of("P01_V1", file="gone.edf", run="")])
    run_study(place, tmp_path / "out", jobs=1)
    with pytest.raises(NoInputError, match="MEASURED_NONE"):
        try_settings(tmp_path / "out", tmp_path / "sweep", Wish())
