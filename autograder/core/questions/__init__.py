"""The questions of the judge, as data: for each family of equations a table, `two_layer.toml` and so on.

A row of a table is a question, and its keys are the attributes of `Formula` or `Property`. Where one is Python (`draw`,
`second`, `calls`, `inspect`, ...) it is an expression of the names of the module beside the table and of
`autograder.core.numeric`. What a row leaves out goes by the registry: `draw` is the module's own, and the second oracle
is the gradient of its `NETWORK` (another one: `network`) by the variable of the equation. `like` names a question whose
code is this one's too, with other arguments in the same order; its mistakes are made here as well.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import course_lib.initialization
import course_lib.optimizers
from autograder.core import numeric
from autograder.core.definition import NAMESPACE
from autograder.core.layout import Layout
from autograder.core.question import Property, Question, Values, ask
from course_lib.equations import EQUATIONS
from course_lib.names import suggestion

FAMILIES = (
    *("neuron", "activation", "one_example", "two_layer", "model", "layer", "deep", "losses", "proofs"),
    *("gradient_check", "initialization", "errata", "training", "batches"),
)
EXPRESSIONS = ("draw", "second", "bounds", "reference", "calls", "inspect", "brief")


@cache
def all_questions() -> Mapping[str, Question]:
    """Return every question by its id."""
    rows: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for family in FAMILIES:
        module = import_module(f"autograder.core.questions.{family}")
        names = {**vars(numeric), "course_lib": course_lib, **vars(module)}
        table = tomllib.loads(files(__name__).joinpath(f"{family}.toml").read_text(encoding="utf-8"))
        assert not rows.keys() & table.keys()
        rows |= {id: (row, names) for id, row in table.items()}
    return MappingProxyType({id: _question(id, rows) for id in rows})


def question(id: str) -> Question:
    """Look a question up by its id, as `Exercise.asked` gives it.

    Raises
    ------
    KeyError
        If there is none; the message names the nearest one.
    """
    known = all_questions()
    if id not in known:
        raise KeyError(f"no question {id!r}; {suggestion(id, known)}")
    return known[id]


def _question(id: str, rows: Mapping[str, tuple[dict[str, Any], dict[str, Any]]]) -> Question:
    row, names = rows[id]
    given = {key: eval(text, names) if key in EXPRESSIONS else text for key, text in row.items()}
    other = given.pop("like", "")
    if "arguments" in given:
        given["arguments"] = tuple(given["arguments"].split())
    if other:
        renamed = dict(zip(EQUATIONS[other].arguments, given.get("arguments", EQUATIONS[id].arguments), strict=True))
        given["code"] = [_renamed(text, renamed) for text in _code(rows[other][0])]
        given["lines"] = {"": other} | given.get("lines", {})
    else:
        given["code"] = _code(row)
    if "layout" in given:
        given["layout"] = _layout(given["layout"], names)
    if "inspect" in given:
        uses = {name: eval(text, names) for name, text in given.pop("uses", {}).items()}
        brief = given.pop("brief", None)
        asked = Property(id=id, uses={"np": NAMESPACE["np"], **uses}, **given)
        return replace(asked, brief=replace(asked, **brief)) if brief else asked
    network = given.pop("network", "NETWORK")
    second = given.pop("second", None) or _gradient(names[network], id)
    return ask(id, second, given.pop("draw", None) or names["draw"], *given.pop("code"), **given)


def _gradient(network: numeric.Network, id: str) -> Callable[[Values], Any]:
    equation = EQUATIONS[id]
    assert equation.variable
    return network.gradient(equation.variable, each=equation.of == "L")


def _code(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (row["code"],) if isinstance(row["code"], str) else tuple(row["code"])


def _renamed(code: str, names: Mapping[str, str]) -> str:
    """Return code with other names of the arguments."""
    return re.sub(rf"\b({'|'.join(names)})\b", lambda match: names[match[0]], code)


def _layout(value: Any, names: dict[str, Any]) -> Any:
    """Return a layout: of a text the keys of a dict, or after `=` an expression; else lists are tuples."""
    if isinstance(value, str):
        return eval(value[1:], names) if value.startswith("=") else {name: name for name in value.split()}
    return _with_tuples(value)


def _with_tuples(value: Any) -> Layout:
    if isinstance(value, list):
        return tuple(map(_with_tuples, value))
    if isinstance(value, dict):
        return {key: _with_tuples(inner) for key, inner in value.items()}
    assert isinstance(value, str)
    return value
