"""Work a question out on a small example, up to the first entry that an answer has wrong.

The reference is run on entries that know their arithmetic (`Traced`), and the student's function by whoever asks, in
the place where it is being checked.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from autograder.core.compare import same, wrong_entries
from autograder.core.definition import definition, function_of
from autograder.core.examples import examples
from autograder.core.naming import in_shape_of
from autograder.core.question import Case, Formula, Question
from autograder.core.questions import all_questions
from autograder.core.traced import Traced, number
from autograder.core.verdict import Verdict
from autograder.protocol.values import Outcome
from course_lib.arrays import Array

LONGEST = 120
"""Characters of an entry's arithmetic, and of an array, that can still be followed."""
MANY = 4
"""Inputs that are all shown; of more, those of which the entry is made."""
Answer = Callable[[Mapping[str, Any]], Outcome]
"""From the arguments of a call to what the student's function made of them."""


class _Way(NamedTuple):
    """The right parts of an answer, entry by entry, and the arrays of the inputs and of the steps before, by name."""

    parts: Mapping[str, Any]
    arrays: Mapping[Any, tuple[str, Any]]


def worked(asked: Question, verdict: Verdict, answer: Answer) -> tuple[str, ...]:
    """Return a small example, worked to the first entry that is wrong, in paragraphs; none where there is no such one.

    Parameters
    ----------
    asked : the question
    verdict : on the answer, which is wrong
    answer : calls the student's function
    """
    if not isinstance(asked, Formula) or asked.id not in all_questions():
        return ()  # the formula of a lecturer's own equation stays with the lecturer
    wrong = {part.name for part in verdict.parts if not part.passed}
    name = verdict.function.removeprefix("compute_")
    other_shape: tuple[str, ...] = ()
    for case in examples(asked):
        outcome, ways = answer(asked.given(case)), _ways(asked, case)
        if outcome.failure or not ways:
            continue
        given = asked.parts(case, outcome.value)
        for part, right in ways[0].parts.items():
            value = given[part]
            if (wrong and part not in wrong) or not isinstance(value, np.ndarray) or value.dtype.kind not in "biuf":
                continue
            right = _values(right)
            value = in_shape_of(value, right)
            if value.shape == right.shape:
                for entry in np.argwhere(wrong_entries(value, right))[:1]:
                    k = tuple(map(int, entry))
                    if number(right[k]) != number(value[k]) and (said := _said(ways, part, k, name)):
                        return (*said[:-1], f"{said[-1]}; yours is {number(value[k])}.")
            elif not other_shape and right.size and (said := _said(ways, part, (0,) * right.ndim, name)):
                asked_for = f"the shape {right.shape}" if right.ndim else "a number"
                other_shape = (*said[:-1], f"Yours has the shape {value.shape}, and {asked_for} is right: {said[-1]}.")
    return other_shape


def _said(ways: Sequence[_Way], part: str, k: tuple[int, ...], name: str) -> tuple[str, ...]:
    """Return the inputs, the steps before, and an entry's arithmetic, in the first way that is short enough."""
    for way in ways:
        entry = _at(way.parts[part], k)
        how = entry.how.text if isinstance(entry, Traced) else number(entry)
        used = entry.how.used if isinstance(entry, Traced) else frozenset()
        inputs = {key: each for key, each in way.arrays.items() if isinstance(key, str)}
        if len(inputs) > MANY:
            inputs = {key: each for key, each in inputs.items() if key in _behind(used, way)}
        steps = [each for key, each in way.arrays.items() if key in used and key not in inputs]
        shown = [[f"`{label} = {_shown(array)}`" for label, array in each] for each in (inputs.values(), steps)]
        if len(how) > LONGEST or any(len(text) > LONGEST for texts in shown for text in texts):
            continue
        value = number(getattr(entry, "value", entry))
        index = f"[{', '.join(map(str, k))}]" if k else ""
        last = f"`{part or name}{index} = {how if how == value else f'{how} = {value}'}`"
        return tuple(filter(None, [f"A small example: {', '.join(shown[0])}.", _on_the_way(shown[1]), last]))
    return ()


