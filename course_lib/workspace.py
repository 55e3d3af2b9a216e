"""Training without waste: the equations of `deep` as a list of numpy calls whose results have a place beforehand.

A `Workspace` allocates the parameters, the gradients and everything in between once. All parameters lie end to end in
one array, all gradients in another, so that an update is a few calls however many layers there are. The calls are
written down once for each number of examples and then repeated. Each rounds as the equation does that it stands for:
the results are those of `deep`, bit by bit.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.activations import activation as find_activation
from course_lib.arrays import Array, Parameters
from course_lib.deep import dZ
from course_lib.losses import loss as find_loss
from course_lib.output_layer import LOSS_FROM_Z, dA, dZ_softmax, usual_activations
from course_lib.validation import check_activations, check_labels, check_matrix, check_parameters

Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function and its arguments, the place of the result among them."""

CHUNK = 16384
"""So many parameters are updated at a time, that three calls find them still in the processor's cache."""


class Workspace:
    """A network that trains in place.

    Attributes
    ----------
    parameters : {"W1": (n1, n0), "b1": (n1, 1), ...}, views into `theta`
    grads : {"dW1": (n1, n0), "db1": (n1, 1), ...}, views into `grad`
    theta, grad : all parameters and all gradients end to end
    """

    def __init__(self, parameters: Parameters, activations: Sequence[str] | None = None, loss: str = "bce") -> None:
        """Copy the parameters and check that the network is one.

        Parameters
        ----------
        parameters : {"W1": (n1, n0), "b1": (n1, 1), ...}, left as they are; their dtype is that of all results
        activations : a name for each layer; ReLU and at last the sigmoid if left out
        loss : name of the loss

        Raises
        ------
        ValueError
            If a shape does not fit, a parameter is no floating-point number or not finite, or a name is unknown.
        """
        self.sizes = check_parameters(parameters)
        self.activations = tuple(usual_activations(len(self.sizes) - 1) if activations is None else activations)
        self.loss = loss
        check_activations(self.activations, len(self.sizes) - 1, loss)
        self.dtype = np.result_type(*parameters.values())
        if self.dtype.kind != "f":
            raise ValueError(f"parameters must hold floating-point numbers, not {self.dtype}")
        self.theta, self.parameters = _end_to_end(self.sizes, self.dtype, "")
        self.grad, self.grads = _end_to_end(self.sizes, self.dtype, "d")
        for name, place in self.parameters.items():
            place[...] = parameters[name]
        self._rate = np.empty((), self.dtype)
        self._update = _update(self.theta, self.grad, self._rate)
        self._batches: dict[int, _Batch] = {}
        self._batch: _Batch | None = None
        self._ready = False

    def copy_parameters(self) -> dict[str, Array]:
        """Return the parameters as arrays of their own, which later steps do not change."""
        return {name: theta.copy() for name, theta in self.parameters.items()}

    def load(self, X: Array, Y: Array, columns: Array | None = None) -> None:
        """Copy the examples of the next steps to their places. Nothing is checked here: `check_batch` does.

        Parameters
        ----------
        X : (n0, m)
        Y : (n_L, m)
        columns : which examples, by number; all if left out
        """
        m = X.shape[1] if columns is None else len(columns)
        if m not in self._batches:
            self._batches[m] = _Batch(self, m)
        self._batch, self._ready = self._batches[m], False
        batch = self._batch
        for place, source in ((batch.X, X), (batch.Y, Y)):
            if columns is None:
                place[...] = source
            else:
                place[...] = source.take(columns, axis=1)

    def check_batch(self, X: Array, Y: Array) -> None:
        """Check that examples fit the network.

        Raises
        ------
        ValueError
            If a shape does not fit, or an array is empty, not finite or not of labels where the loss needs them.
        """
        check_matrix("X", X, rows=self.sizes[0])
        check_labels(Y, self.sizes[-1], X.shape[1], self.loss)

    def forward(self) -> Array:
        """Run the network forwards on the loaded examples; the result (n_L, m) is overwritten by the next pass."""
        batch = self._loaded()
        _run(batch.forward)
        self._ready = True
        return batch.output

    def backward(self) -> dict[str, Array]:
        """Run the network backwards, once after `forward`; the result is overwritten by the next pass.

        Raises
        ------
        ValueError
            If there was no forward pass before: a backward pass uses up what that one left.
        """
        if not self._ready:
            raise ValueError("run forward before backward, which uses up what the forward pass left")
        self._ready = False
        _run(self._loaded().backward)
        return self.grads

    def cost(self) -> float:
        """Return the cost at the last `forward`, in the stable form where there is one."""
        batch = self._loaded()
        _run(batch.losses)
        return float(np.sum(batch.delta) / batch.Y.shape[1])

    def step(self, learning_rate: float) -> None:
        """Take one step of gradient descent on the loaded examples: forward, backward, update."""
        self._ready = False
        self._rate[...] = learning_rate
        _run(self._loaded().step)

    def update(self, learning_rate: float) -> None:
        """Change the parameters by the gradients of the last `backward`."""
        self._rate[...] = learning_rate
        _run(self._update)

    def _loaded(self) -> "_Batch":
        if self._batch is None:
            raise ValueError("load examples first: there is no batch to run the network on")
        return self._batch


