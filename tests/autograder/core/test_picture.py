"""The picture of a wrong array beside the measured one: what it says and draws, and which verdicts have one."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.assignments import ASSIGNMENTS
from autograder.core.check import exercise_for, questions
from autograder.core.judge import judge
from autograder.core.measured import PUBLIC_SEED, public_picture
from autograder.core.mistakes import by_id
from autograder.core.picture import LESS, MORE, MOST, STRONGEST, WITH_NUMBERS, Pair, Picture, common_factors
from autograder.core.question import Formula
from autograder.core.questions import question
from autograder.core.render import html, text
from autograder.guest.evaluate import call, evaluate
from course_lib import two_layer

SIZES = {"n0": 4, "n1": 2, "n2": 3, "m": 7}
RIGHT = np.arange(1.0, 7.0).reshape(3, 2) / 7
SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"class", "role", "aria-label", "viewBox", "width", "height", "x", "y", "fill", "fill-opacity", "stroke"}
ALLOWED |= {"stroke-opacity", "font-size", "font-weight", "text-anchor"}


def picture(yours, measured, sizes=SIZES, part=""):
    pair = Pair(sizes, np.asarray(yours), np.asarray(measured))
    return Picture.of(part, pair, (), common_factors([pair]))


def drawn(shown):
    root = ElementTree.fromstring(shown.svg())
    return root, [each.text for each in root.iter(f"{SVG}text")]


def said(function, name, seed=0, assignment="ps4_two_layer"):
    exercise = exercise_for(name, assignment)[1]
    return judge(exercise, evaluate(function, questions(exercise, seed)), seed)


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (7, "7 times the measured array everywhere, which is m"),
        (1 / 7, "0.142857 times the measured array everywhere, which is 1/m"),
        (3, "3 times the measured array everywhere, which is n2"),
        (49, "49 times the measured array everywhere, which is m squared"),
        (1 / 49, "0.0204082 times the measured array everywhere, which is 1/(m squared)"),
        (21, "21 times the measured array everywhere, which is n2 times m"),
        (7 / 3, "2.33333 times the measured array everywhere, which is m/n2"),
        (-7, "-7 times the measured array everywhere, which is -m"),
        (-1, "-1 times the measured array everywhere"),
        (0.5, "0.5 times the measured array everywhere, which is 1/n1"),
        (5.5, "5.5 times the measured array everywhere"),
    ],
)
def test_a_ratio_that_is_the_same_everywhere_is_said_with_the_size_that_it_equals(factor, words):
    shown = picture(factor * RIGHT, RIGHT)
    assert shown.says == f"yours is {words}"
    assert shown.sentence == f"With n0 = 4, n1 = 2, n2 = 3, m = 7 yours is {words}."
    assert shown.label == f"Your answer beside the measured one, with n0 = 4, n1 = 2, n2 = 3, m = 7: yours is {words}."
    root, texts = drawn(shown)
    assert root.attrib["aria-label"] == shown.label
    assert texts.count(f"{factor:.3g}") >= RIGHT.size


def test_a_size_is_named_only_where_it_is_the_ratio_in_every_case():
    pairs = [Pair({"n": 5, "m": m}, 2 * RIGHT, RIGHT) for m in (2, 3)]
    assert common_factors(pairs) == ["2"]
    assert Picture.of("", pairs[0], (), common_factors(pairs)).says == "yours is 2 times the measured array everywhere"
    assert common_factors([Pair({"n": 5, "m": m}, m * RIGHT, RIGHT) for m in (2, 5, 3)]) == ["m"]


def test_one_number_has_a_ratio_that_is_worth_a_sentence_only_where_it_is_known():
    assert picture(7.0, 1.0).says == "yours is 7 times the measured number, which is m"
    assert picture(0.7321, 1.0).says == ""
    assert picture([[2.0, 0.0]], [[1.3, 0.0]]).says == ""


def test_zeros_of_the_measured_array_have_no_ratio():
    shown = picture([[1.0, 2.0]], [[0.0, 1.0]])
    assert shown.ratio.rows == (("", "2"),)
    assert "1 of 2 entries have none" in shown.label
    assert "–" in drawn(shown)[1]
    assert picture([[0.0, 7.0]], [[0.0, 1.0]]).says == "yours is 7 times the measured array everywhere, which is m"
    assert picture(RIGHT, 0 * RIGHT).label.endswith("no ratio.")
    assert picture(0 * RIGHT, RIGHT).says == ""


def test_other_shapes_have_no_ratio_and_a_transpose_is_called_one():
    turned = picture(RIGHT.T, RIGHT)
    assert turned.ratio is None
    assert (turned.yours.shape, turned.measured.shape) == ("(2, 3), n1 x n2", "(3, 2), n2 x n1")
    assert turned.says == "yours is the transpose of the measured array"
    assert "its shape is (2, 3), n1 x n2, and that of the measured one is (3, 2)" in turned.label
    assert picture(RIGHT.ravel(), RIGHT).says == "yours has the numbers of the measured array in another shape"
    assert picture(RIGHT[:1], RIGHT).says == ""


def test_large_arrays_have_signs_and_very_large_ones_are_cut():
    _, texts = drawn(picture(-np.ones((WITH_NUMBERS + 1, 2)), np.ones((WITH_NUMBERS + 1, 2))))
    assert {"+", "-"} <= set(texts)
    assert "1" not in texts
    large = picture(np.ones((3, 10**6)), np.ones((2, 2)))
    assert len(large.yours.rows[0]) == MOST
    assert large.yours.shape == f"(3, 1000000), cut at {MOST}"


def test_of_more_axes_the_page_with_the_first_wrong_entry_is_drawn():
    right = np.ones((3, 2, 2))
    wrong = right.copy()
    wrong[1, 0, 1] = 5
    shown = picture(wrong, right, part="terms")
    assert shown.label.startswith("terms[1] beside")
    assert shown.ratio.rows == (("1", "5"), ("1", "1"))


NUMBERS = st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, np.nan, np.inf, -np.inf, 1e-300, 1e300])
SHAPES = st.lists(st.integers(0, 20), max_size=4).map(tuple)


@settings(max_examples=150, deadline=None)
@given(st.data(), SHAPES, SHAPES, st.booleans())
def test_whatever_the_arrays_are_the_picture_is_sound(data, shape, other, alike):
    kinds = st.sampled_from([np.float64, np.float32, np.int64, np.bool_])
    yours = data.draw(hnp.arrays(np.float64, shape, elements=NUMBERS, fill=NUMBERS))
    if np.all(np.isfinite(yours)) and np.all(np.abs(yours) < 1e6):
        yours = yours.astype(data.draw(kinds))
    measured = data.draw(hnp.arrays(np.float64, shape if alike else other, elements=st.floats(-1e6, 1e6)))
    if alike and np.array_equal(yours, measured, equal_nan=True):
        measured = measured + 1.0
    with np.errstate(all="ignore"):
        shown = picture(yours, measured, part="<b>&")
    root, texts = drawn(shown)
    assert {each.tag for each in root.iter()} <= {f"{SVG}{name}" for name in ("svg", "g", "rect", "text")}
    assert set.union(*(set(each.attrib) for each in root.iter())) <= ALLOWED | {"style"}
    assert texts
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"].startswith("<b>&")
    assert len(shown.svg()) < 150_000
    row = json.loads(json.dumps(shown.as_json(), allow_nan=False))
    assert Picture.from_json(row).svg() == shown.svg()
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    for box in root.iter(f"{SVG}rect"):
        assert float(box.attrib["x"]) + float(box.attrib["width"]) <= width
        assert float(box.attrib["y"]) + float(box.attrib["height"]) <= height


@pytest.mark.parametrize("row", [{}, {"part": ""}, [], "x", {"rows": [["<b>"]], "shape": ""}])
def test_what_is_no_picture_is_refused(row):
    with pytest.raises((ValueError, TypeError, LookupError)):
        Picture.from_json(row)
    sound = picture(7 * RIGHT, RIGHT).as_json()
    with pytest.raises((ValueError, TypeError, LookupError)):
        Picture.from_json({**sound, "yours": {"rows": [["<script>"]], "shape": "(1, 1)"}})


def luminance(colour):
    parts = [each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in colour]
    return float(np.dot([0.2126, 0.7152, 0.0722], parts))


def rgb(text):
    return np.array([int(text[k : k + 2], 16) for k in (1, 3, 5)]) / 255


@pytest.mark.parametrize(
    ("page", "ink"),
    [
        *[("#ffffff", "#000000"), ("#111111", "#dedede"), ("#ffffff", "#1d2127"), ("#14171b", "#e4e7eb")],
        *[("#f5f2ea", "#24272c"), ("#1e2229", "#d9dce1"), ("#fdfcf9", "#24272c"), ("#16191e", "#d9dce1")],
    ],
)
def test_numbers_stand_out_on_every_colour_of_the_scale_in_light_and_in_dark(page, ink):
    for colour in (LESS, MORE):
        for strength in np.linspace(0, STRONGEST, 11):
            cell = luminance(strength * rgb(colour) + (1 - strength) * rgb(page))
            darker, lighter = sorted([cell, luminance(rgb(ink))])
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (colour, strength)


def test_the_judge_shows_the_smallest_case_that_tells_and_keeps_it_out_of_the_json():
    verdict = said(lambda dZ2, A1: dZ2 @ A1.T, "compute_dW2")
    assert verdict.picture.says == "yours is 6 times the measured array everywhere, which is m"
    assert verdict.picture.sentence in " ".join(text(verdict).split())
    assert verdict.picture.svg() in html(verdict)
    assert verdict.picture.says not in json.dumps(verdict.as_json())
    assert "picture" not in verdict.as_json()
    assert len(verdict.picture.cases) > 1


def test_of_several_parts_the_first_wrong_one_is_shown():
    def backward(parameters, cache, X, Y):
        right = two_layer.backward_propagation(parameters, cache, X, Y)
        return {**right, "dW2": -right["dW2"], "db2": 3 * right["db2"]}

    shown = said(backward, "backward_propagation").picture
    assert (shown.part, shown.says) == ("dW2", "yours is -1 times the measured array everywhere")
    assert "yours: dW2" in drawn(shown)[1]


def raises(*given):
    raise ValueError("no")


@pytest.mark.parametrize(
    "function",
    [
        two_layer.dW2,
        raises,
        lambda dZ2, A1: None,
        lambda dZ2, A1: "text",
        lambda dZ2, A1: np.full((dZ2.shape[0], A1.shape[0]), np.nan),
        lambda dZ2, A1: two_layer.dW2(dZ2, A1) * 1j,
        lambda dZ2, A1: {}[0] if dZ2.shape[1] > 1 else dZ2,
    ],
)
def test_a_verdict_without_wrong_numbers_has_no_picture(function):
    verdict = said(function, "compute_dW2")
    assert verdict.picture is None
    assert "<svg" not in html(verdict)


def test_a_property_has_no_picture():
    verdict = said(lambda *given: 0.0, "nn_model")
    assert (verdict.passed, verdict.picture) == (False, None)


ASKED = [
    pytest.param(name, each.function, id=f"{name}-{each.function}")
    for name, assignment in ASSIGNMENTS.items()
    for each in assignment.exercises
    if isinstance(question(each.asked), Formula)
]


@pytest.mark.parametrize(("assignment", "name"), ASKED)
def test_in_the_place_of_a_secret_case_stands_what_the_notebook_shows(assignment, name):
    exercise = exercise_for(name, assignment)[1]
    compared = 0
    for mistake in [*by_id(question(exercise.asked)).values()][:6]:
        secret, here = (said(mistake.function, name, seed, assignment).picture for seed in (2**63 - 25, PUBLIC_SEED))
        if secret is None or here is None:
            continue
        public = public_picture(exercise, secret, lambda given, of=mistake.function: call(of, given))
        if secret.cases == here.cases:  # else the answer may be right on the public case
            assert public.as_json() == here.as_json()
            compared += 1
    assert compared


def test_a_public_picture_needs_an_answer_that_is_wrong_there_too():
    exercise = exercise_for("compute_dW2", "ps4_two_layer")[1]
    secret = said(lambda dZ2, A1: dZ2 @ A1.T, "compute_dW2", 5).picture
    assert public_picture(exercise, secret, lambda given: None) is None
    assert public_picture(exercise, secret, lambda given: call(raises, given)) is None
    assert public_picture(exercise, secret, lambda given: call(two_layer.dW2, given)) is None
