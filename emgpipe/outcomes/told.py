"""Analyses as plain rows and mappings: for CSV, JSON and scripts; full floats, codes, ratios beside logarithms."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from emgpipe.outcomes.crossover import CrossoverAnalysis
from emgpipe.outcomes.model import EndpointAnalysis, Line, Listed

LINE_COLUMNS = (
    "name", "kind", "words", "effect", "se", "low", "high", "p", "df", "n_first", "n_second", "ratio", "ratio_low",
    "ratio_high", "code", "note",
)  # fmt: skip


def line_told(line: Line, *, log: bool) -> dict[str, Any]:
    """One line with the columns `LINE_COLUMNS`.

    Examples
    --------
    >>> told = line_told(Line("headline", "headline", "", effect=0.0, low=-0.1, high=0.1), log=True)
    >>> told["ratio"], round(told["ratio_high"], 4), line_told(Line("x", "beside", ""), log=True)["ratio"]
    (1.0, 1.1052, None)
    """
    ends = {"ratio": line.effect, "ratio_low": line.low, "ratio_high": line.high}
    ratios = {name: ratio(value) if log else None for name, value in ends.items()}
    return {name: {**asdict(line), **ratios}[name] for name in LINE_COLUMNS}


def ratio(effect: float | None) -> float | None:
    """Ratio of a difference of logarithms; None and what overflows are None."""
    return math.exp(effect) if effect is not None and effect < 700 else None


def listed_told(listed: tuple[Listed, ...]) -> list[dict[str, Any]]:
    """What is left out or mended, row by row."""
    return [one._asdict() for one in listed]


def endpoint_told(endpoint: EndpointAnalysis) -> dict[str, Any]:
    """All of an endpoint but the values of its subjects."""
    return {
        "name": endpoint.name, "words": endpoint.words, "unit": endpoint.unit, "log": endpoint.log,
        "primary": endpoint.primary, "holm_p": endpoint.holm_p,
        "lines": [line_told(line, log=endpoint.log) for line in endpoint.lines],
        "listed": listed_told(endpoint.values.listed),
    }  # fmt: skip


def crossover_told(found: CrossoverAnalysis) -> Mapping[str, Any]:
    """All of the analysis of a table, for JSON."""
    first = "".join(found.treatments)
    sequences = (first, first[::-1])
    return {
        "effect": f"{found.treatments[0]} minus {found.treatments[1]}", "treatments": list(found.treatments),
        "level": found.level, "estimator": found.estimator,
        "subjects": {one: sum(seq == one for seq in found.sequences.values()) for one in sequences},
        "cells": [cell._asdict() for cell in found.cells],
        **{name: cells for name, cells in endpoint_told(found.endpoint).items() if name not in ("primary", "holm_p")},
    }  # fmt: skip
