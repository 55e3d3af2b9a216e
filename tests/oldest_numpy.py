"""Run the tests of the checking core on numpy 1.25.2, the oldest that it supports.

The browser's Python has it, so what runs in a page is tested here. `make test-numpy1` puts it first on the path.
"""

import os
import sys

import numpy
import pytest

if __name__ == "__main__":
    if not numpy.__version__.startswith("1.25."):
        sentence = f"skipped: this is numpy {numpy.__version__}, there is no numpy 1.25.2 for this Python"
        sys.exit(sentence if os.environ.get("REQUIRE_ALL") == "1" else print(sentence) or 0)
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "tests/autograder/core"]))
