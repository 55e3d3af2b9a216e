"""Grading a class: `autograder grade` against plain nbgrader, on the same notebooks in the same run."""
