"""Validation on known truth: what the documentation claims, measured.

`make validate` writes docs/validation.md, validation_stiffness.md and validation_trial.md. All signals are simulated
but those of the real study.
"""
