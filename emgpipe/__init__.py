"""Objective measures of muscle rigidity from surface EMG.

Public names are imported on first use, so that `import emgpipe` costs nothing. Each
stands twice below: for people and type checkers, and in `_HOMES` for the interpreter;
a test holds them equal.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emgpipe.batch import Results, RunReport, load_results, plan_study, run_study
    from emgpipe.batch.outcome_tables import write_outcome_tables
    from emgpipe.batch.trial import analyse_post_hoc, analyse_results, write_estimates
    from emgpipe.errors import (
        EmgpipeError,
        NoInputError,
        ReadError,
        SettingsError,
        StatisticsError,
        StoreError,
        StudyError,
        TableError,
    )
    from emgpipe.frames.model import Frames
    from emgpipe.outcomes.crossover import analyse_crossover
    from emgpipe.outcomes.plan import Endpoint
    from emgpipe.outcomes.repeats import analyse_reliability
    from emgpipe.outcomes.scales import join_scales
    from emgpipe.pipeline import Result, compute_frames, measure, pair_covariances
    from emgpipe.readers.edf import check_file, read_recording
    from emgpipe.readers.mne_bridge import from_mne, to_mne
    from emgpipe.recording import Annotation, Finding, Recording, Signal, array_recording
    from emgpipe.reports.plots import plot_channel, plot_pair, plot_trajectory, plot_visit
    from emgpipe.reports.write import write_reports
    from emgpipe.settings import Settings, load_settings
    from emgpipe.simulate.trial import simulate_trial
    from emgpipe.study.load import Study, load_study
    from emgpipe.tuning.keep import write_tuning
    from emgpipe.tuning.tune import tune_results

_HOMES = {
    "Annotation": "emgpipe.recording",
    "EmgpipeError": "emgpipe.errors",
    "Endpoint": "emgpipe.outcomes.plan",
    "Finding": "emgpipe.recording",
    "Frames": "emgpipe.frames.model",
    "NoInputError": "emgpipe.errors",
    "ReadError": "emgpipe.errors",
    "Recording": "emgpipe.recording",
    "Result": "emgpipe.pipeline",
    "Results": "emgpipe.batch",
    "RunReport": "emgpipe.batch",
    "Settings": "emgpipe.settings",
    "SettingsError": "emgpipe.errors",
    "Signal": "emgpipe.recording",
    "StatisticsError": "emgpipe.errors",
    "StoreError": "emgpipe.errors",
    "Study": "emgpipe.study.load",
    "StudyError": "emgpipe.errors",
    "TableError": "emgpipe.errors",
    "analyse_crossover": "emgpipe.outcomes.crossover",
    "analyse_reliability": "emgpipe.outcomes.repeats",
    "analyse_post_hoc": "emgpipe.batch.trial",
    "analyse_results": "emgpipe.batch.trial",
    "array_recording": "emgpipe.recording",
    "check_file": "emgpipe.readers.edf",
    "compute_frames": "emgpipe.pipeline",
    "from_mne": "emgpipe.readers.mne_bridge",
    "join_scales": "emgpipe.outcomes.scales",
    "load_results": "emgpipe.batch",
    "load_settings": "emgpipe.settings",
    "load_study": "emgpipe.study.load",
    "measure": "emgpipe.pipeline",
    "pair_covariances": "emgpipe.pipeline",
    "plan_study": "emgpipe.batch",
    "plot_channel": "emgpipe.reports.plots",
    "plot_pair": "emgpipe.reports.plots",
    "plot_trajectory": "emgpipe.reports.plots",
    "plot_visit": "emgpipe.reports.plots",
    "read_recording": "emgpipe.readers.edf",
    "run_study": "emgpipe.batch",
    "simulate_trial": "emgpipe.simulate.trial",
    "to_mne": "emgpipe.readers.mne_bridge",
    "tune_results": "emgpipe.tuning.tune",
    "write_estimates": "emgpipe.batch.trial",
    "write_outcome_tables": "emgpipe.batch.outcome_tables",
    "write_reports": "emgpipe.reports.write",
    "write_tuning": "emgpipe.tuning.keep",
}
"""Public name -> module that defines it."""

__all__ = [
    "Annotation",
    "EmgpipeError",
    "Endpoint",
    "Finding",
    "Frames",
    "NoInputError",
    "ReadError",
    "Recording",
    "Result",
    "Results",
    "RunReport",
    "Settings",
    "SettingsError",
    "Signal",
    "StatisticsError",
    "StoreError",
    "Study",
    "StudyError",
    "TableError",
    "__version__",
    "analyse_crossover",
    "analyse_post_hoc",
    "analyse_reliability",
    "analyse_results",
    "array_recording",
    "check_file",
    "compute_frames",
    "from_mne",
    "join_scales",
    "load_results",
    "load_settings",
    "load_study",
    "measure",
    "pair_covariances",
    "plan_study",
    "plot_channel",
    "plot_pair",
    "plot_trajectory",
    "plot_visit",
    "read_recording",
    "run_study",
    "simulate_trial",
    "to_mne",
    "tune_results",
    "write_estimates",
    "write_outcome_tables",
    "write_reports",
    "write_tuning",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("importlib.metadata").version("emgpipe")
    if name not in _HOMES:
        raise AttributeError(f"module 'emgpipe' has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
