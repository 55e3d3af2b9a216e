"""Questions on networks of any number of layers (ps5), made of those on one layer, on losses, and on two proofs."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise, permutations
from typing import Any

import numpy as np

from autograder.core.layout import Layout
from autograder.core.mistakes import WEIGHTED_INPUT, Function, Mistake
from autograder.core.question import Case, Question, Values, different_sizes, of_equation
from autograder.core.questions import layer as one_layer
from autograder.core.questions import losses, proofs
from autograder.core.questions.backwards import known
from autograder.core.questions.layer import BACKWARD, DA_PREV, DB, DW, in_place, weighted_by_hand, wrong_means
from course_lib import deep
from course_lib.activations import relu, relu_prime, sigmoid, sigmoid_prime, softmax, tanh, tanh_prime
from course_lib.arrays import Array
from course_lib.gradient_checking import complex_step
from course_lib.losses import bce_loss, bce_prime


def network_pass(dims: Sequence[int], m: int, rng: np.random.Generator) -> dict[str, Any]:
    """Draw a network with ReLU hidden layers and sigmoid outputs, and run it forwards and backwards.

    Outputs stay away from 0 and 1, and no hidden z lies near the corner; each hidden layer has some on either side.
    """
    while True:
        X = rng.standard_normal((dims[0], m))
        X[0, 0], X[-1, -1] = -2.5, 4.0
        parameters = {}
        for layer, (n_prev, n) in enumerate(pairwise(dims), 1):
            parameters[f"W{layer}"] = np.sqrt(1.5 / n_prev) * rng.standard_normal((n, n_prev))
            parameters[f"b{layer}"] = 0.3 * rng.standard_normal((n, 1))
        Y = rng.integers(0, 2, (dims[-1], m)).astype(float)
        AL, caches = deep.forward_propagation(X, parameters)
        grads = deep.backward_propagation(AL, Y, caches)
        *hidden, last = [Z for _, Z in caches]
        lively = all(np.abs(Z).min() > 0.01 and Z.min() < -0.1 and Z.max() > 0.1 for Z in hidden)
        if lively and np.abs(last).max() < 5 and all(np.abs(grad).max() > 1e-2 for grad in grads.values()):
            break
    rate = 0.3 + 0.5 * rng.random()
    return {"X": X, "Y": Y, "parameters": parameters, "AL": AL, "caches": caches, "grads": grads, "learning_rate": rate}


@lru_cache(maxsize=16)
def draw_networks(seed: int) -> tuple[Case, ...]:
    """Draw networks with 1 to 4 layers, one with m = 1 and one with a single output; and two square ones."""
    rng = np.random.default_rng([seed, 54])
    wanted: tuple[tuple[int, dict[str, int]], ...] = (
        (3, {}), (2, {}), (4, {}), (1, {}), (2, {"m": 1}), (3, {"n3": 1}),
    )  # fmt: skip
    drawn = [different_sizes(rng, *(f"n{k}" for k in range(L + 1)), "m", **fixed) for L, fixed in wanted]
    square = [{**{f"n{k}": 3 for k in range(L + 1)}, "m": 3} for L in (2, 3)]

    def values(sizes: Mapping[str, int]) -> Values:
        return network_pass([n for name, n in sizes.items() if name != "m"], sizes["m"], rng)

    return (*(Case(s, values(s)) for s in drawn), *(Case(s, values(s), "square") for s in square))


def _layers_of(case: Case) -> int:
    return len(case.values["caches"])


def _grads_layout(case: Case) -> Layout:
    return {name: name for layer in range(1, _layers_of(case) + 1) for name in (f"dW{layer}", f"db{layer}")}


def _parameters_layout(case: Case) -> Layout:
    return {name: name for name in case.values["parameters"]}


def _forward_layout(case: Case) -> Layout:
    """Return the names of what the caches hold as the network knows it: layer 1 remembers ((A0, W1, b1), Z1)."""
    layers = range(1, _layers_of(case) + 1)
    return ("AL", tuple(((f"A{layer - 1}", f"W{layer}", f"b{layer}"), f"Z{layer}") for layer in layers))


def _network_by_hand(v: Values) -> tuple[Array, list[Any]]:
    A, caches = v["X"], []
    last = len(v["parameters"]) // 2
    for layer in range(1, last + 1):
        W, b = v["parameters"][f"W{layer}"], v["parameters"][f"b{layer}"]
        Z = weighted_by_hand(W, b, A)
        caches.append(((A, W, b), Z))
        g = (lambda z: 1 / (1 + math.exp(-z))) if layer == last else (lambda z: max(z, 0.0))
        A = np.array([[g(z) for z in row] for row in Z.tolist()])
    return A, caches


def _network_by_complex_steps(v: Values) -> dict[str, Array]:
    last = len(v["caches"])

    def cost_with(name: str) -> Callable[[Array], Any]:
        layer = int(name[1:])

        def cost(theta: Array) -> Any:
            (A, _, _), _ = v["caches"][layer - 1]
            for k in range(layer, last + 1):
                now = {**v["parameters"], name: theta}
                Z = now[f"W{k}"] @ A + now[f"b{k}"]
                A = relu(Z) if k < last else sigmoid(Z)
            return np.sum(bce_loss(A, v["Y"])) / v["Y"].shape[1]

        return cost

    return {"d" + name: complex_step(cost_with(name), theta) for name, theta in v["parameters"].items()}


def _update_by_hand(v: Values) -> dict[str, Array]:
    def moved(theta: Array, gradient: Array) -> Array:
        pairs = zip(theta.ravel().tolist(), gradient.ravel().tolist(), strict=True)
        return np.array([number - v["learning_rate"] * slope for number, slope in pairs]).reshape(theta.shape)

    return {name: moved(theta, v["grads"]["d" + name]) for name, theta in v["parameters"].items()}


Layers = Callable[[int], Sequence[int]]


def _every(last: int) -> Sequence[int]:
    return range(1, last + 1)


def _remembered(A_prev: Array, W: Array, b: Array, Z: Array, A: Array) -> Any:
    return (A_prev, W, b), Z


def _as_it_is(value: Any) -> Any:
    return value


def _network(
    linear: Function = deep.Z,
    hidden: Function = relu,
    output: Function = sigmoid,
    remembered: Function = _remembered,
    layers: Layers = _every,
    shown: Function = _as_it_is,
) -> Function:
    """Return the way forwards through a network, with some of its pieces replaced."""

    def forward(X: Array, parameters: Mapping[str, Array]) -> Any:
        A, caches, last = X, [], len(parameters) // 2
        for layer in layers(last):
            W, b = parameters[f"W{layer}"], parameters[f"b{layer}"]
            Z = linear(W, b, A)
            below, A = A, output(Z) if layer == last else hidden(Z)
            caches.append(remembered(below, W, b, Z, A))
        return shown((A, caches))

    return forward


def _from_the_input(X: Array, parameters: Mapping[str, Array]) -> Any:
    """Return the way forwards in which every layer starts from X."""
    return _network(linear=lambda W, b, A: deep.Z(W, b, X))(X, parameters)


def _in_an_order(order: Sequence[int]) -> Function:
    """Return what a layer remembers, with A_prev, W and b in another order."""

    def remembered(A_prev: Array, W: Array, b: Array, Z: Array, A: Array) -> Any:
        return tuple((A_prev, W, b)[k] for k in order), Z

    return remembered


_FORWARD = (
    Mistake("wrong-activation", _network(hidden=tanh), where="hidden layers"),
    Mistake("wrong-activation", _network(hidden=sigmoid), where="hidden layers"),
    Mistake("wrong-activation", _network(hidden=_as_it_is), where="hidden layers"),
    Mistake("wrong-activation", _network(hidden=lambda Z: np.where(Z > 0, Z, 0.01 * Z)), where="hidden layers"),
    Mistake("wrong-activation", _network(hidden=np.abs), where="hidden layers"),
    Mistake("derivative-for-the-function", _network(hidden=relu_prime), where="hidden layers"),
    Mistake("corner-at-the-wrong-place", _network(hidden=lambda Z: np.maximum(Z, 1)), where="hidden layers"),
    Mistake("wrong-activation", _network(output=relu), where="the last layer"),
    Mistake("wrong-activation", _network(output=tanh), where="the last layer"),
    Mistake("wrong-activation", _network(output=_as_it_is), where="the last layer"),
    Mistake("wrong-activation", _network(output=softmax), where="the last layer"),
    Mistake("wrong-activation", _network(hidden=sigmoid, output=relu)),
    Mistake("wrong-activation", _network(output=lambda Z: sigmoid(relu(Z))), where="the last layer"),
    Mistake("sign-flipped", _network(output=lambda Z: sigmoid(-Z)), where="the last layer"),
    Mistake("sign-flipped", _network(output=lambda Z: 1 / (1 - np.exp(-Z))), where="the last layer"),
    Mistake("thresholded", _network(output=lambda Z: (Z > 0) * 1.0), where="the last layer"),
    Mistake("wrong-bracket", _network(output=lambda Z: 1 / 1 + np.exp(-Z)), where="the last layer"),
    Mistake("transposed", _network(shown=lambda found: (found[0].T, found[1]))),
    Mistake("wrong-cache", _network(remembered=lambda A_prev, W, b, Z, A: ((A_prev, W, b), A))),
    Mistake("wrong-cache", _network(remembered=lambda A_prev, W, b, Z, A: ((A, W, b), Z))),
    Mistake("wrong-cache", _network(remembered=lambda A_prev, W, b, Z, A: ((Z, W, b), Z))),
    Mistake("wrong-cache", _network(remembered=lambda A_prev, W, b, Z, A: ((Z, W, b), A))),
    Mistake("wrong-cache", _network(remembered=lambda A_prev, W, b, Z, A: ((A, W, b), A))),
    *(
        Mistake("results-swapped", _network(remembered=_in_an_order(order)))
        for order in list(permutations(range(3)))[1:]
    ),
    Mistake("results-swapped", _network(shown=lambda found: (found[0], found[1][::-1]))),
    Mistake("layer-left-out", _network(layers=lambda last: range(1, last))),
    Mistake("layer-left-out", _network(layers=lambda last: range(2, last + 1))),
    Mistake("layer-left-out", _network(layers=lambda last: (1, last) if last > 1 else (1,))),
    Mistake("layer-left-out", _network(layers=lambda last: ())),
    Mistake("wrong-layer", _from_the_input),
    *in_place(_network, "linear", WEIGHTED_INPUT),
)


def _started(AL: Array, Y: Array, Z: Array) -> Any:
    return deep.dZ_output(AL, Y)


def _through_relu(dA: Array, Z: Array) -> Any:
    return dA * relu_prime(Z)


def _as_numbered(layer: int, last: int) -> int:
    return layer


def _network_backward(
    start: Function = _started,
    through: Function = _through_relu,
    dA_prev: Function = deep.dA_prev,
    dW: Function = deep.dW,
    db: Function = deep.db,
    number: Callable[[int, int], int] = _as_numbered,
) -> Function:
    """Return the way backwards through a network, with some of its pieces replaced."""

    def backward(AL: Array, Y: Array, caches: Any) -> dict[str, Any]:
        last, grads = len(caches), {}
        dZ = start(AL, Y, caches[-1][1])
        for layer in range(last, 0, -1):
            (A_prev, W, _), _ = caches[layer - 1]
            grads[f"dW{number(layer, last)}"], grads[f"db{number(layer, last)}"] = dW(dZ, A_prev), db(dZ)
            if layer > 1:
                dZ = through(dA_prev(W, dZ), caches[layer - 2][1])
        return grads

    return backward


def _with_other_arrays(
    linear: Callable[[Any, int], Any] = lambda caches, layer: caches[layer - 1][0],
    Z: Callable[[Any, int], Array] = lambda caches, layer: caches[layer - 1][1],
    A_prev: Callable[[Array, Any, int], Array] = lambda AL, caches, layer: caches[layer - 1][0][0],
) -> Function:
    """Return the way backwards with arrays that are taken from other layers' caches."""

    def backward(AL: Array, Y: Array, caches: Any) -> dict[str, Any]:
        last, grads = len(caches), {}
        dZ = deep.dZ_output(AL, Y)
        for layer in range(last, 0, -1):
            grads[f"dW{layer}"], grads[f"db{layer}"] = deep.dW(dZ, A_prev(AL, caches, layer)), deep.db(dZ)
            if layer > 1:
                dZ = _through_relu(deep.dA_prev(linear(caches, layer)[1], dZ), Z(caches, layer - 1))
        return grads

    return backward


