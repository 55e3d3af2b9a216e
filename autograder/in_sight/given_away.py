"""What gives an exercise's answer away: displayed equations, code and formulas that stand in a reader's sight.

An equation or an expression is judged by its numbers on the cases of the exercise's question, a formula by its text.
"""

import ast
import re
import warnings
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import permutations
from typing import Any

import numpy as np

from autograder.assignments import Exercise
from autograder.core.compare import same
from autograder.core.declared import question_of
from autograder.core.definition import NAMESPACE
from autograder.core.layout import Absent
from autograder.core.oracles import right_answers
from autograder.core.question import Case, Formula
from autograder.in_sight.expressions import Expression, expressions
from course_lib.equations import EQUATIONS

UNKNOWN = 3
"""How many names that are none of the exercise's are tried as its arguments."""

Run = Callable[[Mapping[str, Any]], Any]


def given_away(
    exercise: Exercise, equations: Iterable[str], code: Iterable[str], mathematics: Iterable[str] = ()
) -> list[str]:
    """Complain of everything in sight that gives an exercise's answer away.

    Parameters
    ----------
    exercise : what is asked
    equations : ids of the displayed equations of the registry
    code : texts of Python, in cells or in a line: each expression in them, their comments and strings counts; calls of
        functions that are neither numpy's nor the course's activations and losses are black boxes
    mathematics : LaTeX, without its dollars

    Returns
    -------
    one sentence for each text that does, with what it is that does
    """
    asked, function = _asked(exercise), exercise.function
    found = [f"The equation {id} gives what {function} asks for." for id in equations if asked.is_given_by(id)]
    found += [f"`{culprit}` computes what {function} asks for." for culprit in map(asked.given_in, code) if culprit]
    if asked.equation:
        texts = holding(asked.equation.latex, mathematics)
        found += [f"${text.strip()}$ holds the formula that {function} asks for." for text in texts]
    return list(dict.fromkeys(found))


