"""The zygote: fast forks that have nothing in common, outputs as Jupyter stores them, and an end for everything."""

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from autograder.guest.display import Outputs, Stream
from autograder.protocol.values import Failure
from autograder.sandbox import outputs as host_outputs
from autograder.sandbox.cgroup import MemoryGroup, candidate_groups
from autograder.sandbox.course_files import course_files, modules_of, some_names_of
from autograder.sandbox.fork_client import Zygote
from autograder.sandbox.launch import NotStarted, SandboxProcess
from autograder.sandbox.outputs import CUT, CellOutputs, TooMuch, cleaned
from autograder.sandbox.process import CellResult, Ended, GuestProcess
from tests.grading.conftest import ROOT, SMALL, started

# --- one guest like another -------------------------------------------------------------------------------------------


@pytest.fixture(params=["forked", "fresh"])
def any_guest(request):
    """A guest of each kind: what one answers, the other does."""
    with request.getfixturevalue("zygote").guest() if request.param == "forked" else GuestProcess() as made:
        yield made


def test_a_cell_runs_and_its_exception_is_named_with_its_line(any_guest):
    assert any_guest.run("x = 1", 20) == CellResult(None, [])
    ran = any_guest.run("def f():\n    return x / 0\nf()", 20)
    assert ran.failure == Failure("ZeroDivisionError", "division by zero", "return x / 0", "f", "f", "f()")
    (error,) = ran.outputs
    assert (error["output_type"], error["ename"], error["evalue"]) == ("error", "ZeroDivisionError", "division by zero")
    assert "return x / 0" in "".join(error["traceback"])


def test_a_syntax_error_is_a_failure_like_any_other(any_guest):
    assert any_guest.run("def f(:", 20).failure.name == "SyntaxError"


def test_functions_are_evaluated_blocked_and_answered_from_outside(any_guest):
    any_guest.run("def helper(x): return x\ndef f(x): return helper(x) + 1", 20)
    case = {"x": np.array([1.0, 2.0])}
    (outcome,) = any_guest.evaluate("f", [case], 20)
    np.testing.assert_array_equal(outcome.value, [2.0, 3.0])
    (outcome,) = any_guest.evaluate("f", [case], 20, {"helper": lambda given, by_name: 10 * given[0]})
    np.testing.assert_array_equal(outcome.value, [11.0, 21.0])
    assert any_guest.evaluate("no_such_function", [case], 20) is None
    any_guest.begin({}, {}, ["helper"])
    (outcome,) = any_guest.evaluate("f", [case], 20)
    assert outcome.failure.text == "helper was ended before it returned"


def test_a_copy_of_the_process_does_not_answer_for_it(any_guest):
    assert any_guest.run("import os\npid = os.fork()\nprint('one of two')", 20).failure is None
    assert any_guest.run("print('the one')", 20).outputs[0]["text"] == "the one\n"


def test_commands_of_the_shell_are_not_run_and_break_nothing(any_guest):
    ran = any_guest.run("!touch here\n%pip install nothing\nfound = !ls\nx = 2", 20)
    assert ran.failure is None
    assert "Not run while the notebook is graded: touch here" in "".join(o["text"] for o in ran.outputs)
    assert any_guest.run("import os; print(x, found, os.path.exists('here'))", 20).outputs[0]["text"] == "2 [] False\n"


def test_exit_is_an_end_of_nothing(any_guest):
    assert any_guest.run("exit()", 20).failure is None
    assert any_guest.run("quit()\nx = 1", 20).failure is None


# --- as Jupyter would have stored it ----------------------------------------------------------------------------------

