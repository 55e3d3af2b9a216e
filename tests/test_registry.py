"""One equation, one name, five places: the registry, a function, the book, an exercise and a check.

Each rule is a function that returns complaints. The registry leaves it silent; a registry with a fault does not.
"""

import importlib
import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.assignments import ASSIGNMENTS, PIECES, STEPS, Assignment, Exercise, ManualQuestion
from autograder.core.check import questions
from autograder.core.judge import judge
from autograder.core.question import Property
from autograder.core.questions import question
from autograder.guest.evaluate import evaluate
from course_lib import equations, two_layer
from course_lib.equations import EQUATIONS, Equation, equation
from course_lib.equations.docstrings import registered

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


OUR_OWN = {"gradient_checking.relative_error"}
"""Equations that none of the source notes has."""


def complaints_about_function(each: Equation) -> list[str]:
    """Complain where the function is not `course_lib.<id>`, takes other arguments, or does not say what it is."""
    module, _, name = each.id.rpartition(".")
    try:
        home = importlib.import_module(f"course_lib.{module}")
    except ModuleNotFoundError:
        return [f"{each.id}: there is no module course_lib.{module}"]
    if getattr(home, name, None) is not each.function:
        return [f"{each.id}: course_lib.{each.id} is not the registered function"]
    found = []
    taken = inspect.signature(each.function).parameters
    needed = [name for name, parameter in taken.items() if parameter.default is parameter.empty]
    registered = list(each.arguments)
    if registered != list(taken)[: len(registered)] or len(registered) < len(needed):
        found.append(f"{each.id}: it takes {', '.join(taken)}, registered are {', '.join(registered)}")
    if each.id not in names_in(inspect.getdoc(each.function) or ""):
        found.append(f"{each.id}: its docstring does not name it")
    if not each.sources and each.id not in OUR_OWN:
        found.append(f"{each.id}: no row of the source map")
    if each.sources and each.id in OUR_OWN:
        found.append(f"{each.id}: it has rows of the source map, and is called the course's own")
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
        ({"sources": ()}, "no row of the source map"),
        ({"latex": " "}, "no formula"),
    ],
)
def test_a_fault_of_a_function_is_complained_of(change, complaint):
    found = complaints_about_function(replace(EQUATIONS["two_layer.dW2"], **change))
    assert any(complaint in each for each in found), found


@pytest.mark.parametrize(
    ("id", "change", "complaint"),
    [
        ("activations.leaky_relu", {"arguments": {"slope": ()}}, "it takes z, slope, registered are slope"),
        ("deep.backward_propagation", {"arguments": {"AL": (), "Y": ()}}, "registered are AL, Y"),
        ("gradient_checking.relative_error", {"sources": ("S0.1",)}, "is called the course's own"),
    ],
)
def test_a_fault_of_another_function_is_complained_of(id, change, complaint):
    found = complaints_about_function(replace(EQUATIONS[id], **change))
    assert any(complaint in each for each in found), found


def test_an_argument_with_a_default_may_be_registered_or_left_out():
    each = EQUATIONS["activations.leaky_relu"]
    assert list(each.arguments) == ["z", "slope"]
    assert complaints_about_function(replace(each, arguments={"z": ("n", "m")})) == []


def test_a_docstring_that_names_another_equation_is_complained_of(monkeypatch):
    monkeypatch.setattr(two_layer.dW2, "__doc__", two_layer.dW1.__doc__)
    assert complaints_about_function(EQUATIONS["two_layer.dW2"]) == ["two_layer.dW2: its docstring does not name it"]


FORMULAS = (
    *(f"S0.{k}" for k in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14)),
    *(f"S1.{k}" for k in range(1, 9)),
    *(f"S2.{k}" for k in (1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15)),
    *(f"S3.{k}" for k in (1, 2, 3, 4, 5, 7)),
    *(f"S4.{k}" for k in range(1, 6)),
)
"""Rows of the source map with a formula that a function computes; the others are pictures, text, rules of the trace."""


def test_every_formula_of_the_source_notes_is_in_the_registry():
    assert set(FORMULAS) - {row for each in REGISTERED for row in each.sources} == set()


# Docstrings


