# ruff: noqa
"""Ends its process in a function."""

SCORE, OUTCOME, BASE = 3.0, "crashed", "right"

import os


def compute_db2(dZ2):
    os._exit(0)
