"""ps7: steps, mini-batches and a trained network; right is right, wrong is named, and state is no way out."""

import numpy as np
import pytest

from autograder.core.check import check
from autograder.core.questions import question, training
from autograder.core.questions.training import draw_steps
from benchmarks.judge.variants.ps7_training import (
    adam_in_place,
    batches,
    batches_shuffled_in_place,
    descent_in_place,
    in_order,
    momentum_in_place,
    plain,
    trained_by,
)
from course_lib.deep import backward_propagation, forward_propagation
from course_lib.initialization import he
from course_lib.optimizers import adam_step, random_mini_batches
from tests.autograder.core.conftest import judged_as


def judged(name, function, seed=0):
    return judged_as("ps7_training", name, function, seed)


def test_changing_an_input_costs_nothing_and_is_noted():
    answers = {
        "gradient_descent_step": descent_in_place,
        "momentum_step": momentum_in_place,
        "adam_step": adam_in_place,
        "random_mini_batches": batches_shuffled_in_place,
    }
    for name, answer in answers.items():
        assert judged(name, answer).notes == ("changed-its-input",)


class KeepsState:
    """Optimizers that remember the last call in the place of what they are given."""

    def __init__(self):
        self.v = self.m = 0.0
        self.t = 0

    def momentum(self, theta, grad, v, learning_rate, beta):
        self.v = beta * self.v + (1 - beta) * grad.mean()
        return theta - learning_rate * (0 * v + self.v), 0 * v + self.v

    def adam(self, theta, grad, m, v, t, *rest):
        self.t += 1
        return adam_step(theta, grad, m, v, self.t, *rest)


def without(key):
    def train(*arguments):
        parameters = trained_by(plain)(*arguments[:3], 1, *arguments[4:])
        return {name: theta for name, theta in parameters.items() if name != key}

    return train


def after_one_epoch(change):
    def train(*arguments):
        parameters = trained_by(plain)(*arguments[:3], 1, *arguments[4:])
        return {name: change(theta) for name, theta in parameters.items()}

    return train


WRONG = [
    ("gradient_descent_step", lambda theta, grad, rate: theta + rate * grad, "sign-flipped"),
    ("gradient_descent_step", lambda theta, grad, rate: theta - grad, "factor-missing"),
    ("gradient_descent_step", lambda theta, grad, rate: None, "returned-nothing"),
    ("gradient_descent_step", lambda theta, grad, rate: (theta - rate * grad,), "wrong-type"),
    ("gradient_descent_step", lambda theta, grad: theta - grad, "raised"),
    ("gradient_descent_step", lambda theta, grad, rate: theta - 1.0005 * rate * grad, "wrong-values"),
    ("momentum_step", lambda theta, grad, v, rate, beta: theta - rate * (beta * v + (1 - beta) * grad), "wrong-type"),
    ("momentum_step", KeepsState().momentum, "wrong-values"),
    ("momentum_step", lambda theta, grad, v, rate, beta: None, "returned-nothing"),
    ("adam_step", KeepsState().adam, "wrong-values"),
    ("adam_step", lambda theta, grad, m, v, *rest: adam_step(theta, grad, m, v, *rest)[:2], "wrong-type"),
    ("adam_step", lambda theta, grad, m, v, t, *rest: adam_step(theta, grad, m, v, t + 1, *rest), "step-miscounted"),
    ("random_mini_batches", lambda X, Y, batch_size, seed: None, "returned-nothing"),
    ("random_mini_batches", batches(lambda dealt: (pair for pair in dealt)), "wrong-type"),
    ("random_mini_batches", batches(lambda dealt: zip(*dealt, strict=True)), "wrong-type"),
    ("random_mini_batches", batches(lambda dealt: list(zip(*dealt, strict=True))), "wrong-type"),
    ("random_mini_batches", batches(lambda dealt: [X for X, _ in dealt]), "wrong-type"),
    ("random_mini_batches", batches(lambda dealt: dict(enumerate(dealt))), "wrong-type"),
    ("random_mini_batches", batches(lambda dealt: [(X, "labels") for X, _ in dealt]), "wrong-type"),
    ("random_mini_batches", batches(lambda dealt: [(X.ravel(), Y) for X, Y in dealt]), "wrong-shape"),
    ("random_mini_batches", batches(lambda dealt: [(X * np.nan, Y) for X, Y in dealt]), "not-finite"),
    ("random_mini_batches", batches(lambda dealt: []), "not-a-partition"),
    ("random_mini_batches", batches(lambda dealt: [(X, Y) for X, Y in dealt if X.shape[1] > 3]), "not-a-partition"),
    ("random_mini_batches", batches(lambda dealt: [*dealt, dealt[0]]), "not-a-partition"),
    ("random_mini_batches", batches(lambda dealt: [(X, Y[:, ::-1]) for X, Y in dealt]), "pairs-torn-apart"),
    ("random_mini_batches", batches(lambda dealt: [(X, Y[:, :1]) for X, Y in dealt]), "pairs-torn-apart"),
    ("random_mini_batches", batches(lambda dealt: dealt[::-1]), "wrong-batch-size"),
    ("random_mini_batches", in_order, "not-shuffled"),
    ("train", lambda *given: None, "returned-nothing"),
    ("train", lambda *given: {}, "missing-key"),
    ("train", without("b2"), "missing-key"),
    ("train", after_one_epoch(np.transpose), "wrong-shape"),
    ("train", after_one_epoch(lambda theta: theta * np.nan), "not-finite"),
    ("train", after_one_epoch(lambda theta: theta.astype(str)), "wrong-type"),
    ("train", after_one_epoch(lambda theta: theta), "accuracy-too-low"),
    ("train", after_one_epoch(lambda theta: 0 * theta), "symmetry-not-broken"),
    ("train", lambda X, *given: trained_by(plain)(X[:32], *given), "raised"),
]


