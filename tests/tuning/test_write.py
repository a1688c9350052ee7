"""Tables of a sweep: fixed columns, exact numbers, files that replace each other whole."""

import io
import json
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emgpipe.errors import SettingsError
from emgpipe.settings import Settings
from emgpipe.store import OutputLock
from emgpipe.tuning import parse_grid
from emgpipe.tuning.columns import AGREEMENT, SUMS, points_columns, recordings_columns
from emgpipe.tuning.model import SCORES, Swept, Values
from emgpipe.tuning.scores import Agreement
from emgpipe.tuning.write import (
    MADE_BY,
    RECORD,
    SETTINGS,
    hashed,
    points_table,
    recordings_table,
    refuse_place,
    table_bytes,
    write_sweep,
)

NO_VALUES = Values((), np.zeros((0, 0)), np.zeros((0, 0), np.uint8), np.zeros((0, 0)))
KEY = ("rater", "active")


def with_record(files, frozen=None):
    """Files of a sweep, its record among them."""
    told = {"made_by": f"{MADE_BY} 0.1.0", "frozen": frozen, "files": hashed(files)}
    return {**files, RECORD: json.dumps(told).encode()}


@pytest.fixture
def grid():
    return parse_grid(["detect.activity_ratio=1.3,1.5,1.7", "detect.close_gap_s=0.1,0.25"], Settings())


def swept(grid, seed=1):
    rng = np.random.default_rng(seed)
    return [
        Swept(name, name[:3], {KEY: rng.uniform(0.0, 100.0, (len(grid), len(SCORES)))}, NO_VALUES)
        for name in ("S01_V1_rest", "S02_V1_rest")
    ]


def test_every_score_and_every_sum_has_a_column_in_its_order():
    assert tuple(SUMS) == SCORES
    assert tuple(AGREEMENT) == tuple(Agreement.__dataclass_fields__)


def test_a_table_of_points_has_a_row_a_point_and_source_with_the_declared_one_first(grid):
    sums = {KEY: np.ones((len(grid), len(SCORES))), ("second", "active"): np.ones((len(grid), len(SCORES)))}
    table = points_table(grid, sums, {KEY: 2, ("second", "active"): 1})
    assert list(table) == list(points_columns(grid))
    assert table["point"].tolist() == [p for p in range(len(grid)) for _ in range(2)]
    assert table["source"].tolist()[:2] == ["rater", "second"]
    assert table["n_recordings"].tolist()[:2] == [2, 1]
    assert table["declared"].tolist() == [True, True, *[False] * (2 * len(grid) - 2)]
    assert [*table.loc[0, ["detect.activity_ratio", "detect.close_gap_s"]]] == [1.5, 0.25]
    assert table.loc[0, "f1"] == 2 / 4
    assert table.loc[0, "scored_s"] == 4.0


def test_without_marks_a_table_of_points_holds_the_settings_and_no_score(grid):
    table = points_table(grid, {}, 7)
    assert len(table) == len(grid)
    assert table[[*AGREEMENT, *SUMS, "scored_s"]].isna().all(axis=None)
    assert set(table["n_recordings"]) == {7}
    assert set(table["source"]) == {""}


def test_rows_of_recordings_add_up_to_those_of_the_points(grid):
    found = swept(grid)
    table = recordings_table(grid, found)
    assert list(table) == list(recordings_columns(grid))
    pooled = points_table(grid, {KEY: sum(one.scores[KEY] for one in found)}, {KEY: 2})
    for name in SCORES:
        np.testing.assert_array_equal(table.groupby("point")[name].sum(), pooled[name])


def test_numbers_of_the_csv_read_back_equal_and_those_of_parquet_too(grid):
    table = recordings_table(grid, swept(grid))
    table.loc[0, "f1"] = np.nan
    table.loc[1, "f1"], table.loc[2, "f1"] = 1e-7, 1 / 3
    text = table_bytes(table, ".csv")
    rows = [line.split(",") for line in text.decode().splitlines()]
    place = rows[0].index("f1")
    assert rows[1][place] == ""
    for name in (*AGREEMENT, *SCORES):
        at = rows[0].index(name)
        read = np.array([float(row[at] or "nan") for row in rows[1:]])
        np.testing.assert_array_equal(read, table[name])
    back = pd.read_parquet(io.BytesIO(table_bytes(table, ".parquet")))
    pd.testing.assert_frame_equal(back, table, check_exact=True)


