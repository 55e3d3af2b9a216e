"""A plugin for nbval: of an output that has both text and HTML, compare the text alone."""

from typing import Any


def pytest_collectstart(collector: Any) -> None:
    """Tell nbval's files to leave HTML out."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html",)
