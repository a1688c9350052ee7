"""Verdicts become named numbers: the registry says what each one means, rows say what each one rests on.

Documentation, data dictionary and reports are written from `registry.MEASURES`.
"""