CELLS = [
    "print('one'); print('two')",
    "import sys; print('out'); print('err', file=sys.stderr)",
    "1 + 1",
    "'text'",
    "None",
    "x = 3;",
    "x;",
    "[n for n in range(100)]",
    "import numpy as np\nnp.arange(6.0).reshape(2, 3)",
    "from IPython.display import HTML, Latex, Markdown, SVG, display\nHTML('<b>bold</b>')",
    "display(HTML('<i>one</i>')); print('between'); display(Markdown('*two*')); Latex('$x$')",
    "SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>')",
    "handle = display('first', display_id=True); print('then'); handle.update('second')",
    "from IPython.display import clear_output\nprint('gone'); clear_output(); print('stays')",
    "print('gone'); clear_output(wait=True); print('stays')",
    "class Shown:\n    def _repr_html_(self): return '<p>shown</p>'\n    def __repr__(self): return 'shown'\nShown()",
    "print('before'); 1 / 0",
    "raise KeyError('no such key')",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2, 3]); plt.title('a line'); plt.show(); "
    "print('after')",
    "fig, ax = plt.subplots()\nax.plot([1, 2])",
    "print('a\\rb'); print('50%\\r100%')",
    "_ = 5\n_",
    "1 + 1\nprint('and'); 2 + 2",
]


def reduced(output):
    """Return an output without what may differ: a picture's bytes, addresses, colours and the form of a traceback."""
    output = json.loads(json.dumps(output))
    data = output.get("data", {})
    if "image/png" in data:
        data["image/png"] = base64.b64decode(data["image/png"])[:24].hex()  # signature, width and height
    for kind in ("text/plain", "image/svg+xml"):
        if kind in data:
            data[kind] = data[kind].split(" at 0x")[0].strip()
    if output["output_type"] == "stream":
        output["text"] = cleaned(output["text"])
    output.pop("traceback", None)
    return output


@pytest.fixture(scope="module")
def as_jupyter_stored_it():
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS])
    NotebookClient(notebook, allow_errors=True, kernel_name="python3", coalesce_streams=True).execute()
    return [cell.outputs for cell in notebook.cells]


@pytest.fixture(scope="module")
def as_the_guest_showed_it(zygote):
    with zygote.guest() as guest:
        return [guest.run(source, 60).outputs for source in CELLS]


@pytest.mark.parametrize("number", range(len(CELLS)), ids=lambda number: CELLS[number][:30])
def test_outputs_are_those_that_jupyter_stores(as_jupyter_stored_it, as_the_guest_showed_it, number):
    ours = [reduced(output) for output in as_the_guest_showed_it[number]]
    assert ours == [reduced(output) for output in as_jupyter_stored_it[number]]


def test_outputs_make_a_valid_notebook(as_the_guest_showed_it):
    cells = [new_code_cell("", outputs=[nbformat.from_dict(o) for o in shown]) for shown in as_the_guest_showed_it]
    nbformat.validate(new_notebook(cells=cells))


# --- nothing in common ------------------------------------------------------------------------------------------------


def test_guests_draw_different_random_numbers(zygote):
    source = "import random, numpy as np\nprint(random.random(), np.random.rand(), np.random.default_rng().random())"
    drawn = []
    for _ in range(3):
        with zygote.guest() as guest:
            drawn += guest.run(source, 20).outputs[0]["text"].split()
    assert len(set(drawn)) == 9


def test_two_guests_at_once_do_not_see_each_other(zygote):
    with zygote.guest() as first, zygote.guest() as second:
        first.run("open('mine', 'w').write('x'); y = 1", 20)
        assert second.run("import os; print(os.listdir(), 'y' in globals())", 20).outputs[0]["text"] == "[] False\n"
        first.end()
        assert second.run("print('here')", 20).outputs[0]["text"] == "here\n"


def test_one_that_ended_badly_costs_the_next_nothing(zygote):
    for source in ("import os; os._exit(1)", "while True: pass", "import ctypes; ctypes.string_at(0)"):
        with zygote.guest() as guest, pytest.raises(Ended):
            guest.run(source, 0.5)
    with zygote.guest() as guest:
        assert guest.run("print('here')", 20).outputs[0]["text"] == "here\n"


