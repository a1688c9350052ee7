"""Validation on known truth: what the documentation claims, measured. `make validate` writes docs/validation.md.

All signals are simulated but those of the real study.
"""