@pytest.mark.parametrize(
    ("name", "answer", "mistake"), WRONG, ids=[f"{name}-{mistake}-{i}" for i, (name, _, mistake) in enumerate(WRONG)]
)
def test_what_students_write_wrongly_is_named(name, answer, mistake):
    verdict = judged(name, answer)
    assert (verdict.passed, verdict.mistake) == (False, mistake), verdict
    assert round(verdict.points, 3) == round(sum(part.points for part in verdict.parts), 3) < verdict.max_points


def test_a_step_gets_points_for_the_parts_that_are_right():
    def old_mean(theta, grad, v, learning_rate, beta):
        return theta - learning_rate * v, beta * v + (1 - beta) * grad

    verdict = judged("momentum_step", old_mean)
    assert (verdict.mistake, verdict.points, verdict.max_points) == ("old-value-used", 1.5, 3.0)
    assert "Right: v. Wrong: theta." in verdict.message

    def uncorrected(theta, grad, m, v, t, learning_rate, beta1, beta2, epsilon):
        _, m, v = adam_step(theta, grad, m, v, t, learning_rate, beta1, beta2, epsilon)
        return theta - learning_rate * m / (np.sqrt(v) + epsilon), m, v

    verdict = judged("adam_step", uncorrected)
    assert verdict.mistake == "bias-correction-missing"
    assert verdict.points == pytest.approx(2 / 3 * verdict.max_points)
    assert "Right: m, v. Wrong: theta." in verdict.message


@pytest.mark.parametrize(("inside", "mistake"), [(True, "epsilon-inside-root"), (False, "epsilon-scaled")])
def test_where_epsilon_stands_is_seen_though_it_is_tiny_in_practice(inside, mistake):
    def adam(theta, grad, m, v, t, learning_rate, beta1, beta2, epsilon):
        _, m, v = adam_step(theta, grad, m, v, t, learning_rate, beta1, beta2, epsilon)
        left = 1 - beta2**t
        below = np.sqrt(v / left + epsilon) if inside else (np.sqrt(v) + epsilon) / np.sqrt(left)
        return theta - learning_rate * m / (1 - beta1**t) / below, m, v

    assert judged("adam_step", adam).mistake == mistake


