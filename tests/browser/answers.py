"""Answers to every exercise, right, wrong and odd, as texts that a reader could write; and what is said of them here.

What is compared between two Pythons must not depend on either: mistakes and right answers are taken
from the course itself, by a text that looks them up.
"""

import ast
import dis
import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from autograder.assignments import ASSIGNMENTS
from autograder.core.mistakes import beliefs, by_hand
from autograder.core.mistakes import mistakes as known
from autograder.core.question import Formula
from autograder.core.questions import question

ROOT = Path(__file__).resolve().parents[2]
VARIANTS = ROOT / "benchmarks" / "judge" / "variants"
EXERCISES = ROOT / "book" / "_build" / "exercises.json"
TRAINING = ("nn_model", "train")
"""Functions that take seconds when they are right."""
EVERY = 20
"""One in so many mistakes by the rules is compared: any is like its neighbours, and all of them take minutes."""
THOROUGH = ("ps2_activations", "ps4_two_layer")
"""For these the odd answers that fit no mistake are compared too: they make the judge go through all that it knows."""

OF_NUMPY = "t t **"
"""What an answer does that numpy 1 and 2 themselves differ on, as Python's instructions have it.

An integer of thousands of digits is no float for numpy 1.
"""

Row = Mapping[str, Any]


class Answer(NamedTuple):
    """A text for a cell.

    Attributes
    ----------
    id : such as "ps4_two_layer/compute_dW2/mistake-3-transposed"
    text : what the reader writes
    expected : the mistake that it must be given, "right", or "" where only both Pythons must say the same
    """

    id: str
    text: str
    expected: str = ""

    @property
    def request(self) -> tuple[str, dict[str, str]]:
        """What the worker is asked."""
        assignment, function, _ = self.id.split("/", 2)
        return "check", {"assignment": assignment, "function": function, "text": self.text}


def differs_by_numpy(answer: Answer) -> bool:
    """Return whether an answer that looks a function up does what numpy 1 and 2 differ on."""
    namespace: dict[str, Any] = {}
    exec(answer.text, namespace)
    return OF_NUMPY in " ".join(each.argrepr for each in dis.Bytecode(namespace["_answer"]) if each.argrepr)


def looked_up(function: str, where: str, what: str) -> str:
    """Return a text that answers with a function of the course."""
    return f"{where}\n_answer = {what}\n\n\ndef {function}(*given):\n    return _answer(*given)\n"


def mistakes(assignment: str) -> Iterator[Answer]:
    """Yield every mistake that is written by hand."""
    for exercise in ASSIGNMENTS[assignment].exercises:
        asked = question(exercise.asked)
        for k, mistake in enumerate(by_hand(asked) if isinstance(asked, Formula) else known(asked)):
            text = looked_up(exercise.function, *code_of(exercise.asked, k))
            yield Answer(f"{assignment}/{exercise.function}/mistake-{k}-{mistake.id}", text, mistake.id)


def code_of(id: str, k: int) -> tuple[str, str]:
    """Return the code that looks a mistake of a question up, by its number."""
    where = "from itertools import islice\nfrom autograder.core.mistakes import mistakes\n"
    where += "from autograder.core.questions import question"
    return where, f"next(islice(mistakes(question({id!r})), {k}, None)).function"


def some_by_rules(assignment: str) -> Iterator[Answer]:
    """Yield some of the mistakes that the rules make."""
    for exercise in ASSIGNMENTS[assignment].exercises:
        asked = question(exercise.asked)
        made = list(known(asked)) if isinstance(asked, Formula) else []
        first = len(beliefs(asked)) if made else 0
        for k, slip in list(enumerate(made))[first::EVERY]:
            text = looked_up(exercise.function, *code_of(exercise.asked, k))
            yield Answer(f"{assignment}/{exercise.function}/rule-{k}-{slip.id}", text)


def right_answers_module(assignment: str) -> tuple[str, dict[str, str]]:
    """Return the request that brings the right answers of `benchmarks.judge.variants` to a Python."""
    source = (VARIANTS / f"{assignment}.py").read_text(encoding="utf-8")
    lines = (
        "import sys, types",
        f"module = types.ModuleType('right_{assignment}')",
        f"exec({source!r}, vars(module))",
        "sys.modules[module.__name__] = module",
        "'there'",
    )
    return "run", {"text": "\n".join(lines)}


@cache
def _names_of_variants(assignment: str) -> list[str]:
    """Return which function each right answer is for, as the source says it."""
    tree = ast.parse((VARIANTS / f"{assignment}.py").read_text(encoding="utf-8"))
    (listed,) = (n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "VARIANTS")
    return [ast.literal_eval(entry.elts[0]) for entry in listed.elts]


def right_answers(assignment: str) -> Iterator[Answer]:
    """Yield the right answers that are written in other ways than the solutions."""
    for k, function in enumerate(_names_of_variants(assignment)):
        text = looked_up(function, f"from right_{assignment} import VARIANTS", f"VARIANTS[{k}][1]")
        yield Answer(f"{assignment}/{function}/variant-{k}", text, "right")


