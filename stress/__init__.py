"""Stress: malformed, huge and many files, judged by the written policy. `make stress` writes docs/stress.md.

The generator composes its files byte by byte and knows what the policy says of each change;
it imports neither our reader nor our writer.

`stress.reliability` kills, crowds, starves and moves whole runs and writes docs/reliability.md.
"""
