"""Answers of different students that differ in names, numbers, comments and the order of independent steps alone.

This judges nobody. There are few ways to write a short formula, and people who learn from one book write alike: what is
listed is for a person to look at. Left out are answers that are as handed out or as the course's own solution, short
ones, and forms that a good part of the class has.
"""

import ast
import functools
import hashlib
import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.core.verdict import Verdict
from autograder.protocol.notebook import read
from autograder.report.marks import GradedClass
from autograder.report.workers import Task, answers

LEAST_NODES = 45
"""Nodes of the syntax tree, arguments not counted: a return of one product has about twenty."""

LONGEST_KEY = 12

LEAST_COMMON = 3
COMMON_SHARE = 0.1
"""A form that more than these share (the larger of the two) is how it is written, and not listed."""

UNWRITTEN = ("not-implemented", "missing")

Forms = Mapping[str, str]
"""Digits of the form of each function, by its name."""


@dataclass(frozen=True)
class Alike:
    """Students whose answers have the same form.

    Attributes
    ----------
    students : their ids
    functions : in which answers
    wrong : those of them that are wrong for all of these students: a slip in common says more than a formula in common
    """

    students: tuple[str, ...]
    functions: tuple[str, ...]
    wrong: tuple[str, ...] = ()


def slipped(verdict: Verdict) -> bool:
    """Return whether a written answer is wrong by itself, not only through a wrong function that it calls."""
    return verdict.passed is False and verdict.mistake not in ("follows-from-earlier", *UNWRITTEN)


class _Plain(ast.NodeTransformer):
    """A transformer that removes names, numbers, texts, annotations and docstrings from a function."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self.own = own

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.own.get(node.id, node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self.own.get(node.arg, node.arg), None)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        value = node.value
        # Keys such as "W1" are the assignment's names, not the student's.
        key = isinstance(value, str) and value.isidentifier() and len(value) <= LONGEST_KEY
        same = value is None or isinstance(value, bool) or key
        return ast.Constant(value if same else f"a {type(value).__name__}".replace("float", "int"))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        plain: ast.AST = self.visit(ast.Assign([node.target], node.value, lineno=0))
        return plain

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        body = [step for step in node.body if not _says_nothing(step)]
        plain = ast.FunctionDef(self.own.get(node.name, node.name), node.args, body, [], None, lineno=0)
        return self.generic_visit(plain)


def _says_nothing(step: ast.stmt) -> bool:
    return isinstance(step, ast.Pass) or (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))


def _own_names(function: ast.FunctionDef) -> list[str]:
    """Return the names that a function gives itself, in order of their first place."""
    found: dict[str, None] = {function.name: None}
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            found[node.arg] = None
        elif (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)) or isinstance(node, ast.FunctionDef):
            found[node.id if isinstance(node, ast.Name) else node.name] = None
    return list(found)


def _reads_and_writes(step: ast.stmt) -> tuple[set[str], set[str]]:
    names = [node for node in ast.walk(step) if isinstance(node, ast.Name)]
    reads = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    return reads, {node.id for node in names} - reads | {n.id for n in names if isinstance(n.ctx, ast.Store)}


def _movable(step: ast.stmt) -> bool:
    """Return whether a statement gives names a value and does nothing else that can be seen."""
    return isinstance(step, ast.Assign) and all(isinstance(target, ast.Name) for target in step.targets)


def _in_order(steps: list[ast.stmt], own: list[str]) -> list[ast.stmt]:
    """Sort each run of movable statements into an order that depends on their content alone."""
    ordered: list[ast.stmt] = []
    for movable, group in itertools.groupby(steps, _movable):
        run = list(group)
        ordered += _sorted(run, own) if movable else run
    return ordered


def _sorted(run: list[ast.stmt], own: list[str]) -> list[ast.stmt]:
    if len(run) < 2:
        return run
    keys = [ast.dump(_Plain(dict.fromkeys(own, "_")).visit(_copy(step))) for step in run]
    touched = [_reads_and_writes(step) for step in run]
    waits = [
        {i for i in range(j) if touched[i][1] & (touched[j][0] | touched[j][1]) or touched[j][1] & touched[i][0]}
        for j in range(len(run))
    ]
    left, done, ordered = list(range(len(run))), set[int](), []
    while left:
        chosen = min((i for i in left if waits[i] <= done), key=lambda i: (keys[i], i))
        left.remove(chosen)
        done.add(chosen)
        ordered.append(run[chosen])
    return ordered


def _copy(step: ast.stmt) -> ast.stmt:
    return ast.parse(ast.unparse(step)).body[0]


def form_of(function: ast.FunctionDef) -> str | None:
    """Return the normal form of a function, without names, numbers, texts and comments; None for a short one."""
    own = _own_names(function)
    for node in ast.walk(function):
        for name in ("body", "orelse", "finalbody"):
            steps = getattr(node, name, None)
            if isinstance(steps, list) and steps and isinstance(steps[0], ast.stmt):
                setattr(node, name, _in_order(steps, own) or [ast.Pass()])
    # Names are numbered in the order of the statements as they now stand, so that two names are never one.
    numbered = {name: f"_{number}" for number, name in enumerate(_own_names(function))}
    plain = _Plain(numbered).visit(function)
    nodes = sum(isinstance(node, ast.expr | ast.stmt) for step in plain.body for node in ast.walk(step))
    return ast.dump(plain) if nodes >= LEAST_NODES else None


def forms(said: Mapping[str, Any], content: bytes) -> bytes:
    """Return the digits of the form of each function in a notebook, as JSON; the last definition counts.

    Parameters
    ----------
    said : "functions", those that are looked at
    content : the notebook's file
    """
    found: dict[str, str | None] = {}
    for cell in read(content).cells:
        if cell.kind == "code":
            found |= {name: digits for name, digits in _forms_in(cell.source) if name in said["functions"]}
    return json.dumps({name: digits for name, digits in found.items() if digits}).encode()


@functools.lru_cache(maxsize=2048)
def _forms_in(source: str) -> tuple[tuple[str, str | None], ...]:
    """Return the digits of each function at the top of a cell; None for one that is short."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found = [(node.name, form_of(node)) for node in tree.body if isinstance(node, ast.FunctionDef)]
    return tuple((name, form and hashlib.sha256(form.encode("utf-8", "replace")).hexdigest()) for name, form in found)


