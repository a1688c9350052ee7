"""Muscles, sides, body regions, antagonists and the labels amplifiers give them: what a neurologist can correct.

A muscle is named by a code and a side, `TA_R`; bare `TA` where the side is unknown. Erector
spinae may carry a level, `ES_T12_R`. A label that could mean two muscles means none: it is
never guessed, and `nearest_muscles` says what it could have been.
"""

from emgpipe.muscles.catalogue import (
    ANTAGONISTS,
    MUSCLES,
    Muscle,
    is_muscle,
    name_of,
    pairs_present,
    part_of,
    region_of,
    side_of,
    split_muscle,
)
from emgpipe.muscles.labels import kind_of_label, likely_muscles, muscle_of_label, nearest_muscles
from emgpipe.muscles.pages import muscles_markdown

__all__ = [
    "ANTAGONISTS",
    "MUSCLES",
    "Muscle",
    "is_muscle",
    "kind_of_label",
    "likely_muscles",
    "muscle_of_label",
    "muscles_markdown",
    "name_of",
    "nearest_muscles",
    "pairs_present",
    "part_of",
    "region_of",
    "side_of",
    "split_muscle",
]
