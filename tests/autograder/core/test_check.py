"""`check` as a student meets it."""

import numpy as np
import pytest

import autograder
from autograder.core import check as check_module
from autograder.core.check import UnknownFunction, check, checks_for, questions, set_assignment
from autograder.core.judge import judge
from autograder.core.module_guard import ModuleGuard
from autograder.protocol.values import Outcome
from course_lib import two_layer
from course_lib.initialization import small_random
from course_lib.training import update_parameters
from course_lib.two_layer import backward_propagation, forward_propagation


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch):
    monkeypatch.setattr(check_module._choice, "assignment", None)


def compute_dW2(dZ2, A1):
    return dZ2 @ A1.T


def compute_dZ2(A2, Y):
    return A2 - Y


def test_it_prints_and_returns_the_verdict(capsys):
    verdict = autograder.check(compute_dW2)
    printed = capsys.readouterr()
    assert printed.out == f"{verdict}\n"
    assert printed.err == ""
    assert (verdict.passed, verdict.points, verdict.mistake) == (False, 0.0, "missing-mean")
    assert repr(verdict) == "<Verdict compute_dW2: missing-mean, 0 of 2 points>"


def test_points_are_a_number_that_nbgrader_can_read():
    assert isinstance(check(compute_dZ2).points, float)
    assert isinstance(check(compute_dW2).points, float)


def test_a_second_call_gives_the_same_verdict():
    assert check(compute_dW2) == check(compute_dW2)


def test_a_seed_changes_the_cases():
    assert check(compute_dW2, seed=1).message != check(compute_dW2, seed=0).message


@pytest.mark.parametrize("seed", range(20))
def test_a_verdict_does_not_depend_on_the_seed(seed):
    assert check(compute_dW2, seed=seed).mistake == "missing-mean"
    assert check(compute_dZ2, seed=seed).passed


def test_a_stub_is_not_implemented():
    def compute_db1(dZ1):
        raise NotImplementedError

    verdict = check(compute_db1, assignment="ps4_two_layer")
    assert (verdict.passed, verdict.mistake, verdict.points) == (False, "not-implemented", 0.0)


def test_a_name_in_two_assignments_must_be_told_apart():
    def compute_cost(A2, Y):
        return 0.0

    with pytest.raises(UnknownFunction, match=r"ps1_neuron, ps4_two_layer.*set_assignment"):
        check(compute_cost)
    assert check(compute_cost, assignment="ps4_two_layer").equation == "two_layer.cost"
    set_assignment("ps4_two_layer")
    assert check(compute_cost).equation == "two_layer.cost"


def test_an_unknown_function_gets_a_suggestion():
    def computedW2(dZ2, A1):
        return None

    with pytest.raises(UnknownFunction, match="did you mean 'compute_dW2'"):
        check(computedW2)


def test_an_unknown_assignment_gets_a_suggestion():
    with pytest.raises(KeyError, match="did you mean 'ps4_two_layer'"):
        set_assignment("ps4_twolayer")
    with pytest.raises(KeyError, match="known are"):
        check(compute_dW2, assignment="xyz")


def test_a_lambda_or_a_partial_goes_by_the_name_that_it_was_given():
    namespace = {"check": check}
    exec("compute_dW2 = lambda dZ2, A1: dZ2 @ A1.T / A1.shape[1]\nverdict = check(compute_dW2, show=False)", namespace)
    assert namespace["verdict"].passed
    exec(
        "import functools\ncompute_dW2 = functools.partial(lambda scale, dZ2, A1: scale * dZ2 @ A1.T, 1)\n"
        "verdict = check(compute_dW2, show=False)",
        namespace,
    )
    assert namespace["verdict"].mistake == "missing-mean"


def test_what_calls_an_unwritten_function_follows_from_it():
    namespace = {"two_layer": two_layer}
    exec(
        "def compute_dA1(W2, dZ2):\n    raise NotImplementedError\n"
        "def backward_propagation(parameters, cache, X, Y):\n"
        "    compute_dA1(parameters['W2'], cache['A2'] - Y)\n"
        "    return two_layer.backward_propagation(parameters, cache, X, Y)",
        namespace,
    )
    verdict = check(namespace["backward_propagation"], show=False)
    assert verdict.mistake == "follows-from-earlier"
    assert "compute_dA1" in verdict.message


@pytest.mark.parametrize("seed", [-1, 1.5, None, True])
def test_a_seed_that_is_none_is_refused_in_words(seed):
    with pytest.raises(ValueError, match="whole number"):
        check(compute_dZ2, seed=seed)


def test_something_that_is_no_function_is_refused_with_a_sentence():
    with pytest.raises(TypeError, match="the function itself"):
        check(np.ones(3))


