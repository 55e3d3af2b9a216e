"""One page about a class: the distribution of marks, the equations, the mistakes, the submissions that need a person.

Everything is in the one file: no address is asked for anything. It holds students' ids, so only its owner can read it.
Examples of mistakes name nobody and quote nothing that a student wrote.
"""

import base64
import builtins
import hashlib
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup

from autograder.core.book_links import chapter_of
from autograder.core.verdict import Verdict
from autograder.grade.records import OUTCOMES, WITHOUT_MARKS, write_whole
from autograder.report.feedback import address, link_to, page_of
from autograder.report.marks import NOT_GRADED, GradedClass, Student
from autograder.report.similar import UNWRITTEN, Alike, similar, slipped
from course_lib.equations import EQUATIONS

FOLDER = "reports"
MOST_MISTAKES = 20
MOST_ALIKE = 40
MAX_EXAMPLE = 300
PARTS = 10

MEANS = {**OUTCOMES, NOT_GRADED: "Nothing has been graded: nothing was handed in, or it came after the last run."}


@dataclass(frozen=True)
class EquationRow:
    """The statistics of one exercise.

    Attributes
    ----------
    function : what was asked
    link, title : the chapter that derives it, as far as it is known
    right, judged : how many of how many
    share : of the points, in percent
    mistake : the one most made, or ""
    """

    function: str
    link: str
    title: str
    right: int
    judged: int
    share: float
    mistake: str = ""

    @property
    def percent(self) -> float:
        """The percentage of right answers."""
        return 100 * self.right / self.judged if self.judged else 0.0


@dataclass(frozen=True)
class MistakeMade:
    """A mistake that several made in the same function.

    Attributes
    ----------
    mistake : its id
    function : where
    count, judged : how many of how many
    example : what was seen of one of them, naming nobody; or ""
    hint : the question that goes with it
    """

    mistake: str
    function: str
    count: int
    judged: int
    example: str
    hint: str


# --- what is shown ----------------------------------------------------------------------------------------------------


def equations(graded: GradedClass, book: str = "") -> list[EquationRow]:
    """Return the statistics of each exercise, in the assignment's order."""
    found = []
    for exercise in graded.assignment.exercises:
        verdicts = _verdicts_on(exercise.function, graded.students)
        equation = EQUATIONS.get(exercise.equation or "")
        place = chapter_of(equation) if equation else None
        slips = Counter(verdict.mistake or "wrong" for verdict in verdicts if slipped(verdict))
        most = sum(verdict.max_points for verdict in verdicts)
        found.append(
            EquationRow(
                exercise.function,
                f"{book}{place['page']}.html#{place['anchor']}" if place and book else "",
                place["title"] if place else "",
                sum(verdict.passed is True for verdict in verdicts),
                len(verdicts),
                100 * sum(verdict.points for verdict in verdicts) / most if most else 0.0,
                min(slips, key=lambda mistake: (-slips[mistake], mistake)) if slips else "",
            )
        )
    return found


def _verdicts_on(function: str, students: Iterable[Student]) -> list[Verdict]:
    return [v for each in students for v in each.verdicts if v.function == function and v.passed is not None]


def mistakes(graded: GradedClass) -> list[MistakeMade]:
    """Return the mistakes by falling frequency; verdicts that follow from earlier ones are not counted."""
    made: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    judged: Counter[str] = Counter()
    for student in graded.students:
        for verdict in student.verdicts:
            judged[verdict.function] += verdict.passed is not None
            if slipped(verdict):
                made[verdict.mistake or "wrong-values", verdict.function].append(verdict)
    words = _names_of(graded.students)
    order = {exercise.function: place for place, exercise in enumerate(graded.assignment.exercises)}
    found = []
    for (mistake, function), verdicts in made.items():
        told = (anonymous(verdict.seen, words) for verdict in verdicts)
        example = next((text for text in told if text), "")
        found.append(MistakeMade(mistake, function, len(verdicts), judged[function], example, verdicts[0].hint))
    return sorted(found, key=lambda each: (-each.count, order.get(each.function, len(order)), each.mistake))


def unwritten(graded: GradedClass) -> list[tuple[str, int]]:
    """Return each function that some students have not written, with their number."""
    counts = Counter(v.function for each in graded.students for v in each.verdicts if v.mistake in UNWRITTEN)
    return [(e.function, counts[e.function]) for e in graded.assignment.exercises if counts[e.function]]


_RAISED = re.compile(r"raised (\w+):.*", re.DOTALL)
_RETURNED = re.compile(r"It returned (?!None\b|an array of (?:shape|dtype)\b|a (?:tuple|list) of \d)[^;]*;")
_KEYS = re.compile(r"the keys .*", re.DOTALL)
_QUOTED = re.compile(r"`(?!return`)[^`]*`")


def _raised(found: re.Match[str]) -> str:
    kind = getattr(builtins, found[1], None)
    known = isinstance(kind, type) and issubclass(kind, BaseException)
    return f"raised {found[1] if known else 'an exception of its own'}."


def anonymous(seen: str, words: Iterable[str] = ()) -> str:
    """Return a judge's observation without a student's own text: exceptions, lines of code, names.

    Parameters
    ----------
    seen : of a verdict
    words : what names a student; a text in which one of them is left gives nothing

    >>> anonymous("It raised NameError: name 'ada' is not defined in the line `ada`.")
    'It raised NameError.'
    """
    text = _KEYS.sub("other keys.", _RETURNED.sub("It returned something else;", _RAISED.sub(_raised, seen)))
    text = _QUOTED.sub("`…`", " ".join(text.split()))
    if any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) for word in words):
        return ""
    return text if len(text) <= MAX_EXAMPLE else f"{text[: MAX_EXAMPLE - 1]}…"


