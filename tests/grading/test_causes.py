"""A message says the cause: what nobody can answer, what was left in, what a name stands for, where the names went."""

from autograder.grade.collect import places
from autograder.grade.grader import grade_submission
from autograder.sandbox.process import GuestProcess
from tests.grading.classes import NAME, RIGHT, course, hand_in, notebook
from tests.grading.test_grade import job_of

DEF = RIGHT["compute_dW2"]
HEAD, BODY = DEF.split("\n")
ASKED = "EOFError: nobody answers input() while a notebook is judged; write the value itself"
STOPPED = "BdbQuit: a breakpoint was left"
NO_MORE = "compute_dW2 is no function any more: its name stands for {} now."
NO_NAMES = "Code cell 4 defines it below {}, which took its lines and left no names behind"


def within(*lines: str) -> str:
    return "\n".join([HEAD, *(f"    {line}" for line in lines), BODY])


WRONG = {
    # nobody answers
    f"n = int(input('how many? '))\n{DEF}": ("raised", f"Code cell 4 raised {ASKED}."),
    f"import getpass\ngetpass.getpass()\n{DEF}": ("raised", f"Code cell 4 raised {ASKED}."),
    f"import sys\nn = int(sys.stdin.read())\n{DEF}": ("raised", f"Code cell 4 raised {ASKED}."),
    f"import sys\nfor line in sys.stdin:\n    pass\n{DEF}": ("raised", f"Code cell 4 raised {ASKED}."),
    within("m = int(input())"): ("raised", f"it raised {ASKED} in the line `m = int(input())`."),
    within("import getpass", "x = getpass.getpass()"): ("raised", f"{ASKED} in the line `x = getpass.getpass()`."),
    within("import sys", "x = sys.stdin.readline()"): ("raised", f"{ASKED} in the line `x = sys.stdin.readline()`."),
    # left in
    within("breakpoint()"): ("raised", f"it raised {STOPPED} in the line `breakpoint()`."),
    within("import pdb; pdb.set_trace()"): ("raised", STOPPED),
    within("from IPython.core.debugger import set_trace", "set_trace()"): ("raised", STOPPED),
    f"{DEF}\nbreakpoint()\nraise RuntimeError": (None, "Right."),
    f"breakpoint()\n{DEF}": ("raised", f"Code cell 4 raised {STOPPED}."),
    # overwritten
    f"{DEF}\ncompute_dW2 = float(np.sum(compute_dW2(np.ones((2, 3)), np.ones((4, 3)))))": (
        "missing",
        NO_MORE.format("a number"),
    ),
    f"{DEF}\ncompute_dW2 = compute_dW2(np.ones((2, 3)), np.ones((4, 3)))": (
        "missing",
        NO_MORE.format("an array of shape (2, 4)"),
    ),
    f"{DEF}\ncompute_dW2 = 7": ("missing", NO_MORE.format("a number")),
    f"{DEF}\ncompute_dW2 = (1, 2)": ("missing", NO_MORE.format("a tuple of 2")),
    f"{DEF}\ncompute_dW2 = print(compute_dW2)": ("missing", NO_MORE.format("None")),
    f"{DEF}\ncompute_dW2 = 'done'": ("missing", NO_MORE.format("a str")),
    f"{DEF}\nimport json as compute_dW2": ("missing", NO_MORE.format("a module")),
    f"{DEF}\nclass Ada: pass\ncompute_dW2 = Ada()": ("missing", NO_MORE.format("an object")),
    f"{DEF}\nclass compute_dW2:\n    def __init__(self, *given): pass": ("wrong-type", "compute_dW2 is a class"),
    f"{DEF}\ndel compute_dW2": ("missing", "The notebook defines no function compute_dW2."),
    # below a magic
    f"%%timeit -n 1\n{DEF}": ("missing", NO_NAMES.format("%%timeit")),
    f"\n%%writefile dW2.py\n{DEF}": ("missing", NO_NAMES.format("%%writefile")),
    f"%%html\n{DEF}": ("missing", NO_NAMES.format("%%html")),
    f"%%bash\n{DEF}": ("raised", "'bash'"),
    f"%%markdown\n{DEF}": ("missing", NO_NAMES.format("%%markdown")),
    f"%%timit\n{DEF}": ("raised", "%%timit"),
    f"%%time\n{DEF}": (None, "Right."),
    f"%%capture\n{DEF}": (None, "Right."),
    f"%%prun\n{DEF}": (None, "Right."),
    # the student's line, not a library's
    within("np.summ(dZ2)"): ("raised", "in the line `np.summ(dZ2)`."),
    within("import json", "json.loads('x')"): ("raised", "in the line `json.loads('x')`."),
    within("from course_lib.datasets import flower", "flower(-1)"): ("raised", "in the line `flower(-1)`."),
    f"%pdb on\n%debug\n{DEF}": (None, "Right."),
}


def verdicts(here, answers, guests):
    """Return the verdict on compute_dW2 of each student, who has one of the answers."""
    for number, answer in enumerate(answers):
        hand_in(here, f"s{number:02}", notebook(here, {"compute_dW2": answer}))
    for place, answer in zip(places(here / "submitted", NAME), answers, strict=True):
        record = grade_submission(place, job_of(here), guests).record
        assert record.outcome == "graded", (answer, record)
        assert [row["passed"] for row in record.verdicts[::2]] == [True, True]
        yield answer, record.verdicts[1]["mistake"], record.verdicts[1]["seen"]


def test_a_verdict_says_what_there_is_to_change(tmp_path, zygote):
    wrong = [
        (answer, mistake, seen)
        for answer, mistake, seen in verdicts(course(tmp_path), WRONG, zygote.guest)
        if mistake != WRONG[answer][0] or WRONG[answer][1] not in seen
    ]
    assert wrong == []


def test_without_a_sandbox_it_says_the_same(tmp_path):
    few = [within("m = int(input())"), within("breakpoint()"), f"{DEF}\ncompute_dW2 = 7", f"%%timeit -n 1\n{DEF}"]
    for answer, mistake, seen in verdicts(course(tmp_path), few, GuestProcess):
        assert mistake == WRONG[answer][0]
        assert WRONG[answer][1] in seen
