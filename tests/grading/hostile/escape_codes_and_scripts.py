# ruff: noqa
"""Shows terminal escapes and scripts, and raises an exception that holds both."""

SCORE, OUTCOME, BASE = 3.0, "graded", "right"

from IPython.display import HTML, display

print("\x1b[2J\x1b]0;owned\x07\x1b[31mred")
display(HTML("<script>document.title = 'owned'</script>"))


def compute_db2(dZ2):
    raise ValueError("\x1b[2J<script>alert(1)</script>")
