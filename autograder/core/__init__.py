"""The trusted judge: pure Python and numpy, so that the same code runs in a notebook, in a grader and in a browser.

The way of data: an exercise and a seed give `cases`; the guest evaluates the student's function on them; `judge` holds
the outcomes against `oracles`, names the mistake with `mistakes`, and returns a `verdict`; `render` writes it as text.
"""
