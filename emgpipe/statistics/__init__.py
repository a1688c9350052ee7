"""Statistics of a trial: numbers in, numbers out. No files, no pictures, no words of judgement."""

from emgpipe.statistics.ancova import Contrasts, TreatmentEffect, ancova_contrasts, crossover_ancova, period_means
from emgpipe.statistics.contrast import PairedAnalysis, carryover_bias, hills_armitage
from emgpipe.statistics.estimate import Estimate

__all__ = [
    "Contrasts",
    "Estimate",
    "PairedAnalysis",
    "TreatmentEffect",
    "ancova_contrasts",
    "carryover_bias",
    "crossover_ancova",
    "hills_armitage",
    "period_means",
]
