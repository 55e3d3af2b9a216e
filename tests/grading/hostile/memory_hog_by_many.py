# ruff: noqa
"""Takes memory by many processes at once."""

SCORE, OUTCOME, BASE = 3.0, "timed-out|out-of-memory|crashed", "right"

import os
import time
import numpy as np


def compute_db2(dZ2):
    for _ in range(12):
        if os.fork() == 0:
            kept = [np.ones(2**24) for _ in range(4)]
            time.sleep(30)
            os._exit(0)
    time.sleep(30)
