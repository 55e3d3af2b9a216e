"""Pages that are made from the judge: the mistakes that everyone makes, how each equation was checked, the assignments.

{mistakes}            every mistake of the library: symptom, cause, question, where, and what a gradient check sees
{checked-equations}   every labelled equation, the method that checks it, and the largest relative error found
{assignment-table}    every assignment with its functions and points
"""

import functools
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import autograder
import course_lib
from autograder.assignments import ASSIGNMENTS, Assignment, Exercise
from autograder.core.hints import CAUSES, HINTS
from autograder.core.judge import judge
from autograder.core.mistakes import by_id, printed
from autograder.core.numeric import derivative
from autograder.core.oracles import right_answers
from autograder.core.question import Formula, Mistake, Question
from autograder.core.questions import all_questions, question
from autograder.core.render import heading, paragraphs
from autograder.core.verdict import Verdict
from autograder.guest.evaluate import evaluate
from course_lib.equations import EQUATIONS
from course_lib.gradient_checking import relative_error
from course_lib.network_checking import numerical_gradients

SEEDS = range(20)
Asked = tuple[Assignment, Exercise, Question]


def asked() -> list[Asked]:
    """Return every exercise with its assignment and its question, in the order of the course."""
    return [(each, exercise, question(exercise.asked)) for each in ASSIGNMENTS.values() for exercise in each.exercises]


def said(exercise: Exercise, about: Question, mistake: Mistake) -> Verdict:
    """Return what the check says of a mistake."""
    return judge(exercise, evaluate(mistake.function, about.calls(0)), 0)


@functools.cache
def made() -> dict[str, list[tuple[Exercise, Question, Mistake]]]:
    """Return, for every id of a mistake, who can make it and how, in the order of the course."""
    found: dict[str, list[tuple[Exercise, Question, Mistake]]] = {}
    for _, exercise, about in asked():
        for id, mistake in by_id(about).items():
            if said(exercise, about, mistake).mistake == id:
                found.setdefault(id, []).append((exercise, about, mistake))
    return found


def in_print() -> dict[str, list[str]]:
    """Return, for every id of a mistake, the errata that are it."""
    found: dict[str, list[str]] = {}
    for _, exercise, about in asked():
        for mistake in printed(about) if isinstance(about, Formula) else ():
            found.setdefault(said(exercise, about, mistake).mistake or "", []).append(mistake.erratum)
    return found


def _one_array(about: Question, mistake: Mistake) -> tuple[Any, Any, str] | None:
    """Return a mistake's matrix, the right one and the sizes, on the first case where the shapes agree."""
    equation = EQUATIONS.get(about.reads)
    if not isinstance(about, Formula) or equation is None or equation.variable is None:
        return None
    for case, (right, _) in zip(about.draw(0), right_answers(about, 0), strict=True):
        if list(right) != [""] or not case.decides:
            return None
        try:
            with np.errstate(all="ignore"):
                wrong = np.asarray(mistake.function(*about.given(case).values()))
        except (ValueError, IndexError):
            continue
        if wrong.ndim == 2 and wrong.shape == right[""].shape and wrong.size > 1:
            return wrong, right[""], ", ".join(f"{name} = {size}" for name, size in case.sizes.items())
    return None


def picture(id: str, makers: Sequence[tuple[Exercise, Question, Mistake]]) -> Iterator[str]:
    """Yield what a gradient check sees of a mistake: the error of each entry, or why there is none to draw."""
    from course_lib.plotting import error_map, inline, new_grid  # matplotlib is slow to load, and seldom needed

    for exercise, about, mistake in makers:
        found = _one_array(about, mistake)
        if found is None:
            continue
        wrong, right, sizes = found
        rows, columns = right.shape
        (axes,) = new_grid(1, 1, min(4.6, 1.9 + 0.55 * columns), min(3.6, 0.9 + 0.42 * rows))
        error_map(wrong, right, axes)
        error = f"relative error {relative_error(wrong, right):.2g}"
        alt = f"Error of each entry of {exercise.function} with {id}, a matrix of {rows} by {columns}: {error}."
        yield f"The gradient check on `{exercise.function}` with {sizes}: {error}."
        yield ""
        yield "```{raw} html"
        yield from inline(axes, alt)._repr_html_().splitlines()
        yield "```"
        yield ""
        return
    if any(EQUATIONS.get(a.reads) and EQUATIONS[a.reads].variable and isinstance(a, Formula) for _, a, _ in makers):
        yield "A gradient check has nothing to compare here: no array of the right shape comes back."
        yield ""


