"""Legal files as pyedflib, edfio and MNE read them: equal to one digital step wherever those are right."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from stress.bases import BASES
from stress.compose import compose, truth
from validation.reader_cases import Case, all_cases
from validation.readers import READERS, Seen, SeenSignal, holds, installed, look, same, sample_faults, uv_of, verdict

PAGE = Path(__file__).parents[2] / "docs" / "readers.md"
CASES = {case.title: case for case in all_cases()}
OTHERS = [name for name in READERS if name != "emgpipe"]
SEEDS = range(3)


def written(case, folder):
    path = folder / f"case{case.ending}"
    path.write_bytes(case.data)
    return path


def random_case(kind, seed):
    """A legal file from the generator of the stress bench."""
    file = BASES[kind](np.random.default_rng(seed))
    return Case(f"{kind} {seed}", compose(file), truth(file), True, ".bdf" if file.bdf else ".edf")


@pytest.mark.parametrize("title", CASES)
def test_every_file_is_read_right_or_refused_and_legal_ones_are_read(tmp_path, title):
    case = CASES[title]
    said = verdict(case, look("emgpipe", written(case, tmp_path)))
    assert holds(case, said), said


def worst_steps(case, path, reader):
    """Largest difference in digital steps over all signals, None where the reader's samples are not right."""
    theirs = look(reader, path)
    if isinstance(theirs, str) or sample_faults(case.truth, theirs):
        return None
    ours = look("emgpipe", path)
    assert isinstance(ours, Seen)
    worst = 0.0
    for want, mine, other in zip(case.truth.signals, ours.signals, theirs.signals, strict=True):
        if want is not None:
            worst = max(worst, float(np.abs(uv_of(mine) - uv_of(other)).max() / want.step_uv))
    return worst


@pytest.mark.parametrize("reader", OTHERS)
def test_legal_files_equal_the_other_readers_where_those_are_right(tmp_path, reader):
    if reader not in installed():
        pytest.skip(f"{reader} is not installed")
    compared = {}
    cases = [case for case in CASES.values() if case.legal]
    for case in [*cases, *(random_case(kind, seed) for kind in BASES for seed in SEEDS)]:
        steps = worst_steps(case, written(case, tmp_path), reader)
        if steps is not None:
            compared[case.title] = steps
    assert {title: steps for title, steps in compared.items() if steps > 1} == {}
    assert len(compared) >= 30


@pytest.mark.parametrize("reader", OTHERS)
def test_no_sample_of_a_real_file_is_another_one_elsewhere(real, reader):
    if reader not in installed():
        pytest.skip(f"{reader} is not installed")
    said = {}
    # one file of each source of the converted ones
    paths = [*real.glob("edf_readers/*/*df"), *real.glob("edf_converted/*[!0-9]_TA*.edf"), *real.glob("*/uci_2A*.edf")]
    for path in sorted(paths):
        ours = look("emgpipe", path)
        if isinstance(ours, Seen):
            said[path.name] = same(ours, look(reader, path))
    # what they place, count or refuse otherwise is in the table; the numbers themselves are never others
    assert {name: words for name, words in said.items() if "µV x" in words or "other values" in words} == {}
    assert sum(words == "equal" for words in said.values()) >= 15


def distorted(seen, change):
    return seen._replace(signals=[change(signal) for signal in seen.signals])


DISTORTIONS = {
    "µV x 1e+06": lambda seen: distorted(seen, lambda s: s._replace(factor=1e6)),
    "µV x 0.001": lambda seen: distorted(seen, lambda s: s._replace(factor=1e-3)),
    "other values": lambda seen: distorted(seen, lambda s: s._replace(values=s.values[::-1])),
    "2499 samples, not 2500": lambda seen: distorted(
        seen, lambda s: s._replace(values=s.values[1:], times_s=s.times_s[1:])
    ),
    "samples up to 21.5 s from their time": lambda seen: distorted(
        seen, lambda s: s._replace(times_s=np.arange(len(s.values)) / 500)
    ),
    "1 signals of 2": lambda seen: seen._replace(signals=seen.signals[:1]),
    "signal refused: X": lambda seen: distorted(seen, lambda _: "X"),
    "start -0.0003 s": lambda seen: seen._replace(start=seen.start - timedelta(seconds=3e-4)),
    "start lost": lambda seen: seen._replace(start=None),
    "1 annotations of 2": lambda seen: seen._replace(marks=seen.marks[:1]),
    "annotations up to 0.001 s off": lambda seen: seen._replace(marks=[(t + 0.001, text) for t, text in seen.marks]),
}


@pytest.mark.parametrize("fault", DISTORTIONS)
def test_the_comparison_sees_each_fault(tmp_path, fault):
    case = CASES["EDF+D, gaps of 1.5 and 20 s"]
    seen = look("emgpipe", written(case, tmp_path))
    assert verdict(case, seen) == "right"
    assert verdict(case, DISTORTIONS[fault](seen)) == f"wrong: {fault}"


def test_a_number_without_a_unit_is_open_and_one_in_volts_is_wrong(tmp_path):
    case = CASES["unit blank"]
    seen = look("emgpipe", written(case, tmp_path))
    told = SeenSignal(np.ones(2500), np.arange(2500) / 500, "")
    for signal, said in (
        (told, "open: numbers of unit ''"),
        (told._replace(unit="V", factor=1e6), "wrong: numbers in V"),
    ):
        assert verdict(case, seen._replace(signals=[signal, seen.signals[1]])).startswith(said)


def test_the_page_of_the_comparison_has_every_case_and_no_wrong_cell_of_ours():
    rows = [line.split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    assert set(CASES) <= {row[0].removeprefix("| ") for row in rows}
    assert not [row for row in rows if row[1].startswith("**")]