def resident(process):
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_many_guests_leave_nothing_behind(zygote):
    def once():
        with zygote.guest() as guest:
            guest.run("import numpy as np\nx = np.ones(10**5)\nprint(x)", 20)

    once()
    mother = zygote._sandbox.process.pid
    child = int(Path(f"/proc/{mother}/task/{mother}/children").read_text().split()[0])
    before = resident(child), len(list(Path("/proc/self/fd").iterdir())), resident(os.getpid())
    for _ in range(80):
        once()
    after = resident(child), len(list(Path("/proc/self/fd").iterdir())), resident(os.getpid())
    assert after[0] - before[0] < 2**20
    assert after[1] <= before[1] + 2
    assert after[2] - before[2] < 8 * 2**20
    zygote._reap()
    assert Path(f"/proc/{child}/task/{child}/children").read_text() == ""


def test_a_fork_is_fast(zygote):
    taken = []
    for _ in range(15):
        before = time.perf_counter()
        guest = zygote.guest()
        taken.append(time.perf_counter() - before)
        guest.end()
    # 12 ms on an idle machine; a fresh process takes 600.
    assert min(taken) < 0.25, taken


# --- an end for everything --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("zygote")
def test_when_the_grader_is_killed_the_kernel_ends_everything(tmp_path):
    program = f"""
        import sys, time
        from pathlib import Path
        sys.path.insert(0, {str(ROOT)!r})
        from autograder.sandbox.fork_client import Zygote
        zygote = Zygote()
        zygote.start()
        guest = zygote.guest()
        guest.run("import os, time\\nif os.fork() == 0:\\n    os.setsid()\\n    time.sleep(1000)", 20)
        print(zygote._sandbox.process.pid, guest.process, flush=True)
        time.sleep(1000)
    """
    grader = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    with grader:
        processes = [int(number) for number in grader.stdout.readline().split()]
        processes += [
            int(child)
            for process in processes
            for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()
        ]
        assert len(processes) >= 4
        grader.send_signal(signal.SIGKILL)
        grader.wait()
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{p}").exists() for p in processes) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [p for p in processes if Path(f"/proc/{p}").exists()] == []


def test_a_zygote_that_is_stopped_takes_its_guests_and_its_group_with_it():
    zygote = started(Zygote(limits=SMALL))
    guest = zygote.guest()
    process, group = guest.process, zygote.memory.path
    zygote.stop()
    zygote.stop()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{process}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{process}").exists()
    assert group is None or not group.exists()
    with pytest.raises(Ended):
        guest.run("1", 5)
    guest.end()


def test_a_zygote_that_has_gone_is_said_to_have_gone():
    zygote = started(Zygote(limits=SMALL))
    try:
        zygote._sandbox.process.kill()
        zygote._sandbox.process.wait()
        with pytest.raises(NotStarted, match="has gone"):
            zygote.guest()
    finally:
        zygote.stop()


@pytest.mark.usefixtures("zygote")
def test_a_door_that_was_made_early_becomes_the_zygote_and_holds_the_course_that_came_late():
    with contextlib.closing(SandboxProcess(SMALL)) as door:
        zygote = started(Zygote({"course_lib/__init__.py": "", "course_lib/late.py": "word = 'here'"}, sandbox=door))
        with zygote.guest() as guest:
            ran = guest.run("import os, course_lib.late\nprint(course_lib.late.word, os.listdir('/course'))", 20)
            assert ran.outputs[0]["text"] == "here ['course_lib']\n"
            for path in ("/course/x", "/course/course_lib/late.py"):
                assert guest.run(f"open({path!r}, 'w')", 20).failure.name in ("OSError", "PermissionError")
        assert zygote.limits is SMALL
        zygote.stop()
        assert door.process.returncode is not None