def symptom(exercise: Exercise, about: Question, mistake: Mistake) -> str:
    """Return what the check says of a mistake: its heading, and what it saw."""
    verdict = said(exercise, about, mistake)
    return f"{heading(verdict)} {paragraphs(verdict)[0]}"


def mistakes_page() -> Iterator[str]:
    """Yield the lines of the page, one section for each id."""
    errata_of, makers_of = in_print(), made()
    for id in sorted(CAUSES):
        makers = makers_of.get(id, [])
        functions = dict.fromkeys(f"`{exercise.function}`" for exercise, _, _ in makers)
        errata = dict.fromkeys(errata_of.get(id, ()))
        yield from (f"(mistake-{id})=", f"## {id.replace('-', ' ').capitalize()}", "")
        yield from (CAUSES[id], "")
        if makers:
            yield from ("Symptom", f": {_plain(symptom(*makers[0]))}", "")
        yield from ("Question", f": {_plain(HINTS[id])}", "")
        if makers:
            yield from ("Seen in", f": {', '.join(functions)}", "")
        yield from ("Called", f": `{id}`", "")
        if errata:
            links = ", ".join(f"[{erratum}](#erratum-{erratum.lower()})" for erratum in errata)
            yield from ("In print", f": {links}", "")
        yield from picture(id, makers)


def _plain(text: str) -> str:
    """Escape what MyST would read as markup."""
    return re.sub(r"([\\`*_{}\[\]<>$|#])", r"\\\1", text)


def method(about: Formula) -> str:
    """Say how the second oracle comes to its numbers, by watching it."""
    measures = {function.__code__ for function in (derivative, numerical_gradients)}
    seen = set()

    def watch(frame: FrameType, event: str, argument: object) -> None:
        seen.add(frame.f_code)

    case = about.draw(0)[0]
    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        about.second(case.values)
    finally:
        sys.setprofile(before)
    if measures & seen:
        return "measured, by the complex step"
    return "entry by entry, with plain Python numbers"


def largest_error(about: Formula) -> float:
    """Return the largest relative error between the two oracles, over seeds, cases and parts."""
    errors = [
        relative_error(first[name], second[name])
        for seed in SEEDS
        for case, (first, second) in zip(about.draw(seed), right_answers(about, seed), strict=True)
        if case.kind != "kink"
        for name in first
    ]
    return max(errors)


def checked_page() -> Iterator[str]:
    """Yield a table of every labelled equation: what checks it, on how many inputs, and the largest relative error."""
    yield from ("| equation | label | checked by | inputs | largest relative error |", "|---|---|---|---|---|")
    for equation in EQUATIONS.values():
        about = all_questions()[equation.id]
        where = f"{{eq}}`{equation.label}`"
        if isinstance(about, Formula):
            inputs = sum(case.kind != "kink" for seed in SEEDS for case in about.draw(seed))
            yield f"| `{equation.id}` | {where} | {method(about)} | {inputs} | {largest_error(about):.1e} |"
        else:
            yield f"| `{equation.id}` | {where} | what holds of its results | {len(about.calls(0))} | |"
    yield ""


def assignment_table() -> Iterator[str]:
    """Yield a table of the assignments: functions with their points, and the totals."""
    yield from (
        "| assignment | functions and their points | by the checks | by a person | total |",
        "|---|---|---|---|---|",
    )
    for each in ASSIGNMENTS.values():
        rows = [f"`{exercise.function}` {exercise.points:g}" for exercise in each.exercises]
        rows += [f"*{written.title}* {written.points:g}" for written in each.written]
        totals = (each.max_points, each.total_points - each.max_points, each.total_points)
        cells = [f"**{each.title}** `{each.name}`", ", ".join(rows), *(f"{points:g}" for points in totals)]
        yield f"| {' | '.join(cells)} |"
    yield ""


class FromLines(SphinxDirective):
    """Parses the lines of a page's generator as MyST, titles included."""

    lines: Any

    def run(self) -> list[nodes.Node]:
        """Write the lines and parse them."""
        for package in (autograder, course_lib):
            for module in Path(str(package.__file__)).parent.rglob("*.[pt]*"):  # Python, and the tables
                if module.suffix in (".py", ".toml", ".txt"):
                    self.env.note_dependency(str(module))
        self.env.note_dependency(__file__)
        container = nodes.section()
        lines = StringList(list(type(self).lines()), source=self.name)
        self.state.nested_parse(lines, self.content_offset, container, True)
        return container.children


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives with Sphinx."""
    for name, lines in (
        ("mistakes", mistakes_page),
        ("checked-equations", checked_page),
        ("assignment-table", assignment_table),
    ):
        app.add_directive(name, type(name, (FromLines,), {"lines": staticmethod(lines)}))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