class _Asked:
    """What an exercise asks for, in numbers: what is known in each case, and the right parts."""

    def __init__(self, exercise: Exercise) -> None:
        """Take the cases on which wrong answers differ; a property, and a loop, have no numbers to compare."""
        question = question_of(exercise)
        self.id, self.question = exercise.equation, question
        self.equation = equation = EQUATIONS.get(exercise.equation or "")
        self.names = {exercise.function, exercise.function.removeprefix("compute_")}
        self.names |= {equation.name, f"d{equation.variable}"} if equation else set()
        self.cases: list[tuple[Case, Mapping[str, Any], Mapping[str, Any]]] = []
        if isinstance(question, Formula):
            for case, (right, _) in zip(question.draw(0), right_answers(question, 0), strict=True):
                if case.names:
                    self.cases.append((case, _known(question, case, right), right))
        self.in_steps = not self.cases or any(
            isinstance(node, ast.For) for text in question.code[:1] for node in ast.walk(ast.parse(text))
        )
        self.arguments = [name for name in question.parameters if self.cases and name in self.cases[0][1]]
        self.is_trivial = bool(self.cases) and any(
            self._parts(lambda known, name=name: known[name], {}) == {""}  # type: ignore[misc]
            for name in self.arguments
        )

    def _parts(self, run: Run, renamed: Mapping[str, str]) -> set[str]:
        """Return the names of the parts that are computed right in every case, {""} for all of them."""
        found: set[str] | None = None
        for case, known, right in self.cases:
            try:
                value = run({**known, **{name: known[argument] for name, argument in renamed.items()}})
                parts = self._of_case(case, right, value)
            except Exception:  # noqa: BLE001  (whatever such arguments raise)
                return set()
            found = parts if found is None else found & parts
            if not found:
                return set()
        return found or set()

    def _of_case(self, case: Case, right: Mapping[str, Any], value: Any) -> set[str]:
        assert isinstance(self.question, Formula)
        whole = self.question.parts(case, value)
        if not any(isinstance(part, Absent) for part in whole.values()) and all(
            _same_numbers(whole[name], right[name]) for name in right
        ):
            return {""} if len(right) == 1 else {"", *right}
        return {name for name in right if len(right) > 1 and _same_numbers(value, right[name])}

    def _tried(self, run: Run, free: Sequence[str], known: Container[str]) -> set[str]:
        """Return the parts that are computed right, with unknown names taken for arguments in all ways."""
        unknown = [name for name in free if name not in known]
        others = [name for name in self.arguments if name not in free]
        for chosen in permutations(others, len(unknown)) if len(unknown) <= UNKNOWN else ():
            if found := self._parts(run, dict(zip(unknown, chosen, strict=True))):
                return found
        return set()

    def is_given_by(self, id: str) -> bool:
        """Return whether a displayed equation is the one that is asked, or gives its numbers."""
        if id == self.id:
            return True
        if id not in EQUATIONS or not self.cases:
            return False
        equation = EQUATIONS[id]
        names = list(equation.arguments)
        words = [name for name, value in self.cases[0][1].items() if isinstance(value, str)]

        def run(known: Mapping[str, Any]) -> Any:
            return equation.function(*(known[name] for name in names))

        with _quietly():
            return "" in self._tried(run, names, {*self.arguments, *words})

    def given_in(self, text: str) -> str:
        """Return the expression of a text that is the answer, or "", or all lines that are its parts."""
        found: dict[str, str] = {}
        if self.in_steps:
            return ""
        with _quietly():
            for each in expressions(text):
                if not self._counts(each):
                    continue
                for name in self._tried(each.value, each.free, self.cases[0][1]):
                    found.setdefault(name, each.shown)
                if "" in found:
                    return found[""]
        parts = self.cases[0][2]
        return "; ".join(dict.fromkeys(found.values())) if found.keys() >= set(parts) else ""

    def _counts(self, each: Expression) -> bool:
        """Return whether an expression would be an answer: `a - b` of any two things would not, unless it is named."""
        if each.target in self.names:
            return True
        foreign = not any(name in self.arguments for name in each.free)
        return each.computes and not self.is_trivial and not (foreign and each.is_single)


@cache
def _asked(exercise: Exercise) -> _Asked:
    with _quietly():
        return _Asked(exercise)


def _known(question: Formula, case: Case, right: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the names in an expression stand for, but for those that stand for the answer."""
    given = question.given(case)
    held: dict[str, Any] = {}
    for value in (*case.values.values(), *given.values()):
        held |= value if isinstance(value, Mapping) else {}
    named = {**case.sizes, **case.values, **held}
    named = {name: value for name, value in named.items() if not any(_same_numbers(value, r) for r in right.values())}
    matrices = [value for value in given.values() if getattr(value, "ndim", 0) == 2]
    size = {"m": matrices[0].shape[1]} if matrices else {}
    defaults = {name: ast.literal_eval(text[1:]) for name, text in question.parameters.items() if text}
    return {name: _locked(value) for name, value in {**NAMESPACE, **size, **named, **defaults, **given}.items()}


def _locked(value: Any) -> Any:
    """Return an array that an expression cannot change."""
    if not isinstance(value, np.ndarray):
        return value
    copy: np.ndarray[Any, Any] = value.copy()
    copy.setflags(write=False)
    return copy


def _same_numbers(value: Any, right: Any) -> bool:
    """Return whether two arrays have the same numbers in the same order, be their axes as they may."""
    try:
        found = np.asarray(value)
    except ValueError:  # of a list that is no array
        return False
    expected = np.asarray(right)
    if found.dtype.kind not in "biuf" or expected.dtype.kind not in "biuf" or found.size != expected.size:
        return False
    return same(np.ravel(found), np.ravel(expected))


class _quietly(warnings.catch_warnings):  # noqa: N801
    """Let no expression print a warning."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore")