@pytest.mark.usefixtures("zygote")
def test_a_door_that_nobody_takes_over_leaves_nothing_behind():
    before, threads = set(Path("/proc/self/fd").iterdir()), threading.active_count()
    with contextlib.closing(SandboxProcess(SMALL)) as door:
        group = door.memory.path
        assert door.process.poll() is None
    assert door.process.returncode is not None
    assert group is None or not group.exists()
    assert set(Path("/proc/self/fd").iterdir()) == before
    assert threading.active_count() == threads


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_a_package_that_does_not_load_is_named_to_who_comes_early_and_to_who_comes_late(monkeypatch, seconds):
    monkeypatch.setattr("autograder.sandbox.plan.LOADED", ["no_such_package"])
    with contextlib.closing(SandboxProcess(SMALL)) as door:
        time.sleep(seconds)
        with pytest.raises(NotStarted, match="No module named 'no_such_package'"):
            Zygote(sandbox=door).start()


# --- outputs, from the trusted side -----------------------------------------------------------------------------------


def test_terminal_escapes_and_controls_are_taken_out():
    assert cleaned("\x1b[31mred\x1b[0m \x1b]0;title\x07text\x1b[2J\x1b(B\x07\x00\x7f\x9b1m") == "red text1m"
    assert cleaned("tab\tand\nline") == "tab\tand\nline"
    assert cleaned("50%\r100%\r\nnext\rover") == "100%\nover"
    assert cleaned("left\u202eright\u2066") == "leftright"
    assert cleaned("half \ud800 pair").encode() == b"half  pair"


@pytest.mark.parametrize("text", ["x" * 10**6, "\x1b[" + "0" * 10**6, "\r" * 10**6, "\x1b]" * 10**5, "a\r" * 10**5])
def test_cleaning_takes_no_longer_for_hostile_text(text):
    before = time.perf_counter()
    cleaned(text)
    assert time.perf_counter() - before < 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = {
    "output_type": st.sampled_from(
        ["stream", "display_data", "execute_result", "error", "update_display_data", "clear", "cut"]
    )
    | JSON,
    "name": st.sampled_from(["stdout", "stderr"]) | JSON,
    "text": st.text() | JSON,
    "data": st.dictionaries(
        st.sampled_from(["text/plain", "text/html", "image/png", "image/svg+xml", "application/javascript"]),
        st.text() | JSON,
    )
    | JSON,
    "metadata": st.dictionaries(st.sampled_from(["image/png", "needs_background"]), JSON) | JSON,
    "execution_count": st.integers() | JSON,
    "ename": st.text() | JSON,
    "evalue": st.text() | JSON,
    "traceback": st.lists(st.text() | JSON, max_size=3) | JSON,
    "display_id": st.text() | JSON,
    "wait": JSON,
}


@settings(database=None)
@given(st.lists(st.fixed_dictionaries({}, optional=FIELDS) | JSON, max_size=5))
def test_whatever_a_guest_sends_becomes_valid_outputs(pieces):
    shown = CellOutputs()
    shown.take(json.dumps(pieces).encode())
    outputs = shown.outputs()
    nbformat.validate(new_notebook(cells=[new_code_cell("", outputs=[nbformat.from_dict(o) for o in outputs])]))
    text = json.dumps(outputs, allow_nan=False)
    assert "\\u001b" not in text
    assert "javascript" not in "".join(kind for output in outputs for kind in output.get("data", {}))


@pytest.mark.parametrize("piece", [b"", b"\xff", b"[" * 10**5, b"{}", b"1" * 10**5, b'[{"output_type": "stream"}]'])
def test_a_malformed_piece_shows_nothing(piece):
    shown = CellOutputs()
    shown.take(piece)
    assert shown.outputs() == []


def test_a_picture_that_is_none_is_left_out():
    shown = CellOutputs()
    for text in ("<script>", "AAAA", base64.b64encode(b"\x89PNG\r\n\x1a\n and more").decode()):
        output = {"output_type": "display_data", "data": {"image/png": text}, "metadata": {}}
        shown.take(json.dumps([output]).encode())
    assert [base64.b64decode(output["data"]["image/png"])[:4] for output in shown.outputs()] == [b"\x89PNG"]


