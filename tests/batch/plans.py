"""A plan and arms for the small study of `tests.batch.studies`."""

from pathlib import Path

PLAN = """
[analysis]
estimator = "raw"
[endpoint]
measure = "apdf_p50_uv"
targets = ["TA_R"]
[[visits]]
avisit = "Period 1"
names = ["V1"]
period = 1
role = "treatment"
[[visits]]
avisit = "Period 2"
names = ["V2"]
period = 2
role = "treatment"
"""
ARMS = "subject,sequence\nP01,QZ\nP02,ZQ\n"
"""Letters that stand nowhere else."""


def plan_file(folder: Path, text: str = PLAN) -> Path:
    """Write `analysis.toml`."""
    path = folder / "analysis.toml"
    path.write_text(text)
    return path


def arms_file(folder: Path, text: str = ARMS) -> Path:
    """Write `arms.csv`."""
    path = folder / "arms.csv"
    path.write_text(text)
    return path