def _run(calls: Iterable[Call]) -> None:
    for function, arguments in calls:
        function(*arguments)


def _end_to_end(sizes: Sequence[int], dtype: Any, prefix: str) -> tuple[Array, dict[str, Array]]:
    """Return one array, and its parts as the weights and biases of each layer."""
    flat = np.zeros(sum(n * (n_prev + 1) for n_prev, n in pairwise(sizes)), dtype)
    views, start = {}, 0
    for layer, (n_prev, n) in enumerate(pairwise(sizes), 1):
        for name, columns in ((f"{prefix}W{layer}", n_prev), (f"{prefix}b{layer}", 1)):
            views[name] = flat[start : start + n * columns].reshape(n, columns)
            start += n * columns
    return flat, views


def _update(theta: Array, grad: Array, rate: Array) -> list[Call]:
    """Return the calls for θ - α dθ, some parameters at a time."""
    calls: list[Call] = []
    scratch = np.empty(min(CHUNK, theta.size), theta.dtype)
    for start in range(0, theta.size, CHUNK):
        part, place = theta[start : start + CHUNK], scratch[: theta.size - start]
        calls += [(np.multiply, (grad[start : start + CHUNK], rate, place)), (np.subtract, (part, place, part))]
    return calls


class _Batch:
    """The places and the calls for one number of examples."""

    softmax_rows: tuple[Array, Array]

    def __init__(self, network: Workspace, m: int) -> None:
        sizes, activations, dtype = network.sizes, network.activations, network.dtype
        last = len(activations)
        self.X, self.Y = np.empty((sizes[0], m), dtype), np.empty((sizes[-1], m), dtype)
        self.zeros, self.one = np.zeros((1, m), dtype), np.ones((), dtype)
        self.forward: list[Call] = []
        self.backward: list[Call] = []

        A, Zs, As = self.X, [self.X], [self.X]
        for layer, (activation, n) in enumerate(zip(activations, sizes[1:], strict=True), 1):
            Z = np.empty((n, m), dtype)
            # Where A tells all that the way back needs to know, it takes the place of Z.
            in_place = layer < last and activation in _FROM_A
            self.forward += [
                (np.dot, (network.parameters[f"W{layer}"], A, Z)),
                (np.add, (Z, network.parameters[f"b{layer}"], Z)),
            ]
            A = Z if in_place else np.empty((n, m), dtype)
            self.forward += _FORWARD[activation](self, Z, A)
            Zs.append(Z)
            As.append(A)
        self.Z, self.output = Zs[-1], As[-1]

        self.delta = delta = np.empty((sizes[-1], m), dtype)
        self.losses = self._losses(network)
        self.backward += self._output(delta, network)
        for layer in range(last, 0, -1):
            W, dW, db = network.parameters[f"W{layer}"], network.grads[f"dW{layer}"], network.grads[f"db{layer}"]
            self.backward += [(np.dot, (delta, As[layer - 1].T, dW)), (np.add.reduce, (delta, 1, None, db, True))]
            if layer > 1:
                below = np.empty((sizes[layer - 1], m), dtype)
                # With one unit above, each sum of W^T dZ has one term: numpy's multiplication is quicker at that.
                self.backward.append((np.multiply if sizes[layer] == 1 else np.dot, (W.T, delta, below)))
                self.backward += self._through(activations[layer - 2], below, Zs[layer - 1], As[layer - 1])
                delta = below
        self.backward.append((np.divide, (network.grad, np.array(m, dtype), network.grad)))

        self.step = [*self.forward, *self.backward, *network._update]

    def _losses(self, network: Workspace) -> list[Call]:
        """Return the calls that fill `delta`, which is free between the passes, with the losses."""
        activation, loss, losses = network.activations[-1], network.loss, self.delta
        if loss == "cross_entropy":
            # `_softmax` leaves the largest z of each column and the sum of the exponentials.
            largest, total = self.softmax_rows
            log = np.empty_like(total)
            return [
                (np.log, (total, log)),
                (np.subtract, (self.Z, largest, losses)),
                (np.subtract, (log, losses, losses)),
                (np.multiply, (self.Y, losses, losses)),
            ]
        if (activation, loss) in LOSS_FROM_Z:
            return [(_fill, (losses, LOSS_FROM_Z[activation, loss], self.Z, self.Y))]
        return [(_fill, (losses, find_loss(loss).function, self.output, self.Y))]

    def _output(self, delta: Array, network: Workspace) -> list[Call]:
        """Return the calls for dZ of the last layer."""
        activation, loss = network.activations[-1], network.loss
        if (activation, loss) in LOSS_FROM_Z:
            return [(np.subtract, (self.output, self.Y, delta))]
        if activation == "softmax":
            return [(_fill, (delta, lambda A, Y: dZ_softmax(dA(A, Y, loss), A), self.output, self.Y))]
        return [(_fill, (delta, lambda A, Y, Z: dZ(dA(A, Y, loss), Z, activation), self.output, self.Y, self.Z))]

    def _through(self, activation: str, dA: Array, Z: Array, A: Array) -> list[Call]:
        """Return the calls that make dZ of dA in its place, for a hidden layer; A is not needed afterwards."""
        if activation == "identity":
            return []
        if activation == "tanh":
            return [(np.square, (A, A)), (np.subtract, (self.one, A, A)), (np.multiply, (dA, A, dA))]
        if activation == "relu":
            positive = np.empty(A.shape, bool)
            return [(np.greater, (A, self.zeros, positive)), (np.multiply, (dA, positive, dA))]
        return [(_fill, (dA, lambda dA, Z: dZ(dA, Z, activation), dA, Z))]


