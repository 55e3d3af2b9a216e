"""The campaign that measures the judge: its figures are what the course promises, and it can fail."""

import ast
import re
import time
from functools import cache

import numpy as np
import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.core.hints import HINTS
from autograder.core.verdict import Verdict
from benchmarks.judge import __main__ as bench
from benchmarks.judge import campaign, names
from benchmarks.judge.__main__ import Result
from benchmarks.judge.campaign import Judged
from benchmarks.judge.equivalents import EQUIVALENTS
from benchmarks.judge.mutants import Mutant, make
from benchmarks.judge.variants import Variant, all_variants

FUNCTIONS = list(dict.fromkeys(each.function for made in ASSIGNMENTS.values() for each in made.exercises))
DW2 = "ps4_two_layer/compute_dW2"


@pytest.fixture(scope="module")
def of_dW2():
    return {m.id: m for m in campaign.mutants_of("ps4_two_layer") if m.function == "compute_dW2"}


@cache
def campaign_of(function):
    """Run the campaign on the exercises of a name: once, though two tests ask for it."""
    return bench.judge_all([function])


@pytest.mark.nightly
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_change_of_a_solution_is_refused_and_every_right_answer_accepted(function):
    found = campaign_of(function)
    assert (found.survivors(), found.stale(), found.refused_variants(), found.misnamed()) == ([], [], [], [])


@pytest.mark.nightly
@pytest.mark.hours
def test_the_whole_campaign_keeps_what_the_course_promises():
    total = sum((tally for function in FUNCTIONS for tally in campaign_of(function).tallies().values()), bench.Tally())
    assert total.refused == total.mutants >= 3000
    assert total.accepted == total.variants >= 250
    assert total.named >= 0.8 * total.refused
    assert total.misnamed == 0


def test_a_small_campaign_prints_a_table_and_the_figures_as_its_last_line(capsys):
    assert bench.main(["compute_dW2", "--list", "all"]) == 0
    printed = capsys.readouterr().out
    assert f"{DW2}/drop-transpose@L2:17  [transpose-missing]" in printed
    assert "return dZ2 @ A1 / dZ2.shape[1]" in printed
    last = printed.splitlines()[-1]
    assert re.fullmatch(r"JUDGE mutants=21/21 variants=11/11 named=21/21 misnamed=0 median_ms=[\d.]+", last)


def test_each_change_is_one_change_and_says_what_it_is(of_dW2):
    mutant = of_dW2[f"{DW2}/drop-transpose@L2:17"]
    assert (mutant.before, mutant.after) == ("return dZ2 @ A1.T / dZ2.shape[1]", "return dZ2 @ A1 / dZ2.shape[1]")
    kinds = {m.kind for m in of_dW2.values()}
    wanted = (
        "drop-transpose add-transpose matmul-to-times exchange-matmul over-to-times left-of-over shape-index negate"
    )
    assert kinds >= {*wanted.split(), "name", "drop-return"}
    assert len({m.source for m in of_dW2.values()}) == len(of_dW2)
    for m in of_dW2.values():
        ast.parse(m.source)


def test_every_part_of_a_formula_is_changed():
    source = (
        "def f(X, p):\n"
        "    total = 0.5\n"
        "    for k in range(1, 3):\n"
        "        total = total + np.sum(X ** 2, axis=1, keepdims=True) if k < 2 else -X[:, :1] * p['a']\n"
        "    return total, {'z': np.where(X > 0, X, p['b'] - X)}\n"
    )
    made = make(
        "ps", "f", source, {"np": np}, [{"X": np.ones((2, 3)), "p": {"a": np.ones((2, 1)), "b": 2 * np.ones(3)}}]
    )
    kinds = {m.kind for m in made}
    wanted = (
        "constant drop-statement loop-cut-short range plus-to-minus left-of-plus sum-to-mean drop-sum left-of-power "
        "axis keepdims if-one-branch if-branches comparison drop-minus index key where-branches where-one-branch "
        "exchange-minus swap-parts drop-part drop-key drop-return name negate add-transpose"
    )
    assert kinds >= set(wanted.split())


def test_a_loop_without_an_end_is_ended(monkeypatch):
    monkeypatch.setattr(campaign, "SECONDS", 0.2)

    def compute_dW2(dZ2, A1):
        while True:
            pass

    started = time.perf_counter()
    one = campaign.judged("x", "ps4_two_layer", "compute_dW2", compute_dW2)
    assert (one.passed, one.mistake) == (False, "timed-out")
    assert time.perf_counter() - started < 5