def documented(takes: str, returns: str) -> Callable[..., Any]:
    """Return the function `two_layer.f`, with what its docstring says of its argument and of its result."""

    def f(a, b=0.5):
        return a * b

    f.__module__ = "course_lib.two_layer"
    f.__doc__ = f"""Return the product.

    Parameters
    ----------
    a : {takes}
    b : a factor

    Returns
    -------
    {returns}

    Notes
    -----
    Equation two_layer.f; sources S2.10, S2.2 (erratum E32), and errata E4, E32.
    """
    return f


@pytest.mark.parametrize(
    ("written", "shape"),
    [
        ("(n2, m), labels 0 or 1", ("n2", "m")),
        ("(1, 1) or a number", ("1", "1")),
        ("(n, n_prev)", ("n", "n_prev")),
        ("scalar", ()),
        ("number, how steep it is", ()),
        ("array of any shape", ("n", "m")),
        ('{"W1": (n1, n0), "b1": (n1, 1)}, left as they are', {"W1": ("n1", "n0"), "b1": ("n1", "1")}),
        ('{"W1": (n1, n0), "b1": (n1, 1), ..., "bL": (n_L, 1)}', equations.LAYER_PARAMETERS),
        ('{"dW1": (n1, n0), "db1": (n1, 1), ..., "dbL": (n_L, 1)}', equations.LAYER_GRADS),
        ("(A_prev, W, b), from `linear_forward`", equations.LINEAR_CACHE),
        ("for each layer ((A_prev, W, b), Z)", equations.LAYER_CACHE),
    ],
)
def test_a_shape_is_read_from_the_docstring(written, shape):
    each = registered(documented(written, written), "c = a b")
    assert (each.id, each.arguments, each.result) == ("two_layer.f", {"a": shape}, shape)
    assert (each.sources, each.errata) == (("S2.2", "S2.10"), ("E4", "E32"))


def test_what_is_no_array_has_a_word_and_parts_of_a_result_have_names():
    each = registered(documented("name of g", 'c, d : (n, m)\n    e : {"Z": (n, m)}'), "c = a b")
    assert each.arguments == {"a": "name of g"}
    assert each.result == {"c": ("n", "m"), "d": ("n", "m"), 'e["Z"]': ("n", "m")}


@pytest.mark.parametrize(
    ("takes", "returns", "complaint"),
    [
        ("a matrix", "(n, m)", "two_layer.f: its docstring gives no shape of a;"),
        ("(n m)", "(n, m)", "gives no shape of a;"),
        ("(rows, columns)", "(n, m)", "gives no shape of a;"),
        ('{"W1": (n1, n0), ...}', "(n, m)", "gives no shape of a;"),
        ("(n, m)", "the product", "gives no shape of what is returned;"),
        ("(n, m)", "name of g", "gives no shape of what is returned;"),
        ("(n, m)", "", "two_layer.f: its docstring has no section Returns"),
    ],
)
def test_a_docstring_without_a_shape_is_complained_of_by_name(takes, returns, complaint):
    with pytest.raises(ValueError, match=re.escape(complaint)):
        registered(documented(takes, returns), "c = a b")


def test_a_function_without_a_docstring_is_complained_of_by_name():
    function = documented("(n, m)", "(n, m)")
    function.__doc__ = None
    with pytest.raises(ValueError, match=r"two_layer\.f: its docstring has no section Parameters"):
        registered(function, "c = a b")


# Shapes


WIDTHS = {"all different": (2, 3, 4, 5), "of one": (1, 1, 1, 1)}
"""The sizes of the layers of a network of three layers; the first three are those of a network of two."""

NUMBERS = {"t": 2, "i": 0, "j": 0, "seed": 0}
"""Scalars that are whole numbers; the others are 0.5."""


def sizes_of(widths: Sequence[int], m: int) -> dict[str, int]:
    n0, n1, n2, n_L = widths
    n, n_prev = (6, 7) if n0 != n1 else (1, 1)
    return {"n0": n0, "n1": n1, "n2": n2, "n_L": n_L, "n": n, "n_prev": n_prev, "m": m, "1": 1}


def layer_by_layer(shapes: Any, widths: Sequence[int]) -> Any:
    """Write out what stands for each layer: `Wl` as W1, W2, W3, and the cache of a layer as a list of caches."""
    layers = [{"n": n, "n_prev": n_prev} for n_prev, n in pairwise(widths)]

    def of(shape: Any, layer: int) -> Any:
        return tuple(layers[layer].get(symbol, symbol) for symbol in shape)

    if shapes in (equations.LAYER_PARAMETERS, equations.LAYER_GRADS):
        return {f"{name[:-1]}{k + 1}": of(shape, k) for k in range(len(layers)) for name, shape in shapes.items()}
    return [{name: of(shape, k) for name, shape in shapes.items()} for k in range(len(layers))]