def _on_the_way(steps: Sequence[str]) -> str:
    return f"On the way: {', '.join(steps)}." if steps else ""


def _behind(used: frozenset[Any], way: _Way) -> frozenset[Any]:
    """Return the names of all arrays that stand behind some, through the steps before."""
    found, waiting = set[Any](), list(used)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            entries = np.ravel(np.asarray(way.arrays[key][1], dtype=object)) if not isinstance(key, str) else ()
            waiting += [name for entry in entries if isinstance(entry, Traced) for name in entry.how.used]
    return frozenset(found)


def _at(array: Any, k: tuple[int, ...]) -> Any:
    return array[k] if k else np.asarray(array, dtype=object)[()]


def _values(array: Any) -> Array:
    entries = np.asarray(array, dtype=object)
    flat = [getattr(entry, "value", entry) for entry in entries.ravel().tolist()]
    return np.array(flat, dtype=float).reshape(entries.shape)


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.ndim:
        return f"[{', '.join(map(_shown, value))}]"
    value = value[()] if isinstance(value, np.ndarray) else value
    return repr(value) if isinstance(value, str) else number(getattr(value, "value", value))


def _ways(asked: Formula, case: Case) -> list[_Way]:
    """Return the right answer by the reference's code, in one go, and with its lines as steps; none where it cannot be.

    The values are held against the reference's own.
    """
    found = []
    for text in asked.code:
        assert asked.reference
        tree = definition(asked.parameters, text)
        try:
            with np.errstate(all="ignore"):
                right = asked.parts(case, asked.reference(*asked.given(case).values()))
                ways = [_run(asked, case, tree), _run(asked, case, _Steps().visit(tree))]
        except (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError):
            continue  # it uses what entries of this kind cannot do
        found += [way for way in ways if all(same(_values(way.parts[name]), np.asarray(right[name])) for name in right)]
    return found


class _Steps(ast.NodeTransformer):
    """Has every line that gives a name to something keep it as a step."""

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        """Wrap what is assigned to a single name."""
        (target,) = node.targets
        if isinstance(target, ast.Name):
            node.value = ast.Call(ast.Name("_step", ast.Load()), [ast.Constant(target.id), node.value], [])
        return node


def _run(asked: Formula, case: Case, tree: ast.Module) -> _Way:
    arrays: dict[Any, tuple[str, Any]] = {}
    numbers = count()

    def step(name: str, value: Any) -> Any:
        if not isinstance(value, np.ndarray | Traced):
            return value
        entries: Any = np.asarray(value, dtype=object)
        if not any(isinstance(entry, Traced) and entry.how is entry for entry in entries.ravel()):
            return value  # there are no entries that were computed, or all are steps already
        key = next(numbers)
        kept = np.empty(entries.shape, dtype=object)
        for k in np.ndindex(entries.shape):
            kept[k] = entries[k].kept(key) if isinstance(entries[k], Traced) else entries[k]
        arrays[key] = (name, kept)
        return kept if isinstance(value, np.ndarray) else kept[()]

    function = function_of(tree, {**asked.uses, "sigmoid": np.frompyfunc(lambda z: z.sigmoid(), 1, 1), "_step": step})
    given = {name: _leaves(name, value, arrays) for name, value in asked.given(case).items()}
    return _Way(asked.parts(case, function(*given.values())), arrays)


def _leaves(name: str, value: Any, arrays: dict[Any, tuple[str, Any]]) -> Any:
    """Return an argument with traced entries, and enter its arrays."""
    if isinstance(value, Mapping):
        return {key: _leaves(f'{name}["{key}"]', inner, arrays) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_leaves(f"{name}[{k}]", inner, arrays) for k, inner in enumerate(value))
    arrays[name] = (name, value)
    if isinstance(value, float):
        return Traced(value, used=(name,))
    if not isinstance(value, np.ndarray):
        return value
    entries = np.empty(value.shape, dtype=object)
    for k in np.ndindex(value.shape):
        entries[k] = Traced(float(value[k]), used=(name,))
    return entries