def test_a_wrong_name_is_no_right_one_and_no_name_is_neither(of_dW2):
    right = names.right_names(of_dW2[f"{DW2}/drop-transpose@L2:17"])
    assert names.names_rightly(["transpose-missing"], right, False) is True
    assert names.names_rightly(["wrong-values"], right, False) is None
    assert names.names_rightly(["missing-mean"], right, False) is False
    assert names.names_rightly(["transpose-missing", "missing-mean"], right, False) is False
    assert names.names_rightly(["raised"], right, False) is None
    assert names.names_rightly(["raised"], right, True) is True


def test_a_name_that_another_change_with_the_same_numbers_has_is_right_too(of_dW2):
    left, negated = of_dW2[f"{DW2}/left-of-over@L2:11"], of_dW2[f"{DW2}/negate@L2:11"]
    one = Judged(left.id, False, "sign-flipped", ("sign-flipped",), False, 0.0, "")
    assert campaign._named(one, left, [left, negated], campaign._outcomes) is False
    same = of_dW2[f"{DW2}/negate@L2:11=-dZ2"]
    assert campaign._named(one, same, [negated], campaign._outcomes) is True
    told_apart = campaign._alike(campaign._outcomes(left), campaign._outcomes(negated))
    assert not told_apart
    assert campaign._alike(campaign._outcomes(same), campaign._outcomes(negated))


def result(**changes):
    """Return what a campaign of one mutant and one variant found, in which all is well."""
    mutant = Mutant("a/f/kind@L1:1", "a", "f", "kind", "x -> y", "x", "y", "")
    variant = Variant("a/f/variant-0", "a", "f", lambda: None, "")
    refused = Judged(mutant.id, False, "wrong-sign", ("wrong-sign",), False, 2.0, "no", True)
    accepted = Judged(variant.id, True, None, (), False, 1.0, "Right.")
    found = {mutant.id: refused, variant.id: accepted, **changes.pop("found", {})}
    return Result([mutant], [variant], found, {"a": {"f": 4.0}}, frozenset(changes.pop("listed", ())))


def test_a_campaign_in_which_all_is_well_has_nothing_to_complain_of():
    assert result().complaints() == []
    assert bench.last_line(result()) == "JUDGE mutants=1/1 variants=1/1 named=1/1 misnamed=0 median_ms=3.0"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"found": {"a/f/kind@L1:1": Judged("", True, None, (), False, 1.0, "Right.")}}, "was not refused"),
        ({"found": {"a/f/kind@L1:1": Judged("", None, None, (), False, 1.0, "?")}}, "was not refused"),
        ({"found": {"a/f/variant-0": Judged("", False, "raised", ("raised",), True, 1.0, "no")}}, "was refused: no"),
        ({"found": {"a/f/kind@L1:1": Judged("", False, "x", ("x",), False, 1.0, "", False)}}, "misnamed x"),
        ({"found": {"a/f/kind@L1:1": Judged("", False, "x", ("x",), False, 1.0, "", None)}}, "only 0 of 1"),
        ({"listed": ["a/f/kind@L1:1"]}, "listed as equivalent"),
        ({"listed": ["a/f/gone@L1:1"]}, "listed as equivalent"),
    ],
)
def test_the_campaign_fails_where_the_judge_does(changes, complaint):
    assert any(complaint in said for said in result(**changes).complaints())


def test_a_mutant_that_is_listed_as_right_is_not_counted():
    right = Judged("", True, None, (), False, 1.0, "Right.")
    found = result(found={"a/f/kind@L1:1": right}, listed=["a/f/kind@L1:1"])
    assert found.complaints() == []
    assert "mutants=0/0" in bench.last_line(found)


def test_the_campaign_sees_a_judge_that_lets_everything_pass(monkeypatch, of_dW2):
    right = Verdict("compute_dW2", None, True, 2.0, 2.0, None, "Right.")
    monkeypatch.setattr(campaign, "check", lambda function, **options: right)
    mutants = list(of_dW2.values())
    found = campaign.judge_mutants(mutants)
    assert Result(mutants, [], found, {}, frozenset()).survivors() == mutants


def test_every_equivalent_has_a_reason_and_stands_once():
    ids = [id for some in EQUIVALENTS.values() for id in some]
    assert len(set(ids)) == len(ids)
    assert all(reason.endswith(".") and len(reason) > 15 for reason in EQUIVALENTS)


def test_the_rules_speak_of_names_that_there_are():
    said_by_the_judge = names.UNNAMED | names.ALWAYS_TRUE
    for rule in names.RULES:
        assert set(rule.ids.split()) <= set(HINTS) | said_by_the_judge, rule


def test_variants_are_judged_as_right_or_not():
    variants = {v.id: v for v in all_variants()}
    one = next(v for v in variants.values() if v.function == "compute_dW2")
    assert campaign.judge_variants([one])[one.id].passed