def ready() -> None:
    """Preload the worker's modules."""
    forms({"functions": []}, b'{"cells": [{"cell_type": "code", "source": "x = 1"}]}')


def alike(
    of_students: Mapping[str, Forms], known: Iterable[Forms] = (), wrong: Iterable[tuple[str, str]] = ()
) -> list[Alike]:
    """Return the groups of students with answers of the same form, those with most such answers first.

    Parameters
    ----------
    of_students : the forms of each student's functions
    known : forms that count for nothing: of the release, and of the course's own solution
    wrong : (student, function) of each answer that is wrong
    """
    wrong = set(wrong)
    expected = {(name, digits) for each in known for name, digits in each.items()}
    sharing: dict[tuple[str, str], list[str]] = defaultdict(list)
    for student, each in sorted(of_students.items()):
        for pair in each.items():
            if pair not in expected:
                sharing[pair].append(student)
    most = max(LEAST_COMMON, int(COMMON_SHARE * len(of_students)))
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for (name, _), students in sharing.items():
        if 2 <= len(students) <= most:
            groups[tuple(students)].append(name)
    found = [
        Alike(who, tuple(sorted(names)), tuple(n for n in sorted(names) if all((s, n) in wrong for s in who)))
        for who, names in groups.items()
    ]
    return sorted(found, key=lambda each: (-len(each.functions) - len(each.wrong), each.students))


def similar(graded: GradedClass, jobs: int = 0) -> list[Alike]:
    """Return which students' answers are alike in a class that has been graded."""
    said = {"functions": [exercise.function for exercise in graded.assignment.exercises]}
    asked = [Task(each.id, said, path) for each in graded.students if (path := graded.notebook("autograded", each.id))]
    own = [Task(step, said, path) for step in ("release", "source") if (path := graded.notebook(step))]
    wrong = [(each.id, verdict.function) for each in graded.students for verdict in each.verdicts if slipped(verdict)]
    if len(asked) < 2:
        return []
    return alike(dict(_read(asked, jobs)), [each for _, each in _read(own, 1)], wrong)


def _read(asked: list[Task], jobs: int) -> Iterator[tuple[str, Forms]]:
    for each, found in answers(asked, forms, ready, jobs):
        if found is not None:
            yield each.key, json.loads(found)
