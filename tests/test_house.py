"""The house: who may import whom, what an import loads, and what no file may hold.

DESIGN.md's floors are read from the source with `ast`; each rule is a function that returns complaints, and is itself
tested to complain.
"""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import autograder
from autograder.core.verdict import Verdict
from autograder.guest import stand_in

ROOT = Path(__file__).parents[1]
OURS = ("course_lib", "autograder")

ROOMS_BELOW = {
    "course_lib": set(),
    "autograder.errors": set(),
    "autograder.protocol": set(),
    "autograder.guest": {"autograder.protocol"},
    "autograder.equations": {"course_lib", "autograder.errors"},
    "autograder.assignments": {"course_lib", "autograder.equations"},
    "autograder.course_file": {"course_lib", "autograder.errors", "autograder.equations", "autograder.assignments"},
    "autograder.core": {
        *("course_lib", "autograder.protocol", "autograder.guest"),
        *("autograder.equations", "autograder.assignments"),
    },
    "autograder.in_sight": {"course_lib", "autograder.assignments", "autograder.core"},
    "autograder.recognise": {"course_lib", "autograder.errors", "autograder.protocol", "autograder.assignments"},
    # It starts and ends guests, and knows nothing of equations or exercises.
    "autograder.sandbox": {"autograder.errors", "autograder.protocol"},
    "autograder.grade": {
        *("course_lib", "autograder.errors", "autograder.protocol"),
        *("autograder.assignments", "autograder.course_file", "autograder.core"),
        *("autograder.recognise", "autograder.sandbox"),
    },
    "autograder.report": {
        *("course_lib", "autograder.errors", "autograder.protocol"),
        *("autograder.assignments", "autograder.course_file", "autograder.core"),
        *("autograder.recognise", "autograder.sandbox", "autograder.grade"),
    },
    "autograder.cli": {
        *("course_lib", "autograder.errors", "autograder.protocol"),
        *("autograder.assignments", "autograder.course_file", "autograder.core"),
        *("autograder.recognise", "autograder.sandbox", "autograder.grade", "autograder.report"),
    },
    # The package's own file is the door: it looks names up in the core when they are first used.
    "autograder": {"autograder.core", "autograder.guest", "autograder.equations"},
}
"""From the ground up, what each room may import beside itself. A new room needs a line here."""

FROM_ELSEWHERE = {
    "course_lib": {"numpy"},
    "course_lib.plotting": {"numpy", "matplotlib"},
    "autograder.errors": set(),
    "autograder.protocol": {"numpy"},
    "autograder.guest": {"numpy", "IPython"},
    "autograder.equations": set(),
    "autograder.assignments": set(),
    "autograder.core": {"numpy"},
    "autograder.in_sight": {"numpy"},
    "autograder": set(),
}
"""What a room, or one module of it, may import from other projects; a room that is not named is free."""


def module_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(root: Path) -> dict[str, str]:
    """Return the text of every module of the two packages by its name."""
    return {
        module_of(path, root): path.read_text(encoding="utf-8")
        for package in OURS
        for path in sorted((root / package).rglob("*.py"))
    }


def imports_of(module: str, source: str, modules: set[str]) -> Iterator[str]:
    """Return the modules that a source imports: at its top, inside a function, or by `import_module("...")`."""
    is_package = any(other.startswith(module + ".") for other in modules)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")[: None if is_package and node.level == 1 else is_package - node.level]
                base = ".".join([*parents, *filter(None, [node.module])])
            inner = [f"{base}.{alias.name}" for alias in node.names]
            yield from (name if name in modules else base for name in inner)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            if node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
            elif node.args and isinstance(node.args[0], ast.JoinedStr):
                start = node.args[0].values[0]
                yield str(start.value).rstrip(".") if isinstance(start, ast.Constant) else "a computed name"


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[0] if parts[0] == "course_lib" else ".".join(parts[:2])


def complaints_about_floors(texts: dict[str, str]) -> list[str]:
    """Complain of each import that goes up, sideways, or out of the house where that is not allowed."""
    found = []
    for module, source in texts.items():
        room = room_of(module)
        if room not in ROOMS_BELOW:
            found.append(f"{module}: give the room {room} a floor")
            continue
        for imported in imports_of(module, source, set(texts)):
            top = imported.partition(".")[0]
            if top in OURS:
                if room_of(imported) not in ROOMS_BELOW[room] | {room}:
                    found.append(f"{module} imports {imported}")
            elif top not in sys.stdlib_module_names:
                named = [e for e in FROM_ELSEWHERE if e.startswith(room) and f"{module}.".startswith(f"{e}.")]
                allowed = FROM_ELSEWHERE[max(named, key=len)] if named else None
                if allowed is not None and top not in allowed:
                    found.append(f"{module} imports {imported}")
    return found


