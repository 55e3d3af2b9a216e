# ruff: noqa
"""Recurses without end, with the limit taken away."""

SCORE, OUTCOME, BASE = 3.0, "graded|crashed|out-of-memory|timed-out", "right"

import sys

sys.setrecursionlimit(10**9)


def compute_db2(dZ2):
    return compute_db2(dZ2)
