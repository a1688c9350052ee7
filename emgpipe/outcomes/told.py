"""Analyses as plain rows and mappings: for CSV, JSON and scripts; full floats, codes, ratios beside logarithms."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from emgpipe.outcomes.crossover import CrossoverAnalysis
from emgpipe.outcomes.model import EndpointAnalysis, Line, Listed, TrialAnalysis

LINE_COLUMNS = (
    "name", "kind", "words", "effect", "se", "low", "high", "p", "df", "n_first", "n_second", "ratio", "ratio_low",
    "ratio_high", "code", "note",
)  # fmt: skip

TRIAL_COLUMNS = (
    "post_hoc", "study", "endpoint", "unit", "log", "primary", "treatments", "level", *LINE_COLUMNS, "holm_p",
    "settings_id", "lock_sha256", "version",
)  # fmt: skip
"""Of `crossover.csv`."""


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


def trial_rows(analysis: TrialAnalysis) -> Iterator[dict[str, Any]]:
    """Every estimate of a trial with the columns `TRIAL_COLUMNS`, endpoints as in the plan, then sensitivities.

    Yields
    ------
    dict
        Of a sensitivity, `endpoint` is the primary.
    """
    first = analysis.endpoints[0]
    for one, lines in [*((one, one.lines) for one in analysis.endpoints), (first, analysis.sensitivities)]:
        for line in lines:
            adjusted = one.holm_p if line.kind == "headline" else None
            yield {
                "post_hoc": " | ".join(analysis.post_hoc), "study": analysis.study, "endpoint": one.name,
                "unit": one.unit, "log": one.log, "primary": one.primary,
                "treatments": "-".join(analysis.treatments), "level": analysis.level,
                **line_told(line, log=one.log), "holm_p": adjusted, "settings_id": analysis.settings_id,
                "lock_sha256": analysis.lock_sha256, "version": analysis.version,
            }  # fmt: skip


def trial_told(analysis: TrialAnalysis) -> dict[str, Any]:
    """All of the analysis of a trial, for JSON, with the values of every subject."""
    first = analysis.endpoints[0]
    return {
        "study": analysis.study, "simulated": analysis.simulated,
        "effect": f"{analysis.treatments[0]} minus {analysis.treatments[1]}", "treatments": list(analysis.treatments),
        "level": analysis.level, "post_hoc": list(analysis.post_hoc),
        "endpoints": [
            {**endpoint_told(one), "subjects": list(_subjects(one, analysis.sequences))} for one in analysis.endpoints
        ],
        "sensitivities": [line_told(line, log=first.log) for line in analysis.sensitivities],
        "undeterminable": [dict(row) for row in analysis.undeterminable], "listed": listed_told(analysis.listed),
        "plan_sha256": analysis.plan_sha256, "lock_sha256": analysis.lock_sha256,
        "settings_id": analysis.settings_id, "version": analysis.version,
    }  # fmt: skip


def _subjects(endpoint: EndpointAnalysis, sequences: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    values = endpoint.values
    for n, subject in enumerate(values.subjects):
        yield {
            "subject": subject, "sequence": sequences[subject], "values": values.values[n].tolist(),
            "baselines": values.baselines[n].tolist(), "n_visits": values.n_visits[n].tolist(),
        }  # fmt: skip
