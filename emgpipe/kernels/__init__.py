"""Compiled loops on bare arrays: no checks, no raises, no strings.

The room imports nothing of ours. Callers check, allocate and name the result. Every
kernel has a plain twin in `tests/naive.py`, and the tests run with and without the
compiler. No fast-math: NaN stays NaN, and sums keep their order. `cache`, imported
first, gives the compiler a place for what it has compiled.
"""

from emgpipe.kernels.cache import kept_place

CACHE_PLACE = kept_place()
"""Where compiled kernels are kept; None: nowhere, each process compiles them."""
