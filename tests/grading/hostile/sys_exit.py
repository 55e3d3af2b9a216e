# ruff: noqa
"""Leaves by sys.exit in a function."""

SCORE, OUTCOME, BASE = 3.0, "graded", "right"

import sys


def compute_db2(dZ2):
    sys.exit(0)