def test_every_import_goes_to_a_lower_floor_and_out_of_the_house_only_where_allowed():
    texts = sources(ROOT)
    assert {"course_lib.two_layer", "autograder.core.judge", "autograder.guest.server"} <= set(texts)
    assert complaints_about_floors(texts) == []


def test_the_floors_are_in_order_and_the_two_sides_never_meet():
    rooms = list(ROOMS_BELOW)
    for room in rooms[: rooms.index("autograder")]:
        assert all(rooms.index(lower) < rooms.index(room) for lower in ROOMS_BELOW[room])
    assert ROOMS_BELOW["autograder.protocol"] == ROOMS_BELOW["course_lib"] == set()
    assert ROOMS_BELOW["autograder.guest"] == {"autograder.protocol"}
    assert not {"course_lib", "autograder.core"} & ROOMS_BELOW["autograder.sandbox"]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("course_lib.two_layer", "import matplotlib"),
        ("course_lib.two_layer", "import scipy.special"),
        ("course_lib.losses", "def f():\n    from autograder import check"),
        ("course_lib.plotting", "import pandas"),
        ("autograder.protocol.wire", "from autograder.guest import evaluate"),
        ("autograder.protocol.values", "import course_lib.two_layer"),
        ("autograder.protocol.notebook", "import nbformat"),
        ("autograder.guest.evaluate", "import course_lib.two_layer"),
        ("autograder.guest.evaluate", "from course_lib import two_layer"),
        ("autograder.guest.evaluate", "from autograder.core import judge"),
        ("autograder.guest.evaluate", "from autograder import check"),
        ("autograder.guest.evaluate", "from ..core import judge"),
        ("autograder.guest.evaluate", "from ..assignments import ASSIGNMENTS"),
        ("autograder.guest.evaluate", "import nbformat"),
        ("autograder.guest", "from ..core import judge"),
        ("autograder.assignments", "from autograder.core import judge"),
        ("autograder.assignments", "import numpy"),
        ("autograder.core.judge", "import nbformat"),
        ("autograder.core.judge", "from IPython.display import display"),
        ("autograder.core.judge", "from autograder.sandbox.process import GuestProcess"),
        ("autograder.core.judge", "from autograder.recognise import read"),
        ("autograder.core.judge", "if True:\n    import importlib\n    importlib.import_module('autograder.grade')"),
        ("autograder.core.judge", "from importlib import import_module\nimport_module(f'autograder.grade.{1}')"),
        ("autograder.recognise", "from autograder.core.judge import judge"),
        ("autograder.sandbox.process", "from autograder.core.cases import draw"),
        ("autograder.sandbox.process", "import course_lib.equations"),
        ("autograder.sandbox.process", "from autograder.guest import server"),
        ("autograder.sandbox.process", "from autograder.assignments import ASSIGNMENTS"),
        ("autograder.sandbox.process", "from autograder.grade.submission import Submission"),
        ("autograder.grade.submission", "from autograder import cli"),
        ("autograder.grade.submission", "from autograder.report import feedback"),
        ("autograder.attic.box", "import json"),
        ("autograder", "from autograder.cli import main"),
    ],
)
def test_a_forbidden_import_is_complained_of(module, source):
    texts = dict.fromkeys(
        ("autograder.core.judge", "autograder.core", "autograder.cli", "autograder.report", "autograder.guest.server"),
        "import json",
    )
    assert len(complaints_about_floors({**texts, module: source})) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("course_lib.two_layer", "import numpy as np\nfrom course_lib.losses import bce_loss"),
        ("course_lib.plotting", "from matplotlib.figure import Figure"),
        ("autograder.guest.server", "from ..protocol import wire\nfrom IPython.core import magic\nimport numpy"),
        ("autograder.core.judge", "from ..protocol.values import Outcome\nfrom course_lib import two_layer"),
        ("autograder.cli", "import click\nfrom autograder import assignments"),
    ],
)
def test_an_allowed_import_is_not_complained_of(module, source):
    assert complaints_about_floors({"autograder.assignments": "", "autograder.protocol": "", module: source}) == []