def test_cells_of_text_are_no_formulas_and_keep_their_commas():
    table = pd.DataFrame({"source": ["=1+1", 'a,"b"'], "kind": ["active", "active"]})
    lines = table_bytes(table, ".csv").decode().splitlines()
    assert lines == ["source,kind", "'=1+1,active", '"a,""b""",active']


def test_a_table_without_rows_is_its_header():
    assert table_bytes(pd.DataFrame({"point": [], "f1": []}), ".csv") == b"point,f1\n"


def test_the_same_table_gives_the_same_bytes(grid):
    for suffix in (".csv", ".parquet"):
        assert table_bytes(recordings_table(grid, swept(grid)), suffix) == table_bytes(
            recordings_table(grid, swept(grid)), suffix
        )


def test_a_later_sweep_takes_away_what_it_does_not_write_and_nothing_else(tmp_path):
    write_sweep(tmp_path / "t", with_record({"tuning.csv": b"1", "tuning_choice.csv": b"1"}))
    (tmp_path / "t" / "notes.txt").write_text("mine")
    (tmp_path / "t" / "cache").mkdir()
    write_sweep(tmp_path / "t", with_record({"tuning.csv": b"2"}))
    names = sorted(path.name for path in (tmp_path / "t").iterdir())
    assert names == [".emgpipe.lock", "cache", "notes.txt", "tuning.csv", RECORD]
    assert (tmp_path / "t" / "tuning.csv").read_bytes() == b"2"


def test_a_file_of_a_user_is_never_taken_away_whatever_its_name(tmp_path):
    write_sweep(tmp_path / "t", with_record({"tuning.csv": b"1"}))
    (tmp_path / "t" / "tuning_notes.docx").write_text("mine")
    with pytest.raises(SettingsError, match=r"TUNING_PLACE: 'tuning_notes.docx' lies there"):
        refuse_place(tmp_path / "t", tmp_path / "results")
    with pytest.raises(SettingsError, match=r"TUNING_PLACE: 'tuning_notes.docx' lies there"):
        write_sweep(tmp_path / "t", with_record({"tuning.csv": b"2"}))
    assert (tmp_path / "t" / "tuning.csv").read_bytes() == b"1"
    assert (tmp_path / "t" / "tuning_notes.docx").read_text() == "mine"


def test_a_folder_in_the_place_of_a_file_is_refused_before_anything_is_written(tmp_path):
    write_sweep(tmp_path / "t", with_record({"tuning.csv": b"1", "tuning_choice.csv": b"1"}))
    (tmp_path / "t" / "tuning_choice.csv").unlink()
    (tmp_path / "t" / "tuning_choice.csv").mkdir()
    with pytest.raises(SettingsError, match=r"TUNING_PLACE: 'tuning_choice.csv' lies there"):
        write_sweep(tmp_path / "t", with_record({"tuning.csv": b"2"}))
    assert (tmp_path / "t" / "tuning.csv").read_bytes() == b"1"


def test_a_record_that_names_files_elsewhere_takes_none_of_them_away(tmp_path):
    (tmp_path / "other.csv").write_text("mine")
    write_sweep(tmp_path / "t", with_record({"tuning.csv": b"1"}))
    told = {"made_by": MADE_BY, "frozen": None, "files": {"../other.csv": "", "notes.txt": "", "tuning.csv": ""}}
    (tmp_path / "t" / RECORD).write_text(json.dumps(told))
    (tmp_path / "t" / "notes.txt").write_text("mine")
    write_sweep(tmp_path / "t", with_record({"tuning.csv": b"2"}))
    assert (tmp_path / "other.csv").read_text() == (tmp_path / "t" / "notes.txt").read_text() == "mine"


