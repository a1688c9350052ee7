"""Statistics of a trial: numbers in, numbers out. No files, no pictures, no words of judgement."""

from emgpipe.statistics.ancova import Contrasts, TreatmentEffect, ancova_contrasts, crossover_ancova, period_means

__all__ = ["Contrasts", "TreatmentEffect", "ancova_contrasts", "crossover_ancova", "period_means"]
