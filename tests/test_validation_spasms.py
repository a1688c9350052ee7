"""The bench of spasms in its short form, and what its measures of agreement count."""

import numpy as np
import pytest

from validation import spasm_cases as cases


def test_spasms_at_10_db_are_found_with_their_area():
    found = [cases.spasm_case(cases.Rest(kind, 8.0, 0.15, 10.0, 1000.0, 5.0, 3)) for kind in ("gaussian", "pool")]
    assert sum(len(one.true_s) for one in found) >= 5
    assert cases.f1(found) >= 0.95
    assert all(abs(one.area_ratio - 1) <= 0.1 for one in found)


def test_a_spasm_of_a_minute_in_a_rest_of_90_s_is_found():
    count, error_s = cases.long_case(90.0, 1000.0, 0)
    assert count == 1
    assert error_s <= cases.TOLERANCE_S


@pytest.mark.parametrize("kind", ["gaussian", "units"])
def test_tonic_muscles_have_no_spasm(kind):
    assert cases.tonic_case(kind, 4.0, 0.1, 3.0, 1) == 0


def test_each_spasm_agrees_with_one_other_only():
    true_s = np.array([[10.0, 20.0], [30.0, 31.0]])
    found_s = np.array([[10.1, 21.0], [10.2, 20.0], [30.3, 31.0]])
    assert cases.matched(true_s, found_s) == 1
    assert cases.matched(true_s, found_s, ends="both") == 1
    assert cases.matched(true_s, found_s[:1], ends="both") == 0
    assert cases.matched(true_s, found_s[:1], ends="length") == 1


def test_truth_follows_the_noise_free_course():
    plan = [cases.Planned((20.0, 20.4, 30.0, 35.0))]
    envelope_uv = 4.0 + 36.0 * cases.course(plan, 100.0)
    # no MAD: it starts at once; it ends at 4 + 7.2 µV, a fifth of its height
    assert cases.truth_s(plan, envelope_uv)[0] == pytest.approx((20.0 + 0.4 * 3.5 / 36, 34.0), abs=0.1)