def test_the_trusted_side_caps_bytes_outputs_and_pieces_by_itself():
    shown = CellOutputs()
    for _ in range(8):
        shown.take(json.dumps([{"output_type": "stream", "name": "stdout", "text": "x" * 2**20}]).encode())
    assert sum(len(output["text"]) for output in shown.outputs()) < host_outputs.MAX_CELL_BYTES + 1000
    assert shown.outputs()[-1]["text"] == CUT
    shown = CellOutputs()
    one = {"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}}
    shown.take(json.dumps([one] * 1000).encode())
    assert len(shown.outputs()) == host_outputs.MAX_CELL_OUTPUTS + 1
    for _ in range(host_outputs.MAX_PIECES - 1):
        shown.take(b"[]")
    with pytest.raises(TooMuch):
        shown.take(b"[]")


def test_the_guests_side_sends_what_it_is_given_in_order_and_little_at_a_time():
    pieces = []
    outputs = Outputs(pieces.append)
    out, err = Stream("stdout", 1), Stream("stderr", 2)
    out.outputs = err.outputs = outputs
    out.write("before any cell")
    lines = [f"{number}\n" for number in range(1000)]
    with outputs:
        for line in lines:
            out.write(line)
        err.write("warned")
        outputs.rich("display_data", {"text/plain": "x", "image/png": b"png", "other": object()}, {})
    out.write("after")
    sent = [output for piece in pieces for output in json.loads(piece)]
    assert "".join(output["text"] for output in sent if output.get("name") == "stdout") == "".join(lines)
    assert [output["output_type"] for output in sent][-2:] == ["stream", "display_data"]
    assert sent[-1]["data"] == {"text/plain": "x"}
    assert len(pieces) < 100
    with pytest.raises(TypeError):
        out.write(b"bytes")


# --- the course's parts -----------------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path):
    package = tmp_path / "lib"
    (package / "inner").mkdir(parents=True)
    (package / "data").mkdir()
    texts = {
        "__init__.py": '"""Says what is inside."""',
        "plain.py": "def half(x):\n    return x / 2",
        "answers.py": (
            "import math\nfrom lib.plain import half\nLIMIT = 3\nTABLE: dict = {'a': 1}\n"
            "def used(x):\n    return LIMIT * half(x)\n"
            "def wanted(x):\n    return used(x)\ndef secret(x):\n    return x + 41\nclass Kept:\n    pass\n"
        ),
        "needs.py": "from lib import answers\nfrom lib.answers import secret\ndef f(x):\n    return secret(x)",
        "inner/__init__.py": "import lib.plain",
        "inner/more.py": "",
        "data/table.csv": "1,2",
    }
    for name, text in texts.items():
        (package / name).write_text(text)
    return package


def test_only_the_parts_that_are_allowed_are_copied(package):
    assert course_files(package, ["plain"]) == {
        "lib/__init__.py": "",
        "lib/plain.py": "def half(x):\n    return x / 2",
    }
    files = course_files(package, ["plain", "inner", "data"])
    assert set(files) == {
        "lib/__init__.py",
        "lib/plain.py",
        "lib/inner/__init__.py",
        "lib/inner/more.py",
        "lib/data/table.csv",
    }
    assert modules_of(files) == ["lib", "lib.inner", "lib.inner.more", "lib.plain"]


def test_what_an_allowed_part_imports_without_being_allowed_is_withheld(package):
    files = course_files(package, ["needs"])
    assert set(files) == {"lib/__init__.py", "lib/needs.py", "lib/answers.py"}
    assert "secret" not in files["lib/answers.py"]
    namespace = {"__name__": "lib.answers"}
    exec(files["lib/answers.py"], namespace)
    withheld = namespace["__getattr__"]("secret")
    for use in (lambda: withheld(1), lambda: withheld["a"], lambda: list(withheld), lambda: 1 in withheld):
        with pytest.raises(RuntimeError, match=r"lib\.answers\.secret is withheld while a notebook is graded"):
            use()
    assert (withheld | None) is (str | withheld) is withheld
    with pytest.raises(AttributeError):
        namespace["__getattr__"]("__path__")


def test_of_a_module_some_names_can_be_allowed_with_what_they_need(package):
    text = course_files(package, ["plain", "answers:wanted"])["lib/answers.py"]
    assert all(kept in text for kept in ("LIMIT", "def used", "import math"))
    assert not any(left_out in text for left_out in ("secret", "TABLE", "Kept"))
    assert "Kept" in some_names_of((package / "answers.py").read_text(), ["Kept"])


@pytest.mark.parametrize("part", ["nothing", "", "..", "../lib", "/etc", "answers:nothing", "answers:", "inner:more"])
def test_a_part_that_does_not_exist_is_refused(package, part):
    with pytest.raises(ValueError, match=r"no part|defines no"):
        course_files(package, ["plain", part])


# --- the bound on memory ----------------------------------------------------------------------------------------------

MOUNTS = """\
23 1 0:20 / / rw - ext4 /dev/vda rw
31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
35 23 0:32 / /old/memory rw - cgroup cgroup rw,memory
36 23 0:33 / /old/pids rw - cgroup cgroup rw,pids
"""


def test_groups_are_looked_for_from_the_own_one_upwards():
    assert list(candidate_groups(MOUNTS, "4:memory:/a/b\n8:pids:/\n0::/user.slice/x.scope")) == [
        ("cgroup2", Path("/sys/fs/cgroup/user.slice/x.scope")),
        ("cgroup2", Path("/sys/fs/cgroup/user.slice")),
        ("cgroup2", Path("/sys/fs/cgroup")),
        ("cgroup", Path("/old/memory/a/b")),
        ("cgroup", Path("/old/memory/a")),
        ("cgroup", Path("/old/memory")),
    ]
    assert list(candidate_groups(MOUNTS, "8:pids:/")) == []


@pytest.mark.parametrize(
    ("kind", "limit", "swap", "events"),
    [
        ("cgroup2", "memory.max", ("memory.swap.max", "0"), ("memory.events", "low 0\noom 3\noom_kill 2\n")),
        (
            "cgroup",
            "memory.limit_in_bytes",
            ("memory.memsw.limit_in_bytes", "1000"),
            ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"),
        ),
    ],
)
def test_a_group_is_bounded_joined_read_and_removed(tmp_path, monkeypatch, kind, limit, swap, events):
    make = Path.mkdir

    def as_the_kernel_does(self, *arguments, **options):
        make(self, *arguments, **options)
        for name in (limit, swap[0], "cgroup.procs"):
            (self / name).write_text("")
        (self / events[0]).write_text(events[1])

    monkeypatch.setattr(Path, "mkdir", as_the_kernel_does)
    group = MemoryGroup(1000, [(kind, tmp_path / "not-there" / "deep"), (kind, tmp_path)])
    assert group.path is not None
    assert group.path.parent == tmp_path
    group.add(4711)
    assert (group.path / limit).read_text() == "1000"
    assert (group.path / swap[0]).read_text() == swap[1]
    assert (group.path / "cgroup.procs").read_text() == "4711"
    assert group.kills() == 2


def test_where_no_group_can_be_made_it_says_why(tmp_path):
    group = MemoryGroup(1000, [("cgroup2", tmp_path / "nothing" / "here")])
    assert group.path is None
    assert "No such file or directory" in group.why
    group = MemoryGroup(1000, [("cgroup2", tmp_path)])  # a directory whose groups have no bound on memory
    assert group.path is None
    assert "no bound on memory" in group.why
    assert list(tmp_path.iterdir()) == []
    group.add(1)
    assert group.kills() == 0
    group.remove()
    assert MemoryGroup(1000, []).why == "this machine has no memory cgroup"