def test_frozen_settings_are_written_again_as_they_are_and_never_lost(tmp_path):
    frozen = {"asked": "1"}
    write_sweep(tmp_path / "t", with_record({"tuning.csv": b"1", SETTINGS: b"a"}, frozen))
    write_sweep(tmp_path / "t", with_record({"tuning.csv": b"2", SETTINGS: b"a"}, frozen))
    for files in ({"tuning.csv": b"3"}, {"tuning.csv": b"3", SETTINGS: b"b"}):
        with pytest.raises(SettingsError, match="TUNING_PLACE: it holds frozen settings"):
            write_sweep(tmp_path / "t", with_record(files))
    assert (tmp_path / "t" / SETTINGS).read_bytes() == b"a"
    assert (tmp_path / "t" / "tuning.csv").read_bytes() == b"2"


def killed_behind(n, monkeypatch, work):
    """Let `work` die behind n files that were removed or renamed; whether it came to its end before."""
    left = [n]

    def dying(step):
        def wrapped(*given):
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            return step(*given)

        return wrapped

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", dying(Path.unlink))
        patched.setattr(Path, "replace", dying(Path.replace))
        try:
            work()
        except KeyboardInterrupt:
            return False
    return True


def test_a_writer_that_is_killed_leaves_a_record_that_tells_what_is_old(tmp_path, monkeypatch):
    first = dict.fromkeys(("tuning.csv", "tuning_agreement.csv", "tuning_choice.csv"), b"1")
    second = dict.fromkeys(("tuning.csv", "tuning_agreement.csv", "tuning_curve.csv"), b"2")
    for n in range(9):
        place = tmp_path / f"t{n}"
        write_sweep(place, with_record(first))
        if killed_behind(n, monkeypatch, partial(write_sweep, place, with_record(second))):
            break
        told = json.loads((place / RECORD).read_text())["files"]
        lying = {path.name: path.read_bytes() for path in place.glob("tuning*.csv")}
        assert lying.keys() <= told.keys(), "nothing lies there that the record does not name"
        assert (hashed(lying) == told) == (n == 0)
        assert told == hashed(second) or set(lying.values()) == {b"1"}
        refuse_place(place, tmp_path / "results")
    assert n == 5, "one file goes, four take their places"


def test_two_writers_into_one_folder_wait_for_each_other(tmp_path):
    write_sweep(tmp_path / "t", with_record({"tuning.csv": b"1"}))
    done = threading.Event()

    def second():
        write_sweep(tmp_path / "t", with_record({"tuning.csv": b"2"}))
        done.set()

    with OutputLock(tmp_path / "t"):
        other = threading.Thread(target=second)
        other.start()
        assert not done.wait(0.3)
        assert (tmp_path / "t" / "tuning.csv").read_bytes() == b"1"
    other.join()
    assert (tmp_path / "t" / "tuning.csv").read_bytes() == b"2"


@pytest.mark.parametrize("place", ["results", "results/tuning", "results/../results/x"])
def test_a_sweep_within_the_results_is_refused(tmp_path, place):
    (tmp_path / "results").mkdir()
    with pytest.raises(SettingsError, match="TUNING_PLACE: a sweep in the results folder"):
        refuse_place(tmp_path / place, tmp_path / "results")


@pytest.mark.parametrize("name", ["settings.toml", "tuning.csv", "data_dictionary.json"])
def test_a_folder_with_such_a_file_of_no_sweep_is_refused_and_one_of_a_sweep_is_not(tmp_path, name):
    (tmp_path / name).write_text("")
    with pytest.raises(SettingsError, match=f"TUNING_PLACE: '{name}' lies there"):
        refuse_place(tmp_path, tmp_path / "results")
    (tmp_path / RECORD).write_bytes(with_record({name: b""})[RECORD])
    refuse_place(tmp_path, tmp_path / "results")


def test_a_cache_that_leads_into_the_results_is_refused(tmp_path):
    (tmp_path / "results" / "units").mkdir(parents=True)
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "cache").symlink_to(tmp_path / "results" / "units")
    with pytest.raises(SettingsError, match="TUNING_PLACE: a sweep in the results folder"):
        refuse_place(tmp_path / "t", tmp_path / "results")


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "t").write_text("")
    with pytest.raises(SettingsError, match="TUNING_PLACE: it is no folder"):
        refuse_place(tmp_path / "t", tmp_path / "results")
