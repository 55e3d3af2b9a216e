"""Equations of a lecturer's own, which `equations.py` in a course directory declares.

    from autograder import ForwardPass

    neuron = ForwardPass('''
        Z = W @ X + b
        A = 1 / (1 + np.exp(-Z))
    ''', W="n, n_x", b="n, 1", X="n_x, m")

    neuron_dW = neuron.gradient("A", by="W", given="dA, A, X", formula="(dA * A * (1 - A)) @ X.T")

Each name that a gradient is given there is the name of an equation, and of the function that students write. A forward
pass is enough: it gives the cases, what is right, and what often goes wrong. A formula is a second oracle beside it,
and stays with the lecturer. All is kept as text, so that it travels like the rest of an assignment.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from autograder.errors import AutograderError
from course_lib.names import suggestion

Pairs = tuple[tuple[str, str], ...]
"""Names with a text each, in order."""


class DeclarationError(AutograderError):
    """An equation is not declared as it must be; the message says how to mend it."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(","))))


@dataclass(frozen=True)
class Declaration:
    """The gradient of a cost by one array of a forward pass, as texts.

    Attributes
    ----------
    forward : the forward pass as code: functions, then a line for each step
    inputs : its arrays, each with its shape in symbols: ("W", "n, n_x")
    draw : for inputs that are not standard normal, an expression of `rng` and `shape`
    several : sizes that are never 1
    of : the step that the cost is computed from; of a step A its gradient dA is drawn, a number is the cost itself
    by : the array that the gradient is by
    given : the arguments of the students' function, in order: inputs, steps, and gradients of the cost by them (dA)
    formula : the gradient as an expression, or lines with a `return`; "" where the forward pass alone decides
    name : of the equation
    """

    forward: str
    inputs: Pairs
    draw: Pairs
    several: tuple[str, ...]
    of: str
    by: str
    given: tuple[str, ...]
    formula: str = ""
    name: str = ""

    @property
    def sizes(self) -> tuple[str, ...]:
        """The symbols of the shapes, in the order in which they are named first."""
        return tuple(dict.fromkeys(n for _, shape in self.inputs for n in _names(shape) if not n.isdigit()))

    @property
    def steps(self) -> Mapping[str, str]:
        """The expression of each step, by its name and in order."""
        return _taken_apart(self.forward)[1]

    @property
    def helpers(self) -> str:
        """The functions that the steps call."""
        return _taken_apart(self.forward)[0]

    def public(self) -> "Declaration":
        """Return the declaration without its formula, as students may see it."""
        return replace(self, formula="")

    def as_row(self) -> list[Any]:
        """Return the public part, as JSON types."""
        pairs = ([list(pair) for pair in pairs] for pairs in (self.inputs, self.draw))
        return [self.name, self.of, self.by, list(self.given), list(self.several), self.forward, *pairs]


def from_row(row: Any) -> Declaration:
    """Return the declaration that `Declaration.as_row` describes; one that is made already is returned.

    Raises
    ------
    ValueError, TypeError
        If it is no such row.
    """
    if isinstance(row, Declaration):
        return row
    name, of, by, given, several, forward, *pairs = row
    inputs, draw = ({str(key): str(text) for key, text in each} for each in pairs)
    asked = ForwardPass(str(forward), draw=draw, several=", ".join(several), **inputs)
    return replace(asked.gradient(str(of), by=str(by), given=", ".join(given)), name=str(name))


