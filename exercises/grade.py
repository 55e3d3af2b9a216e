"""Grade a class and write the feedback pages: `autograder grade` and `autograder feedback`, with what they need made.

    python -m exercises.grade [ASSIGNMENT] [--course DIRECTORY] [--without-sandbox]

Works on an nbgrader course directory, this folder if none is given. Marks go to nbgrader's gradebook, notebooks to
`autograded/`, pages to `feedback/`. The exit code is 0 when everybody was graded, 1 when a person has to look at
somebody's work, and 2 when nothing was done.
"""

import argparse
import sys
from pathlib import Path

from autograder.errors import say_why_not_loaded, saying_why

if __name__ == "__main__":
    say_why_not_loaded("grade")

from rich.console import Console

from autograder.course_file import assignments_of
from autograder.grade import session
from autograder.grade.run import Options
from autograder.report.feedback import feedback
from autograder.report.marks import graded

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that `python exercises/grade.py` works as well

from exercises.generate import EXERCISES, generate


def write_feedback(course: Path, name: str) -> list[str]:
    """Write the feedback pages, as `autograder feedback` does; return who has marks, and no page with the notebook.

    Raises
    ------
    AutograderError
    """
    found = graded(name, course)
    marked = {each.id for each in found.students if each.record and each.record.has_marks}
    pages = feedback(found)
    return [page.student for page in pages if page.student in marked and not (page.path and page.whole)]


def grade(course: Path, name: str, console: Console, options: Options) -> int:
    """Grade everybody who handed an assignment in, write the pages, say where all is, and return the exit code.

    Raises
    ------
    AutograderError
    """
    code = session.grade_class(name, options, console)
    missing = write_feedback(course, name)
    for student in missing:
        console.print(f"The feedback page of {student} could not be made.", markup=False)
    for what, where in (("gradebook", "gradebook.db"), ("feedback", "feedback")):
        console.print(f"{what:10} {course / where}", highlight=False, soft_wrap=True)
    return max(code, int(bool(missing)))


@saying_why("grade")
def main() -> int:
    """Grade a class and report; return the exit code."""
    parser = argparse.ArgumentParser(description="Grade a class, and write the feedback pages.")
    parser.add_argument("assignment", nargs="?", default="ps4_two_layer")
    parser.add_argument("--course", type=Path, default=EXERCISES, help="nbgrader's course directory")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds for one cell")
    parser.add_argument("--without-sandbox", action="store_true", help="run students' code with all your own rights")
    chosen = parser.parse_args()
    console, course, name = Console(emoji=False), chosen.course.resolve(), chosen.assignment
    known = assignments_of(course)
    if name in known and not (course / "source" / name).is_dir():
        generate(known[name], course)
    return grade(course, name, console, Options(course, sandboxed=not chosen.without_sandbox, seconds=chosen.timeout))


if __name__ == "__main__":
    sys.exit(main())