def complaints_about_class_names(texts: dict[str, str]) -> list[str]:
    """Complain of each name that two classes of the house have: a reader looks it up, and finds another thing."""
    homes: dict[str, list[str]] = {}
    for module, source in texts.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(module)
    return [f"{name}: {', '.join(where)}" for name, where in homes.items() if len(where) > 1]


def test_the_name_of_a_class_stands_for_one_thing():
    assert complaints_about_class_names(sources(ROOT)) == []
    assert complaints_about_class_names({"a": "class Cell: ...", "b": "class Cell: ..."}) == ["Cell: a, b"]


def loaded_after(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter holds after a statement."""
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def held_of(names: set[str], modules: set[str]) -> list[str]:
    return sorted(m for m in modules if any(m == name or m.startswith(name + ".") for name in names))


JUPYTER = {"nbformat", "nbgrader", "nbconvert", "nbclient", "jupyter_client", "jupyter_core", "ipykernel", "IPython"}


def test_the_students_process_holds_neither_the_reference_nor_the_judge():
    loaded = loaded_after("import autograder.guest.server")
    assert "autograder.protocol.wire" in loaded
    assert held_of({"course_lib", "autograder.core", "autograder.assignments"}, loaded) == []


def test_the_host_holds_neither_the_reference_nor_the_judge():
    loaded = loaded_after("import autograder.sandbox.process")
    assert held_of({"course_lib", "autograder.core", "autograder.assignments"}, loaded) == []


def test_the_second_oracle_never_imports_the_reference():
    assert held_of({"course_lib", "autograder.core.questions"}, loaded_after("import autograder.core.numeric")) == []


def test_the_checking_core_loads_nothing_of_jupyter_and_no_plotting():
    loaded = loaded_after("import autograder.core.check")
    assert "autograder.core.judge" in loaded
    assert held_of({*JUPYTER, "matplotlib", "click", "sqlalchemy"}, loaded) == []


def test_the_public_names_load_nothing_of_jupyter_and_no_plotting():
    loaded = loaded_after("from autograder import Verdict, check, checks_for, hint, set_assignment")
    assert held_of({*JUPYTER, "matplotlib"}, loaded) == []


def test_importing_autograder_alone_loads_neither_the_core_nor_the_reference():
    assert held_of({"course_lib", "autograder.core", "numpy"}, loaded_after("import autograder")) == []


def test_importing_the_reference_loads_no_matplotlib():
    assert held_of({"matplotlib", "autograder"}, loaded_after("import course_lib")) == []


def test_the_registry_loads_no_matplotlib():
    loaded = loaded_after("import course_lib.equations")
    assert "course_lib.two_layer" in loaded
    assert held_of({"matplotlib", "autograder"}, loaded) == []


def test_a_module_that_is_loaded_would_be_seen():
    assert "json.decoder" in held_of({"json"}, loaded_after("import json"))


def test_the_public_names_are_these():
    names = "ForwardPass Verdict check checks_for hint once_written set_assignment"
    assert autograder.__all__ == names.split()
    for name in autograder.__all__:
        value = getattr(autograder, name)
        assert value.__name__ == name
        assert value.__module__.startswith(("autograder.core.", "autograder.equations", "autograder.guest."))
        assert value.__doc__


def test_a_name_that_is_not_public_is_an_attribute_error_that_names_it():
    with pytest.raises(AttributeError, match="module 'autograder' has no attribute 'grade_everyone'"):
        autograder.grade_everyone  # noqa: B018


def test_the_stand_in_offers_every_public_name():
    program = (
        "from autograder.guest import stand_in\nstand_in.install()\n"
        f"from autograder import {', '.join(autograder.__all__)}\n"
        "set_assignment('any', last_hint=False)\nhint(len, assignment='any')\n"
        "print(checks_for('any'), f'{check(len).points:.1f}')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == (f"() {stand_in.NOT_HERE}\n", "")


def test_the_stand_in_has_all_of_a_verdict():
    right = Verdict("f", None, True, 2.0, 2.0, None, "")
    of_a_student, table = stand_in.NoVerdict("f", 2.0), right.as_json()
    assert {name for name in dir(right) if name[0] != "_"} <= set(dir(of_a_student))
    assert of_a_student.as_json() == table
    assert {type(each) for each in (of_a_student.points / 3, sum([of_a_student.points]))} == {stand_in.NoPoints}


def tracked_files() -> list[Path]:
    """Return the files that git tracks; a copy without git has nothing to look at."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(f"git cannot list the files: {done.stderr}")
        pytest.skip("this copy of the project is no git checkout")
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


# Written in pieces, so that this file does not hold what it forbids.
FORBIDDEN = {
    "a path of a developer's machine": re.compile("/" + "work/" + "|" + r"\.\./" + "shared"),
    "the host of a package registry": re.compile(
        "|".join([r"registry\." + "npmjs", "pypi" + r"\.org", r"files\.python" + "hosted"])
    ),
}
MAY_HOLD: dict[str, str] = {}
"""A file that needs one of these, and why."""


def complaints_about_text(name: str, text: str) -> list[str]:
    return [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1} holds {what}: {match.group()}"
        for what, pattern in FORBIDDEN.items()
        for match in pattern.finditer(text)
    ]


