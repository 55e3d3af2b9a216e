"""Keep what the checks say as golden files, to be read like any text of the course.

    python -m tests.autograder.core.messages          compare; exit code 1 if something is said otherwise now
    python -m tests.autograder.core.messages update   write the files anew

`golden/<assignment>.txt` holds, for every exercise and every kind of mistake, the first message of its kind.
`golden/verdicts.txt`, `.html` and `.json` hold one verdict of each sort in each of the three forms.
"""

import difflib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autograder.assignments import ASSIGNMENTS, Exercise
from autograder.core.check import check, questions
from autograder.core.judge import judge
from autograder.core.mistakes import by_id
from autograder.core.questions import question
from autograder.core.render import html, text
from autograder.core.verdict import Verdict
from autograder.guest.evaluate import evaluate
from course_lib import activations, two_layer

GOLDEN = Path(__file__).parent / "golden"


def said(exercise: Exercise, function: Callable[..., Any]) -> Verdict:
    """Return the verdict on a function as the answer to an exercise."""
    return judge(exercise, evaluate(function, questions(exercise, 0)), 0)


def messages(assignment: str) -> str:
    """Return the first message of each kind of mistake for every exercise of an assignment."""
    blocks = []
    for exercise in ASSIGNMENTS[assignment].exercises:
        seen = set()
        for mistake in by_id(question(exercise.asked)).values():
            verdict = said(exercise, mistake.function)
            if verdict.mistake not in seen:
                seen.add(verdict.mistake)
                blocks.append(text(verdict))
    return "\n\n".join(blocks) + "\n"


def _defined(source: str, name: str) -> Callable[..., Any]:
    namespace: dict[str, Any] = {"np": np}
    exec(source, namespace)
    function: Callable[..., Any] = namespace[name]
    return function


FOLLOWS = """
def compute_dZ1(dA1, Z1):
    return dA1
def backward_propagation(parameters, cache, X, Y):
    dZ2, m = cache["A2"] - Y, X.shape[1]
    dZ1 = compute_dZ1(parameters["W2"].T @ dZ2, cache["Z1"])
    return {"dW1": dZ1 @ X.T / m, "db1": dZ1.mean(axis=1, keepdims=True),
            "dW2": dZ2 @ cache["A1"].T / m, "db2": dZ2.mean(axis=1, keepdims=True)}
"""


def _raises(*arguments: Any) -> Any:
    raise ValueError("<script>alert('no')</script> & \x1b[31mred\x1b[0m")


def compute_dW2(*arguments: Any) -> Any:
    raise NotImplementedError


def _in_place(dZ2: Any) -> Any:
    dZ2 /= dZ2.shape[1]
    return dZ2.sum(axis=1, keepdims=True)


def verdicts() -> Iterator[tuple[str, Verdict]]:
    """Yield one verdict of each sort, with what sort it is."""
    ps4 = ASSIGNMENTS["ps4_two_layer"]

    def of(name: str, function: Callable[..., Any]) -> Verdict:
        exercise = ps4.exercise(name)
        assert exercise
        return said(exercise, function)

    dW2, db2 = two_layer.dW2, two_layer.db2
    yield "right", of("compute_dW2", dW2)
    yield "right, with a note", of("compute_db2", _in_place)
    yield "right, one entry in another shape", of("compute_cost", lambda A2, Y: np.array([[two_layer.cost(A2, Y)]]))
    yield "not implemented", of("compute_dW2", compute_dW2)
    yield "raised, with text that is no text", of("compute_dW2", _raises)
    yield "called with other arguments", of("compute_dW2", lambda dZ2: dZ2)
    yield "returned nothing", of("compute_dW2", lambda dZ2, A1: None)
    yield "wrong type", of("compute_dW2", lambda dZ2, A1: "<b>dW2</b>")
    yield "wrong dtype", of("compute_dW2", lambda dZ2, A1: dW2(dZ2, A1).astype(object))
    yield "wrong shape", of("compute_dW2", lambda dZ2, A1: dW2(dZ2, A1)[:1])
    yield "not finite", of("compute_dW2", lambda dZ2, A1: dW2(dZ2, A1) / 0)
    yield "wrong values", of("compute_dW2", lambda dZ2, A1: dW2(dZ2, A1) + 0.01)
    yield "missing key", of("backward_propagation", lambda *arguments: {"dW1": 1.0})
    yield "a named mistake", of("compute_dW2", lambda dZ2, A1: dZ2 @ A1.T)
    yield "a named mistake that is in print", of("compute_db2", lambda dZ2: dZ2.sum(axis=0, keepdims=True) / len(dZ2.T))
    yield "two mistakes together", of("compute_db2", lambda dZ2: -db2(dZ2) * dZ2.shape[1])
    yield "some parts right", of("forward_propagation", lambda X, p: (two_layer.forward_propagation(X, p)[0], {}))
    follows = check(_defined(FOLLOWS, "backward_propagation"), assignment="ps4_two_layer", show=False)
    yield "follows from an earlier one", follows
    sigmoid = ASSIGNMENTS["ps1_neuron"].exercise("sigmoid")
    assert sigmoid
    yield "overflow", said(sigmoid, lambda z: np.exp(z) / (1 + np.exp(z)))
    relu = ASSIGNMENTS["ps2_activations"].exercise("relu_prime")
    assert relu
    yield "no subgradient at the kink", said(relu, lambda z: activations.relu_prime(z) - 3.0 * (np.asarray(z) == 0))
    yield "the oracles disagree", Verdict("f", None, None, 0.0, 1.0, None, "Could not be judged: the oracles differ.")


def files() -> dict[str, str]:
    """Return what every golden file should hold, by name."""
    shown = list(verdicts())
    found = {f"{name}.txt": messages(name) for name in ASSIGNMENTS}
    found["verdicts.txt"] = "\n".join(f"# {sort}\n{text(verdict)}\n" for sort, verdict in shown)
    found["verdicts.html"] = "\n".join(f"<!-- {sort} -->\n{html(verdict)}\n" for sort, verdict in shown)
    rows = {sort: verdict.as_json() for sort, verdict in shown}
    found["verdicts.json"] = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    return found


def main(arguments: list[str]) -> int:
    """Run the command; return the exit code."""
    wanted, changed = files(), []
    GOLDEN.mkdir(exist_ok=True)
    for path in sorted({*GOLDEN.iterdir(), *(GOLDEN / name for name in wanted)}):
        before, now = path.read_text(encoding="utf-8") if path.exists() else "", wanted.get(path.name, "")
        if before == now:
            continue
        changed.append(path.name)
        if arguments != ["update"]:
            sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), now.splitlines(True), path.name, "now"))
        elif now:
            path.write_text(now, encoding="utf-8")
        else:
            path.unlink()
    print(f"changed: {', '.join(changed)}" if changed else "nothing changed")
    return 1 if changed and arguments != ["update"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
