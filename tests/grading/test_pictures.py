"""The picture in graded work is of a case that everybody may see, changes no mark, and can be left out."""

import base64
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.core.check import exercise_for, questions
from autograder.core.judge import judge
from autograder.core.render import html
from autograder.course_file import CourseFileError, assignments_of, is_on
from autograder.grade import sanitize, submission
from autograder.grade.records import Records
from autograder.grade.submission import NoTimeLeft, Submission
from autograder.guest.evaluate import evaluate
from autograder.protocol.notebook import read
from autograder.sandbox.launch import NotStarted
from autograder.sandbox.process import Ended, Guest
from tests.grading.classes import COURSE, NAME, course, full, hand_in, notebook, run, scores

FORGOT = "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T"
BACK = {"compute_dW2": FORGOT, "compute_db2": "def compute_db2(dZ2):\n    return np.sum(dZ2, axis=1)"}


def compute_dW2(dZ2, A1):
    return dZ2 @ A1.T


def verdict(seed=0):
    exercise = exercise_for("compute_dW2", "ps4_two_layer")[1]
    return judge(exercise, evaluate(compute_dW2, questions(exercise, seed)), seed)


def numbers(value):
    if isinstance(value, np.ndarray):
        yield from value.ravel().tolist()
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ():
        yield from numbers(inner)


