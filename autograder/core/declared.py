"""Questions on a lecturer's own equations: cases, oracles and mistakes, from a declared forward pass.

The gradient of the cost by any array is found by the complex step, or, where a forward pass takes no complex numbers
(it compares, takes absolute values, converts), by central differences. Which of the two, trying both tells.
"""

import warnings
import zlib
from collections.abc import Callable, Container, Iterator, Mapping
from functools import cache, partial
from itertools import chain, combinations
from typing import Any

import numpy as np

from autograder.assignments import Assignment, Exercise
from autograder.core.compare import same, wrong_entries
from autograder.core.definition import definition, function_of
from autograder.core.mistakes import CHANGES
from autograder.core.mutations import Source, mutants
from autograder.core.numeric import Network, central, derivative
from autograder.core.question import Case, Formula, Mistake, Question, Values, ask, drawn
from autograder.core.questions import all_questions, question
from autograder.equations import Declaration, DeclarationError
from course_lib.arrays import Array

TRIES = 50
NEAR = 1e-6
"""How far a gradient may be from one that is taken in another way, relative to its largest entry."""


@cache
def declared(declaration: Declaration) -> Formula:
    """Return the question on a declared equation.

    Raises
    ------
    DeclarationError
        If its forward pass cannot be computed; drawing the cases raises it too.
    """
    forward = _forward(declaration)
    single = "m" if "m" in declaration.sizes else "".join(declaration.sizes[-1:])
    fixed = {single: 2 if single in declaration.several else 1} if single else {}
    try:
        return ask(
            declaration.name,
            forward.gradient(declaration.by),
            drawn(zlib.crc32(declaration.name.encode()), forward.made, " ".join(declaration.sizes), {}, {}, fixed),
            *filter(None, [declaration.formula]),
            arguments=declaration.given,
            others=forward.mistakes,
        )
    except SyntaxError as error:
        raise DeclarationError(f"{declaration.name}: its formula is no Python: {error.msg}") from error


def question_of(exercise: Exercise, *, briefly: bool = False) -> Question:
    """Return the question that an exercise asks, or the brief one for a call with other functions put right."""
    asked = declared(exercise.declared) if exercise.declared else question(exercise.asked)
    return (asked.brief if briefly else None) or asked


def unknown_questions(assignment: Assignment) -> list[str]:
    """Return the ids of questions that an assignment asks and the judge does not know."""
    return [e.asked for e in assignment.exercises if not e.declared and e.asked not in all_questions()]


def _at(sizes: Mapping[str, int]) -> str:
    return f"with {', '.join(f'{size} = {n}' for size, n in sizes.items())}," if sizes else ""


def _near(one: Array, two: Array) -> bool:
    scale = max(float(np.max(np.abs(a), initial=0.0)) for a in (one, two))
    return bool(np.all(np.abs(one - two) <= NEAR * scale + 1e-9))


