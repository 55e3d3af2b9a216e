# ruff: noqa
"""Prints without measure."""

SCORE, OUTCOME, BASE = 6.0, "graded|timed-out", "right"

for _ in range(20_000):
    print("x" * 100_000)