def written_out(named: Mapping[str, Any], widths: Sequence[int]) -> dict[str, Any]:
    """Return the shapes of arguments or of parts, those that stand for each layer written out."""
    each_layer = (equations.LAYER_PARAMETERS, equations.LAYER_GRADS)
    if named in each_layer:
        return layer_by_layer(named, widths)
    return {
        name: layer_by_layer(shapes, widths) if name == "caches" or shapes in each_layer else shapes
        for name, shapes in named.items()
    }


def draw_one(name: str, shape: Any, sizes: Mapping[str, int], widths: Sequence[int], rng: np.random.Generator) -> Any:
    """Draw an argument of a registered shape, with numbers between 0 and 1."""
    words = {"activation": "tanh", "f": np.sum, "layer_dims": widths}
    if isinstance(shape, str):
        return words[name]
    if isinstance(shape, list):
        return [draw_one("cache", each, sizes, widths, rng) for each in shape]
    if isinstance(shape, Mapping):
        drawn = {part: draw_one(part, inner, sizes, widths, rng) for part, inner in shape.items()}
        if "A_prev" not in drawn:
            return drawn
        linear = (drawn["A_prev"], drawn["W"], drawn["b"])
        return (linear, drawn["Z"]) if "Z" in drawn else linear
    return rng.uniform(0.1, 0.9, [sizes.get(n, n) for n in shape]) if shape else NUMBERS.get(name, 0.5)


def leaves(value: Any, name: str | None = None) -> Iterator[tuple[str | None, Any]]:
    """Yield the arrays of an answer, or the shapes of a registered one, with the key of each where it has one."""
    is_shape = isinstance(value, tuple) and all(isinstance(size, str | int) for size in value)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, key)
    elif isinstance(value, tuple | list) and not is_shape:
        for inner in value:
            yield from leaves(inner)
    else:
        yield name, value


def fits(value: Any, shapes: Any, sizes: Mapping[str, int]) -> bool:
    """Return whether a value has a registered shape, or holds the named ones, in their order."""
    given, wanted = list(leaves(value)), list(leaves(shapes))
    return len(given) == len(wanted) and all(
        np.shape(array) == tuple(sizes.get(n, n) for n in shape)
        and (key is None or name is None or name == key or name.endswith(f'["{key}"]'))
        for (key, array), (name, shape) in zip(given, wanted, strict=True)
    )


def complaints_about_shapes(each: Equation) -> list[str]:
    """Complain where the function does not take the registered shapes, or returns others."""
    found = []
    for what, widths in WIDTHS.items():
        for m in (8, 1):
            sizes, rng = sizes_of(widths, m), np.random.default_rng(0)
            arguments = written_out(each.arguments, widths)
            given = [draw_one(name, shape, sizes, widths, rng) for name, shape in arguments.items()]
            at = f"with sizes {what} and m = {m}"
            try:
                value = each.function(*given)
            except (ValueError, KeyError, IndexError, TypeError) as error:
                found.append(f"{each.id}: it does not take what is registered {at}: {error!r}")
                continue
            result = written_out(each.result, widths) if isinstance(each.result, Mapping) else each.result
            if not fits(value, result, sizes):
                found.append(f"{each.id}: the result has another shape than {each.result} {at}")
    return found


def for_layers_of(shapes: Any, value: Any) -> Any:
    """Return registered shapes, written out for as many layers as the given arrays are of."""
    if shapes in (equations.LAYER_PARAMETERS, equations.LAYER_GRADS):
        weights = [array for name, array in value.items() if "W" in name]
    elif isinstance(value, list):
        weights = [linear_cache[1] for linear_cache, _ in value]
    else:
        return shapes
    return layer_by_layer(shapes, [weights[0].shape[1], *(W.shape[0] for W in weights)])


