"""One equation, one name, five places: the registry, a function, the book, an exercise and a check.

Each rule is a function that returns complaints. The registry leaves it silent; a registry with a fault does not.
"""

import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.assignments import ASSIGNMENTS, PIECES, Assignment, Exercise
from autograder.core.cases import draw
from autograder.core.check import decide, questions
from autograder.core.layout import layout_of, parts
from autograder.guest.evaluate import evaluate
from course_lib import equations, two_layer
from course_lib.equations import EQUATIONS, Equation, equation

REGISTERED: tuple[Equation, ...] = equations._ALL
"""As it is written: in the mapping, a second equation of the same id would have taken the place of the first."""

BOOK = Path(__file__).parents[1] / "book"
EXERCISES = [exercise for assignment in ASSIGNMENTS.values() for exercise in assignment.exercises]


# Ids and labels


def complaints_about_names(registered: Iterable[Equation]) -> list[str]:
    """Complain of ids or labels that two equations share, also where they differ only in case."""
    found, ids, labels = [], set(), set()
    for each in registered:
        if not re.fullmatch(r"[a-z][a-z0-9_]*\.[A-Za-z][A-Za-z0-9_]*", each.id):
            found.append(f"{each.id}: an id is module.function")
        if each.id.lower() in ids:
            found.append(f"{each.id}: another equation has this id, or differs only in case")
        if each.label in labels:
            found.append(f"{each.id}: another equation has the label {each.label}")
        ids.add(each.id.lower())
        labels.add(each.label)
    return found


def test_ids_and_labels_are_unique_ignoring_case():
    assert complaints_about_names(REGISTERED) == []


def test_nothing_is_lost_on_the_way_into_the_registry():
    assert tuple(EQUATIONS.values()) == REGISTERED
    assert all(EQUATIONS[each.id] is equation(each.id) is each for each in REGISTERED)


@pytest.mark.parametrize(
    "fault",
    [
        EQUATIONS["two_layer.dW2"],
        replace(EQUATIONS["two_layer.dW2"], id="two_layer.dw2"),
        replace(EQUATIONS["two_layer.dW2"], id="two.layer_dW2"),
        replace(EQUATIONS["two_layer.dW2"], id="dW2"),
    ],
    ids=["twice", "differs only in case", "two dots", "no module"],
)
def test_an_id_that_is_taken_or_misshapen_is_complained_of(fault):
    assert complaints_about_names([*REGISTERED, fault])


def test_a_label_that_is_taken_is_complained_of_though_the_ids_differ():
    one = replace(EQUATIONS["two_layer.dW2"], id="two_layer.d_W2")
    other = replace(EQUATIONS["two_layer.dW2"], id="two_layer.d__W2")
    assert complaints_about_names([one, other]) == []
    shared = replace(EQUATIONS["two_layer.dW2"], id="two.layer_dW2")
    assert any(
        "has the label eq-two-layer-dw2" in complaint for complaint in complaints_about_names([*REGISTERED, shared])
    )


def test_an_unknown_id_is_a_key_error_that_names_the_nearest():
    with pytest.raises(KeyError, match=r"no equation 'two_layer.dw2'; did you mean 'two_layer.dW2'\?"):
        equation("two_layer.dw2")


# Functions


def names_in(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z0-9_.]*[A-Za-z0-9_]", text))


def complaints_about_function(each: Equation) -> list[str]:
    """Complain where the function is not `course_lib.<id>`, takes other arguments, or does not say where it is from."""
    module, _, name = each.id.rpartition(".")
    try:
        home = importlib.import_module(f"course_lib.{module}")
    except ModuleNotFoundError:
        return [f"{each.id}: there is no module course_lib.{module}"]
    if getattr(home, name, None) is not each.function:
        return [f"{each.id}: course_lib.{each.id} is not the registered function"]
    found = []
    taken = list(inspect.signature(each.function).parameters)
    if taken != list(each.arguments):
        found.append(f"{each.id}: it takes {', '.join(taken)}, registered are {', '.join(each.arguments)}")
    told = names_in(inspect.getdoc(each.function) or "")
    lacking = [name for name in (each.id, *each.sources, *each.errata) if name not in told]
    if lacking:
        found.append(f"{each.id}: its docstring does not name {', '.join(lacking)}")
    if not each.sources:
        found.append(f"{each.id}: no row of the source map")
    found += [
        f"{each.id}: {row} is no row of the source map" for row in each.sources if not re.fullmatch(r"S\d\.\d+", row)
    ]
    found += [f"{each.id}: {row} is no erratum" for row in each.errata if not re.fullmatch(r"E\d+", row)]
    if not each.latex.strip():
        found.append(f"{each.id}: no formula")
    return found


