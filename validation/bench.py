"""All checks but those on real recordings alone, in the order of the page."""

from pathlib import Path

from validation.checks import Check, floors, lengths, pairs, scenarios, silent_noise, units
from validation.heart import hearts
from validation.lines import hums
from validation.peers import beat_finders, side_by_side
from validation.pool import each_on
from validation.trust import trust


def run_all(workers: int, seeds: int, real: Path | None = None) -> list[Check]:
    """Every check on simulated truth, `seeds` draws of each case; peers also on the recordings of `real`."""
    with each_on(workers) as each:
        return [
            scenarios(each, seeds),
            silent_noise(each, seeds),
            *floors(each, seeds),
            lengths(each),
            units(each, seeds),
            *pairs(each, seeds),
            *trust(each, seeds),
            *hums(each, seeds),
            *hearts(each, seeds),
            beat_finders(each),
            side_by_side(each, real),
        ]
