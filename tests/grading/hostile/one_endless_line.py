# ruff: noqa
"""Prints one line of a hundred megabytes."""

SCORE, OUTCOME, BASE = 6.0, "graded|crashed|out-of-memory", "right"

import sys

sys.stdout.write("x" * 100_000_000)
