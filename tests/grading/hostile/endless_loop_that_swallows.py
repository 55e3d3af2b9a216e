# ruff: noqa
"""Never ends, and swallows every interrupt."""

SCORE, OUTCOME, BASE = 3.0, "timed-out", "right"

import signal

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


def compute_db2(dZ2):
    while True:
        try:
            while True:
                pass
        except BaseException:
            swallowed = True