def secret_numbers(seed):
    """Return what no page may have: the inputs that were drawn, the right answers on them, and those of the student."""
    found = set()
    for name in ("compute_dZ2", "compute_dW2", "compute_db2"):
        exercise = exercise_for(name, "ps4_two_layer")[1]
        for given in questions(exercise, seed):
            found |= {*numbers(given)}
            if name == "compute_dW2":
                wrong = compute_dW2(**given)
                found |= {*numbers(wrong), *numbers(wrong / given["dZ2"].shape[1])}
    return found


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course in which two students forgot the mean, one of them with pictures, and its texts by name."""
    made = course(tmp_path_factory.mktemp("pictures"))
    hand_in(made, "ada", notebook(made, BACK))
    run(made, NAME, code=0)
    run(made, NAME, command="feedback", code=0)
    return made


def texts_of(made):
    paths = {"notebook": "autograded/ada/small/small.ipynb", "page": "feedback/ada/small/small.html"}
    paths |= {"record": ".autograder/small/records/ada.json"}
    found = {name: (made / path).read_text(encoding="utf-8") for name, path in paths.items()}
    return found | {"export": run(made, NAME, "--format", "json", command="export", code=0).stdout}


def drawings(text):
    return [base64.b64decode(each).decode() for each in re.findall(r"image/svg\+xml;base64,([A-Za-z0-9+/=]+)", text)]


def test_notebook_page_and_record_show_what_the_students_own_check_shows(graded):
    here, texts = verdict().picture, texts_of(graded)
    row = {each["function"]: each for each in Records(graded, NAME).find("ada").verdicts}
    assert row["compute_dW2"]["picture"] == json.loads(json.dumps(here.as_json()))
    assert here.svg() in texts["page"]
    assert here.sentence in texts["page"]
    drawn = drawings(texts["notebook"])
    assert len(drawn) == 2
    assert drawn[0].replace("<style>svg:root { background: #fff }</style>", "") == here.svg()
    assert f'alt="{here.label}"' in texts["notebook"].replace('\\"', '"')
    assert "picture" not in texts["export"]
    assert "measured" not in texts["export"]


def test_the_sanitizer_lets_a_drawing_through_as_it_is_and_no_other_svg():
    shown = html(verdict(), drawing=sanitize.drawing)
    assert drawings(sanitize.html(shown)) == drawings(shown) != []
    assert "<svg" not in sanitize.html(html(verdict()))


def test_nothing_of_the_secret_seed_is_anywhere(graded):
    seed, texts = Records(graded, NAME).seed(), texts_of(graded)
    quoted = set(re.findall(r"yours is (-?[\d.e+-]+?)\.?[\s\"<]", texts["export"]))  # in the message, as ever
    secret = {f"{number:.6g}" for number in secret_numbers(seed) if number}
    secret = {text for text in secret if len(text.lstrip("-0.")) > 4} - quoted
    assert len(secret) > 100
    everything = " ".join([*texts.values(), *drawings(texts["notebook"])])
    shown = {f"{float(text):.6g}" for text in re.findall(r"-?\d+\.\d+(?:e[+-]?\d+)?", everything)}
    assert not secret & shown
    public = {f"{number:.3g}" for number in secret_numbers(0)}
    (svg, *_) = drawings(texts["notebook"])
    assert set(re.findall(r">(-?\d\.\d+)<", svg)) <= public


def test_marks_and_verdicts_are_the_same_without_pictures(graded, tmp_path):
    bare = course(tmp_path)
    (bare / "course.toml").write_text(f"[course]\nshow_measured = false\n{COURSE}", encoding="utf-8")
    hand_in(bare, "ada", notebook(bare, BACK))
    (bare / ".autograder" / NAME).mkdir(parents=True)
    seed = graded / ".autograder" / NAME / "seed.json"
    run(bare, NAME, "--seed-file", str(seed), code=0)
    run(bare, NAME, command="feedback", code=0)
    with_pictures, without = texts_of(graded), texts_of(bare)
    assert scores(bare) == scores(graded) == {"ada": full(compute_dW2=0.0, compute_db2=0.0)}
    rows = [json.loads(texts["export"])["students"][0]["checks"] for texts in (with_pictures, without)]
    assert rows[0] == rows[1]
    assert not drawings(without["notebook"])
    assert not any("<svg" in text or "measured" in text for text in without.values())


def test_pages_leave_out_the_pictures_of_records_as_soon_as_the_course_says_so(graded, tmp_path):
    (graded / "course.toml").write_text(COURSE.replace("[small]", "[small]\nshow_measured = false"), encoding="utf-8")
    try:
        run(graded, NAME, command="feedback", code=0)
        assert "<svg" not in texts_of(graded)["page"]
        assert (
            "Judged again, it is the same."
            in run(graded, "ada", "compute_dW2", "--assignment", NAME, command="explain").stdout
        )
    finally:
        (graded / "course.toml").write_text(COURSE, encoding="utf-8")
        run(graded, NAME, command="feedback", code=0)
    assert "<svg" in texts_of(graded)["page"]


def judged(made, answer, seed=5, **options):
    content = read(json.dumps(notebook(made, {"compute_dW2": answer})).encode())
    asked = assignments_of(made)[NAME]
    return Submission(content, asked, seed, 30.0, **options).judge()


@pytest.mark.parametrize("error", [NoTimeLeft(), Ended("it ended"), NotStarted("no room")])
def test_a_picture_that_cannot_be_had_costs_nothing(tmp_path, monkeypatch, error):
    def fails(*given):
        raise error

    made = course(tmp_path)
    before = judged(made, FORGOT)
    monkeypatch.setattr(submission, "public_picture", fails)
    after = judged(made, FORGOT)
    assert before.verdicts[1].picture
    assert [replace(each, picture=None) for each in before.verdicts] == after.verdicts
    assert after.outcome == "graded"


def test_a_function_that_ends_its_process_on_the_public_case_has_no_picture_and_keeps_its_verdict(tmp_path):
    exercise = exercise_for("compute_dW2", "ps4_two_layer")[1]
    known = [given["A1"][0, 0] for given in questions(exercise, 0)]
    answer = (
        f"import os\ndef compute_dW2(dZ2, A1):\n    if A1[0, 0] in {known}:\n        os._exit(3)\n    return dZ2 @ A1.T"
    )
    found = judged(course(tmp_path), answer)
    assert (found.verdicts[1].mistake, found.verdicts[1].picture) == ("missing-mean", None)
    assert [each.passed for each in found.verdicts] == [True, False, True]
    assert found.outcome == "graded"


def test_one_call_more_is_made_for_each_picture_and_none_for_anything_else(tmp_path, monkeypatch):
    made, evaluate = list[tuple[str, int]](), Guest.evaluate

    def counted(guest, function, cases, *more):
        made.append((function, len(cases)))
        return evaluate(guest, function, cases, *more)

    monkeypatch.setattr(Guest, "evaluate", counted)
    small, all_cases = course(tmp_path), len(questions(exercise_for("compute_dW2", "ps4_two_layer")[1], 5))
    assert judged(small, FORGOT).verdicts[1].picture.says.endswith("which is m")
    assert made.count(("compute_dW2", all_cases)) == made.count(("compute_dW2", 1)) == 1
    assert len(made) == 4
    made.clear()
    assert judged(small, FORGOT, show_measured=False).verdicts[1].picture is None
    assert judged(small, FORGOT, seed=0).verdicts[1].picture
    assert judged(small, "def compute_dW2(dZ2, A1):\n    return None").verdicts[1].picture is None
    assert len(made) == 9


@pytest.mark.parametrize("written", ['"no"', "0", "[]"])
def test_what_is_neither_true_nor_false_is_refused(tmp_path, written):
    (tmp_path / "course.toml").write_text(f"[ps4_two_layer]\nshow_measured = {written}\n", encoding="utf-8")
    with pytest.raises(CourseFileError, match="write show_measured = false"):
        is_on(tmp_path, "ps4_two_layer", "show_measured")


def test_an_assignment_says_for_itself_what_the_course_says_for_all(tmp_path):
    (tmp_path / "course.toml").write_text(
        "[course]\nshow_measured = false\n[ps4_two_layer]\nshow_measured = true\n", encoding="utf-8"
    )
    assert {name: is_on(tmp_path, name, "show_measured") for name in ASSIGNMENTS} == {
        name: name == "ps4_two_layer" for name in ASSIGNMENTS
    }
    assert assignments_of(tmp_path).keys() == ASSIGNMENTS.keys()
