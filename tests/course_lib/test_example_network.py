"""The network for examples, and the judge of formulas: it agrees with the reference, and a wrong formula is refused."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import activations, deep, two_layer
from course_lib.example_network import ExampleNetwork
from course_lib.gradient_checking import complex_step
from course_lib.judging import Judgement, JudgementTable, compare, examine
from course_lib.network_checking import numerical_gradients

LAYERED = {
    "W": lambda n: n.dZ @ n.A_prev.T / n.m,
    "b": lambda n: n.dZ @ n.ones / n.m,
    "A_prev": lambda n: n.W.T @ n.dZ,
    "Z": lambda n: n.dZ,
    "A": lambda n: n.dA,
    "Z_prev": lambda n: (n.W.T @ n.dZ) * n.slope_prev,
}
WRONG = {
    "W": [lambda n: n.dZ @ n.A_prev.T, lambda n: n.A_prev @ n.dZ.T / n.m, lambda n: n.A_prev.T @ n.dZ / n.m],
    "b": [lambda n: n.dZ, lambda n: np.sum(n.dZ, axis=1) / n.m, lambda n: n.dZ @ n.ones],
    "A_prev": [lambda n: n.W @ n.dZ, lambda n: n.W.T @ n.dZ / n.m, lambda n: n.W.T @ n.dA],
    "Z_prev": [lambda n: n.W.T @ n.dZ, lambda n: (n.W.T @ n.dZ) * n.Z_prev],
}
PAIRS = [("sigmoid", "bce"), ("softmax", "cross_entropy"), ("tanh", "mse"), ("sigmoid", "mse")]


@st.composite
def networks(draw, hidden=("tanh", "sigmoid", "relu", "leaky_relu")):
    """Draw a network of one to four layers whose sizes, and the number of examples, all differ."""
    *sizes, m = draw(st.permutations(range(2, 8)).map(lambda order: order[: draw(st.integers(3, 6))]))
    below = [draw(st.sampled_from(hidden)) for _ in sizes[2:]]
    last, loss = draw(st.sampled_from(PAIRS))
    return ExampleNetwork(*sizes, m=m, seed=draw(st.integers(0, 2**32 - 1)), activations=(*below, last), loss=loss)


@settings(max_examples=25)
@given(networks())
def test_a_formula_for_any_layer_is_right_in_every_layer(network):
    for name, formula in LAYERED.items():
        if name != "Z_prev" or len(network.layers) > 1:
            assert examine(name, formula, network).right, name


@settings(max_examples=20)
@given(networks(hidden=["tanh", "sigmoid"]))  # a ReLU can be 0 or the same as none at all
def test_a_wrong_formula_is_refused_in_every_layer(network):
    for name, formulas in WRONG.items():
        if name != "Z_prev" or len(network.layers) > 1:
            table = examine(name, {str(k): formula for k, formula in enumerate(formulas)}, network)
            assert not any(judgement.right for row in table.rows.values() for judgement in row), table


@settings(max_examples=40)
@given(networks())
def test_the_passes_are_those_of_the_reference(network):
    AL, caches = deep.forward_propagation(network.X, network.parameters, network.activations)
    grads = deep.backward_propagation(AL, network.Y, caches, network.activations, network.loss)
    assert all(np.array_equal(getattr(network, name), gradient) for name, gradient in grads.items())
    cost = deep.cost_of_network(network.X, network.Y, network.parameters, network.activations, network.loss)
    assert np.isclose(network.J, cost, rtol=1e-14)
    assert np.isclose(np.mean(network.losses), cost, rtol=1e-14)
    assert all(np.array_equal(layer.Z, Z) for layer, (_, Z) in zip(network.layers, caches, strict=True))


@settings(max_examples=20)
@given(networks())
def test_the_objective_is_what_the_check_of_whole_networks_measures(network):
    measured = numerical_gradients(network.X, network.Y, network.parameters, network.activations, network.loss)
    for name, parameter in network.parameters.items():
        np.testing.assert_allclose(
            complex_step(network.objective(name), parameter), measured[f"d{name}"], rtol=1e-9, atol=1e-12
        )


def test_two_layers_are_those_of_the_two_layer_network():
    network = ExampleNetwork(3, 4, 2, m=5, seed=8, activations=("tanh", "sigmoid"))
    A2, cache = two_layer.forward_propagation(network.X, network.parameters)
    assert np.array_equal(A2, network.A2)
    assert network.cache.keys() == cache.keys()
    grads = two_layer.backward_propagation(network.parameters, network.cache, network.X, network.Y)
    assert all(np.array_equal(getattr(network, name), gradient) for name, gradient in grads.items())
    assert np.array_equal(network.slope1, activations.tanh_prime(network.Z1))
    assert np.array_equal(network.dA1, two_layer.dA1(network.W2, network.dZ2))


def test_the_sizes_all_differ_if_nothing_else_is_said():
    network = ExampleNetwork()
    assert str(network) == "3-4-2, m = 5"
    assert [network.X.shape, network.W1.shape, network.W2.shape, network.Y.shape] == [(3, 5), (4, 3), (2, 4), (2, 5)]
    assert network.activations == ("tanh", "sigmoid")


def test_the_losses_of_single_examples_add_up_and_know_their_own_column_alone():
    network = ExampleNetwork()
    assert network.losses_by("Z1")(network.Z1).shape == (5,)
    for name in ("X", "Z1", "A1", "Z2", "A2"):
        matrix = getattr(network, name)
        for j in range(5):
            gradient = complex_step(lambda M, name=name, j=j: network.losses_by(name)(M)[j], matrix)
            assert np.any(gradient[:, j])
            assert not np.any(np.delete(gradient, j, axis=1))


def test_with_other_matrices_all_that_follows_is_computed_again():
    network = ExampleNetwork()
    twice = network.at(X=np.tile(network.X, 2), Y=np.tile(network.Y, 2))
    assert (twice.m, twice.dZ2.shape) == (10, (2, 10))
    np.testing.assert_allclose(twice.dW1, network.dW1, rtol=1e-13)
    zero = network.at(W2=0 * network.W2)
    assert not np.any(zero.dA1)
    assert np.array_equal(zero.Z1, network.Z1)
    assert str(network.at(Z1=0 * network.Z1).at(W1=network.W1 + 1)) == "3-4-2, m = 5"
    assert not np.any(network.at(Z1=0 * network.Z1).at(W1=network.W1 + 1).A1)


def test_a_name_that_is_not_there_is_an_error_that_says_so():
    network = ExampleNetwork()
    with pytest.raises(AttributeError, match="an example network has no W3"):
        _ = network.W3
    with pytest.raises(ValueError, match=r"dZ2 is no matrix of the forward pass; did you mean 'Z2'\?"):
        network.at(dZ2=network.dZ2)
    with pytest.raises(ValueError, match="the layers are 1 to 2, and there is none with the number 0"):
        network.layer(0)
    with pytest.raises(ValueError, match="a layer has no slope to take a gradient by; it has W, b, Z, A"):
        examine("slope", lambda n: n.slope)
    with pytest.raises(ValueError, match="a layer has no Z_prev"):
        examine("Z_prev", lambda n: n.dZ, ExampleNetwork(3, 2, m=4, activations=["sigmoid"]))
    with pytest.raises(ValueError, match="needs sigmoid in the last layer, not tanh"):
        ExampleNetwork(3, 2, activations=["tanh"])


def test_each_verdict_has_its_words():
    net, square = ExampleNetwork(3, 4, 2, m=5), ExampleNetwork(4, 4, 4, m=4)
    formulas = {
        "dZ2 @ A1.T / m": lambda n: n.dZ2 @ n.A1.T / n.m,
        "A1.T @ dZ2 / m": lambda n: n.A1.T @ n.dZ2 / n.m,
        "A1 @ dZ2.T / m": lambda n: n.A1 @ n.dZ2.T / n.m,
        "dZ2 @ A1.T": lambda n: n.dZ2 @ n.A1.T,
        "not a number": lambda n: np.nan * n.W2,
    }
    found = examine("W2", formulas, net, square)
    words = {name: [judgement.words for judgement in row] for name, row in found.rows.items()}
    assert found.columns == ("3-4-2, m = 5", "4-4-4, m = 4")
    assert words["dZ2 @ A1.T / m"] == ["right", "right"]
    assert words["A1.T @ dZ2 / m"][0] == "numpy refuses it"
    assert re.fullmatch(r"wrong values, 0\.\d+ off", words["A1.T @ dZ2 / m"][1])
    assert words["A1 @ dZ2.T / m"][0] == "wrong shape (4, 2)"
    assert words["dZ2 @ A1.T"] == ["wrong values, 0.67 off", "wrong values, 0.6 off"]
    assert words["not a number"] == ["not all numbers are finite"] * 2
    assert not found.right


def test_a_gradient_that_is_a_little_off_in_one_entry_is_refused():
    def nearly(n):
        gradient = n.dW1.copy()
        gradient[0, 0] *= 1.0005
        return gradient

    assert not examine("W1", nearly).right


def test_columns_are_layers_or_networks_or_both():
    net = ExampleNetwork(3, 4, 2, 5, m=6)
    two = ExampleNetwork()
    assert examine("W", LAYERED["W"], net).columns == ("layer 1", "layer 2", "layer 3")
    assert examine("Z_prev", LAYERED["Z_prev"], net).columns == ("layer 2", "layer 3")
    assert examine("b", LAYERED["b"], net, two).columns[2:] == (
        "3-4-2-5, m = 6, layer 3",
        "3-4-2, m = 5, layer 1",
        "3-4-2, m = 5, layer 2",
    )


def test_arrays_are_compared_by_digits_entries_and_shapes():
    truth = np.array([[1.0, 200.0], [3.0, 0.0]])
    off = truth.copy()
    off[1, 0] += 3e-3
    values = {"same": truth * (1 + 1e-14), "off": off, "flat": truth[0], "sum": lambda: truth + np.ones(3)}
    words = [row[0].words for row in compare(values, truth).rows.values()]
    assert words == ["equal to 12 digits", "differs by 0.003 at (1, 0)", "wrong shape (2,)", "numpy refuses it"]
    assert compare({"off": off}, truth, digits=4).right
    assert not compare({"off": off}, truth, digits=5).right
    assert compare({"a": 1.0, "b": 2}, {"a": 1.0, "b": 2.0}).right
    assert repr(compare(1.0, 1.5, "J")) == "J  differs by 0.5"
    assert compare({"none": np.zeros(2)}, np.zeros(2)).right
    assert compare(np.array([True]), np.array([True])).right
    assert repr(compare(np.zeros((0, 2)), np.zeros((0, 2)), "dA")) == "dA  there is nothing to compare"


def test_tables_stand_above_each_other_if_their_columns_are_the_same():
    one = examine("W2", {"a": lambda n: n.dW2})
    two = examine("W1", {"b": lambda n: n.dW1.T})
    assert repr(one.above(two)) == "   3-4-2, m = 5\na  right\nb  wrong shape (3, 4)"
    assert one.above().corner == one.above(examine("W2", {"c": lambda n: n.dW2})).corner == "dW2"
    with pytest.raises(ValueError, match="two rows have the name a"):
        one.above(two, one)
    with pytest.raises(ValueError, match="different columns: 3-4-2, m = 5 and 2-3-4, m = 5"):
        one.above(examine("W1", {"b": lambda n: n.dW1}, ExampleNetwork(2, 3, 4)))


def test_tables_stand_beside_each_other_if_their_rows_are_the_same():
    both = compare({"a": 1, "b": 2}, 1, "one").beside(compare({"b": 2, "a": 1}, 2, "two"))
    assert both.columns == ("one", "two")
    assert [judgement.right for judgement in both.rows["a"]] == [True, False]
    formula = {"`1/m`": lambda n: n.dZ2 @ n.A1.T / n.m}
    one, two, three = (examine(name, formula, ExampleNetwork()) for name in ("W2", "W1", "W2"))
    assert one.beside(three).corner == "dW2"
    assert repr(one.beside(two)) == "3-4-2, m = 5  dW2    dW1\n1/m           right  wrong shape (2, 4)"
    small = examine("W2", formula, ExampleNetwork(2, 3, 4, m=5))
    assert two.beside(small).columns == ("dW1, 3-4-2, m = 5", "dW2, 2-3-4, m = 5")
    with pytest.raises(ValueError, match="the tables have different rows: a; b"):
        compare({"a": 1}, 1).beside(compare({"b": 1}, 1))


def test_the_text_is_aligned():
    table = JudgementTable(
        "dW", ["one", "two"], {"`A @ B`": [Judgement(True, "right"), Judgement(False, "wrong shape (1, 2)")]}
    )
    assert repr(table) == "dW     one    two\nA @ B  right  wrong shape (1, 2)"


class Cells(HTMLParser):
    """The cells of a table with their classes and texts; complains of tags that are not closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.cells = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append([dict(attributes).get("class"), ""])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if {"td", "th"} & set(self.open):
            self.cells[-1][1] += text


def test_the_page_has_marks_and_words_and_not_colours_alone():
    table = JudgementTable(
        "dW", ["<3>"], {"`A @ B`": [Judgement(True, "right")], "a < b": [Judgement(False, "wrong shape (1, 2)")]}
    )
    assert Cells(table._repr_html_()).cells == [
        [None, "dW"],
        [None, "<3>"],
        [None, "A @ B"],
        ["judged-right", "✓ right"],
        [None, "a < b"],
        ["judged-wrong", "✗ wrong shape (1, 2)"],
    ]
    assert "<code>A @ B</code>" in table._repr_html_()


def test_a_table_without_headings_has_none():
    assert Cells(compare(1, 1, "J")._repr_html_()).cells == [[None, "J"], ["judged-right", "✓ equal to 12 digits"]]
