"""What the checks say: golden, escaped, without the right numbers."""

import re
from html.parser import HTMLParser
from itertools import islice

import numpy as np
import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.core.mistakes import mistakes
from autograder.core.oracles import right_answers
from autograder.core.question import Formula
from autograder.core.questions import question
from autograder.core.render import html, text
from autograder.guest.evaluate import evaluate
from tests.autograder.core.messages import GOLDEN, files, said, verdicts

SHOWN = dict(verdicts())


def test_everything_is_said_as_the_golden_files_have_it():
    wanted = files()
    assert {path.name for path in GOLDEN.iterdir()} == set(wanted), "python -m tests.autograder.core.messages update"
    for name, now in wanted.items():
        assert (GOLDEN / name).read_text(encoding="utf-8") == now, "python -m tests.autograder.core.messages update"


class Tags(HTMLParser):
    """Collects the tags and the text of a piece of HTML."""

    def __init__(self):
        super().__init__()
        self.tags, self.words = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data


@pytest.mark.parametrize("sort", SHOWN)
def test_html_says_what_the_text_says_with_nothing_that_runs(sort):
    parsed = Tags()
    words, *pictures = re.split(r"(<svg.*</svg>)", html(SHOWN[sort]))  # test_picture.py has what a picture may hold
    assert bool(pictures) == bool(SHOWN[sort].picture)
    parsed.feed(words + "".join(pictures[1:]))
    assert {tag for tag, _ in parsed.tags} <= {"div", "strong"}
    assert all(set(attributes) <= {"class", "role", "style"} for _, attributes in parsed.tags)
    assert re.sub(r"\s+", "", parsed.words) == re.sub(r"\s+", "", text(SHOWN[sort]))


@pytest.mark.parametrize("sort", SHOWN)
def test_html_takes_its_colours_from_the_page_around_it(sort):
    styles = re.findall(r'style="([^"]*)"', html(SHOWN[sort]))
    assert styles
    assert not any(re.search(r"(?<!-)\b(color|background)", style) for style in styles)


def test_what_a_student_wrote_is_escaped_and_cannot_drive_a_terminal():
    verdict = SHOWN["raised, with text that is no text"]
    assert "<script>" not in html(verdict)
    assert "&lt;script&gt;" in html(verdict)
    assert "\x1b" not in text(verdict) + html(verdict) + str(verdict.as_json())


def test_a_shape_is_shown_against_the_right_one_and_an_entry_with_its_index():
    assert re.search(r"the shape is \(1, \d\), and should be \(\d, \d\)", SHOWN["wrong shape"].message)
    assert re.search(r"entry \(0, 0\) is the first that is wrong; yours is -?[\d.]+", SHOWN["wrong values"].message)


def numbers_in(value):
    """Return every number of an answer as a message would write it."""
    if isinstance(value, dict):
        return {number for item in value.values() for number in numbers_in(item)}
    if isinstance(value, list | tuple):
        return {number for item in value for number in numbers_in(item)}
    if not isinstance(value, np.ndarray):
        return set()
    return {f"{number:.6g}" for number in np.real(value).astype(float).flat if np.isfinite(number)}


def test_a_message_shows_numbers_of_the_answer_and_never_a_right_one():
    for assignment in ASSIGNMENTS.values():
        for exercise in assignment.exercises:
            asked = question(exercise.asked)
            if not isinstance(asked, Formula):
                continue
            right = {n for first, _ in right_answers(asked, 0) for n in numbers_in(first) if "." in n}
            for mistake in islice(mistakes(asked), 12):
                message = said(exercise, mistake.function).message
                own = {n for o in evaluate(mistake.function, asked.calls(0)) for n in numbers_in(o.value)}
                told = set(re.findall(r"-?\d+\.\d+(?:e-?\d+)?", message))
                assert not told & right - own, (exercise.function, mistake.id)
