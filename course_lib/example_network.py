"""A small network with every matrix by its name, to try formulas on: `judging.examine` says which are right."""

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np

from course_lib import deep, output_layer
from course_lib.activations import activation
from course_lib.arrays import Array
from course_lib.losses import loss as find_loss
from course_lib.names import suggestion
from course_lib.validation import check_activations


class ExampleNetwork:
    """A network of any number of layers with m examples, drawn at random and run both ways.

    Parameters
    ----------
    sizes : n0, n1, ..., nL; 3, 4, 2 if left out
    m : number of examples
    seed : of the random numbers
    activations : a name for each layer; tanh and at last the sigmoid if left out
    loss : name of the loss

    Attributes
    ----------
    W1, b1, ..., bL : (n_l, n_{l-1}) and (n_l, 1), standard normal
    X, Y : (n0, m), standard normal, and (nL, m), labels; X is A0 too
    Z1, A1, ..., AL, slope1, ... : (n_l, m), slope is g'(Z)
    dA0, dZ1, dA1, ..., dZL, dAL : (n_l, m), gradients of each example's own loss
    dW1, db1, ..., dbL : gradients of the cost, of the shapes of W and b
    losses, J : (m,), and their mean, the cost
    ones : (m, 1)

    Raises
    ------
    ValueError
        If an activation or the loss is not known, or they do not fit.

    >>> network = ExampleNetwork(3, 4, 2, m=5)
    >>> print(network, network.dZ1.shape)
    3-4-2, m = 5 (4, 5)
    """

    def __init__(
        self, *sizes: int, m: int = 5, seed: int = 2, activations: Sequence[str] | None = None, loss: str = "bce"
    ) -> None:
        sizes = sizes or (3, 4, 2)
        layers = len(sizes) - 1
        self.activations = ("tanh",) * (layers - 1) + ("sigmoid",) if activations is None else tuple(activations)
        self.loss = loss
        check_activations(self.activations, layers, loss)
        rng = np.random.default_rng(seed)
        given: dict[str, Array] = {}
        for layer, (n_prev, n) in enumerate(pairwise(sizes), 1):
            given |= {f"W{layer}": rng.standard_normal((n, n_prev)), f"b{layer}": rng.standard_normal((n, 1))}
        given["A0"] = rng.standard_normal((sizes[0], m))
        classes = self.activations[-1] == "softmax"  # one 1 in each column
        Y = np.eye(sizes[-1])[:, rng.integers(0, sizes[-1], m)] if classes else rng.integers(0, 2, (sizes[-1], m))
        self._given = given | {"Y": Y.astype(float)}

    def at(self, **matrices: Array) -> "ExampleNetwork":
        """Return this network with other matrices in the place of its own, and all that follows from them.

        Parameters
        ----------
        matrices : by name, such as W2, X, Y or Z1; a Z or A that is given stays, whatever is below it

        Returns
        -------
        a new network

        Raises
        ------
        ValueError
            If there is no matrix of this name in the forward pass.
        """
        matrices = {"A0" if name == "X" else name: np.asarray(matrix) for name, matrix in matrices.items()}
        known = {*self._given, *self.cache}
        for name in matrices:
            if name not in known:
                raise ValueError(f"{name} is no matrix of the forward pass; {suggestion(name, sorted(known))}")
        new = object.__new__(type(self))
        new.activations, new.loss, new._given = self.activations, self.loss, self._given | matrices
        return new

    @cached_property
    def _forward(self) -> dict[str, Any]:
        n, L = dict(self._given), len(self.activations)
        for layer, g in enumerate(self.activations, 1):
            n.setdefault(f"Z{layer}", deep.Z(n[f"W{layer}"], n[f"b{layer}"], n[f"A{layer - 1}"]))
            n.setdefault(f"A{layer}", deep.A(n[f"Z{layer}"], g))
            if g != "softmax":
                n[f"slope{layer}"] = activation(g).prime(n[f"Z{layer}"])
        from_z = None if f"A{L}" in self._given else output_layer.LOSS_FROM_Z.get((self.activations[-1], self.loss))
        of_each = from_z(n[f"Z{L}"], n["Y"]) if from_z else find_loss(self.loss).function(n[f"A{L}"], n["Y"])
        m = n["Y"].shape[1]
        n |= {"X": n["A0"], "m": m, "ones": np.ones((m, 1)), "losses": np.sum(of_each, axis=0)}
        return n | {"J": np.sum(n["losses"]) / m}

    @cached_property
    def _backward(self) -> dict[str, Array]:
        n, L = self._forward, len(self.activations)
        found = {f"dA{L}": output_layer.dA(n[f"A{L}"], n["Y"], self.loss)}
        for layer, g in reversed([*enumerate(self.activations, 1)]):
            if layer == L and (g, self.loss) in output_layer.LOSS_FROM_Z:
                dZ = output_layer.dZ_output(n[f"A{L}"], n["Y"])
            elif g == "softmax":
                dZ = output_layer.dZ_softmax(found[f"dA{L}"], n[f"A{L}"])
            else:
                dZ = deep.dZ(found[f"dA{layer}"], n[f"Z{layer}"], g)
            dA_prev, dW, db = deep.linear_backward(dZ, (n[f"A{layer - 1}"], n[f"W{layer}"], n[f"b{layer}"]))
            found |= {f"dZ{layer}": dZ, f"dW{layer}": dW, f"db{layer}": db, f"dA{layer - 1}": dA_prev}
        return found

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            for found in (self._forward, self._backward):
                if name in found:
                    return found[name]
        raise AttributeError(f"an example network has no {name}")

    def __str__(self) -> str:
        sizes = [len(self.X), *(len(matrix) for name, matrix in self.parameters.items() if name[0] == "b")]
        return f"{'-'.join(map(str, sizes))}, m = {self.m}"

    @property
    def parameters(self) -> dict[str, Array]:
        """The weights and biases by name, as `two_layer` and `deep` take them."""
        return {name: matrix for name, matrix in self._given.items() if name[0] in "Wb"}

    @property
    def cache(self) -> dict[str, Array]:
        """Every Z and A by name, as `two_layer.backward_propagation` takes them."""
        names = (f"{kind}{layer}" for layer in range(1, len(self.activations) + 1) for kind in "ZA")
        return {name: self._forward[name] for name in names}

    @property
    def layers(self) -> list[SimpleNamespace]:
        """The layers 1 to L, each as `layer` returns it."""
        return [self.layer(number) for number in range(1, len(self.activations) + 1)]

    def layer(self, number: int) -> SimpleNamespace:
        """Return the matrices of one layer by their names in the equations for any layer.

        Parameters
        ----------
        number : l, from 1 to L

        Returns
        -------
        namespace with W, b, A_prev, Z, A, slope, dA, dZ, dW, db, dA_prev, Y, m, ones, number and activation, and for
        l > 1 with Z_prev, slope_prev and dZ_prev; a softmax has no slope

        Raises
        ------
        ValueError
            If there is no such layer.
        """
        if not 1 <= number <= len(self.activations):
            raise ValueError(f"the layers are 1 to {len(self.activations)}, and there is none with the number {number}")
        every, kinds = self._forward | self._backward, ("W", "b", "Z", "A", "slope", "dA", "dZ", "dW", "db")
        found = {kind: every[f"{kind}{number}"] for kind in kinds if f"{kind}{number}" in every}
        below = {f"{kind}_prev": every.get(f"{kind}{number - 1}") for kind in ("A", "dA", "Z", "slope", "dZ")}
        found |= {name: matrix for name, matrix in below.items() if matrix is not None}
        found |= {name: every[name] for name in ("Y", "m", "ones")}
        return SimpleNamespace(**found, number=number, activation=self.activations[number - 1])

    def losses_by(self, name: str) -> Callable[[Array], Array]:
        """Return the losses of the single examples as a function of one matrix: the forward pass from it on.

        Parameters
        ----------
        name : as for `objective`

        Returns
        -------
        function of an array of the matrix's shape, which returns (m,)
        """
        return lambda matrix: np.asarray(self.at(**{name: matrix}).losses)

    def objective(self, name: str) -> Callable[[Array], Any]:
        """Return what a gradient by one matrix is a gradient of, as a function of that matrix.

        Parameters
        ----------
        name : such as "W2", "b1", "Z2", "A1" or "X"

        Returns
        -------
        for W and b the cost, for Z, A and X the sum of the losses
        """
        losses = self.losses_by(name)
        return lambda matrix: np.sum(losses(matrix)) / (self.m if name[0] in "Wb" else 1)
