"""Run tests of the checking core on numpy 1.25.2, the oldest that it supports.

The browser's Python has it, so what runs in a page is tested here. `make test-numpy1` puts it first on the path. Right
answers, oracles, messages: that each mistake is judged there as here, `tests/browser/test_verdicts.py` sees in the
browser's own Python. With `all`, as at night, all tests of the core.
"""

import os
import sys

import numpy
import pytest

CORE = "tests/autograder/core"
CHOSEN = (
    "test_right_answers.py",
    "test_oracles.py",
    "test_messages.py",
    "test_check.py",
    "test_pristine.py",
    "test_worked.py",
)

if __name__ == "__main__":
    if not numpy.__version__.startswith("1.25."):
        sentence = f"skipped: this is numpy {numpy.__version__}, there is no numpy 1.25.2 for this Python"
        sys.exit(sentence if os.environ.get("REQUIRE_ALL") == "1" else print(sentence) or 0)
    which = [CORE] if sys.argv[1:] == ["all"] else [f"{CORE}/{name}" for name in CHOSEN]
    sys.exit(pytest.main(["-q", "-n", "2", "--dist", "worksteal", "-p", "no:cacheprovider", *which]))
