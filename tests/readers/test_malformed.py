"""Malformed files from a seed, judged by the written policy; `make stress` does ten times as many."""

from dataclasses import replace

import numpy as np
import pytest

from stress.bases import BASES
from stress.compose import EACH, FIXED, compose, truth
from stress.fuzz import run_calls
from stress.intake import run_files
from stress.judge import judge
from stress.malformed import FAMILIES, WALK, case
from stress.rules import doubtful, legal, refuse, refuse_signal

SEED = 20


def legal_case(kind):
    """A legal file of one kind."""
    file = BASES[kind](np.random.default_rng(4))
    return replace(case(SEED, 0), data=compose(file), expected=legal(), truth=truth(file), name=kind)


def test_200_malformed_files_are_treated_as_the_policy_says():
    intake = run_files(SEED, 200, workers=1)
    assert [f"{o.kind}: {case(SEED, o.number).replay}: {o.told}" for o in intake.offences] == []
    assert (intake.files, intake.commands) == (200, 5)
    assert {family for family, _ in intake.families} == set(FAMILIES)
    assert {verdict for _, verdict in intake.families} == {"legal", "doubtful", "reject_signal", "reject_file", "any"}


def test_300_fuzzed_calls_give_a_recording_or_a_refusal(tmp_path):
    fuzzed = run_calls(SEED, 300, tmp_path)
    assert fuzzed.offences == []
    assert fuzzed.read > 50
    assert len(fuzzed.refused) > 5


def test_a_file_comes_again_from_its_seed_and_number():
    assert case(3, 41).data == case(3, 41).data
    assert case(3, 41).data != case(4, 41).data


def test_every_field_of_the_header_is_changed():
    names = " ".join(case(1, number).name for number in range(20 * len(WALK)))
    assert [name for name, _ in (*FIXED, *EACH) if name not in names] == []


@pytest.mark.parametrize("kind", ["edf", "edf+c", "bdf", "bdf+c", "mixed rates", "other quantities"])
def test_the_composed_files_are_those_that_an_independent_reader_sees(kind, tmp_path):
    pyedflib = pytest.importorskip("pyedflib", reason="the independent reader is not installed for this Python")
    for seed in range(5):
        file = BASES[kind](np.random.default_rng(seed))
        path = tmp_path / f"{seed}.edf"
        path.write_bytes(compose(file))
        told = truth(file)
        with pyedflib.EdfReader(str(path)) as oracle:
            assert oracle.signals_in_file == len(told.signals)
            for place, signal in enumerate(told.signals):
                if signal is not None:
                    np.testing.assert_allclose(oracle.readSignal(place), signal.uv.ravel(), atol=0.01 * signal.step_uv)
            assert len(oracle.readAnnotations()[0]) == len(told.marks)


@pytest.mark.parametrize("kind", BASES)
def test_a_legal_file_of_every_kind_is_read_in_full(kind, tmp_path):
    assert judge(legal_case(kind), tmp_path / "a.edf", through=True) == []


@pytest.mark.parametrize(
    ("expected", "kind"),
    [
        (refuse("HEADER_NUMBER"), "accepted"),
        (doubtful("RECORD_COUNT"), "silent"),
        (refuse_signal(0, "UNIT_UNKNOWN"), "accepted"),
    ],
)
def test_the_judge_sees_what_is_accepted_and_should_not(expected, kind, tmp_path):
    offences = judge(replace(legal_case("edf"), expected=expected), tmp_path / "a.edf")
    assert [offence.kind for offence in offences] == [kind]


def test_the_judge_sees_what_is_refused_and_should_not(tmp_path):
    made = legal_case("edf")
    offences = judge(replace(made, data=made.data[:200]), tmp_path / "a.edf")
    assert [offence.kind for offence in offences] == ["refused"]


def test_the_judge_sees_one_digital_step_one_record_and_one_mark(tmp_path):
    made = legal_case("edf+d")
    first, *others = made.truth.signals
    off = first._replace(uv=first.uv + np.eye(*first.uv.shape) * first.step_uv)
    for wrong in (
        made.truth._replace(signals=(off, *others)),
        made.truth._replace(starts_s=tuple(k * made.truth.record_s for k in range(len(made.truth.starts_s)))),
        made.truth._replace(marks=made.truth.marks[1:]),
        made.truth._replace(start=None),
    ):
        offences = judge(replace(made, truth=wrong), tmp_path / "a.edf")
        assert {offence.kind for offence in offences} == {"samples"}
