# ruff: noqa
"""Computes nothing, and does not return."""

SCORE, OUTCOME, BASE = 4.0, "timed-out", "right"


def compute_dW2(dZ2, A1):
    import time

    time.sleep(10**6)
