"""Run some checks on their own and print their tables."""

import sys
from collections.abc import Callable

from validation.checks import Check, Each
from validation.pool import each_on
from validation.real import workers


def run_alone(checks: Callable[[Each], list[Check]]) -> int:
    """Measure on all cores and print; 1 where a goal is missed."""
    with each_on(workers()) as each:
        found = checks(each)
    for check in found:
        sys.stdout.write(f"{'holds' if check.holds else 'FALLS SHORT'}: {check.title}: {check.measured}\n")
        for row in (check.columns, *check.rows):
            sys.stdout.write(f"  {' | '.join(row)}\n")
    return 0 if all(check.holds for check in found) else 1
