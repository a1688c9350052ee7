"""Compiled loops on bare arrays: no checks, no raises, no strings.

The room imports nothing of ours. Callers check, allocate and name the result. Every
kernel has a plain twin in `tests/naive.py`, and the tests run with and without the
compiler. No fast-math: NaN stays NaN, and sums keep their order.
"""
