"""The chapter on matrix differentials, verified with symbols: each numbered line is read as it is printed, and holds.

A line such as `&= \\frac{1}{m} \\operatorname{tr}\\left(...\\right) && (7)\\ ...` is evaluated on matrices of symbols
whose sizes all differ. Its left side is found by differentiating the forward pass, entry by entry, and by no rule.
"""

import ast
import re

import numpy as np
import pytest
import sympy
from sympy import Matrix, Rational, Symbol, ones

from course_lib import batch, two_layer
from tests.book.conftest import BOOK
from tests.book.reading import code_cells

CHAPTER = (BOOK / "matrix-differentials.md").read_text(encoding="utf-8")
SIZES = {"n0": 3, "n1": 4, "n2": 2, "m": 5}
t = Symbol("t")  # at t = 0 nothing has moved; the differential is the derivative by t there


class Sigmoid(sympy.Function):
    """σ, as a name."""


class Slope(sympy.Function):
    """g', as a name."""


class Hidden(sympy.Function):
    """g, any function of one variable."""

    def fdiff(self, argindex=1):
        return Slope(self.args[0])


class Power(sympy.Function):
    """e^z."""

    def fdiff(self, argindex=1):
        return Power(self.args[0])


class Softplus(sympy.Function):
    """log(1 + e^z), whose slope is the sigmoid."""

    def fdiff(self, argindex=1):
        return Sigmoid(self.args[0])


def log(value):
    """Return the logarithm of the one thing that the chapter takes it of, 1 + e^z."""
    power = value - 1
    assert isinstance(power, Power), f"log of {value}"
    return Softplus(power.args[0])


def symbols(name, rows, columns):
    return Matrix(rows, columns, lambda i, j: Symbol(f"{name}_{i}_{j}"))


def number(value):
    """Return a number as it is, also when it is written as a matrix of one entry."""
    return value[0, 0] if isinstance(value, sympy.MatrixBase) and value.shape == (1, 1) else value


class Model:
    """A network of symbols whose parameters move with t: every matrix by the name that it has in the chapter."""

    def __init__(self, parameters, definitions=()):
        self.parameters = parameters
        self.definitions = definitions

    def at(self, moving=None):
        """Return every matrix by its name, as a function of t, when only some parameters move."""
        moving = self.parameters if moving is None else moving
        names = {}
        for name, value in self.parameters.items():
            change = symbols(f"d{name}", *value.shape) if name in moving else sympy.zeros(*value.shape)
            names[name] = value + t * change
        self.run(names)
        for name, formula in self.definitions:
            names[name] = Reader(formula, names).value()
        return names


class Neuron(Model):
    def __init__(self):
        super().__init__({"w": symbols("w", 1, SIZES["n0"]), "b": symbols("b", 1, 1)})

    def run(self, names):
        m = SIZES["m"]
        names |= {"X": symbols("x", SIZES["n0"], m), "Y": symbols("y", 1, m), "1": ones(m, 1)}
        names["Z"] = names["w"] * names["X"] + names["b"] * ones(1, m)
        names["A"] = names["Z"].applyfunc(Sigmoid)
        losses = [Softplus(z) - y * z for z, y in zip(names["Z"], names["Y"], strict=True)]
        names["J"] = sum(losses) / m


class TwoLayers(Model):
    def __init__(self):
        n0, n1, n2 = SIZES["n0"], SIZES["n1"], SIZES["n2"]
        shapes = {"W1": (n1, n0), "b1": (n1, 1), "W2": (n2, n1), "b2": (n2, 1)}
        definitions = [(f"G{layer}", re.search(rf"\$G\^{{\[{layer}\]}} = ([^$]+)\$", CHAPTER)[1]) for layer in (2, 1)]
        super().__init__({name: symbols(name, *shape) for name, shape in shapes.items()}, definitions)

    def run(self, names):
        n2, m = SIZES["n2"], SIZES["m"]
        names |= {"X": symbols("x", SIZES["n0"], m), "Y": symbols("y", n2, m), "1": ones(m, 1), "E": ones(n2, m)}
        names["Z1"] = names["W1"] * names["X"] + names["b1"] * ones(1, m)
        names["A1"] = names["Z1"].applyfunc(Hidden)
        names["Z2"] = names["W2"] * names["A1"] + names["b2"] * ones(1, m)
        names["A2"] = names["Z2"].applyfunc(Sigmoid)
        losses = [Softplus(z) - y * z for z, y in zip(names["Z2"], names["Y"], strict=True)]
        names["J"] = sum(losses) / m


TOKEN = re.compile(
    r"\\frac\{1\}\{m\}|\\operatorname\{tr\}|\\mathrm\{d\}|\\mathbf\{1\}|\\log|\\odot|e\^\{|g'|\^T"
    r"|[A-Z]\^\{\[\d\]T?\}|b\^\{\[\d\]\}|[A-Zwb]|[()+\-}]"
)


