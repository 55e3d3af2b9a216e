# ruff: noqa
"""Hands in a cell that is nearly as large as a file may be."""

SCORE, OUTCOME, BASE = 6.0, "graded", "right"
