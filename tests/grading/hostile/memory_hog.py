# ruff: noqa
"""Takes memory for ever and swallows what says that there is no more."""

SCORE, OUTCOME, BASE = 3.0, "timed-out|out-of-memory|crashed", "right"

import numpy as np


def compute_db2(dZ2):
    kept = []
    while True:
        try:
            kept.append(np.ones(2**22))
        except MemoryError:
            pass