class Reader:
    """Evaluates a formula of the chapter on matrices. Whatever it does not know is an error."""

    def __init__(self, latex, names):
        text = re.sub(r"\\left|\\right|\\,|\s", "", latex)
        self.tokens = TOKEN.findall(text)
        assert "".join(self.tokens) == text, f"cannot read {latex!r}"
        self.names = names

    def value(self):
        value = self.sum()
        assert not self.tokens, f"not used: {self.tokens}"
        return value

    def next(self):
        return self.tokens[0] if self.tokens else ""

    def take(self, token=None):
        found = self.tokens.pop(0)
        assert token in (None, found), f"{found} where {token} should stand"
        return found

    def sum(self):
        value = self.product()
        while self.next() in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            value = value + sign * self.product()
        return value

    def product(self):
        """A matrix product, or an element-wise one; the two together need brackets."""
        value, kinds = self.factor(), set()
        while self.next() not in ("", "+", "-", ")", "}"):
            if self.next() == "\\odot":
                self.take()
                other = self.factor()
                assert value.shape == other.shape, "an element-wise product of two shapes"
                value = value.multiply_elementwise(other)
                kinds.add("element-wise")
            else:
                value = value * self.factor()
                kinds.add("matrix")
        assert len(kinds) < 2, "a matrix product and an element-wise one without brackets"
        return value

    def factor(self):
        value = self.atom()
        while self.next() == "^T":
            self.take()
            value = value.T
        return value

    def bracket(self):
        self.take("(")
        value = self.sum()
        self.take(")")
        return value

    def atom(self):
        if self.next() == "(":
            return self.bracket()
        token = self.take()
        if token == r"\frac{1}{m}":
            return Rational(1, SIZES["m"])
        if token == r"\operatorname{tr}":
            return self.bracket().trace()
        if token == r"\mathrm{d}":
            return self.atom().diff(t)
        if token == r"\mathbf{1}":
            return self.names["1"]
        if token == r"\log":
            return self.bracket().applyfunc(log)
        if token == "e^{":
            value = self.sum()
            self.take("}")
            return value.applyfunc(Power)
        if token == "g'":
            return self.bracket().applyfunc(Slope)
        name = re.sub(r"[\^{}\[\]T]", "", token)
        value = self.names[name]
        return value.T if token.endswith("T}") else value


def numbered_lines():
    """Return the numbered lines of the chapter: number -> (model, left side, right side)."""
    found = {}
    two = CHAPTER.index("\n## Two layers")
    for block in re.finditer(r"\\begin\{aligned\}\n(.*?)\\end\{aligned\}", CHAPTER, re.DOTALL):
        left = ""
        for row in re.split(r"\\\\\n", block[1]):
            parts = re.fullmatch(r"\s*(.*?)\s*&=\s*(.*?)\s*&&\s*\((\d+)\).*", row.strip(), re.DOTALL)
            if parts:
                left = parts[1] or left
                key = int(parts[3])
                assert key not in found, f"line ({key}) is there twice"
                found[key] = ("neuron" if block.start() < two else "two", left, parts[2])
    return found


LINES = numbered_lines()
MODELS = {"neuron": Neuron(), "two": TwoLayers()}


def moving_in(left):
    """Return the parameters that move, from the index of d on the left side; None for all."""
    index = re.match(r"\\mathrm\{d\}_\{(.*)\} J$", left)
    return re.sub(r"[\^{}\[\]]", "", index[1]).split(", ") if index else None


def left_side(model, left, names):
    """Return what the left side is, from the forward pass and by differentiation alone."""
    gradient = re.match(r"\\nabla_\{(.*)\} J$", left)
    if gradient:
        parameter = model.parameters[re.sub(r"[\^{}\[\]]", "", gradient[1])]
        return parameter.applyfunc(lambda entry: sympy.diff(names["J"].subs(t, 0), entry))
    if left == "J":
        return names["J"]
    if left.endswith("J"):
        return sympy.diff(names["J"], t)
    return Reader(left, names).value()


def equal(one, other):
    """Say whether two numbers or two matrices are the same, at t = 0, for all values of the symbols."""
    one, other = number(one), number(other)
    if isinstance(one, sympy.MatrixBase) != isinstance(other, sympy.MatrixBase):
        return False
    if isinstance(one, sympy.MatrixBase):
        if one.shape != other.shape:
            return False
        return all(equal(a, b) for a, b in zip(one, other, strict=True))
    return sympy.expand((one - other).subs(t, 0)) == 0


def holds(model, left, right):
    """Say whether a line is true."""
    names = MODELS[model].at(moving_in(left))
    return equal(left_side(MODELS[model], left, names), Reader(right, names).value())


def test_the_lines_are_numbered_without_gaps():
    assert list(LINES) == list(range(1, len(LINES) + 1))
    assert len(LINES) == 42


@pytest.mark.parametrize("key", LINES)
def test_a_numbered_line_of_the_chapter_holds_for_all_values_of_its_symbols(key):
    assert holds(*LINES[key]), LINES[key]


def test_every_numbered_line_is_checked_by_a_cell_too():
    checked = {
        key.value
        for cell in code_cells(CHAPTER)
        for node in ast.walk(ast.parse(cell))
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, int)
    }
    assert checked == set(LINES)