@pytest.mark.parametrize("each", REGISTERED, ids=lambda each: each.id)
def test_an_equation_has_its_function_with_its_arguments_and_its_sources(each):
    assert complaints_about_function(each) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"id": "three_layer.dW2"}, "there is no module course_lib.three_layer"),
        ({"id": "two_layer.dW3"}, "course_lib.two_layer.dW3 is not the registered function"),
        ({"function": two_layer.dW1}, "course_lib.two_layer.dW2 is not the registered function"),
        ({"arguments": {"A1": ("n1", "m"), "dZ2": ("n2", "m")}}, "it takes dZ2, A1, registered are A1, dZ2"),
        ({"arguments": {"dZ2": ("n2", "m")}}, "it takes dZ2, A1, registered are dZ2"),
        ({"sources": ("S0.6", "S4.14")}, "its docstring does not name S4.14"),
        ({"errata": ("E17", "E3")}, "its docstring does not name E3"),
        ({"sources": ()}, "no row of the source map"),
        ({"sources": ("T1.1",)}, "T1.1 is no row of the source map"),
        ({"errata": ("F1",)}, "F1 is no erratum"),
        ({"latex": " "}, "no formula"),
    ],
)
def test_a_fault_of_a_function_is_complained_of(change, complaint):
    found = complaints_about_function(replace(EQUATIONS["two_layer.dW2"], **change))
    assert any(complaint in each for each in found), found


# Shapes


def fits(value: Any, symbols: Any, sizes: Mapping[str, int]) -> bool:
    """Tell whether a value has a symbolic shape, or is a dict of named ones that do."""
    if isinstance(symbols, Mapping):
        return list(value) == list(symbols) and all(fits(value[name], symbols[name], sizes) for name in symbols)
    return np.shape(value) == tuple(sizes[symbol] for symbol in symbols)


def complaints_about_shapes(each: Equation) -> list[str]:
    """Complain where arguments or results on the drawn cases have other shapes than registered."""
    found = []
    for case in draw(0):
        sizes = {**case.sizes, "1": 1}
        at = ", ".join(f"{name} = {n}" for name, n in case.sizes.items())
        arguments = case.arguments(each)
        found += [
            f"{each.id}: {name} has another shape than {symbols} with {at}"
            for name, symbols in each.arguments.items()
            if not fits(arguments[name], symbols, sizes)
        ]
        value = each.function(*arguments.values())
        named = parts(layout_of(each.id), value) if isinstance(each.result, Mapping) else value
        if not fits(named, each.result, sizes):
            found.append(f"{each.id}: the result has another shape than {each.result} with {at}")
    return found


@pytest.mark.parametrize("each", REGISTERED, ids=lambda each: each.id)
def test_arguments_and_results_have_the_registered_shapes(each):
    assert complaints_about_shapes(each) == []


@pytest.mark.parametrize(
    ("id", "change"),
    [
        ("two_layer.dW2", {"result": ("n1", "n2")}),
        ("two_layer.db2", {"result": ("n2",)}),
        ("two_layer.cost", {"result": ("1", "1")}),
        ("two_layer.dW2", {"arguments": {"dZ2": ("m", "n2"), "A1": ("n1", "m")}}),
        ("two_layer.db1", {"function": lambda dZ1: dZ1.mean(axis=1)}),
        ("two_layer.backward_propagation", {"result": {**equations.GRADS, "dW1": ("n0", "n1")}}),
        ("two_layer.backward_propagation", {"result": {"dW1": ("n1", "n0")}}),
        ("training.update_parameters", {"result": equations.GRADS}),
        ("two_layer.forward_propagation", {"result": {"A2": ("n2", "m")}}),
        (
            "training.update_parameters",
            {"arguments": {"parameters": equations.GRADS, "grads": equations.GRADS, "learning_rate": ()}},
        ),
    ],
)
def test_a_fault_of_a_shape_is_complained_of(id, change):
    assert complaints_about_shapes(replace(EQUATIONS[id], **change))


def test_a_gradient_has_the_shape_of_its_variable_and_says_what_it_is_a_gradient_of():
    shapes = {**equations.PARAMETERS, **equations.CACHE}
    for each in REGISTERED:
        if each.variable is not None:
            assert each.result == shapes[each.variable]
            assert each.name == "d" + each.variable
            assert each.of == ("J" if each.variable in equations.PARAMETERS else "L")
        else:
            assert each.of is None


# Checks


