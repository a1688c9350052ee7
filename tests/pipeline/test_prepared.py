"""A prepared recording answers as `measure` does, whatever was asked before."""

from dataclasses import replace

import numpy as np
import pytest

from emgpipe.errors import SettingsError
from emgpipe.measures.kept import Kept
from emgpipe.measures.reads import STATELESS
from emgpipe.measures.reference import ReferenceLevel
from emgpipe.pipeline import compute_frames, measure, pair_covariances, prepare
from emgpipe.pipeline.point import MEASURES
from emgpipe.recording import Annotation, array_recording
from emgpipe.settings import check_settings
from emgpipe.simulate import scenario
from tests.strategies import noise_of

RATE_HZ, SECONDS = 1000.0, 70
MUSCLES = {"TA_R": "silent_bursts", "GM_R": "tonic_plus_spasms", "BB_R": "low_tonic", "TB_R": "silent"}
MARKS = (Annotation(0.0, 60.0, "rest"), Annotation(60.0, 8.0, "reference"), Annotation(20.0, 1.0, "BAD"))
SAID = {"exclude": ["TB_R"], "prime_movers": ["TA_R"], "reference": "reference", "device_uv": {"BB_R": 1.1},
        "pairs": ["TA_R/GM_R", "BB_R/TB_R", "TA_R/BB_R"]}  # fmt: skip
TABLES = [
    {"detect": changes}
    for changes in (
        {},
        {"activity_ratio": 1.2},
        {"activity_ratio": 2.4, "close_gap_s": 0.05},
        {"cmua_act_frac": 0.5},
        {"still_tilt": 1.2},
        {"still_tilt": 1.2, "shortest_burst_s": 0.3},
        {"movement_ratio": 1.0, "possible_spasm_ratio": 1.5},
        {"crosstalk_r0": 0.02},
        {"floor_max_uv": 0.6, "floor_min_uv": 0.5, "still_kurtosis": 0.01},
        {"spasm_mad_ratio": 0.5, "spasm_tonic_ratio": 1.0, "spasm_floor_ratio": 1.0, "spasm_together_s": 9.0},
        {"flag_undeterminable": 0.001, "interval_level": 0.8, "silence_s": 0.05},
        {"bridge_excluded_s": 0.0, "false_alarm": 0.01, "activity_release": 1.0, "shortest_undeterminable_s": 1.0},
    )
]
TABLES += [{"measure": {"least_usable_s": 55.0, "short_s": 90.0}}, {"condition": {"low_hz": 30.0}}]
SETTINGS = [check_settings(tables) for tables in TABLES]


@pytest.fixture(scope="module")
def recording():
    samples = [scenario(name, 2, SECONDS, RATE_HZ).samples_uv for name in MUSCLES.values()]
    samples[0][40_000:40_500] += 4000 * np.exp(-np.arange(500) / 60)  # a lead that moves
    samples[2] += 0.5 * samples[0]  # what stands in a neighbour
    return replace(array_recording(samples, list(MUSCLES), RATE_HZ), annotations=MARKS)


@pytest.fixture(scope="module")
def frames(recording):
    return compute_frames(recording, mains_hz=50)


@pytest.fixture(scope="module")
def results(recording, frames):
    """Each decided by itself, nothing kept from one to the next."""
    return [measure(recording, frames, settings=settings, **SAID) for settings in SETTINGS]


def shuffled(seed):
    """Every place twice, in any order."""
    return np.random.default_rng(seed).permutation(2 * list(range(len(SETTINGS)))).tolist()


def test_the_settings_differ_in_what_they_give(results):
    # but for two that say how strict a range is and meet nothing here
    assert len({repr(result.rows) for result in results}) >= len(results) - 2


def test_everything_is_as_measured_in_any_order(recording, frames, results):
    prepared = prepare(recording, frames, **SAID)
    for place in shuffled(1):
        found, told = prepared.result(SETTINGS[place]), results[place]
        assert repr(found.rows) == repr(told.rows), TABLES[place]
        assert repr(found.intervals) == repr(told.intervals), TABLES[place]
        assert repr((found.findings, found.grades, found.segments)) == repr((told.findings, told.grades, told.segments))
        assert repr(found.floors) == repr(told.floors)


