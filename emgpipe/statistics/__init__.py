"""Statistics of a trial: numbers in, numbers out. No files, no pictures, no words of judgement."""

from emgpipe.statistics.agreement import rank_correlation
from emgpipe.statistics.ancova import Contrasts, TreatmentEffect, ancova_contrasts, crossover_ancova, period_means
from emgpipe.statistics.contrast import PairedAnalysis, TwoSamples, carryover_bias, hills_armitage, two_samples
from emgpipe.statistics.estimate import Estimate
from emgpipe.statistics.mixed import MixedModel, mixed_model
from emgpipe.statistics.multiplicity import holm
from emgpipe.statistics.ranks import RankEstimate, hodges_lehmann
from emgpipe.statistics.reliability import Coefficient, Reliability, Repeatability, reliability
from emgpipe.statistics.rerandomisation import Rerandomisations, Rerandomised, rerandomisation_p, rerandomisation_ps

__all__ = [
    "Coefficient",
    "Contrasts",
    "Estimate",
    "MixedModel",
    "PairedAnalysis",
    "RankEstimate",
    "Reliability",
    "Repeatability",
    "Rerandomisations",
    "Rerandomised",
    "TreatmentEffect",
    "TwoSamples",
    "ancova_contrasts",
    "carryover_bias",
    "crossover_ancova",
    "hills_armitage",
    "hodges_lehmann",
    "holm",
    "mixed_model",
    "period_means",
    "rank_correlation",
    "reliability",
    "rerandomisation_p",
    "rerandomisation_ps",
    "two_samples",
]
