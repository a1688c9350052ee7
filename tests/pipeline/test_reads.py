"""What a stage and a measure really read of the settings is what `measures.reads` says: nothing is kept too long."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from emgpipe.detectors.activity import activity_levels, decide_activity, hear
from emgpipe.detectors.evoked import judge_evoked
from emgpipe.detectors.floor import estimate_floor
from emgpipe.detectors.quality import judge_quality
from emgpipe.detectors.settings import DetectSettings
from emgpipe.measures import reads
from emgpipe.measures.events import BodyView
from emgpipe.measures.intervals import muscle_intervals
from emgpipe.measures.judge import body_row, given_in, muscle_row, pair_row
from emgpipe.measures.reference import ReferenceLevel
from emgpipe.measures.registry import BODY_MEASURES, MUSCLE_MEASURES, PAIR_MEASURES
from emgpipe.measures.settings import MeasureSettings
from emgpipe.measures.views import Judged, MuscleView, PairView
from emgpipe.pipeline import compute_frames, evoked_stretches, measure, pair_covariances
from emgpipe.recording import Annotation, array_recording
from emgpipe.simulate import reflex_drive, scenario
from emgpipe.simulate.scenarios import gaussian_emg

RATE_HZ, SECONDS, REST_S = 1000.0, 140, 85.0
NAMES = tuple(f.name for f in fields(DetectSettings))
SEEN: set[str] = set()
RULES = MeasureSettings(least_spasm_s=30.0, least_trials=3)
PAIR = ("TA_R", "GM_R")
PRECISION = {"interval_level", "block_times", "least_blocks"}
"""Read as far as a segment is long enough for a precision."""
LEVELS = {name: ReferenceLevel(50.0) for name in PAIR}


@dataclass(frozen=True)
class Watched(DetectSettings):
    """Default settings that note which of them are read."""

    def __getattribute__(self, name):
        if name in NAMES:
            SEEN.add(name)
        return super().__getattribute__(name)


WATCHED = Watched()


def own(one):
    """What the table says of a measure."""
    return set(reads.MEASURES[one.name])


def read_by(function, *arguments):
    """Settings that a call reads."""
    SEEN.clear()
    function(*arguments)
    return set(SEEN)


@pytest.fixture(scope="module")
def recording():
    """A muscle with spasms and one that comes and goes at rest; then a cue to relax and stimuli that both answer."""
    rng = np.random.default_rng(3)
    stimuli_s = [105.0 + 6.0 * k for k in range(5)]
    drive = reflex_drive(SECONDS * 1000, stimuli_s, rng, level=1.0, step_s=1 / RATE_HZ)
    answers = 30.0 * gaussian_emg(SECONDS * 1000, RATE_HZ, rng) * drive.excitation
    names = ("tonic_plus_spasms", "silent_bursts")
    samples = [scenario(name, 1, SECONDS, RATE_HZ).samples_uv + answers for name in names]
    samples[1][30_000:31_000] += 3000 * np.exp(-np.arange(1000) / 60)  # a lead that moves
    marks = [Annotation(0.0, REST_S, "rest"), Annotation(88.0, None, "relax_cue")]
    marks += [Annotation(t, None, "stimulus") for t in stimuli_s]
    return replace(array_recording(samples, list(PAIR), RATE_HZ), annotations=tuple(marks))


@pytest.fixture(scope="module")
def frames(recording):
    return compute_frames(recording, mains_hz=50)


@pytest.fixture(scope="module")
def result(recording, frames):
    return measure(recording, frames)


@pytest.fixture(scope="module")
def covariance(recording, frames):
    return pair_covariances(recording, frames, [PAIR])[PAIR]


def fresh(judged):
    """The same verdicts with nothing kept."""
    return Judged(judged.frames, judged.floor, judged.activity, judged.doubts, judged.possible_spasms, judged.evoked)


def view_of(judged, segment):
    return MuscleView(fresh(judged), segment, WATCHED, RULES)


def pair_of(result, covariance, segment):
    return PairView(*(view_of(result.judged[name], segment) for name in PAIR), covariance, LEVELS)


def body_of(result, covariance, segment):
    pair = pair_of(result, covariance, segment)
    return BodyView(segment, dict(zip(PAIR, (pair.agonist, pair.antagonist), strict=True)), {PAIR: pair})


def test_every_setting_and_every_measure_stands_in_the_table():
    told = {name for stage in reads.STAGES for name in stage} | {n for own in reads.MEASURES.values() for n in own}
    assert told == set(NAMES)
    measures = [one.name for one in (*MUSCLE_MEASURES, *PAIR_MEASURES, *BODY_MEASURES)]
    assert sorted(reads.MEASURES) == sorted(measures)
    assert set(measures) >= reads.STATELESS | reads.ENDS


def decided(levels, floor):
    activity = decide_activity(levels, floor, WATCHED)
    return activity.active_if_high, activity.active_if_low


def test_the_stages_read_their_own_settings_and_no_others(recording, frames):
    for channel in frames.channels:
        assert read_by(judge_quality, channel, WATCHED) == set(reads.QUALITY)
        assert read_by(estimate_floor, channel, WATCHED) <= set(reads.FLOOR)
        floor, heard = estimate_floor(channel, DetectSettings()), hear(channel)
        assert read_by(activity_levels, heard, channel, floor, WATCHED) == set(reads.LEVELS)
        levels = activity_levels(heard, channel, floor, DetectSettings())

        assert read_by(decided, levels, floor) == set(reads.STATES)
        stimuli_s = [mark.onset_s for mark in recording.annotations if mark.text == "stimulus"]
        stretches = evoked_stretches(recording, frames, stimuli_s)[channel.index]
        assert read_by(judge_evoked, stretches, channel, 1.0, WATCHED) == set(reads.EVOKED)


def test_the_floor_reads_its_settings_where_nothing_is_still(frames):
    loud = replace(frames.channels[0], psd=frames.channels[0].psd * np.float32(50))
    assert read_by(estimate_floor, loud, WATCHED) == set(reads.FLOOR)


def test_the_measures_of_a_muscle_read_what_the_table_says(result):
    read = {}
    for segment in (*result.segments, *result.cues):
        for one in given_in(MUSCLE_MEASURES, segment):
            for judged in result.judged.values():
                view = view_of(judged, segment)
                read.setdefault(one.name, set()).update(read_by(muscle_row, one, view))
    for one in MUSCLE_MEASURES:
        assert own(one) - PRECISION <= read[one.name] <= own(one), one.name
    assert read["rest_rms_uv"] & read["act_frac"] >= PRECISION


def test_the_measures_of_a_pair_read_what_the_table_says_and_the_limit_of_crosstalk(result, covariance):
    for one in given_in(PAIR_MEASURES, result.segments[0]):
        view = pair_of(result, covariance, result.segments[0])
        read = read_by(pair_row, one, view)
        assert own(one) - PRECISION <= read - {*reads.CROSSTALK} <= own(one), one.name


def test_the_measure_of_all_muscles_reads_what_the_table_says(result, covariance):
    (one,) = BODY_MEASURES
    view = body_of(result, covariance, result.segments[0])
    assert read_by(body_row, one, view) <= set(reads.MEASURES[one.name])


class Nothing:
    """In the place of an activity that must not be asked."""

    def __getattr__(self, name):
        raise AssertionError(f"{name} of the activity was asked for")


def test_measures_that_look_at_no_state_look_at_none(result):
    asked = 0
    for segment in (*result.segments, *result.cues):
        for one in given_in(MUSCLE_MEASURES, segment):
            for judged in result.judged.values() if one.name in reads.STATELESS else ():
                view = MuscleView(replace(judged, activity=Nothing()), segment, DetectSettings(), RULES)
                assert muscle_row(one, view).measure == one.name
                asked += 1
    assert asked > 20


def test_only_the_measures_of_both_ends_look_at_them(result):
    for one in given_in(MUSCLE_MEASURES, result.segments[0]):
        for judged in result.judged.values() if one.name not in reads.ENDS else ():
            activity = replace(judged.activity, if_high=None, if_low=None)
            view = MuscleView(replace(judged, activity=activity), result.segments[0], DetectSettings(), RULES)
            assert muscle_row(one, view).measure == one.name


def test_stretches_of_continuous_activity_read_their_own_settings(result):
    for name, judged in result.judged.items():
        made = muscle_intervals(name, fresh(judged), result.segments, WATCHED)
        assert read_by(list, made) == set(reads.CMUA)