def complaints_about_call(each: Equation, given: Mapping[str, Any]) -> tuple[list[str], dict[str, int]]:
    """Complain where the arguments of one call have other shapes than registered; return also the sizes they have."""
    found: list[str] = []
    sizes = {"1": 1}
    registered = {name: shape for name, shape in each.arguments.items() if name in given and not isinstance(shape, str)}
    shapes_of_all = [shape for _, shape in leaves([*registered.values(), each.result])]
    if all(shape in (("n", "m"), ()) for shape in shapes_of_all):  # entry by entry, so any shape
        taken = {np.shape(given[name]) for name, shape in registered.items() if shape}
        return ([f"{each.id}: the arguments have the shapes {taken}"] if len(taken) > 1 else []), sizes
    for name, symbols in registered.items():
        arrays, shapes = list(leaves(given[name])), list(leaves(for_layers_of(symbols, given[name])))
        fit = len(arrays) == len(shapes)
        for (key, array), (wanted, shape) in zip(arrays, shapes, strict=False):
            if shape == ("1", "1") and np.ndim(array) == 0:
                continue  # a bias may be a plain number
            fit &= len(np.shape(array)) == len(shape) and (key is None or wanted is None or key == wanted)
            for size, symbol in zip(np.shape(array), shape, strict=False):
                fit &= size == (symbol if isinstance(symbol, int) else sizes.setdefault(symbol, size))
        if not fit:
            found.append(f"{each.id}: {name} has another shape than {symbols} with {sizes}")
    return found, sizes


def complaints_about_cases(each: Equation, calls: Iterable[Mapping[str, Any]]) -> list[str]:
    """Complain where the arguments that the judge draws have other shapes than registered, or never differ in size."""
    found, different = [], False
    for given in calls:
        complaints, sizes = complaints_about_call(each, given)
        found += complaints
        different |= len(set(sizes.values())) == len(sizes)
    return found if different else [*found, f"{each.id}: in no case are the sizes all different"]


def judged_calls(each: Equation) -> list[dict[str, Any]]:
    return question(exercise_for(each).asked).calls(0)


@pytest.mark.parametrize("each", REGISTERED, ids=lambda each: each.id)
def test_arguments_and_results_have_the_registered_shapes(each):
    assert complaints_about_shapes(each) == []


@pytest.mark.parametrize("each", REGISTERED, ids=lambda each: each.id)
def test_the_cases_of_the_judge_have_the_registered_shapes(each):
    assert complaints_about_cases(each, judged_calls(each)) == []


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
        ("two_layer.backward_propagation", {"result": dict(reversed(equations.GRADS.items()))}),
        ("batch.propagate", {"result": {'grads["db"]': ("1", "n0"), 'grads["dw"]': ("1", "1"), "cost": ()}}),
        ("one_example.dw_entry", {"result": ("1", "1")}),
        ("deep.linear_forward", {"result": {"Z": ("n", "m")}}),
        ("deep.linear_backward", {"result": {"dA_prev": ("n_prev", "m"), "dW": ("n_prev", "n"), "db": ("n", "1")}}),
        ("deep.linear_backward", {"arguments": {"dZ": ("n", "m"), "cache": equations.LAYER_CACHE}}),
        ("deep.forward_propagation", {"result": {"AL": ("n2", "m"), "caches": equations.LAYER_CACHE}}),
        ("deep.forward_propagation", {"result": {"AL": ("n_L", "m"), "caches": equations.LINEAR_CACHE}}),
        ("deep.backward_propagation", {"result": equations.LAYER_PARAMETERS}),
        ("initialization.he", {"result": equations.LAYER_GRADS}),
        ("errata.E17", {"arguments": {"A_prev": ("n_prev", "m"), "delta": ("m", "n")}}),
        (
            "training.update_parameters",
            {"arguments": {"parameters": equations.GRADS, "grads": equations.GRADS, "learning_rate": ()}},
        ),
    ],
)
def test_a_fault_of_a_shape_is_complained_of(id, change):
    assert complaints_about_shapes(replace(EQUATIONS[id], **change))


@pytest.mark.parametrize(
    ("id", "arguments"),
    [
        ("two_layer.dW2", {"dZ2": ("m", "n2"), "A1": ("n1", "m")}),
        ("two_layer.dA2", {"A2": ("n2",), "Y": ("n2", "m")}),
        ("two_layer.dA1", {"W2": ("n2", "1"), "dZ2": ("n2", "m")}),
        ("training.update_parameters", {"parameters": equations.GRADS, "grads": equations.GRADS, "learning_rate": ()}),
    ],
)
def test_a_case_of_another_shape_is_complained_of(id, arguments):
    each = EQUATIONS[id]
    assert complaints_about_cases(each, judged_calls(each)) == []
    assert complaints_about_cases(replace(each, arguments=arguments), judged_calls(each))


