"""What measuring says about a recording beside its numbers."""

import pytest

from emgpipe.simulate import hardware_lowpass, scenario
from tests.strategies import measured, noise_of

MUSCLES = {"TA_R": scenario("always_active", 1, 12).samples_uv, "GM_R": scenario("silent", 2, 12).samples_uv}


def said(**options):
    return [(f.code, f.where) for f in measured(MUSCLES, 2000.0, **options).findings]


@pytest.mark.parametrize(
    ("argument", "unknown", "known"),
    [
        ("exclude", ["GML"], ["GM_R"]),
        ("prime_movers", ["RF_R"], ["TA_R"]),
        ("device_uv", {"TA": 1.0}, {"TA_R": 1.0}),
        ("pairs", ["TA_R/GM_L"], ["TA_R/GM_R"]),
    ],
)
def test_a_name_that_stands_for_nothing_is_said(argument, unknown, known):
    assert said(**{argument: unknown}) == [("NAME_UNKNOWN", argument)]
    assert said(**{argument: known}) == []


def test_the_nearest_name_is_given_in_any_case_of_letters():
    (finding,) = measured(MUSCLES, 2000.0, exclude=["gm_r", "gm_r"]).findings
    assert "did you mean 'GM_R'?" in finding.message
    (finding,) = measured(MUSCLES, 2000.0, exclude=["left leg"]).findings
    assert finding.message.endswith("it has GM_R, TA_R")


def test_a_hardware_low_pass_is_said_of_its_channel():
    muscles = {"TA_R": MUSCLES["TA_R"], "GM_R": hardware_lowpass(noise_of(1, 12, 2000.0, 2.0), 2000.0, 450.0)}
    (finding,) = measured(muscles, 2000.0).findings
    assert (finding.code, finding.where) == ("LOW_PASS", "GM_R")