CHANGED = """

def _changed(value):
    if isinstance(value, dict):
        return {{name: _changed(each) for name, each in value.items()}}
    if isinstance(value, (tuple, list)):
        return type(value)(_changed(each) for each in value)
    value = np.asarray(value)
    return {change}


def _with_changes(right):
    def {function}(*given):
        return _changed(right(*given))
    return {function}


{function} = _with_changes({function})
"""
CHANGES = {
    "integers": "value.astype(int)",
    "float32": "value.astype(np.float32)",
    "float16": "value.astype(np.float16)",
    "longdouble": "value.astype(np.longdouble)",
    "complex": "value + 0j",
    "objects": "value.astype(object)",
    "texts": "value.astype(str)",
    "booleans": "value > 0",
    "nan": "value * np.nan",
    "infinite": "value / np.zeros_like(value)",
    "rounded": "np.round(value, 3)",
    "off": "value + 1e-3",
    "zero": "0 * value",
    "another-axis": "value[..., None]",
    "as-lists": "value.tolist()",
}
"""What can be done to the arrays of a right answer."""
BODIES = {
    "raises": "raise ValueError('no')",
    "raises-what-cannot-be-printed": r"raise ValueError('\ud800 \x1b[31m \u202e')",
    "raises-without-a-text": "raise type('Own', (Exception,), {'__str__': lambda self: 1 / 0})",
    "leaves": "raise SystemExit(0)",
    "is-interrupted": "raise KeyboardInterrupt",
    "calls-what-is-not-written": "return helper()\n\n\ndef helper():\n    raise NotImplementedError",
    "returns-nothing": "return None",
    "returns-zero": "return 0",
    "returns-one": "return 1.0",
    "returns-a-large-integer": "return 2 ** 40",
    "returns-a-huge-integer": "return 2 ** 70",
    "returns-its-input": "return {first}",
    "returns-a-text": "return 'dW'",
    "returns-a-generator": "yield 0",
    "uses-a-name-that-is-not-there": "return nowhere",
    "uses-its-name-without-end": "return {function}({arguments})",
}
"""What can stand in a function."""
TEXTS = {
    "nothing": "",
    "no-python": "def (",
    "an-indentation": "  x = 1",
    "raises-above": "1 / 0\n",
    "another-name": "def something(x):\n    return x\n",
    "no-function": "{function} = 5\n",
    "a-class": "class {function}:\n    def __init__(self, *given):\n        pass\n",
}
"""What can stand in a cell."""


def odd_answers(assignment: str, exercises: Mapping[str, Row]) -> Iterator[Answer]:
    """Yield what nobody means to hand in."""
    for exercise in ASSIGNMENTS[assignment].exercises:
        function = exercise.function
        row = exercises[f"{assignment}/{function}"]
        head = row["stub"].partition("\n")[0]
        given = [each.arg for each in ast.parse(f"{head}\n    pass").body[0].args.args]
        words = {"function": function, "first": given[0], "arguments": ", ".join(given)}
        place = f"{assignment}/{function}/"
        yield Answer(f"{place}stub", row["stub"], "not-implemented")
        for name, text in TEXTS.items():
            yield Answer(f"{place}text-{name}", text.replace("{function}", function))
        left_out = () if assignment in THOROUGH else FIT_NOTHING
        for name, body in BODIES.items():
            if name in left_out:
                continue
            for word, value in words.items():
                body = body.replace(f"{{{word}}}", value)
            yield Answer(f"{place}body-{name}", f"{head}\n    {body}\n")
        if function in TRAINING:
            continue
        first, _, rest = row["solution"].partition("\n")
        yield Answer(f"{place}solution", row["solution"], "right")
        yield Answer(f"{place}prints", f"print('begin')\n{first}\n    print({given[0]})\n{rest}\n'end'", "right")
        for name, change in CHANGES.items():
            if name in left_out:
                continue
            text = row["solution"] + CHANGED.format(change=change, function=function)
            yield Answer(f"{place}changed-{name}", text)


def read_exercises() -> dict[str, Any]:
    """Return every exercise by its cell, as the site has it."""
    rows = json.loads(EXERCISES.read_text(encoding="utf-8"))["assignments"]
    return {f"{row['name']}/{each['function']}": each for row in rows for each in row["exercises"]}


FIT_NOTHING = (
    *("integers", "complex", "booleans", "nan", "infinite", "rounded", "off", "another-axis", "as-lists"),
    *("returns-zero", "returns-one", "returns-a-large-integer", "returns-a-huge-integer", "returns-its-input"),
)
"""Odd answers with numbers in them that are no mistake's."""
KINDS = ("mistakes", "rules", "right answers", "odd answers")


@cache
def answers(kind: str, assignment: str) -> tuple[Answer, ...]:
    """Return the answers of a kind to an assignment."""
    if kind == "odd answers":
        return tuple(odd_answers(assignment, read_exercises()))
    return tuple({"mistakes": mistakes, "rules": some_by_rules, "right answers": right_answers}[kind](assignment))


def compared(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a result must be the same everywhere: all but the words, in which libraries have their own."""
    verdict, error = result.get("verdict"), result.get("error")
    keys = ("passed", "mistake", "points", "max_points", "notes", "equation", "known", "read")
    row: dict[str, Any] = {key: verdict[key] for key in keys} if verdict else {"passed": "no verdict"}
    row["parts"] = [[part[key] for key in sorted(part)] for part in (verdict or {}).get("parts", [])]
    row["error"] = [error["kind"], error["line"]] if error else None
    return {**row, **{key: result.get(key) for key in ("line", "unwritten", "broken", "output", "ended")}}


def start(folder: str) -> None:
    """Load the session into this process."""
    sys.path.insert(0, folder)
    import session

    session.load_text(EXERCISES.read_text(encoding="utf-8"))


def judged_here(kind: str, assignment: str) -> list[dict[str, Any]]:
    """Return what this Python's session says of the answers of a kind, by the same requests that a worker gets."""
    import session

    session.run(right_answers_module(assignment)[1])
    return [compared(session.check(answer.request[1])) for answer in answers(kind, assignment)]