SOME = {
    "all": MEASURES,
    "of states": MEASURES - STATELESS,
    "ends and levels": {"act_frac_lo", "rest_rms_uv"},
    "over a reference, of all muscles": {"cc_fw_pct", "spasm_generalised_n"},
    "none": set(),
}


@pytest.mark.parametrize("wanted", SOME.values(), ids=SOME)
def test_rows_of_some_measures_are_those_of_the_result(recording, frames, results, wanted):
    prepared = prepare(recording, frames, **SAID)
    for place in shuffled(3):
        told = [row for row in results[place].rows if row.measure in wanted]
        assert repr(prepared.rows(SETTINGS[place], wanted)) == repr(tuple(told)), TABLES[place]


def test_states_and_stretches_of_a_kind_are_those_of_the_result(recording, frames, results):
    prepared = prepare(recording, frames, **SAID)
    for place in shuffled(4):
        states = prepared.states(SETTINGS[place])
        judged = prepared.judged(SETTINGS[place])
        assert [*states] == [*judged] == [*results[place].judged]
        for name, one in results[place].judged.items():
            assert states[name].tobytes() == one.activity.states.tobytes() == judged[name].activity.states.tobytes()
        for kinds in (("active",), ("cmua", "spasm"), ("coactive",), ("excluded", "possible_spasm"), ()):
            told = tuple(row for row in results[place].intervals if row.kind in kinds)
            assert prepared.intervals(SETTINGS[place], kinds) == told


def test_references_from_elsewhere_may_change_and_nothing_else_does(recording, frames):
    said = {**SAID, "reference": ""}
    plain = prepare(recording, frames, **said)
    levels = {"TA_R": ReferenceLevel(80.0), "GM_R": ReferenceLevel(60.0, ("SHORT",))}
    for references in ({}, levels, {}):
        told = measure(recording, frames, references=references, **said)
        assert repr(plain.with_references(references).result(SETTINGS[0]).rows) == repr(told.rows)


def test_equal_answers_are_one_object(recording, frames):
    prepared = prepare(recording, frames, **SAID)
    first, other = SETTINGS[0], check_settings({"detect": {"close_gap_s": 0.2500001}})
    assert prepared.states(first)["TA_R"] is prepared.states(other)["TA_R"]
    assert prepared.rows(first, {"act_frac"}) is prepared.rows(other, {"act_frac"})


def test_lengths_are_told(recording, frames):
    prepared = prepare(recording, frames)
    assert (prepared.duration_s, prepared.hop_s("TA_R")) == (70.0, 0.013)


def test_what_cannot_be_meant_is_refused_at_once(recording, frames):
    with pytest.raises(SettingsError, match="REFERENCE_IS_REST"):
        prepare(recording, frames, reference="rest")


def test_samples_are_asked_once_for_each_conditioning(recording, frames, monkeypatch):
    asked = []

    def counted(*arguments):
        asked.append(arguments)
        return pair_covariances(*arguments)

    monkeypatch.setattr("emgpipe.pipeline.prepared.pair_covariances", counted)
    prepared = prepare(recording, frames, **SAID)
    for place in (0, 1, len(SETTINGS) - 1, 2):
        prepared.rows(SETTINGS[place], {"xt_r0"})
    assert len(asked) == 2


def test_what_was_used_lately_is_kept():
    kept, made = Kept[int](2), []

    def value(key):
        return kept.get(key, lambda: made.append(key) or 10 * key)

    assert [value(key) for key in (1, 2, 1, 3, 1, 2)] == [10, 20, 10, 30, 10, 20]
    assert made == [1, 2, 3, 2]


def test_a_channel_without_a_floor_is_prepared_too():
    recording = array_recording([noise_of(1, 20, RATE_HZ), np.zeros(20_000)], ["TA_R", "GM_R"], RATE_HZ)
    frames = compute_frames(recording, mains_hz=50)
    prepared = prepare(recording, frames, rest=True)
    for settings in SETTINGS[:3]:
        told = measure(recording, frames, rest=True, settings=settings)
        assert repr(prepared.result(settings).rows) == repr(told.rows)