def _fill(place: Array, function: Callable[..., Array], *arguments: Array) -> None:
    place[...] = function(*arguments)


_FROM_A = ("identity", "tanh", "relu")


def _identity(batch: _Batch, Z: Array, A: Array) -> list[Call]:
    return [] if A is Z else [(np.copyto, (A, Z))]


def _tanh(batch: _Batch, Z: Array, A: Array) -> list[Call]:
    return [(np.tanh, (Z, A))]


def _relu(batch: _Batch, Z: Array, A: Array) -> list[Call]:
    return [(partial(np.maximum, out=A), (Z, batch.zeros))]


def _leaky_relu(batch: _Batch, Z: Array, A: Array) -> list[Call]:
    return [(_fill, (A, find_activation("leaky_relu").function, Z))]


def _sigmoid(batch: _Batch, Z: Array, A: Array) -> list[Call]:
    """Return the calls for e^{min(z, 0)} / (1 + e^{-|z|}), the two cases of `activations.sigmoid` in one expression."""
    e = np.empty_like(Z)
    return [
        (np.absolute, (Z, e)),
        (np.negative, (e, e)),
        (np.exp, (e, e)),
        (np.add, (e, batch.one, e)),
        (partial(np.minimum, out=A), (Z, batch.zeros)),
        (np.exp, (A, A)),
        (np.divide, (A, e, A)),
    ]


def _softmax(batch: _Batch, Z: Array, A: Array) -> list[Call]:
    batch.softmax_rows = largest, total = np.empty((1, Z.shape[1]), Z.dtype), np.empty((1, Z.shape[1]), Z.dtype)
    return [
        (np.maximum.reduce, (Z, 0, None, largest, True)),
        (np.subtract, (Z, largest, A)),
        (np.exp, (A, A)),
        (np.add.reduce, (A, 0, None, total, True)),
        (np.divide, (A, total, A)),
    ]


_FORWARD = {
    "identity": _identity,
    "tanh": _tanh,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "sigmoid": _sigmoid,
    "softmax": _softmax,
}