class _Forward:
    """A declared forward pass, and a cost through it: the sum of its output, weighted by an array."""

    def __init__(self, asked: Declaration) -> None:
        self._asked = asked
        self._cost = f"np.sum(d{asked.of} * {asked.of})"
        steps = {**asked.steps, f"the cost through {asked.of}": self._cost}
        self._network = Network("", asked.helpers, **steps)
        self.by: Callable[..., Array] = derivative
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            if not all(self._takes_complex_numbers(shift) for shift in range(3)):
                self.by = central

    def gradient(self, variable: str, held: Container[str] = ()) -> Callable[[Values], Array]:
        """Return the oracle of the cost's gradient by an array, with some steps held as they are."""
        return self._network.gradient(variable, held=held, by=self.by)

    def made(self, rng: np.random.Generator, **sizes: int) -> Values:
        """Draw the inputs, where the cost has a gradient, and return them with all that is computed from them."""
        for _ in range(TRIES):
            values = self._drawn(rng, sizes)
            if self.by is derivative or self._is_smooth(values):
                return values
        raise DeclarationError(f"{self._asked.name}: {_at(sizes)} the forward pass has no gradient: it jumps or bends")

    def _drawn(self, rng: np.random.Generator, sizes: Mapping[str, int]) -> dict[str, Any]:
        asked, values, step = self._asked, dict[str, Any](), ""
        try:
            with np.errstate(all="ignore"):
                for step, symbols in asked.inputs:
                    shape = tuple(int(n) if n.isdigit() else sizes[n] for n in symbols.split(", ") if n)
                    code = dict(asked.draw).get(step, "rng.standard_normal(shape)")
                    values[step] = np.asarray(eval(code, {"np": np, "rng": rng, "shape": shape}), float)
                    if values[step].shape != shape:
                        raise ValueError(f"what is drawn has the shape {values[step].shape}, and not {shape}")
                step, upstream = "the forward pass", f"d{asked.of}"
                out = self._network.run({**values, upstream: 0.0})[asked.of]
                values[upstream] = rng.standard_normal(np.shape(out)) if np.ndim(out) else np.float64(1)
                values = self._network.run(values)
        except Exception as error:  # whatever a lecturer's code raises
            raise DeclarationError(
                f"{asked.name}: {_at(sizes)} {step} cannot be computed: {type(error).__name__}: {error}"
            ) from error
        for name, value in values.items():
            values[name] = np.asarray(value)
            if values[name].dtype.kind not in "fiub" or not np.all(np.isfinite(values[name])):
                raise DeclarationError(f"{asked.name}: {_at(sizes)} {name} is not made of finite numbers")
        return self._with_gradients(values)

    def _with_gradients(self, values: Values) -> dict[str, Any]:
        return {**values, **{d: self.gradient(d[1:])(values) for d in self._asked.given if d not in values}}

    def at(self, inputs: Values) -> tuple[Array, Array]:
        """Return the arguments, one after the other, and the gradient, both flat."""
        now = self._with_gradients(self._network.run(inputs))
        return np.concatenate([np.ravel(now[name]) for name in self._asked.given]), np.ravel(
            self.gradient(self._asked.by)(now)
        )

    def _takes_complex_numbers(self, shift: int) -> bool:
        """Return whether the complex step and central differences agree."""
        by = self._asked.by
        sizes = {size: 2 + shift + k for k, size in enumerate(self._asked.sizes)}
        values = self._drawn(np.random.default_rng(shift), sizes)
        f = partial(self._network.forward, values, by)
        try:
            return _near(derivative(f, values[by]), central(f, values[by]))
        except (TypeError, ValueError):
            return False

    def _is_smooth(self, values: Values) -> bool:
        """Return whether central differences of two steps agree."""
        for name in (self._asked.by, *(d[1:] for d in self._asked.given if d[1:] in values)):
            f = partial(self._network.forward, values, name)
            if not _near(central(f, values[name]), central(f, values[name], 2e-6)):
                return False
        return True

    def mistakes(self) -> Iterator[Mistake]:
        """Yield gradients in which a path is left out; without a formula, also changed ones, and of other passes."""
        asked = self._asked
        inner = [name for name in asked.steps if name not in (asked.by, asked.of)]
        for held in chain.from_iterable(combinations(inner, n) for n in (1, 2, 3)):
            where = f"the path through {' and '.join(held)}"
            yield Mistake("term-missing", self.gradient(asked.by, held), where, of_values=True)
        if not asked.formula:
            yield from self._changed()
            yield from self._through_another()

    def _changed(self) -> Iterator[Mistake]:
        """Yield changes of the whole gradient."""
        right = self.gradient(self._asked.by)
        columns = [(n, s.split(", ").index("m")) for n, s in self._asked.inputs if "m" in s.split(", ")]
        *steps, _ = self._network.moved_by(self._asked.by)
        through = (self._asked.steps[name] for name in steps)
        averages = "mean" if any("mean" in code or "/" in code for code in through) else "no mean"
        for id, change in (*(CHANGES[averages] if columns else ()), *CHANGES[""]):

            def wrong(values: Values, change: Callable[[Array, int], Any] = change) -> Any:
                return change(right(values), values[columns[0][0]].shape[columns[0][1]] if columns else 1)

            yield Mistake(id, wrong, of_values=True)

    def _through_another(self) -> Iterator[Mistake]:
        """Yield the gradients through forward passes that the rules change."""
        asked = self._asked
        names = dict.fromkeys((*dict(asked.inputs), f"d{asked.of}", asked.by), "")
        lines = [f"{name} = {code}" for name, code in asked.steps.items() if name != asked.by]
        source = Source(definition(names, "\n".join([*lines, f"return {self._cost}"])), {})
        for mutant in mutants([source]):
            if mutant.where:
                f = function_of(mutant.code, self._network.names)

                def wrong(values: Values, f: Callable[..., Any] = f) -> Array:
                    given = {name: values[name] for name in names}
                    return self.by(lambda theta: f(**{**given, asked.by: theta}), values[asked.by])

                yield Mistake(mutant.id, wrong, mutant.where, of_values=True)