def test_no_file_names_a_developers_machine_or_a_package_registry():
    found = []
    for path in tracked_files():
        name = path.relative_to(ROOT).as_posix()
        if name not in MAY_HOLD:
            found += complaints_about_text(name, path.read_bytes().decode("utf-8", errors="replace"))
    assert found == []


def test_the_allow_list_has_no_file_that_does_not_need_it():
    tracked = {path.relative_to(ROOT).as_posix(): path for path in tracked_files()}
    for name, reason in MAY_HOLD.items():
        assert reason
        assert complaints_about_text(name, tracked[name].read_bytes().decode("utf-8", errors="replace"))


@pytest.mark.parametrize(
    "text",
    [
        "see " + "/".join(["", "work", "main"]),
        "cp " + "../" + "shared/notes .",
        "https://" + "registry.npm" + "js.org/katex",
        "https://py" + "pi.org/simple",
        "https://files.python" + "hosted.org/packages",
    ],
)
def test_such_a_text_is_complained_of_with_its_line(text):
    (complaint,) = complaints_about_text("a.md", f"one\n{text}\n")
    assert complaint.startswith("a.md:2 holds ")


@pytest.mark.parametrize("text", ["a network/working set", "homework/ps4", "the framework / the rest", "shared/notes"])
def test_an_ordinary_text_is_not_complained_of(text):
    assert complaints_about_text("a.md", text) == []


EVERYTHING = {"Exception", "BaseException"}


def _catches_everything(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(ast.unparse(kind).rpartition(".")[2] in EVERYTHING for kind in kinds)


def _does_nothing(body: list[ast.stmt]) -> bool:
    return all(
        isinstance(step, ast.Pass | ast.Continue)
        or (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))
        for step in body
    )


def complaints_about_swallowing(name: str, source: str) -> list[str]:
    """Complain of `except Exception: pass` and its relatives: an error that nobody hears of."""
    found = []
    for node in ast.walk(ast.parse(source)):
        swallows = isinstance(node, ast.ExceptHandler) and _catches_everything(node.type) and _does_nothing(node.body)
        suppresses = (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).rpartition(".")[2] == "suppress"
            and any(_catches_everything(argument) for argument in node.args)
        )
        if swallows or suppresses:
            found.append(f"{name}:{node.lineno} swallows every exception")
    return found


def test_no_exception_is_swallowed_anywhere():
    found = []
    for path in tracked_files():
        if path.suffix == ".py":
            found += complaints_about_swallowing(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept:\n    ...",
        "try:\n    f()\nexcept (ValueError, BaseException) as error:\n    'not heard of'",
        "for x in y:\n    try:\n        f()\n    except builtins.Exception:\n        continue",
        "with contextlib.suppress(Exception):\n    f()",
    ],
)
def test_a_swallowed_exception_is_complained_of(source):
    assert len(complaints_about_swallowing("a.py", source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    f()\nexcept ValueError:\n    pass",
        "try:\n    f()\nexcept Exception as error:\n    report(error)",
        "with contextlib.suppress(FileNotFoundError):\n    f()",
    ],
)
def test_an_exception_that_is_named_or_handled_is_not_complained_of(source):
    assert complaints_about_swallowing("a.py", source) == []
