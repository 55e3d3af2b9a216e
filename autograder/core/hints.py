"""The hint, the lower hint and the cause of every mistake that has a name."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

_KNOWN = tomllib.loads(files("autograder.core").joinpath("mistakes.toml").read_text(encoding="utf-8"))

HINTS: Mapping[str, str] = MappingProxyType({id: about["hint"] for id, about in _KNOWN.items()})
"""By mistake id: a question that points the way, and never gives the formula."""
LOWER: Mapping[str, str] = MappingProxyType({id: about["lower"] for id, about in _KNOWN.items()})
"""By mistake id: a more concrete question, for whoever makes the mistake again."""
CAUSES: Mapping[str, str] = MappingProxyType({id: about["cause"] for id, about in _KNOWN.items()})
"""By mistake id: what has happened, in one sentence of MyST."""


def lower(hint: str) -> str:
    """Return what a verdict asks when its mistake is made again: for each mistake of the list its lower hint."""
    for id, upper in HINTS.items():
        hint = hint.replace(upper, LOWER[id])
    return hint