def slightly_off(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with every number 0.05 % larger."""

    def enlarged(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: enlarged(item) for name, item in value.items()}
        return tuple(map(enlarged, value)) if isinstance(value, tuple) else value * 1.0005

    @wraps(function)
    def off(*arguments: Any) -> Any:
        return enlarged(function(*arguments))

    return off


def complaints_about_check(
    each: Equation, exercise: Exercise, judged: Callable[..., Any] = decide, seed: int = 0
) -> list[str]:
    """Complain where the check does not pass the reference, or passes what is 0.05 % off, or nothing at all."""

    def verdict_on(function: Callable[..., Any]) -> Any:
        return judged(exercise, evaluate(function, questions(exercise, seed)), seed)

    try:
        right = verdict_on(each.function)
        wrong = {
            "numbers that are 0.05 % off": verdict_on(slightly_off(each.function)),
            "an answer of None": verdict_on(lambda *arguments: None),
        }
    except KeyError as error:
        return [f"{each.id}: it cannot be asked: {error}"]
    found = []
    if right.passed is not True or right.points != exercise.points or right.equation != each.id:
        found.append(f"{each.id}: the reference does not pass its check: {right.message}")
    for what, verdict in wrong.items():
        if verdict.passed is not False or verdict.points != 0:
            found.append(f"{each.id}: the check passes {what}")
    return found


def exercise_for(each: Equation) -> Exercise:
    """Return the exercise that asks for an equation, or one made up for a piece of a composite one."""
    asked = (exercise for exercise in EXERCISES if exercise.equation == each.id)
    return next(asked, Exercise(each.name, 1.0, each.id))


@pytest.mark.parametrize("each", REGISTERED, ids=lambda each: each.id)
def test_an_equation_has_a_check_that_passes_the_reference_and_nothing_near_it(each):
    assert complaints_about_check(each, exercise_for(each)) == []


def test_a_check_that_passes_everything_or_nothing_is_complained_of():
    each = EQUATIONS["two_layer.dW2"]
    exercise = exercise_for(each)

    def lenient(exercise, outcomes, seed):
        right = evaluate(each.function, questions(exercise, seed))
        return decide(exercise, right, seed)

    def harsh(exercise, outcomes, seed):
        return replace(decide(exercise, outcomes, seed), passed=False, points=0.0)

    assert len(complaints_about_check(each, exercise, lenient)) == 2
    assert len(complaints_about_check(each, exercise, harsh)) == 1


def test_an_equation_without_a_check_or_with_another_ones_is_complained_of():
    each = EQUATIONS["two_layer.dW2"]
    (complaint,) = complaints_about_check(each, Exercise("f", 1.0, "two_layer.dW9"))
    assert "cannot be asked" in complaint
    assert complaints_about_check(each, Exercise("f", 1.0, "two_layer.dW1"))


# Exercises


def complaints_about_exercises(
    registered: Sequence[Equation], assignments: Iterable[Assignment], pieces: Mapping[str, str]
) -> list[str]:
    """Complain of equations that nobody asks for, and of exercises that ask for what is not registered."""
    known = {each.id: each for each in registered}
    asked = {exercise.equation: a.name for a in assignments for exercise in a.exercises if exercise.equation}
    found = [f"{name} asks for {id}, which is not registered" for id, name in asked.items() if id not in known]
    for each in registered:
        if each.id in asked:
            continue
        whole = known.get(pieces.get(each.id, ""))
        if whole is None:
            found.append(f"{each.id}: no exercise asks for it")
        elif whole.id not in asked:
            found.append(f"{each.id}: it is a piece of {whole.id}, which no exercise asks for")
        elif not isinstance(whole.result, Mapping) or f'cache["{each.name}"]' not in whole.result:
            found.append(f"{each.id}: the answer to {whole.id} does not hold it")
    found += [f"{id}: it is called a piece, and is not registered" for id in pieces if id not in known]
    found += [f"{id}: it is called a piece, and has an exercise of its own" for id in pieces if id in asked]
    return found


def test_every_equation_is_asked_and_everything_asked_is_registered():
    assert complaints_about_exercises(REGISTERED, ASSIGNMENTS.values(), PIECES) == []


def _assignment(*asked: str) -> Assignment:
    return Assignment("ps", "a title", 1, tuple(Exercise(f"f{k}", 1.0, id) for k, id in enumerate(asked)))


@pytest.mark.parametrize(
    ("ids", "asked", "pieces", "complaint"),
    [
        (["dW2", "db2"], ["dW2"], {}, "two_layer.db2: no exercise asks for it"),
        (["dW2"], ["dW2", "dW9"], {}, "ps asks for two_layer.dW9, which is not registered"),
        (["dW2", "Z1"], ["dW2"], {"Z1": "forward_propagation"}, "two_layer.Z1: no exercise asks for it"),
        (["dW2", "Z1", "forward_propagation"], ["dW2"], {"Z1": "forward_propagation"}, "which no exercise asks for"),
        (["dW2", "Z1"], ["dW2"], {"Z1": "dW2"}, "the answer to two_layer.dW2 does not hold it"),
        (["dW2"], ["dW2"], {"Z9": "dW2"}, "two_layer.Z9: it is called a piece, and is not registered"),
        (["dW2"], ["dW2"], {"dW2": "dW2"}, "two_layer.dW2: it is called a piece, and has an exercise of its own"),
    ],
)
def test_a_fault_between_registry_and_exercises_is_complained_of(ids, asked, pieces, complaint):
    found = complaints_about_exercises(
        [EQUATIONS[f"two_layer.{id}"] for id in ids],
        [_assignment(*(f"two_layer.{id}" for id in asked))],
        {f"two_layer.{piece}": f"two_layer.{whole}" for piece, whole in pieces.items()},
    )
    assert any(complaint in each for each in found), found


def test_the_functions_of_an_assignment_have_different_names_and_points():
    for name, assignment in ASSIGNMENTS.items():
        functions = [exercise.function for exercise in assignment.exercises]
        assert assignment.name == name
        assert len({function.lower() for function in functions}) == len(functions)
        assert all(exercise.points > 0 for exercise in assignment.exercises)
        assert all(exercise.id == f"check-{exercise.function}" for exercise in assignment.exercises)


# The book


def chapters(book: Path) -> dict[str, str]:
    """Return the chapters' sources by name; what a build or npm leaves behind is none."""
    left_behind = {"_build", "jupyter_execute", "node_modules"}
    return {
        path.relative_to(book).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(book.rglob("*.md"))
        if not left_behind & set(path.relative_to(book).parts)
    }


def complaints_about_book(registered: Sequence[Equation], pages: Mapping[str, str]) -> list[str]:
    """Complain of a label that stands in no chapter or in two places, and of `eq-` labels that are not registered."""
    labels = {each.label: each.id for each in registered}
    places: dict[str, list[str]] = {}
    elsewhere = []
    for page, text in pages.items():
        for label in re.findall(r"^\s*:label:\s*(\S+)\s*$", text, re.MULTILINE):
            places.setdefault(label, []).append(page)
        elsewhere += [
            f"{page}: the label {label} does not stand as `:label:`"
            for label in re.findall(r"^\s*(?:\$\$\s*)?\((eq-[^)]*)\)=?\s*$", text, re.MULTILINE)
        ]
    found = []
    for label, id in labels.items():
        if label not in places:
            found.append(f"{id}: no chapter has the label {label}")
        elif len(places[label]) > 1:
            found.append(f"{id}: the label {label} stands in {', '.join(places[label])}")
    found += [
        f"{', '.join(pages)}: the label {label} is not registered"
        for label, pages in places.items()
        if label.startswith("eq-") and label not in labels
    ]
    return found + elsewhere


def test_every_equation_stands_once_in_the_book_and_every_label_there_is_registered():
    assert complaints_about_book(REGISTERED, chapters(BOOK)) == []


def _page(*labels: str) -> str:
    return "# A chapter\n\n" + "\n".join(f"```{{math}}\n:label: {label}\nx = y\n```\n" for label in labels)


@pytest.mark.parametrize(
    ("pages", "complaint"),
    [
        ({"a.md": _page()}, "two_layer.dW2: no chapter has the label eq-two-layer-dw2"),
        ({"a.md": "see {eq}`eq-two-layer-dw2`"}, "two_layer.dW2: no chapter has the label eq-two-layer-dw2"),
        ({"a.md": _page("eq-two-layer-dW2")}, "two_layer.dW2: no chapter has the label eq-two-layer-dw2"),
        ({"a.md": _page(*["eq-two-layer-dw2"] * 2)}, "the label eq-two-layer-dw2 stands in a.md, a.md"),
        ({"a.md": _page("eq-two-layer-dw2"), "b/c.md": _page("eq-two-layer-dw2")}, "stands in a.md, b/c.md"),
        ({"a.md": _page("eq-two-layer-dw2", "eq-mine")}, "a.md: the label eq-mine is not registered"),
        ({"a.md": _page("eq-two-layer-dw2") + "$$\nx\n$$ (eq-mine)\n"}, "eq-mine does not stand as `:label:`"),
        ({"a.md": _page("eq-two-layer-dw2") + "(eq-mine)=\n# Title\n"}, "eq-mine does not stand as `:label:`"),
    ],
)
def test_a_fault_of_the_book_is_complained_of(pages, complaint):
    found = complaints_about_book([EQUATIONS["two_layer.dW2"]], pages)
    assert any(complaint in each for each in found), found


def test_a_book_without_fault_is_not_complained_of():
    pages = {"a.md": _page("eq-two-layer-dw2", "ex-an-exercise"), "b.md": "see {eq}`eq-two-layer-dw2` (eq-like)"}
    assert complaints_about_book([EQUATIONS["two_layer.dW2"]], pages) == []


def test_chapters_are_looked_for_in_folders_too_but_not_among_what_is_built(tmp_path):
    for name in ("a.md", "part/b.md", "_build/c.md", "node_modules/x/d.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text", encoding="utf-8")
    assert list(chapters(tmp_path)) == ["a.md", "part/b.md"]