def holding(latex: str, mathematics: Iterable[str]) -> list[str]:
    """Return the texts that together hold the right-hand side of every line of an equation, or none."""
    sides = [side for side in map(_right_hand_side, _lines(latex)) if side]
    telling = [side for side in sides if not _SYMBOL.fullmatch(side[1])]
    texts = list(mathematics)
    found: list[str] = []
    for equation, side in telling or sides:
        line = re.escape(side if telling else equation)
        holds = [text for text in texts if re.search(rf"(?<![\w\\^]){line}(?![\w^'])", normalised(text))]
        if not holds:
            return []
        found.append(holds[0])
    return list(dict.fromkeys(found))


def _lines(latex: str) -> Sequence[str]:
    """Return the equations of a display, without the conditions behind them."""
    parts = re.split(r"\\q?quad", latex)
    if "cases" not in latex:
        parts = [line for part in parts for line in re.split(r"\\\\", part)]
    return [part for part in parts if part.strip() and not part.strip().startswith(r"\text")]


_RELATION = re.compile(r":=|=|\\approx|\\sim")
_SYMBOL = re.compile(r"\\?\w+(\^\w+)?")


def _right_hand_side(line: str) -> tuple[str, str] | None:
    """Return an equation and its right-hand side, normalised; None for what is no equation."""
    start, depth = 0, 0
    for match in re.finditer(rf"[{{}}]|{_RELATION.pattern}", line):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if match[0] not in "{}" and depth == 0:
            start = match.end()
    return (normalised(line).strip(";"), normalised(line[start:]).strip(";")) if start else None


@lru_cache(maxsize=4096)
def normalised(latex: str) -> str:
    r"""Return LaTeX without what can be written in several ways: space, kinds of brackets, of fractions, of primes.

    >>> normalised(r"\tfrac{1}{m}\, dZ^{[2]} \left(A^{[1]}\right)^T")
    '\\frac1mdZ^2A^1^T'
    """
    text = re.sub(r"\\(begin|end)\{(aligned|array|align\*?)\}(\{[lcr]+\})?", "", latex)
    text = re.sub(r"\\(left|right|[bB]igg?[lr]?|displaystyle|cdot|times)(?![a-zA-Z])", "", text)
    text = re.sub(r"\\\\|\\q?quad(?![a-zA-Z])", ";", text)
    text = re.sub(_RELATION, "=", text)
    text = re.sub(r"\\[,;:! ]|[&\s]", "", text)
    text = re.sub(r"\\[td]frac", r"\\frac", text)
    text = re.sub(r"\^\{?\\(prime|top)\}?", lambda match: "'" if match[1] == "prime" else "^T", text)
    text = re.sub(r"\\(operatorname|mathrm)\{(\w+)\}", r"\\\2", text)
    text = re.sub(r"\^\{?\[([^\]]*)\]\}?", r"^\1", text)
    text = re.sub(r"(\^\w+)\\prime", r"\1'", text)
    text = text.replace("{", "").replace("}", "")
    return re.sub(r"\(([A-Za-z]+(?:\^[\w+-]+)?)\)(?=\^)", r"\1", text)


_FENCE = re.compile(r"^(`{3,}|~{3,})([^\n]*)\n(.*?)^\1[`~]*\s*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_DOLLARS = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$([^$]+?)\$", re.DOTALL)


def of_markdown(text: str) -> tuple[list[str], list[str]]:
    """Return the code and the mathematics of a markdown text, both for `given_away`."""
    fences = _FENCE.findall(text)
    text = _FENCE.sub("", text)
    code = [body for _, info, body in fences if "math" not in info] + [span for _, span in _SPAN.findall(text)]
    mathematics = [body for _, info, body in fences if "math" in info]
    return code, mathematics + list(_texts(_DOLLARS.findall(_SPAN.sub("", text))))


def _texts(found: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (one or other for one, other in found)