def _own_activations(AL: Array, caches: Any, layer: int) -> Array:
    own: Array = AL if layer == len(caches) else caches[layer][0][0]
    return own


def _all_at_once_first(factor: Callable[[int], float]) -> Function:
    """Return the way backwards with dZ of the last layer scaled by a function of m."""
    return _network_backward(start=lambda AL, Y, Z: (AL - Y) * factor(Y.shape[1]))


_STARTS = (
    Mistake("averaged-too-early", _all_at_once_first(lambda m: 1 / m), "E20", "dZ"),
    # To average twice is the same as to average dZ too early, here where dZ is not returned.
    *(m for m in wrong_means(_network_backward) if m.id != "averaged-twice"),
    Mistake("sign-flipped", _all_at_once_first(lambda m: -1), where="dZ"),
    Mistake("factor-of-two", _all_at_once_first(lambda m: 2), where="dZ"),
    Mistake("factor-of-two", _all_at_once_first(lambda m: 1 / 2), where="dZ"),
    *(
        Mistake(id, _network_backward(start=start), where="dZ")
        for id, start in (
            ("sign-flipped", lambda AL, Y, Z: AL + Y),
            ("sign-flipped", lambda AL, Y, Z: (-Y / AL - (1 - Y) / (1 - AL)) * AL * (1 - AL)),
            ("activation-derivative-missing", lambda AL, Y, Z: bce_prime(AL, Y)),
            ("activation-derivative-twice", lambda AL, Y, Z: (AL - Y) * AL * (1 - AL)),
            ("wrong-loss", lambda AL, Y, Z: 2 * (AL - Y) * AL * (1 - AL)),
            ("wrong-loss", lambda AL, Y, Z: np.sign(AL - Y) * AL * (1 - AL)),
            ("wrong-activation", lambda AL, Y, Z: (AL - Y) * (Z > 0)),
            ("wrong-activation", lambda AL, Y, Z: bce_prime(AL, Y) * (Z > 0)),
            ("wrong-activation", lambda AL, Y, Z: bce_prime(AL, Y) * tanh_prime(Z)),
            ("wrong-activation", lambda AL, Y, Z: bce_prime(AL, Y) * (1 - AL**2)),
            (
                "derivative-of-activation-taken-at-the-wrong-place",
                lambda AL, Y, Z: bce_prime(AL, Y) * sigmoid_prime(AL),
            ),
            ("factor-missing", lambda AL, Y, Z: bce_prime(AL, Y) * AL),
            ("factor-missing", lambda AL, Y, Z: bce_prime(AL, Y) * (1 - AL)),
            ("term-missing", lambda AL, Y, Z: AL),
            ("term-missing", lambda AL, Y, Z: -Y / AL * AL * (1 - AL)),
            ("term-missing", lambda AL, Y, Z: (1 - Y) * AL),
            ("divided-by-wrong-size", lambda AL, Y, Z: (AL - Y) / len(Y)),
            ("divided-by-wrong-size", lambda AL, Y, Z: (AL - Y) / Y.size),
            ("function-for-its-derivative", lambda AL, Y, Z: bce_loss(AL, Y)),
        )
    ),
)
_NETWORK_BACKWARD = (
    *_STARTS,
    Mistake("wrong-layer", _network_backward(number=lambda layer, last: last + 1 - layer)),
    Mistake("wrong-layer", _with_other_arrays(linear=lambda caches, layer: caches[layer - 2][0]), where="dA_prev"),
    Mistake("wrong-layer", _with_other_arrays(Z=lambda caches, layer: caches[layer][1]), where="dZ"),
    Mistake("wrong-layer", _with_other_arrays(Z=lambda caches, layer: caches[layer - 1][0][0]), where="dZ"),
    Mistake("wrong-layer", _with_other_arrays(A_prev=_own_activations), where="dW"),
    *in_place(
        lambda relu_backward: _network_backward(through=relu_backward),
        "relu_backward",
        [m for m in BACKWARD["relu"] if m.id != "summed-too-early"],
    ),
    *in_place(
        _network_backward,
        "dA_prev",
        [replace(m, erratum="E8") if m.id == "transpose-missing" else m for m in DA_PREV],
    ),
    *in_place(_network_backward, "dW", DW),
    *in_place(_network_backward, "db", DB),
)


