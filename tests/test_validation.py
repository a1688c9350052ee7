"""The bench of `make validate` in its short form: one draw of a kind, and what its checks refuse."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emgpipe.simulate import scenario
from validation import checks, heart, leads, lines, peers, trust
from validation.__main__ import page

REAL = Path(__file__).parents[1].parent / "shared" / "data" / "real"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/data/real, kept beside the repository")


def one_by_one(function, arguments):
    return [function(*a) for a in arguments]


def test_the_eight_scenarios_hold_at_2000_and_1000_hz():
    check = checks.scenarios(one_by_one, 1)
    assert check.holds, check.measured
    assert len(check.rows) == 16


@pytest.mark.parametrize(
    ("name", "rate_hz", "error", "status", "fault"),
    [
        ("always_active", 2000.0, 0.019, "ok", False),
        ("always_active", 2000.0, 0.021, "flagged", True),
        ("always_active", 1000.0, np.nan, "undeterminable", True),
        ("low_tonic", 1000.0, np.nan, "undeterminable", False),
        ("low_tonic", 1000.0, 0.5, "flagged", False),
        ("low_tonic", 1000.0, 0.5, "ok", True),
        ("low_tonic", 2000.0, np.nan, "undeterminable", True),
        ("silent_ecg", 2000.0, 0.011, "ok", True),
    ],
)
def test_what_a_scenario_may_say(name, rate_hz, error, status, fault):
    assert checks.scenario_fault(name, rate_hz, error, status) is fault


@pytest.mark.parametrize(("level_uv", "bursts"), [(0.0, False), (20.0, True)])
def test_a_trunk_lead_with_a_heart_reads_as_without(level_uv, bursts):
    found = heart.heart_case(level_uv, bursts, 200.0, 70.0, 1000.0, 0)
    assert found.n_beats > 100
    assert abs(found.rms_bias) < 0.02
    assert abs(found.activity_error) < 0.02
    assert abs(found.silence_error_s) <= 0.1
    assert abs(found.gaps_error) <= 0.1
    assert 0 < found.excluded_share <= found.allowed_share


@pytest.mark.parametrize("kind", ["noise", "unit 6/s", "mains 40 uV"])
def test_nothing_is_removed_where_there_is_no_heart(kind):
    n_beats, marked, why = heart.heartless_case(kind, 0, 1000.0)
    assert (n_beats, marked) == (0, 0.0)
    assert why


@pytest.mark.parametrize("kind", ["silent", "tonic 20 uV"])
def test_mains_that_wander_change_neither_activity_nor_level(kind):
    found = lines.hum_case(kind, 50.0, 1000.0, 0)
    assert found.n_lines == len(lines.HARMONICS)
    assert found.activity_error < 0.01
    assert max(abs(found.rms_bias), abs(found.total_bias)) <= 0.015


def test_no_line_is_found_where_there_is_none():
    assert lines.line_free_case("noise", 60.0, 1000.0, 0) == 0


def test_lines_taken_out_in_blocks_are_those_of_the_whole_run():
    blocks, same_uv, own_uv = lines.block_case("bursts of 40 uV", 50.0, 1000.0)
    assert blocks == 3
    assert max(same_uv, own_uv) <= 0.02


def test_a_withheld_value_counts_against_a_claim():
    good = lines.Hum("silent", 0.0, 0.0, 0.0, 6, 0.0)
    group = [good, replace(good, activity_error=np.nan)]
    assert lines.withheld(group) == 1
    assert lines.largest(group, "activity_error") == 0.0


@pytest.mark.parametrize("number", range(2, 50, 8))
def test_truth_of_a_random_recording_lies_in_its_bracket(number):
    drawn = trust.draw_case(number)
    if np.isfinite(drawn.truth) and np.isfinite(drawn.value):
        assert drawn.low - 0.005 <= drawn.truth
        assert drawn.confidence == "low" or drawn.truth <= drawn.high + 0.005


@needs_real
@pytest.mark.parametrize("number", range(3), ids=["needle", "dead leads", "reaction task"])
def test_real_leads_read_as_what_is_known_of_them(number):
    check = [leads.needle_check, leads.dead_check, leads.reaction_check][number](REAL)
    assert check.holds, check.measured


@needs_real
def test_trials_count_what_intervals_say():
    silent = leads.said(leads.dead_leads(REAL)[0])
    found = leads.trials(REAL, dict.fromkeys(leads.HANDS, silent))
    assert len(found) == 16
    assert not any(t.active or t.begins or t.active_before for t in found)


def test_an_absent_peer_and_one_that_raises_are_named_and_not_numbers():
    assert peers.says("nosuchpeer default", np.zeros(10), 2000.0) == "absent"
    assert peers.says("numpy has no detector", np.zeros(10), 2000.0) == "KeyError"


@pytest.mark.parametrize("gain", [(1.0, 20.0), (20.0, 1.0)])
def test_change_points_get_the_sign_of_the_louder_side(gain):
    first, second = gain
    samples_uv = np.concatenate([np.full(100, first), np.full(50, second), np.full(100, first)])
    on = peers.louder(np.array([100, 150]), samples_uv)
    assert on.tolist() == (samples_uv == 20.0).tolist()
    assert not peers.louder(np.array([], int), samples_uv).any()


def test_beats_are_matched_one_way_and_the_other():
    truth_s = np.array([1.0, 2.0, 3.0, 4.0])
    assert peers.matched(np.array([1.05, 2.0, 2.5]), truth_s) == (0.5, pytest.approx(2 / 3))
    assert peers.matched(np.array([]), truth_s)[0] == 0.0


def test_our_own_row_beside_the_peers_is_that_of_the_truth():
    channel = scenario("starts_active", 0, peers.DURATION_S, peers.RATE_HZ)
    row = peers.scenario_row("starts_active", ())
    assert row[1:] == (f"{channel.active_fraction:.3f}", "0.500")


def test_the_page_says_what_holds_what_does_not_and_what_was_skipped():
    check = checks.Check("A claim", "x < 1", "|x| = 2", False, ("a", "b"), (("1", "2"),))
    text = page([check], 4, with_real=False)
    assert "| A claim | x < 1 | \\|x\\| = 2 | **no** |" in text
    assert "Real recordings: skipped" in text
    assert "| 1 | 2 |" in text