def test_the_cases_of_a_step_start_at_zero_once_and_have_means_that_gradients_could_have_made():
    for seed in range(20):
        first, *later = draw_steps(seed)
        assert first.values["t"] == 1
        assert not np.any(first.values["m"])
        assert not np.any(first.values["v"])
        for case in later:
            assert case.values["t"] > 1
            assert np.all(case.values["v"] > 0)
            assert np.all(case.values["m"] ** 2 < 20 * case.values["v"])
        assert any(case.values["epsilon"] > 0.01 for case in later), "where epsilon stands must be seen"


def test_a_dropped_short_batch_is_called_that():
    def whole_ones(X, Y, batch_size, seed):
        return [(X_b, Y_b) for X_b, Y_b in random_mini_batches(X, Y, batch_size, seed) if X_b.shape[1] == batch_size]

    verdict = judged("random_mini_batches", whole_ones)
    assert verdict.mistake == "not-a-partition"
    assert (
        "With m = 23 and batch_size = 5: The last 3 examples, which make a short batch, are in no batch."
        in verdict.seen
    )


def test_shuffled_batches_are_accepted_for_many_seeds():
    for seed in range(200):
        assert judged("random_mini_batches", random_mini_batches, seed).passed


def test_the_digits_are_centred_and_none_that_was_trained_on_is_asked_about():
    (call,) = question("train").calls(3)
    data = training._digits(3)
    assert np.abs(call["X"].mean(axis=1)).max() < 1e-12
    assert call["X"].shape[1] + data.X_test.shape[1] == 1797
    columns = {column.tobytes() for column in (call["X"].T + 0.0).round(6)}
    held_back = {column.tobytes() for column in (data.X_test.T + 0.0).round(6)}
    assert not columns & held_back


def test_the_reference_is_far_above_what_is_asked():
    asked = question("train")
    accuracies = []
    for seed in range(4):
        (call,) = asked.calls(seed)
        accuracies.append(accuracy_of(asked.reference(*call.values()), training._digits(seed)))
    assert np.mean(accuracies) > training.ACCURACY + 3 * 0.0062


def accuracy_of(parameters, data):
    AL, _ = forward_propagation(data.X_test, parameters)
    return np.mean((AL > 0.5) == data.Y_test)


def test_one_neuron_without_hidden_layers_is_refused_by_its_shapes_and_is_not_good_enough():
    def one_neuron(X, Y, layer_dims, *given):
        return trained_by(plain)(X, Y, [layer_dims[0], 1], *given)

    assert judged("train", one_neuron).mistake == "wrong-shape"
    (call,) = question("train").calls(0)
    assert accuracy_of(one_neuron(*call.values()), training._digits(0)) < training.ACCURACY


def test_training_that_takes_too_long_is_said_to(monkeypatch):
    monkeypatch.setattr(training, "SECONDS", 0.0)
    finding = training.inspect_training(*_call_and_outcome())
    assert finding.mistake == "timed-out"
    assert "It took longer than 0 seconds." in finding.seen


def _call_and_outcome():
    from autograder.guest.evaluate import evaluate

    calls = question("train").calls(0)
    return calls, evaluate(question("train").reference, calls)


def test_training_with_a_wrong_step_follows_from_it():
    namespace: dict = {"np": np, "deal": random_mini_batches, "forwards": forward_propagation, "start": he}
    namespace["backwards"] = backward_propagation
    exec(
        """
def gradient_descent_step(theta, grad, learning_rate):
    return theta + learning_rate * grad
def train(X, Y, layer_dims, num_epochs, batch_size, learning_rate, seed):
    p = start(layer_dims, seed)
    for epoch in range(num_epochs):
        for X_b, Y_b in deal(X, Y, batch_size, epoch):
            AL, caches = forwards(X_b, p)
            grads = backwards(AL, Y_b, caches)
            p = {name: gradient_descent_step(p[name], grads["d" + name], learning_rate) for name in p}
    return p
""",
        namespace,
    )
    verdict = check(namespace["train"], assignment="ps7_training", show=False)
    assert verdict.mistake == "follows-from-earlier"
    assert "because gradient_descent_step is" in verdict.message