class ForwardPass:
    """A forward pass, from which gradients are asked."""

    def __init__(
        self,
        forward: str | Callable[..., Any],
        *,
        draw: Mapping[str, str] | None = None,
        several: str = "",
        **shapes: str,
    ) -> None:
        """Describe it.

        Parameters
        ----------
        forward : lines of the form `name = expression`, with `np`, the course's activation functions by their names,
            and functions that are defined above the lines; or a function of the inputs, which returns one array
        draw : for inputs that are not to be standard normal, an expression of `rng` and `shape`, such as
            "rng.integers(0, 2, shape) * 1.0"
        several : sizes that are never 1, as in "m"; otherwise one of the cases has m = 1
        shapes : of each input, in symbols: W="n, n_x"; "" is a number

        Raises
        ------
        DeclarationError
            If that is no forward pass.
        """
        self._draw, self._several = tuple((draw or {}).items()), _names(several)
        self._inputs = tuple((name, ", ".join(_names(str(shape)))) for name, shape in shapes.items())
        symbols = {symbol for _, shape in self._inputs for symbol in _names(shape)}
        for symbol in symbols:
            if not symbol.isdigit() and not symbol.isidentifier():
                raise DeclarationError(f'a shape is symbols and numbers in a text, such as "n, m", not {symbol!r}')
        for name in (*dict(self._draw).keys() - shapes.keys(), *set(self._several) - symbols):
            raise DeclarationError(f"{name} is no input and no size of the forward pass")
        self._call = ""
        if isinstance(forward, str):
            helpers, steps = _taken_apart(forward)
            self._text = _text(helpers, steps)
            if not steps:
                raise DeclarationError("a forward pass has at least one step")
        else:
            self._text = _source(forward)
            self._call = f"{forward.__name__}({', '.join(shapes)})"
            if [*inspect.signature(forward).parameters] != [*shapes]:
                raise DeclarationError(
                    f"{forward.__name__} takes other arguments than have shapes, or in another order"
                )

    def gradient(self, of: str, *, by: str, given: str, formula: str = "") -> Declaration:
        """Declare a gradient.

        Parameters
        ----------
        of : a step of the forward pass, or a name for what its function returns. Of an array A the gradient is that of
            a cost through A: its gradient by A, dA, can be given
        by : an input, or a step
        given : the arguments of the function that is asked, in order: inputs, steps, and gradients of the same cost
            by any of them, such as dA
        formula : the gradient, if you want it checked, and mistakes found in it: an expression of the arguments, or
            lines that end with a `return`

        Raises
        ------
        DeclarationError
            If a name is none of the forward pass.
        """
        helpers, steps = (self._text, {of: self._call}) if self._call else _taken_apart(self._text)
        known = [*dict(self._inputs), *steps]
        arguments = _names(given)
        for name in (of, by, *(name if name in known else name.removeprefix("d") for name in arguments)):
            if name not in known:
                raise DeclarationError(f"{name} is no input and no step of the forward pass; {suggestion(name, known)}")
        if of not in steps:
            raise DeclarationError(f"the gradient is of a step, and {of} is an input")
        if not arguments or len(set(arguments)) < len(arguments):
            raise DeclarationError("a function takes its arguments once each, and at least one")
        text = textwrap.dedent(formula).strip()
        return Declaration(_text(helpers, steps), self._inputs, self._draw, self._several, of, by, arguments, text)


def _text(helpers: str, steps: Mapping[str, str]) -> str:
    return "\n".join([*filter(None, [helpers]), *(f"{name} = {code}" for name, code in steps.items())])


@cache
def _taken_apart(text: str) -> tuple[str, Mapping[str, str]]:
    """Return the functions of a forward pass, and the expression of each step by its name."""
    text = textwrap.dedent(text).strip()
    try:
        lines = ast.parse(text).body
    except SyntaxError as error:
        raise DeclarationError(f"line {error.lineno} of the forward pass is no Python: {error.msg}") from error
    helpers = [ast.unparse(line) for line in lines if isinstance(line, ast.FunctionDef)]
    steps: dict[str, str] = {}
    for line in lines[len(helpers) :]:
        if not (isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name) and len(line.targets) == 1):
            raise DeclarationError(
                f"a forward pass has functions, then lines like A = np.tanh(Z), and not `{ast.unparse(line)[:80]}`"
            )
        if line.targets[0].id in steps:
            raise DeclarationError(f"two steps of the forward pass are called {line.targets[0].id}")
        code = ast.get_source_segment(text, line.value) or ""
        steps[line.targets[0].id] = ast.unparse(line.value) if "\n" in code else code
    return "\n\n".join(helpers), steps


def _source(function: Callable[..., Any]) -> str:
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError) as error:
        raise DeclarationError("a forward pass is code in a text, or a function written with `def`") from error
    if not text.startswith("def "):
        raise DeclarationError("a forward pass that is a function is written with `def`, without decorators")
    return _taken_apart(text)[0]


def declared_in(namespace: Mapping[str, Any]) -> dict[str, Declaration]:
    """Return the equations that a module declares, by name."""
    return {name: replace(each, name=name) for name, each in namespace.items() if isinstance(each, Declaration)}
