"""Right answers, written in other ways than the solutions: loops, einsum, other algebra, other kinds of containers.

Each module is named after its assignment, and has VARIANTS: what function it answers, and the answer.
"""

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from autograder.assignments import ASSIGNMENTS


@dataclass(frozen=True)
class Variant:
    """One right answer.

    Attributes
    ----------
    id : such as "ps4_two_layer/compute_dW2/variant-3"
    assignment, function : what it answers
    answer : the function
    source : its text, as a definition of a function of that name; "" where it is no plain function
    """

    id: str
    assignment: str
    function: str
    answer: Callable[..., Any]
    source: str


@cache
def variants_of(assignment: str) -> tuple[Variant, ...]:
    """Return the right answers to an assignment."""
    module = import_module(f"{__name__}.{assignment}")
    texts = _texts(module)
    found = []
    for number, ((function, answer), text) in enumerate(zip(module.VARIANTS, texts, strict=True)):
        found.append(Variant(f"{assignment}/{function}/variant-{number}", assignment, function, answer, text))
    return tuple(found)


def namespace_of(assignment: str) -> dict[str, Any]:
    """Return what the variants of an assignment may use."""
    return dict(vars(import_module(f"{__name__}.{assignment}")))


def all_variants() -> tuple[Variant, ...]:
    """Return the right answers to every assignment."""
    return tuple(variant for assignment in ASSIGNMENTS for variant in variants_of(assignment))


def _texts(module: ModuleType) -> list[str]:
    """Return the text of each variant of a module, a lambda as a function with one line.

    It is "" for what is neither a lambda nor a def, and for what calls another function by the name that it gets.
    """
    tree = ast.parse(inspect.getsource(module))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    (listed,) = (n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "VARIANTS")
    assert isinstance(listed, ast.List)
    texts = []
    for entry in listed.elts:
        assert isinstance(entry, ast.Tuple)
        name, answer = entry.elts
        assert isinstance(name, ast.Constant)
        if isinstance(answer, ast.Lambda):
            written = ast.FunctionDef(name.value, answer.args, [ast.Return(answer.body)], [])
        elif isinstance(answer, ast.Name) and answer.id in functions:
            own = functions[answer.id]
            written = ast.FunctionDef(name.value, own.args, own.body, [])
        else:
            texts.append("")
            continue
        named = {node.id for node in ast.walk(written) if isinstance(node, ast.Name)}
        text = ast.unparse(ast.fix_missing_locations(ast.Module([written], [])))
        texts.append("" if name.value in named else text)
    return texts
