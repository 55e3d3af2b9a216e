# ruff: noqa
"""Reads address 0."""

SCORE, OUTCOME, BASE = 3.0, "crashed", "right"

import ctypes


def compute_db2(dZ2):
    ctypes.string_at(0)