def _names_of(students: Iterable[Student]) -> set[str]:
    names = {name for each in students for name in (each.id, each.login, each.person.first_name, each.person.last_name)}
    # A roster's id may be a word of the judge's own, such as "it": two letters name nobody.
    return {name for name in names if len(name) > 2}


def bars(graded: GradedClass) -> list[int]:
    """Return how many marks lie in each of ten equal parts of the points, and how many have all of them."""
    points = [each.points for each in graded.students if each.points is not None and graded.max_points]
    shares = [each / graded.max_points for each in points]
    counts = Counter(PARTS if share >= 1 - 1e-9 else max(0, int(PARTS * share + 1e-9)) for share in shares)
    return [counts[part] for part in range(PARTS + 1)]


def facts(graded: GradedClass) -> list[tuple[str, str]]:
    """Return the figures at the top of the page."""
    points = [each.points for each in graded.students if each.points is not None]
    known = [each for each in graded.students if each.outcome != NOT_GRADED]
    found = [
        ("handed in", str(len(known))),
        ("with a mark", str(len(points))),
        ("need a person", str(sum(_needs_a_person(each) for each in graded.students))),
    ]
    if points:
        found += [
            ("mean", f"{statistics.mean(points):.1f} of {graded.max_points:g}"),
            ("median", f"{statistics.median(points):.1f}"),
            ("all points", str(sum(point >= graded.max_points - 1e-9 for point in points))),
        ]
    return found


def _needs_a_person(student: Student) -> bool:
    return student.waits or (student.record is not None and student.record.needs_a_person)


def troubles(graded: GradedClass) -> list[tuple[str, int]]:
    """Return the anomalies of files, with their counts."""
    texts, counts = dict[str, str](), Counter[str]()
    for each in graded.students:
        found = {trouble.get("id", ""): trouble.get("text", "") for trouble in each.troubles}
        texts |= found
        counts.update(found.keys())
    # The place in brackets is of one student only.
    return [(re.sub(r" \([^()]*\)$", "", texts[id]) or id, count) for id, count in counts.most_common()]


@dataclass(frozen=True)
class Row:
    """One student in the table."""

    student: Student
    wrong: dict[str, list[str]]
    troubles: list[str]
    link: str


def rows(graded: GradedClass, start: Path) -> list[Row]:
    """Return the table of students; links lead from a directory to the pages that are there."""
    folder, name = graded.course.folder("feedback"), graded.assignment.name
    found = []
    for each in graded.students:
        said = [trouble.get("text", "") for trouble in each.troubles]
        if each.record and each.record.advice:
            said.append(each.record.advice)
        wrong: dict[str, list[str]] = {}
        for verdict in each.verdicts:
            if not verdict.passed:
                wrong.setdefault(verdict.mistake or "wrong", []).append(verdict.function)
        if each.waiting:
            said.append(f"{each.waiting:g} points wait for a person.")
        elif each.waits:
            said.append("It was graded again: a person has to look again at the marks that a person gave.")
        if each.penalty:
            said.append(f"Late: {each.penalty:g} points less.")
        link = link_to(folder, start, each.id, name) if page_of(folder, each.id, name).is_file() else ""
        found.append(Row(each, wrong, said, link))
    return found


# --- the page ---------------------------------------------------------------------------------------------------------


def dashboard(graded: GradedClass, groups: Sequence[Alike], start: Path, book: str = "") -> str:
    """Return the page.

    Parameters
    ----------
    graded : the class
    groups : students with similar answers
    start : the directory in which the page will be
    book : where the book is; nothing leaves out the links

    Raises
    ------
    NoAddress
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("autograder.report", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    script = files("autograder.report").joinpath("templates", "sort.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    made, students = mistakes(graded), rows(graded, start)
    outcomes = Counter(each.outcome for each in graded.students)
    return environment.get_template("dashboard.html.j2").render(
        assignment=graded.assignment,
        max_points=graded.max_points,
        made_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        facts=facts(graded),
        bars=bars(graded),
        equations=equations(graded, address(book)),
        mistakes=made[:MOST_MISTAKES],
        more_mistakes=len(made) - MOST_MISTAKES,
        unwritten=unwritten(graded),
        outcomes=[(id, outcomes[id], text) for id, text in MEANS.items() if outcomes[id]],
        without_marks=WITHOUT_MARKS,
        people=[row for row in students if _needs_a_person(row.student)],
        troubles=troubles(graded),
        alike=groups[:MOST_ALIKE],
        more_alike=len(groups) - MOST_ALIKE,
        rows=students,
        means=MEANS,
        script=Markup(script),
        digest=digest,
    )


def report(graded: GradedClass, path: Path | None = None, book: str = "", jobs: int = 0) -> Path:
    """Write the page, and return its path.

    Parameters
    ----------
    graded : the class
    path : the file; None is `reports/<assignment>.html` in the course directory
    book : where the book is
    jobs : how many workers look for similar answers; 0 takes one for each core

    Raises
    ------
    NoAddress
    CannotWrite
    """
    path = path or graded.course.root / FOLDER / f"{graded.assignment.name}.html"
    page = dashboard(graded, similar(graded, jobs), path.resolve().parent, book)
    write_whole(path, page.encode("utf-8", "replace"))
    return path