@cache
def _forward(declaration: Declaration) -> _Forward:
    return _Forward(declaration)


def verified(declaration: Declaration) -> str:
    """Return how an equation is judged, in a line; raise an error if its declaration is wrong, before students see it.

    Raises
    ------
    DeclarationError
        If the forward pass cannot be computed, or is not finite; if what it gives does not depend on the array, or the
        gradient not on what is given alone; or if the formula is not the gradient.
    """
    asked, name = declared(declaration), declaration.name
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for seed in range(3):
            for case in asked.draw(seed):
                _verify_formula(asked, case)
        case, *_ = asked.draw(0)
        if not np.any(asked.second(case.values)):
            raise DeclarationError(f"{name}: {declaration.of} does not depend on {declaration.by}")
        if not _is_determined(declaration, case.values):
            raise DeclarationError(
                f"{name}: {', '.join(declaration.given)} do not tell what the gradient by {declaration.by} is; "
                "give the function more of the forward pass"
            )
    way = "central differences" if _forward(declaration).by is central else "the complex step"
    formula = " and by its formula, which agree" if declaration.formula else ""
    given = ", ".join(declaration.given)
    return f"{name}({given}): {shapes(declaration)[declaration.by]}, judged by {way}{formula}"


def _verify_formula(asked: Formula, case: Case) -> None:
    right = asked.second(case.values)
    if not asked.reference:
        return
    try:
        found = np.asarray(asked.reference(*asked.given(case).values()))
    except Exception as error:  # whatever a lecturer's code raises
        raise DeclarationError(
            f"{asked.id}: {_at(case.sizes)} its formula cannot be computed: {type(error).__name__}: {error}"
        ) from error
    if found.shape != right.shape:
        raise DeclarationError(
            f"{asked.id}: {_at(case.sizes)} its formula has the shape {found.shape}, and the gradient {right.shape}"
        )
    if found.dtype.kind not in "fiub" or not same(found, right):
        entry = tuple(map(int, np.argwhere(np.atleast_1d(wrong_entries(found, right)))[0]))
        raise DeclarationError(
            f"{asked.id}: {_at(case.sizes)} its formula is not the gradient: entry {entry} is "
            f"{np.atleast_1d(found)[entry]:.6g}, and should be {np.atleast_1d(right)[entry]:.6g}"
        )


def _is_determined(declaration: Declaration, values: Values) -> bool:
    """Return whether no move of the inputs that leaves the arguments as they are moves the gradient, to first order."""
    forward = _forward(declaration)
    upstream = f"d{declaration.of}"
    inputs = {name: values[name] for name in (*dict(declaration.inputs), upstream)}
    moves: list[tuple[Array, Array]] = []
    for name, value in inputs.items():
        for k in np.ndindex(value.shape) if value.ndim or name != upstream else ():
            step = np.zeros(value.shape)
            step[k] = 1e-4
            above, below = (forward.at({**inputs, name: inputs[name] + sign * step}) for sign in (1, -1))
            moves.append((above[0] - below[0], above[1] - below[1]))
    given, answers = (np.array(rows).T / 2e-4 for rows in zip(*moves, strict=True))
    _, sizes, directions = np.linalg.svd(given)
    unseen = directions[int(np.sum(sizes > 1e-6 * sizes[0])) :]
    return bool(np.all(np.abs(answers @ unseen.T) <= 1e-4 * np.max(np.abs(answers))))


def shapes(declaration: Declaration) -> dict[str, str]:
    """Return the shape of every array of a forward pass in symbols, and of gradients by them, as "(n, m)"."""
    asked = declared(declaration)
    cases = [case for seed in range(3) for case in asked.draw(seed)]
    symbols = {tuple(case.sizes[size] for case in cases): size for size in declaration.sizes}
    found: dict[str, str] = {}
    for name in cases[0].values:
        axes = zip(*(np.shape(case.values[name]) for case in cases), strict=True)
        named = [symbols.get(sizes, str(sizes[0]) if len(set(sizes)) == 1 else "?") for sizes in axes]
        found[name] = f"({', '.join(named)})" if named else "a number"
    return found