def _updated(taken: Callable[[str, int], str], kept: Callable[[int, int], bool]) -> Function:
    """Return the update in which parameters take the gradients of others, or some layers are left as they are."""

    def update(parameters: Mapping[str, Array], grads: Mapping[str, Array], rate: float) -> dict[str, Any]:
        last = len(parameters) // 2
        return {
            name: theta if kept(int(name[1:]), last) else theta - rate * grads["d" + taken(name, last)]
            for name, theta in parameters.items()
        }

    return update


def _own(name: str, last: int) -> str:
    return name


def _stepped(step: Callable[[Array, Array, float], Any]) -> Function:
    """Return the update with another step."""

    def update(parameters: Mapping[str, Array], grads: Mapping[str, Array], rate: float) -> dict[str, Any]:
        return {name: step(theta, grads["d" + name], rate) for name, theta in parameters.items()}

    return update


_UPDATE = (
    *(m for m in known("training.update_parameters") if m.id != "wrong-layer"),
    Mistake("term-missing", _stepped(lambda theta, d, rate: rate * d)),
    Mistake("sign-flipped", _stepped(lambda theta, d, rate: -theta - rate * d)),
    Mistake("layer-left-out", _updated(_own, lambda layer, last: layer == last)),
    Mistake("layer-left-out", _updated(_own, lambda layer, last: layer == 1)),
    Mistake("layer-left-out", _updated(_own, lambda layer, last: layer > 2)),
    Mistake("wrong-layer", _updated(lambda name, last: f"{name[0]}{last + 1 - int(name[1:])}", lambda *_: False)),
)

QUESTIONS: tuple[Question, ...] = (
    *one_layer.QUESTIONS,
    of_equation(
        "deep.forward_propagation",
        _network_by_hand,
        draw_networks,
        _FORWARD,
        layout=_forward_layout,
        weights={"AL": 16.0},  # as much as the caches of four layers together
    ),
    of_equation(
        "deep.backward_propagation", _network_by_complex_steps, draw_networks, _NETWORK_BACKWARD, layout=_grads_layout
    ),
    of_equation(
        "training.update_parameters",
        _update_by_hand,
        draw_networks,
        _UPDATE,
        layout=_parameters_layout,
        asked="training.update_parameters of L layers",
    ),
    *losses.QUESTIONS,
    *proofs.QUESTIONS,
)
