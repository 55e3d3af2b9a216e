"""A full step of training against its peers: ours, PyTorch, scikit-learn, and the step's matrix products alone.

The network and the batch are the same for all: tanh hidden layers and a sigmoid output for the two small sizes, ReLU
and softmax for the two large ones, plain gradient descent. The batch is where each library wants it before the clock
starts. PyTorch and scikit-learn compute the cost in every step, so ours does too where it is compared with them.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from course_lib.initialization import he, xavier
from course_lib.workspace import Workspace

LEARNING_RATE = 0.01


@dataclass(frozen=True)
class Size:
    """A network and the number of examples in a batch."""

    layers: tuple[int, ...]
    m: int

    def __str__(self) -> str:
        return f"({', '.join(map(str, self.layers))}) x {self.m}"

    @property
    def large(self) -> bool:
        """Whether there are more than two classes and ReLU layers."""
        return self.layers[-1] > 1

    @property
    def activations(self) -> tuple[str, ...]:
        """The names of the activations, a layer each."""
        hidden, last = ("relu", "softmax") if self.large else ("tanh", "sigmoid")
        return (hidden,) * (len(self.layers) - 2) + (last,)

    @property
    def loss(self) -> str:
        """The name of the loss."""
        return "cross_entropy" if self.large else "bce"


SIZES = (
    Size((2, 4, 1), 400),
    Size((12, 64, 32, 1), 1000),
    Size((784, 256, 128, 10), 256),
    Size((1024, 1024, 1024, 1024), 1024),
)


def draw(size: Size, dtype: Any) -> tuple[Any, Any, Any, dict[str, Any]]:
    """Return X, Y, the number of the class of each example, and the first parameters."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((size.layers[0], size.m)).astype(dtype)
    classes = rng.permutation(np.arange(size.m) % max(2, size.layers[-1]))
    Y = np.eye(size.layers[-1])[:, classes] if size.large else classes[np.newaxis]
    parameters = (he if size.large else xavier)(size.layers, seed=0)
    return X, np.asarray(Y, dtype), classes, {name: theta.astype(dtype) for name, theta in parameters.items()}


def workspace(size: Size, dtype: Any) -> Workspace:
    """Return our network with its batch."""
    X, Y, _, parameters = draw(size, dtype)
    network = Workspace(parameters, size.activations, size.loss)
    network.check_batch(X, Y)
    network.load(X, Y)
    return network


def ours(size: Size, dtype: Any) -> Callable[[], Any]:
    """Return our step: forward, backward, update."""
    network = workspace(size, dtype)
    return lambda: network.step(LEARNING_RATE)


def ours_with_cost(size: Size, dtype: Any) -> Callable[[], Any]:
    """Return our step with the cost: forward, cost, backward, update."""
    network = workspace(size, dtype)

    def step() -> float:
        network.forward()
        cost = network.cost()
        network.backward()
        network.update(LEARNING_RATE)
        return cost

    return step


def floor(size: Size, dtype: Any) -> Callable[[], Any]:
    """Return the matrix products of a step and nothing else, each with a place for its result."""
    X, _, _, parameters = draw(size, dtype)
    rng = np.random.default_rng(0)
    As = [X, *(rng.standard_normal((n, size.m)).astype(dtype) for n in size.layers[1:])]
    deltas = [A.copy() for A in As]
    products: list[tuple[Any, Any, Any]] = []
    for layer in range(1, len(size.layers)):
        W = parameters[f"W{layer}"]
        products += [(W, As[layer - 1], np.empty_like(As[layer])), (deltas[layer], As[layer - 1].T, np.empty_like(W))]
        if layer > 1:
            products.append((W.T, deltas[layer], np.empty_like(As[layer - 1])))
    matmul = np.matmul

    def multiply() -> None:
        for left, right, place in products:
            matmul(left, right, out=place)

    return multiply


def pytorch(size: Size, dtype: Any) -> Callable[[], Any]:
    """Return PyTorch's step on the processor, written as its tutorials do."""
    import torch

    X, Y, classes, parameters = draw(size, dtype)
    layers: list[Any] = []
    for layer, (n_prev, n) in enumerate(pairwise(size.layers), 1):
        linear = torch.nn.Linear(n_prev, n, dtype=torch.from_numpy(X).dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(parameters[f"W{layer}"]))
            linear.bias.copy_(torch.from_numpy(parameters[f"b{layer}"][:, 0]))
        layers += [linear, torch.nn.ReLU() if size.large else torch.nn.Tanh()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    cost = torch.nn.CrossEntropyLoss() if size.large else torch.nn.BCEWithLogitsLoss()
    inputs = torch.from_numpy(np.ascontiguousarray(X.T))
    labels = torch.from_numpy(classes) if size.large else torch.from_numpy(np.ascontiguousarray(Y.T))

    def step() -> Any:
        optimizer.zero_grad()
        loss = cost(model(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step


def scikit_learn(size: Size, dtype: Any) -> Callable[[], Any]:
    """Return scikit-learn's step: `partial_fit` with the whole batch, which checks its input each time."""
    from sklearn.neural_network import MLPClassifier

    X, _, classes, _ = draw(size, dtype)
    rows = np.ascontiguousarray(X.T)
    model = MLPClassifier(
        size.layers[1:-1],
        activation="relu" if size.large else "tanh",
        solver="sgd",
        alpha=0.0,
        batch_size=size.m,
        learning_rate_init=LEARNING_RATE,
        momentum=0.0,
        nesterovs_momentum=False,
        shuffle=False,
        random_state=0,
    )
    kinds = np.unique(classes)

    def step() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.partial_fit(rows, classes, classes=kinds)

    return step