def test_cases_with_equal_sizes_only_are_complained_of():
    each = EQUATIONS["two_layer.dW2"]
    (complaint,) = complaints_about_cases(each, [{"dZ2": np.ones((3, 3)), "A1": np.ones((3, 3))}])
    assert "in no case are the sizes all different" in complaint


def arrays_as(value: Any, change: Callable[[np.ndarray], Any]) -> Any:
    """Return an argument or an answer with every array in it changed."""
    if isinstance(value, Mapping):
        return {name: arrays_as(inner, change) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(arrays_as(inner, change) for inner in value)
    return change(value) if isinstance(value, np.ndarray) else value


def given_to(each: Equation, change: Callable[[np.ndarray], Any]) -> list[Any]:
    widths, rng = WIDTHS["all different"], np.random.default_rng(0)
    arguments = written_out(each.arguments, widths)
    drawn = [draw_one(name, shape, sizes_of(widths, 8), widths, rng) for name, shape in arguments.items()]
    return arrays_as(drawn, change)


def read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


@pytest.mark.parametrize("each", REGISTERED, ids=lambda each: each.id)
def test_no_equation_changes_its_inputs(each):
    given = given_to(each, read_only)
    keys = [list(argument) for argument in given if isinstance(argument, dict)]
    each.function(*given)  # a write to an array would raise
    assert [list(argument) for argument in given if isinstance(argument, dict)] == keys


@pytest.mark.parametrize("each", REGISTERED, ids=lambda each: each.id)
def test_arrays_of_float32_stay_float32(each):
    if each.id in ("gradient_checking.central_difference", "initialization.he"):
        return  # a difference needs all the digits there are, and first parameters are not made from arrays
    result = each.function(*given_to(each, lambda array: array.astype(np.float32)))
    # A scalar is left out: before numpy 2 a scalar divided by an integer becomes float64.
    assert {array.dtype for _, array in leaves(result) if np.ndim(array)} <= {np.dtype(np.float32)}


VARIABLES: Mapping[str, Mapping[str, Any]] = {
    "two_layer": {**equations.PARAMETERS, **equations.CACHE},
    "deep": equations.LAYER_CACHE,
    "batch": {"w": ("1", "n0"), "b": ("1", "1")},
    "losses": {"a": ("n", "m")},
    "one_example": {
        "w": ("1", "n0"),
        "a": ("1", "1"),
        "z": ("1", "1"),
        "w_ij": (),
        **{name.lower(): shape for name, shape in equations.PARAMETERS.items()},
        **{name.lower(): (shape[0], "1") for name, shape in equations.CACHE.items()},
    },
    "errata": {**equations.PARAMETERS, **equations.CACHE, **equations.LAYER_CACHE, "Z_prev": ("n_prev", "m")},
}
"""What the gradients of a module are taken by, with its shape."""

NAMED_OTHERWISE = {
    "batch.dW": "w",
    "one_example.dw_entry": "w_ij",
    **dict.fromkeys(("losses.mse_prime", "losses.mae_prime", "losses.bce_prime"), "a"),
    **dict.fromkeys(("deep.relu_backward", "deep.sigmoid_backward", "deep.tanh_backward"), "Z"),
    "errata.E1": "A1",
    "errata.E3": "W1",
    "errata.E8": "Z_prev",
    "errata.E9": "b2",
    "errata.E16": "b",
    "errata.E17": "W",
}
"""Gradients that are not called d and the name of their variable, and what they are taken by."""


def complaints_about_gradient(each: Equation) -> list[str]:
    """Complain of a gradient that has another shape than its variable, or does not say whose gradient it is."""
    module = each.id.partition(".")[0]
    if each.variable is None:
        looks_like_one = re.fullmatch(r"d[A-Za-z]\d?", each.name) or each.id in NAMED_OTHERWISE
        return [f"{each.id}: it does not say what it is a gradient by and of"] if looks_like_one or each.of else []
    found = []
    if each.variable not in VARIABLES.get(module, {}):
        return [f"{each.id}: {module} has no variable {each.variable}"]
    if each.result != VARIABLES[module][each.variable]:
        found.append(f"{each.id}: it has another shape than {each.variable}")
    if each.variable != NAMED_OTHERWISE.get(each.id, each.name.removeprefix("d")):
        found.append(f"{each.id}: it is not named by its variable {each.variable}")
    is_parameter = each.variable[0].lower() in "wb"
    if each.of != ("J" if is_parameter and module != "one_example" else "L"):
        found.append(f"{each.id}: it is not a gradient of {each.of}")
    return found


@pytest.mark.parametrize("each", REGISTERED, ids=lambda each: each.id)
def test_a_gradient_has_the_shape_of_its_variable_and_says_what_it_is_a_gradient_of(each):
    assert complaints_about_gradient(each) == []


@pytest.mark.parametrize(
    ("id", "change", "complaint"),
    [
        ("two_layer.dW2", {"result": ("n1", "n2")}, "it has another shape than W2"),
        ("two_layer.dW2", {"of": "L"}, "it is not a gradient of L"),
        ("two_layer.dZ2", {"of": "J"}, "it is not a gradient of J"),
        ("one_example.dw2", {"of": "J"}, "it is not a gradient of J"),
        ("two_layer.dZ2", {"variable": "A2"}, "it is not named by its variable A2"),
        ("batch.dW", {"variable": "W"}, "batch has no variable W"),
        ("two_layer.dW2", {"variable": None, "of": None}, "it does not say what it is a gradient by and of"),
        ("errata.E3", {"variable": None, "of": None}, "it does not say what it is a gradient by and of"),
        ("two_layer.cost", {"of": "J"}, "it does not say what it is a gradient by and of"),
    ],
)
def test_a_fault_of_a_gradient_is_complained_of(id, change, complaint):
    found = complaints_about_gradient(replace(EQUATIONS[id], **change))
    assert any(complaint in each for each in found), found


# Checks


def slightly_off(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with every number 0.05 % larger."""

    def enlarged(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: enlarged(item) for name, item in value.items()}
        return type(value)(map(enlarged, value)) if isinstance(value, tuple | list) else value * 1.0005

    @wraps(function)
    def off(*arguments: Any) -> Any:
        return enlarged(function(*arguments))

    return off


def complaints_about_check(
    each: Equation, exercise: Exercise, judged: Callable[..., Any] = judge, seed: int = 0
) -> list[str]:
    """Complain where the check does not pass the reference, or passes what is 0.05 % off, or nothing at all."""

    def verdict_on(function: Callable[..., Any]) -> Any:
        return judged(exercise, evaluate(function, questions(exercise, seed)), seed)

    try:
        right = verdict_on(each.function)
        wrong = {"an answer of None": verdict_on(lambda *arguments: None)}
        if not isinstance(question(exercise.asked), Property):  # which is not about single numbers
            wrong["numbers that are 0.05 % off"] = verdict_on(slightly_off(each.function))
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
        return judge(exercise, right, seed)

    def harsh(exercise, outcomes, seed):
        return replace(judge(exercise, outcomes, seed), passed=False, points=0.0)

    assert len(complaints_about_check(each, exercise, lenient)) == 2
    assert len(complaints_about_check(each, exercise, harsh)) == 1


def test_an_equation_without_a_check_or_with_another_ones_is_complained_of():
    each = EQUATIONS["two_layer.dW2"]
    (complaint,) = complaints_about_check(each, Exercise("f", 1.0, "two_layer.dW9"))
    assert "cannot be asked" in complaint
    assert complaints_about_check(each, Exercise("f", 1.0, "two_layer.dW1"))


# Exercises


def complaints_about_exercises(
    registered: Sequence[Equation],
    assignments: Iterable[Assignment],
    pieces: Mapping[str, str],
    steps: Mapping[str, str],
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
        elif holds(whole, each) == (each.id in steps):
            fault = "is called a step, and the answer" if each.id in steps else "is called no step, and no answer"
            found.append(f"{each.id}: it {fault} to {whole.id} holds it")
    found += [f"{id}: it is called a piece, and is not registered" for id in pieces if id not in known]
    found += [f"{id}: it is called a piece, and has an exercise of its own" for id in pieces if id in asked]
    found += [f"{id}: it is called a step, and is no piece" for id in steps if id not in pieces]
    found += [f"{id}: it is called a step without a reason" for id, reason in steps.items() if not reason.strip()]
    return found


def holds(whole: Equation, piece: Equation) -> bool:
    """Return whether the answer to a composite equation holds a piece by name."""
    return isinstance(whole.result, Mapping) and bool({piece.name, f'cache["{piece.name}"]'} & set(whole.result))


def test_every_equation_is_asked_and_everything_asked_is_registered():
    assert complaints_about_exercises(REGISTERED, ASSIGNMENTS.values(), PIECES, STEPS) == []


def _assignment(*asked: str) -> Assignment:
    return Assignment("ps", "a title", 1, tuple(Exercise(f"f{k}", 1.0, id) for k, id in enumerate(asked)))


@pytest.mark.parametrize(
    ("ids", "asked", "pieces", "complaint"),
    [
        (["dW2", "db2"], ["dW2"], {}, "two_layer.db2: no exercise asks for it"),
        (["dW2"], ["dW2", "dW9"], {}, "ps asks for two_layer.dW9, which is not registered"),
        (["dW2", "Z1"], ["dW2"], {"Z1": "forward_propagation"}, "two_layer.Z1: no exercise asks for it"),
        (["dW2", "Z1", "forward_propagation"], ["dW2"], {"Z1": "forward_propagation"}, "which no exercise asks for"),
        (["dW2", "Z1"], ["dW2"], {"Z1": "dW2"}, "it is called no step, and no answer to two_layer.dW2 holds it"),
        (["dW2"], ["dW2"], {"Z9": "dW2"}, "two_layer.Z9: it is called a piece, and is not registered"),
        (["dW2"], ["dW2"], {"dW2": "dW2"}, "two_layer.dW2: it is called a piece, and has an exercise of its own"),
    ],
)
def test_a_fault_between_registry_and_exercises_is_complained_of(ids, asked, pieces, complaint):
    found = complaints_about_exercises(
        [EQUATIONS[f"two_layer.{id}"] for id in ids],
        [_assignment(*(f"two_layer.{id}" for id in asked))],
        {f"two_layer.{piece}": f"two_layer.{whole}" for piece, whole in pieces.items()},
        {},
    )
    assert any(complaint in each for each in found), found


@pytest.mark.parametrize(
    ("piece", "steps", "complaint"),
    [
        ("dZ", {}, "deep.dZ: it is called no step, and no answer to deep.linear_backward holds it"),
        (
            "dW",
            {"deep.dW": "a reason"},
            "it is called a step, and the answer to deep.linear_backward holds it",
        ),
        ("dW", {"deep.db": "a reason"}, "deep.db: it is called a step, and is no piece"),
        ("dZ", {"deep.dZ": " "}, "deep.dZ: it is called a step without a reason"),
    ],
)
def test_a_fault_of_a_step_is_complained_of(piece, steps, complaint):
    whole = EQUATIONS["deep.linear_backward"]
    registered = [whole, EQUATIONS[f"deep.{piece}"]]
    found = complaints_about_exercises(registered, [_assignment(whole.id)], {f"deep.{piece}": whole.id}, steps)
    assert any(complaint in each for each in found), found


def test_the_functions_of_an_assignment_have_different_names_and_points():
    for name, assignment in ASSIGNMENTS.items():
        functions = [exercise.function for exercise in assignment.exercises]
        assert assignment.name == name
        assert len(set(functions)) == len(functions)
        same_but_for_case = Counter(function.lower() for function in functions)
        assert {function for function, times in same_but_for_case.items() if times > 1} <= {"compute_dw"}
        assert all(exercise.points > 0 for exercise in assignment.exercises)
        assert all(exercise.id == f"check-{exercise.function}" for exercise in assignment.exercises)


def test_two_assignments_ask_for_the_same_function_only_where_it_is_meant():
    asked = Counter(exercise.function for exercise in EXERCISES)
    shared = {function for function, times in asked.items() if times > 1}
    assert shared == {"compute_cost", "compute_db1", "compute_db2", "update_parameters"}


def test_no_two_exercises_of_all_assignments_ask_the_same_question():
    asked = Counter(exercise.asked for exercise in EXERCISES)
    assert [question for question, times in asked.items() if times > 1] == []


def test_an_exercise_asks_its_question_or_its_equation_or_its_function():
    assert Exercise("f", 1.0, "two_layer.dW2", question="another").asked == "another"
    assert Exercise("f", 1.0, "two_layer.dW2").asked == "two_layer.dW2"
    assert Exercise("f", 1.0, None).asked == "f"


def test_a_written_answer_has_a_cell_of_its_own_and_points_that_the_machine_does_not_give():
    for assignment in ASSIGNMENTS.values():
        ids = [written.id for written in assignment.written]
        assert len(set(ids)) == len(ids)
        assert all(id.startswith("written-") for id in ids)
        assert all(written.points > 0 and written.title for written in assignment.written)
    graded = Assignment("ps", "a title", 1, (Exercise("f", 2.0, None),), (ManualQuestion("written-f", 3.0, "Why"),))
    assert (graded.max_points, graded.total_points) == (2.0, 5.0)


def test_the_assignments_are_worth_what_they_are():
    points = {name: (assignment.max_points, assignment.total_points) for name, assignment in ASSIGNMENTS.items()}
    assert points == {
        "ps1_neuron": (25, 25),
        "ps2_activations": (12, 12),
        "ps3_one_example": (21, 24),
        "ps4_two_layer": (30, 30),
        "ps5_deep": (39, 46),
        "ps6_gradient_check": (25, 25),
        "ps7_training": (22, 22),
    }


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
    """Complain of an equation that no chapter displays, or two do, of ids that are not registered, and of `eq-` labels.

    The directive `{equation}` gives a formula its label, so that none is written.
    """
    known = {each.id for each in registered}
    places: dict[str, list[str]] = {}
    found = []
    for page, text in pages.items():
        for id in re.findall(r"^[`:]{3,}\{equation\} *(.*?) *$", text, re.MULTILINE):
            places.setdefault(id, []).append(page)
        labels = re.findall(r"^\s*:label:\s*(eq-\S*)|^\s*(?:\$\$\s*)?\((eq-[^)]*)\)=?\s*$", text, re.MULTILINE)
        found += [f"{page}: the label {''.join(label)} is written; display the equation by its id" for label in labels]
    found += [f"{id}: no chapter displays it" for id in sorted(known - set(places))]
    found += [f"{id}: it stands in {', '.join(where)}" for id, where in places.items() if len(where) > 1]
    return found + [f"{where[0]}: {id!r} is not registered" for id, where in places.items() if id not in known]


def test_every_equation_is_displayed_once_in_the_book_and_by_its_id():
    assert complaints_about_book(REGISTERED, chapters(BOOK)) == []


def _page(*ids: str) -> str:
    return "# A chapter\n\n" + "\n".join(f"```{{equation}} two_layer.{id}\n```\n" for id in ids)


@pytest.mark.parametrize(
    ("pages", "complaint"),
    [
        ({"a.md": _page()}, "two_layer.dW2: no chapter displays it"),
        ({"a.md": "see {eq}`eq-two-layer-dw2`"}, "two_layer.dW2: no chapter displays it"),
        ({"a.md": _page("dw2")}, "two_layer.dW2: no chapter displays it"),
        ({"a.md": _page("dW2", "dW2")}, "two_layer.dW2: it stands in a.md, a.md"),
        ({"a.md": _page("dW2"), "b/c.md": _page("dW2")}, "two_layer.dW2: it stands in a.md, b/c.md"),
        ({"a.md": _page("dW2", "mine")}, "a.md: 'two_layer.mine' is not registered"),
        ({"a.md": _page("dW2") + "```{equation}\n```\n"}, "a.md: '' is not registered"),
        ({"a.md": _page("dW2") + "```{math}\n:label: eq-mine\nx\n```\n"}, "a.md: the label eq-mine is written"),
        ({"a.md": _page("dW2") + "$$\nx\n$$ (eq-mine)\n"}, "a.md: the label eq-mine is written"),
        ({"a.md": _page("dW2") + "(eq-mine)=\n# Title\n"}, "a.md: the label eq-mine is written"),
    ],
)
def test_a_fault_of_the_book_is_complained_of(pages, complaint):
    found = complaints_about_book([EQUATIONS["two_layer.dW2"]], pages)
    assert any(complaint in each for each in found), found


def test_a_book_without_fault_is_not_complained_of():
    pages = {"a.md": _page("dW2") + "```{exercise}\n:label: ex-one\n```\n", "b.md": "{eq}`eq-two-layer-dw2` (eq-like)"}
    assert complaints_about_book([EQUATIONS["two_layer.dW2"]], pages) == []


def test_chapters_are_looked_for_in_folders_too_but_not_among_what_is_built(tmp_path):
    for name in ("a.md", "part/b.md", "_build/c.md", "node_modules/x/d.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text", encoding="utf-8")
    assert list(chapters(tmp_path)) == ["a.md", "part/b.md"]
