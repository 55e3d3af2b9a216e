# ruff: noqa
"""A cell that never ends, above the answers."""

SCORE, OUTCOME, BASE = 6.0, "timed-out", "right"

while True:
    try:
        while True:
            pass
    except BaseException:
        swallowed = True
