"""The same networks in PyTorch and in scikit-learn: the same gradients, and the same parameters after a step.

Both are peers to compare with and no part of the course: without them these tests are skipped, unless REQUIRE_ALL is 1.
"""

import importlib
import os
import warnings
from itertools import pairwise

import numpy as np
import pytest

from course_lib import deep
from course_lib.gradient_checking import relative_error
from course_lib.initialization import xavier
from course_lib.optimizers import adam_step
from course_lib.training import update_parameters
from course_lib.workspace import Workspace

HIDDEN = ["sigmoid", "tanh", "relu", "leaky_relu", "identity"]
LAST = [("sigmoid", "bce"), ("softmax", "cross_entropy")] + [
    (last, loss) for last in ("identity", "sigmoid", "tanh", "softmax") for loss in ("mse", "mae")
]
SIZES = [((3, 5, 4, 2), 7), ((12, 64, 32, 3), 50), ((2, 4, 2), 1), ((4, 3), 6)]


def peer(name):
    """Import a package that need not be there."""
    if os.environ.get("REQUIRE_ALL") == "1":
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"{name} is not installed: pip install '.[crosscheck]'")


def draw(sizes, m, loss, seed=0):
    rng = np.random.default_rng(seed)
    parameters = {name: theta + 0.1 * rng.standard_normal(theta.shape) for name, theta in xavier(sizes, seed).items()}
    X = rng.standard_normal((sizes[0], m))
    if loss == "cross_entropy":
        Y = np.eye(sizes[-1])[:, rng.integers(0, sizes[-1], m)]
    else:
        Y = rng.integers(0, 2, (sizes[-1], m)).astype(float) if loss == "bce" else rng.standard_normal((sizes[-1], m))
    return X, Y, parameters


def torch_cost(torch, X, Y, parameters, activations, loss):
    """Return the cost as PyTorch computes it, summed over outputs and averaged over examples."""
    functions = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": torch.nn.functional.leaky_relu,
        "identity": lambda z: z,
        "softmax": lambda z: torch.softmax(z, dim=0),
    }
    A = torch.from_numpy(X)
    labels = torch.from_numpy(Y)
    for layer, activation in enumerate(activations, 1):
        Z = parameters[f"W{layer}"] @ A + parameters[f"b{layer}"]
        A = functions[activation](Z)
    if loss == "bce":
        total = torch.nn.functional.binary_cross_entropy_with_logits(Z, labels, reduction="sum")
    elif loss == "cross_entropy":
        total = torch.nn.functional.cross_entropy(Z.T, labels.T, reduction="sum")
    elif loss == "mse":
        total = torch.nn.functional.mse_loss(A, labels, reduction="sum")
    else:
        total = torch.nn.functional.l1_loss(A, labels, reduction="sum")
    return total / X.shape[1]


@pytest.mark.parametrize(("sizes", "m"), SIZES)
@pytest.mark.parametrize(("last", "loss"), LAST)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_pytorch_finds_the_same_cost_and_gradients(hidden, last, loss, sizes, m):
    torch = peer("torch")
    activations = (hidden,) * (len(sizes) - 2) + (last,)
    X, Y, parameters = draw(sizes, m, loss)
    theirs = {name: torch.from_numpy(theta.copy()).requires_grad_() for name, theta in parameters.items()}
    cost = torch_cost(torch, X, Y, theirs, activations, loss)
    cost.backward()
    AL, caches = deep.forward_propagation(X, parameters, activations)
    grads = deep.backward_propagation(AL, Y, caches, activations, loss)
    assert float(deep.cost_of_network(X, Y, parameters, activations, loss)) == pytest.approx(cost.item(), rel=1e-12)
    for name, theta in theirs.items():
        assert relative_error(grads["d" + name], theta.grad.numpy()) < 1e-12
        # Entry by entry too; the absolute term is for entries that cancel.
        np.testing.assert_allclose(grads["d" + name], theta.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_pytorch_trains_to_the_same_parameters():
    torch = peer("torch")
    activations = ("tanh", "relu", "sigmoid")
    X, Y, parameters = draw((3, 6, 4, 1), 20, "bce")
    theirs = {name: torch.from_numpy(theta.copy()).requires_grad_() for name, theta in parameters.items()}
    optimizer = torch.optim.SGD(theirs.values(), lr=0.2)
    network = Workspace(parameters, activations)
    network.load(X, Y)
    for _ in range(50):
        optimizer.zero_grad()
        torch_cost(torch, X, Y, theirs, activations, "bce").backward()
        optimizer.step()
        network.step(0.2)
    for name, theta in theirs.items():
        assert relative_error(network.parameters[name], theta.detach().numpy()) < 1e-12


def test_pytorch_takes_the_same_steps_of_adam():
    torch = peer("torch")
    rng = np.random.default_rng(0)
    theta, m, v = rng.standard_normal((4, 3)), np.zeros((4, 3)), np.zeros((4, 3))
    theirs = torch.from_numpy(theta.copy()).requires_grad_()
    optimizer = torch.optim.Adam([theirs], lr=0.01, betas=(0.9, 0.999), eps=1e-8)
    for t in range(1, 6):
        grad = rng.standard_normal((4, 3))
        theirs.grad = torch.from_numpy(grad)
        optimizer.step()
        theta, m, v = adam_step(theta, grad, m, v, t, 0.01)
    np.testing.assert_allclose(theta, theirs.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("hidden", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("kinds", [2, 4])
def test_scikit_learn_is_at_the_same_parameters_after_one_step(hidden, kinds):
    MLPClassifier = peer("sklearn.neural_network").MLPClassifier
    rng = np.random.default_rng(1)
    X, classes = rng.standard_normal((5, 30)), rng.permutation(np.arange(30) % kinds)
    model = MLPClassifier(
        (7, 6), activation=hidden, solver="sgd", alpha=0.0, batch_size=30, learning_rate_init=0.5, momentum=0.0,
        nesterovs_momentum=False, shuffle=False, random_state=0, max_iter=1,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.partial_fit(X.T, classes, classes=np.arange(kinds))
        parameters = {}
        for layer, (W, b) in enumerate(zip(model.coefs_, model.intercepts_, strict=True), 1):
            parameters[f"W{layer}"], parameters[f"b{layer}"] = W.T.copy(), b[:, np.newaxis].copy()
        model.partial_fit(X.T, classes)
    last, loss = ("sigmoid", "bce") if kinds == 2 else ("softmax", "cross_entropy")
    activations = (*(["sigmoid" if hidden == "logistic" else hidden] * 2), last)
    Y = classes[np.newaxis].astype(float) if kinds == 2 else np.eye(kinds)[:, classes]
    AL, caches = deep.forward_propagation(X, parameters, activations)
    after = update_parameters(parameters, deep.backward_propagation(AL, Y, caches, activations, loss), 0.5)
    assert [W.shape for W in model.coefs_] == list(pairwise((5, 7, 6, 1 if kinds == 2 else kinds)))
    for layer, (W, b) in enumerate(zip(model.coefs_, model.intercepts_, strict=True), 1):
        assert not np.array_equal(W.T, parameters[f"W{layer}"])
        np.testing.assert_allclose(after[f"W{layer}"], W.T, rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(after[f"b{layer}"], b[:, np.newaxis], rtol=1e-10, atol=1e-13)