def test_the_checks_of_an_assignment_are_listed_in_order():
    names = [exercise.function for exercise in checks_for("ps4_two_layer")]
    assert names[0] == "forward_propagation"
    assert names[-1] == "nn_model"
    assert sum(exercise.points for exercise in checks_for("ps4_two_layer")) == 30


def test_a_wrong_model_is_told_from_a_symmetric_one():
    def untrained(X, Y, n_h, num_iterations, learning_rate, seed):
        rng = np.random.default_rng(0)
        return {"W1": rng.normal(size=(4, 2)), "b1": np.zeros((4, 1)), "W2": np.zeros((1, 4)), "b2": np.zeros((1, 1))}

    def symmetric(*arguments):
        return {**untrained(*arguments), "W1": np.ones((4, 2))}

    untrained.__name__ = symmetric.__name__ = "nn_model"
    assert check(untrained).mistake == "accuracy-too-low"
    assert check(symmetric).mistake == "symmetry-not-broken"


def test_a_few_steps_tell_whether_a_model_is_right_once_what_it_calls_is():
    exercise = next(e for e in checks_for("ps4_two_layer") if e.function == "nn_model")

    def passes(nn_model):
        outcomes = [Outcome(nn_model(**case)) for case in questions(exercise, 0, briefly=True)]
        return judge(exercise, outcomes, 0, briefly=True).passed

    def by(step, start=small_random, extra=0):
        def nn_model(X, Y, n_h, num_iterations, learning_rate, seed):
            theta = start(len(X), n_h, len(Y), seed)
            for _ in range(num_iterations + extra):
                grads = backward_propagation(theta, forward_propagation(X, theta)[1], X, Y)
                theta = step(theta, grads, learning_rate)
            return theta

        return nn_model

    def zeros(n0, n1, n2, seed):
        return {name: 0 * theta for name, theta in small_random(n0, n1, n2, seed).items()}

    assert passes(by(update_parameters))
    assert passes(by(update_parameters, extra=1))
    assert passes(by(lambda *given: {k: theta.astype(np.float32) for k, theta in update_parameters(*given).items()}))
    assert not passes(by(update_parameters, start=zeros))
    assert not passes(by(lambda theta, grads, rate: theta))
    assert not passes(by(lambda theta, grads, rate: update_parameters(theta, grads, -rate)))
    assert not passes(by(lambda theta, grads, rate: update_parameters(theta, grads, rate / 2)))
    assert not passes(lambda **given: {})


def test_a_model_that_takes_too_long_does_not_pass(monkeypatch):
    from autograder.core.questions import model
    from course_lib.training import train_two_layer

    monkeypatch.setattr(model, "SECONDS", 0.0)
    monkeypatch.setattr(check_module, "_guard", ModuleGuard())

    def nn_model(*arguments):
        return train_two_layer(*arguments).parameters

    assert check(nn_model).mistake == "timed-out"


def test_nobody_is_asked_while_a_function_is_judged(monkeypatch):
    def dW2(dZ2, A1):
        return dZ2 @ A1.T / int(input("how many? "))

    def stopped(dZ2, A1):
        breakpoint()
        return dZ2 @ A1.T / dZ2.shape[1]

    def answered(prompt=""):
        return "7"

    monkeypatch.setattr("builtins.input", answered)
    for function, seen in ((dW2, "nobody answers input()"), (stopped, "BdbQuit: a breakpoint was left in the line")):
        function.__name__ = "compute_dW2"
        verdict = check(function, assignment="ps4_two_layer", show=False)
        assert verdict.mistake == "raised"
        assert seen in verdict.seen
    assert input("and now? ") == "7"


def test_a_name_that_was_given_to_a_result_says_what_it_is_now(monkeypatch):
    for value, kind in ((np.ones((2, 3)), "an array of shape (2, 3)"), (0.5, "a number"), (None, "None")):
        monkeypatch.setitem(globals(), "compute_cost", value)
        with pytest.raises(TypeError, match="compute_cost is no function any more: its name stands for") as raised:
            check(value)
        assert kind in str(raised.value)


def test_what_a_library_has_not_implemented_is_no_stub(monkeypatch):
    def refuses(A2, Y):
        raise NotImplementedError("no such thing")

    monkeypatch.setitem(check.__globals__["evaluate"].__globals__, "LIBRARIES", (__file__,))
    monkeypatch.setattr(np, "refuses", refuses, raising=False)
    space = {"np": np}
    exec("def compute_dZ2(A2, Y):\n    return np.refuses(A2, Y)", space)
    verdict = check(space["compute_dZ2"], assignment="ps4_two_layer", show=False)
    assert (verdict.mistake, "no such thing" in verdict.seen) == ("raised", True)