WRONG = {
    "E23, no 1/m": (42, r"\frac{1}{m} G", "G"),
    "E40, a sign": (9, "A - Y", "A + Y"),
    "the mean twice": (25, r"\frac{1}{m} G", r"\frac{1}{m} \frac{1}{m} G"),
    "E1, another layer": (20, r"A^{[2]} - Y", r"\left(E - A^{[2]}\right) - Y"),
    "a slope left out": (32, r"g'(Z^{[1]}) \odot \mathrm{d}Z^{[1]}", r"\mathrm{d}Z^{[1]}"),
    "a term left out": (21, r"W^{[2]} \mathrm{d}A^{[1]} + ", ""),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_line_with_a_mistake_does_not_hold(mistake):
    key, right, wrong = WRONG[mistake]
    model, left, formula = LINES[key]
    assert right in formula
    assert not holds(model, left, formula.replace(right, wrong))


REFUSED = {
    "E24, no brackets": (38, r"\frac{1}{m} \left(W^{[2]T} G^{[2]}\right) \odot g'(Z^{[1]}) X^T"),
    "E42, ones for one of two": (27, r"\operatorname{tr}((\mathbf{1}^T A^{[2]T} - Y^T) \mathrm{d}b^{[2]})"),
    "E43, no transpose": (35, r"\frac{1}{m} \operatorname{tr}\left(G^{[1]} \mathrm{d}Z^{[1]}\right)"),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_line_whose_shapes_or_brackets_are_wrong_cannot_even_be_evaluated(mistake):
    key, formula = REFUSED[mistake]
    model, left, _ = LINES[key]
    with pytest.raises((AssertionError, sympy.ShapeError, sympy.matrices.exceptions.NonSquareMatrixError)):
        holds(model, left, formula)


def test_the_cyclic_rule_holds_for_all_matrices():
    A, B, C = symbols("a", 2, 3), symbols("b", 3, 4), symbols("c", 4, 2)
    assert equal((A * B * C).trace(), (B * C * A).trace())
    assert equal((A * (B * C)).trace(), ((B * C) * A).trace())
    S, T, U = (symbols(name, 2, 2) for name in "stu")
    assert not equal((S * T * U).trace(), (T * S * U).trace())


def test_the_exchange_rule_holds_for_all_matrices():
    A, B, C = (symbols(name, 3, 4) for name in "abc")
    left = (A.T * B.multiply_elementwise(C)).trace()
    assert equal(left, (A.multiply_elementwise(B).T * C).trace())
    assert not equal(left, (A.T * B * C.T * C).trace())


def test_a_trace_with_every_change_has_one_gradient_only():
    G, change = symbols("g", 2, 3), symbols("d", 2, 3)
    value = (G.T * change).trace()
    assert change.applyfunc(lambda entry: sympy.diff(value, entry)) == G


def test_each_factor_is_transposed_and_stays_on_its_side():
    P, V, Q = symbols("p", 5, 2), symbols("v", 2, 3), symbols("q", 3, 5)
    value = (P * V * Q).trace()
    assert equal(V.applyfunc(lambda entry: sympy.diff(value, entry)), P.T * Q.T)


def test_the_scalar_facts_that_the_lines_rest_on():
    z, y = sympy.symbols("z y", real=True)
    sigma = 1 / (1 + sympy.exp(-z))
    assert sympy.simplify(sympy.diff(sympy.log(1 + sympy.exp(z)), z) - sigma) == 0
    loss = -y * sympy.log(sigma) - (1 - y) * sympy.log(1 - sigma)
    with_z = sympy.log(1 + sympy.exp(z)) - y * z
    assert sympy.simplify(sympy.diff(loss - with_z, z)) == 0
    assert sympy.simplify((loss - with_z).subs(z, 0)) == 0
    assert sympy.simplify(sympy.diff(sigma, z) - sigma * (1 - sigma)) == 0
    assert sympy.simplify(sympy.diff(sympy.tanh(z), z) - (1 - sympy.tanh(z) ** 2)) == 0


def as_array(matrix):
    """Return a sympy matrix as an array on which the functions of the course work."""
    return np.array(matrix.subs(t, 0).tolist(), dtype=object)


def test_the_functions_of_the_course_are_the_gradients_symbol_by_symbol():
    neuron, two = (MODELS[name].at() for name in ("neuron", "two"))
    dZ, G1, G2 = (as_array(value) for value in (neuron["A"] - neuron["Y"], two["G1"], two["G2"]))
    computed = {
        12: batch.dW(dZ, as_array(neuron["X"])),
        16: batch.db(dZ),
        25: two_layer.dW2(G2, as_array(two["A1"])),
        29: two_layer.db2(G2),
        38: two_layer.dW1(G1, as_array(two["X"])),
        42: two_layer.db1(G1),
    }
    for key, array in computed.items():
        model, left, _ = LINES[key]
        assert equal(left_side(MODELS[model], left, MODELS[model].at()), Matrix(array.tolist())), key
