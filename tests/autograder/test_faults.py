"""Whatever fails outside a student's notebook is one sentence and exit code 2, and an object where JSON is asked for.

Each fault is a function that spoils a small course directory, or what is around it; each command is walked through each
fault that concerns it. A new command fails here until it has a line in COMMANDS.
"""

import contextlib
import gc
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import exercises.generate
import exercises.grade
from autograder.cli import main
from autograder.recognise import UnreadableNotebook, read, recognise
from tests.grading.classes import NAME, ROOT, course, hand_in, notebook, path_of
from tests.grading.conftest import needs_root, run_as_nobody  # noqa: F401  (a fixture)

COMMANDS = {
    "check": ["{notebook}", "--json"],
    "grade": [NAME, "--unsandboxed", "--jobs", "1", "--force"],
    "explain": ["ada", "compute_dW2", "--assignment", NAME, "--unsandboxed"],
    "doctor": [],
    "report": [NAME, "--jobs", "1"],
    "export": [NAME, "--format", "json"],
    "feedback": [NAME, "--jobs", "1"],
    "exercises.generate": [NAME, "--no-dist"],
    "exercises.grade": [NAME, "--without-sandbox"],
}
JSON = {"check", "export"}
EVERY = set(COMMANDS) - {"doctor"}
"""All that work on a course; what `doctor` looks at is the machine."""
CONFIGURED = EVERY - {"check"}
READ_RELEASES = EVERY - {"report", "export", "feedback"}


class Told(NamedTuple):
    code: int
    out: str
    err: str


def words_of(command: str, folder: Path) -> list[str]:
    words = [word.format(notebook=path_of(folder, "ada")) for word in COMMANDS[command]]
    where = "--course" if command.startswith("exercises.") else "--course-dir"
    return [*words, *([] if command == "doctor" else [where, str(folder)])]


def tell(command: str, folder: Path, *more: str, charset: str = "utf-8") -> Told:
    """Run a command in this process; no garbage of other tests is collected in it, where there may be no depth left."""
    gc.collect(1)
    gc.disable()
    try:
        return _told(command, folder, *more, charset=charset)
    finally:
        gc.enable()


def _told(command: str, folder: Path, *more: str, charset: str) -> Told:
    words = [*words_of(command, folder), *more]
    if command in main.commands:
        done = CliRunner(charset=charset).invoke(main, [command, *words])
        assert isinstance(done.exception, SystemExit | None), done.exception
        return Told(done.exit_code, done.stdout, done.stderr)
    out, err = (io.TextIOWrapper(io.BytesIO(), charset, write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", [command, *words])
        code = {"exercises.generate": exercises.generate.main, "exercises.grade": exercises.grade.main}[command]()
    return Told(code, *(stream.buffer.getvalue().decode(charset) for stream in (out, err)))


def assert_one_sentence(told: Told, *parts: str, as_json: bool = False) -> None:
    assert told.code == 2, told
    assert "Traceback" not in told.err + told.out
    assert (told.err.count("\n"), told.err[-1:]) == (1, "\n"), told.err
    name, _, sentence = told.err.strip().partition(": ")
    assert name in ("autograder", "generate", "grade")
    for part in parts:
        assert part in sentence, sentence
    assert "fault of the grader" not in sentence
    if as_json:
        said = json.loads(told.out)
        assert (said["schema"], said["error"]) == (1, sentence)
        assert set(said) <= {"schema", "error", "assignment", "notebook"}


@pytest.fixture(scope="module")
def graded():
    """A course whose one student is graded."""
    with tempfile.TemporaryDirectory() as folder:
        made = course(Path(folder))
        hand_in(made, "ada")
        assert tell("grade", made).code == 0
        yield made


@pytest.fixture
def here(graded, tmp_path):
    target = tmp_path / "course"
    shutil.copytree(graded, target)
    return target


def test_every_command_is_in_the_table():
    assert set(main.commands) | {"exercises.generate", "exercises.grade"} == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_goes_through_where_there_is_no_fault(here, command):
    told = tell(command, here)
    assert told.code == 0 or command == "doctor", told
    assert told.err == ""


# Faults of files: what is written in the place of one, and what is said.


def written(name: str, content: str | bytes) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return spoil


def added(name: str, line: str) -> Callable[[Path], None]:
    return lambda folder: written(name, (folder / name).read_text() + line)(folder)


def encoded(name: str, encoding: str, mark: str = "") -> Callable[[Path], None]:
    return lambda folder: written(name, (mark + (folder / name).read_text()).encode(encoding))(folder)


def made_a_folder(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return spoil


def executed(*statements: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        with contextlib.closing(sqlite3.connect(folder / "gradebook.db", isolation_level=None)) as book:
            for statement in statements:
                book.execute(statement)

    return spoil


def changed_record(**changes: object) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / ".autograder" / NAME / "records" / "ada.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return spoil


def file_as_autograded(folder: Path) -> None:
    shutil.rmtree(folder / "autograded")
    written("autograded", "")(folder)


def with_subconfig(folder: Path) -> None:
    added(CONFIG, "\nload_subconfig('more.py')")(folder)
    written("more.py", "c = get_config()\n1 / 0")(folder)


def another_database(folder: Path) -> None:
    written("gradebook.db", b"")(folder)
    executed("create table a (b)")(folder)


def truncated(folder: Path) -> None:
    book = folder / "gradebook.db"
    book.write_bytes(book.read_bytes()[: 3 * 4096])


HELD = []


def locked(folder: Path) -> None:
    """Hold the gradebook; who asks for it waits a tenth of a second instead of five."""
    added(CONFIG, f"\nc.CourseDirectory.db_url = 'sqlite:///{folder}/gradebook.db?timeout=0.1'\n")(folder)
    HELD.append(sqlite3.connect(folder / "gradebook.db", isolation_level=None))
    HELD[-1].execute("begin exclusive")


@pytest.fixture(autouse=True)
def let_go():
    yield
    while HELD:
        HELD.pop().close()


CONFIG, TOML, RELEASES = "nbgrader_config.py", "course.toml", "releases.json"
SET = "\nc.CourseDirectory."
OWN = '[own]\nexercises = [{function = "compute_dW2", points = 1, equation = "two_layer.dW2"}]\n'
FAULTS: dict[str, tuple[set[str], Callable[[Path], None], str]] = {
    # nbgrader_config.py
    "syntax": (CONFIGURED, written(CONFIG, 'c = get_config()\nc.A.b = "x\n'), f"{CONFIG}, line 2: SyntaxError"),
    "import": (CONFIGURED, added(CONFIG, "import not_installed_auth"), "No module named 'not_installed_auth'"),
    "raises": (CONFIGURED, written(CONFIG, "def f():\n    1 / 0\nf()"), f"{CONFIG}, line 2: ZeroDivisionError"),
    "raises in lines": (CONFIGURED, written(CONFIG, "raise ValueError('one\\ntwo')"), "ValueError: one two"),
    "exits": (CONFIGURED, written(CONFIG, "import sys\nsys.exit(3)"), f"{CONFIG}, line 2: SystemExit"),
    "stops itself": (CONFIGURED, added(CONFIG, "\nraise GeneratorExit('x')"), "GeneratorExit: x"),
    "folder of a NUL": (
        {"grade", "explain", "exercises.grade"},
        added(CONFIG, f"{SET}submitted_directory = 'a\\0b'"),
        "which is no folder",
    ),
    "no folder": (
        {"grade", "explain", "exercises.grade"},
        added(CONFIG, f"{SET}submitted_directory = ''"),
        "no folder",
    ),
    "unknown encoding": (CONFIGURED, written(CONFIG, "# coding: klingon\n"), "unknown encoding: klingon"),
    "config in UTF-16": (CONFIGURED, encoded(CONFIG, "utf-16"), CONFIG),
    "config in latin-1": (CONFIGURED, written(CONFIG, b"c = get_config()\nx = '\xe9'\n"), CONFIG),
    "config of NULs": (CONFIGURED, written(CONFIG, bytes(100)), CONFIG),
    "config that is not there": (CONFIGURED, lambda folder: (folder / CONFIG).unlink(), f"has no {CONFIG}"),
    "folder as config": (CONFIGURED, made_a_folder(CONFIG), f"has no {CONFIG}"),
    "subconfig": (CONFIGURED, with_subconfig, "more.py, line 2: ZeroDivisionError"),
    "no section": (CONFIGURED, added(CONFIG, "\nc.CourseDirectory = 3"), "CourseDirectory"),
    "db_url of a type": (CONFIGURED, added(CONFIG, f"{SET}db_url = 3"), "names by db_url cannot be read"),
    "db_url that is none": (CONFIGURED, added(CONFIG, f"{SET}db_url = 'nowhere'"), "names by db_url cannot be read"),
    "db_url lazy": (CONFIGURED, added(CONFIG, f"{SET}db_url.append('x')"), "names by db_url cannot be read"),
    "dialect": (CONFIGURED, added(CONFIG, f"{SET}db_url = 'oracular://x/y'"), "oracular"),
    "driver": (CONFIGURED, added(CONFIG, f"{SET}db_url = 'mysql+pymysql://u:secret@x/y'"), "pymysql is not installed"),
    "psycopg2": (CONFIGURED, added(CONFIG, f"{SET}db_url = 'postgresql+psycopg2://u:secret@x/y'"), "psycopg2 is not"),
    "structure": (CONFIGURED, added(CONFIG, f"{SET}directory_structure = '{{student_id}}'"), "directory structure"),
    "structure of a type": (CONFIGURED, added(CONFIG, f"{SET}directory_structure = 3"), "directory structure 3"),
    "root elsewhere": (CONFIGURED, added(CONFIG, f"{SET}root = '/else/where'"), "is in /else/where"),
    "root of a type": (CONFIGURED, added(CONFIG, f"{SET}root = 3"), "is in 3"),
    "nbgrader's own types": ({"exercises.generate"}, added(CONFIG, f"{SET}course_id = 3"), "course_id"),
    # gradebook.db
    "no lms_user_id": (CONFIGURED, executed("alter table student drop column lms_user_id"), "`nbgrader db upgrade`"),
    "no kernelspec": (CONFIGURED, executed("alter table notebook drop column kernelspec"), "notebook.kernelspec"),
    "no table": (CONFIGURED, executed("drop table comment"), "`nbgrader db upgrade`"),
    "no tables": (CONFIGURED, written("gradebook.db", b""), "no gradebook of nbgrader"),
    "another database": (CONFIGURED, another_database, "no gradebook of nbgrader"),
    "no database": (CONFIGURED, written("gradebook.db", "hello " * 1000), "file is not a database"),
    "truncated": (CONFIGURED, truncated, "malformed"),
    "folder as gradebook": (CONFIGURED, made_a_folder("gradebook.db"), "is no file"),
    "locked": (CONFIGURED, locked, "database is locked"),
    "no due date": (
        {"grade", "explain", "exercises.grade"},
        executed("update assignment set duedate = 'yesterday'"),
        "yesterday",
    ),
    "no points": ({"report", "export", "feedback"}, executed("update grade_cells set max_score = 'all'"), "'all'"),
    "mark of a type": ({"report", "export", "feedback"}, executed("update grade set manual_score = 'abc'"), "'abc'"),
    "comment of bytes": (
        {"report", "export", "feedback"},
        executed("update comment set manual_comment = X'ff'"),
        "where a text belongs",
    ),
    "name of bytes": (
        {"report", "export", "feedback"},
        executed("update student set first_name = X'ff'"),
        "where a text belongs",
    ),
    "no gradebook": (
        {"grade", "explain", "exercises.grade"},
        lambda folder: (folder / "gradebook.db").unlink(),
        "There is no gradebook",
    ),
    # course.toml
    "toml": (EVERY, written(TOML, "[small\n"), f"{TOML} cannot be read: "),
    "toml in UTF-16": (EVERY, encoded(TOML, "utf-16"), "it is in UTF-16; save it as UTF-8"),
    "toml in UTF-16 without a mark": (EVERY, encoded(TOML, "utf-16-le"), "it is in UTF-16-LE; save it as UTF-8"),
    "toml in UTF-32": (EVERY, encoded(TOML, "utf-32"), "it is in UTF-32; save it as UTF-8"),
    "toml in latin-1": (EVERY, written(TOML, b"\n# \xe9\n"), "line 2 is not in UTF-8"),
    "deep toml": (EVERY, written(TOML, "a = " + "[" * 10_000), f"{TOML} cannot be read: "),
    "folder as toml": (EVERY, made_a_folder(TOML), "Is a directory"),
    "toml of a type": (EVERY, written(TOML, "small = 3"), "is not a table"),
    "number as function": (EVERY, written(TOML, OWN.replace('"compute_dW2"', "3")), "texts in quotes"),
    "list as function": (EVERY, written(TOML, OWN.replace('"compute_dW2"', "[1]")), "texts in quotes"),
    "list as equation": (EVERY, written(TOML, OWN.replace('"two_layer.dW2"', "[[]]")), "texts in quotes"),
    "no such equation": (EVERY, written(TOML, OWN.replace("two_layer.dW2", "no.such")), "no equation 'no.such'"),
    "number as exercises": (EVERY, written(TOML, "[own]\nexercises = 3"), "an exercise is"),
    "number as written": (EVERY, written(TOML, OWN + "written = 3"), "an exercise is"),
    "number as points": (EVERY, written(TOML, "[ps1_neuron]\npoints = 3"), "write leave_out"),
    "list left out": (EVERY, written(TOML, "[ps1_neuron]\nleave_out = [[1]]"), "does not ask for"),
    "nan as points": (EVERY, written(TOML, OWN.replace("points = 1", "points = nan")), "points are a number"),
    # releases.json
    "json": (READ_RELEASES, written(RELEASES, "{"), f"{RELEASES} cannot be read: "),
    "empty json": (READ_RELEASES, written(RELEASES, ""), f"{RELEASES} cannot be read: "),
    "json in UTF-16": (READ_RELEASES, encoded(RELEASES, "utf-16"), "it is in UTF-16; save it as UTF-8"),
    "json in latin-1": (READ_RELEASES, written(RELEASES, b'{"\xe9": 1}'), "line 1 is not in UTF-8"),
    "deep json": (READ_RELEASES, written(RELEASES, "[" * 100_000), f"{RELEASES} cannot be read: "),
    "folder as json": (READ_RELEASES, made_a_folder(RELEASES), "Is a directory"),
    "list": (READ_RELEASES, written(RELEASES, "[]"), f"{RELEASES} cannot be read: "),
    "tables of a type": (READ_RELEASES, written(RELEASES, '{"a": 3}'), f"{RELEASES} cannot be read: "),
    "infinite version": (
        READ_RELEASES,
        written(
            RELEASES,
            '{"a": {"exercises": [], "written": [], "assignment": "", "title": "", "version": Infinity, "given": []}}',
        ),
        f"{RELEASES} cannot be read: ",
    ),
    # what grading has left, and what the lecturer made
    "deep seed": (
        {"grade", "explain", "exercises.grade"},
        written(f".autograder/{NAME}/seed.json", "[" * 100_000),
        "holds no seed that can be read",
    ),
    "deep record": ({"explain"}, written(f".autograder/{NAME}/records/ada.json", "[" * 100_000), "has no record"),
    "record of a type": ({"explain"}, changed_record(verdicts=3), "has no record"),
    "verdict of a type": ({"explain"}, changed_record(verdicts=[{"function": 3}]), "has no record"),
    "trouble of a type": ({"explain"}, changed_record(troubles=["x"]), "has no record"),
    "file as autograded": ({"feedback"}, file_as_autograded, "is a file, where the folder"),
    "folder as record": (
        {"explain", "report", "export", "feedback", "exercises.grade"},
        made_a_folder(f".autograder/{NAME}/records/ada.json"),
        "Is a directory",
    ),
    "folder as autograded": (
        {"grade", "exercises.grade"},
        made_a_folder(f"autograded/ada/{NAME}/{NAME}.ipynb"),
        "Is a directory",
    ),
    "text in UTF-16": ({"exercises.generate"}, encoded(f"{NAME}.py", "utf-16"), "it is in UTF-16; save it as UTF-8"),
    "text that is none": ({"exercises.generate"}, written(f"{NAME}.py", ""), "the answer cells must be"),
    # what it was called with
    "no such folder": (EVERY, shutil.rmtree, ""),
}


@pytest.mark.parametrize(
    ("fault", "command"), [(fault, command) for fault, (whom, _, _) in FAULTS.items() for command in sorted(whom)]
)
def test_a_spoiled_course_is_one_sentence(here, fault, command):
    _, spoil, part = FAULTS[fault]
    spoil(here)
    told = tell(command, here)
    assert_one_sentence(told, part, as_json=command in JSON)
    assert "secret" not in told.err


@pytest.mark.parametrize("name", [TOML, RELEASES, CONFIG])
def test_a_byte_order_mark_is_read_over(here, name):
    encoded(name, "utf-8-sig")(here)
    for command in ("check", "export", "grade"):
        assert tell(command, here).code == 0


@pytest.mark.parametrize("step", ["source", "release"])
@pytest.mark.parametrize("content", [b"[" * 100_000, b"[]", b"{}", b"\xe9", b""])
def test_what_was_handed_out_is_in_the_gradebook_whatever_became_of_its_files(here, step, content):
    written(f"{step}/{NAME}/{NAME}.ipynb", content)(here)
    assert tell("grade", here).code == 0


@pytest.mark.parametrize("command", ["report", "export", "feedback"])
def test_without_a_gradebook_the_records_are_reported(here, command):
    (here / "gradebook.db").unlink()
    assert tell(command, here).code == 0


def test_a_fault_in_a_configuration_of_the_users_is_said_as_one_of_the_courses_own(here, tmp_path, monkeypatch):
    written(CONFIG, "1 / 0")(tmp_path)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    for command in ("export", "grade", "exercises.generate"):
        assert_one_sentence(
            tell(command, here), f"{tmp_path / CONFIG}, line 1: ZeroDivisionError", as_json=command in JSON
        )


def test_settings_of_a_class_that_there_is_not_change_nothing(here):
    added(CONFIG, "\nc.NoSuchClass.setting = 3\nc.NbGrader.setting = 3\n")(here)
    for command in ("export", "grade", "exercises.generate"):
        assert tell(command, here).code == 0


def test_a_plugin_for_late_work_that_fails_is_said(here):
    executed("update assignment set duedate = '2026-01-01 00:00:00.000000'")(here)
    (path_of(here, "ada").parent / "timestamp.txt").write_text("2026-01-02 00:00:00 UTC\n")
    for setting in ("'not.there.Plugin'", "3"):
        added(CONFIG, f"\nc.AssignLatePenalties.plugin_class = {setting}")(here)
        assert_one_sentence(
            Told(*tell("grade", here)._replace(out="")), "AssignLatePenalties", "what is graded stays graded"
        )


# Faults of what is around.


def refuse(monkeypatch, path: Path) -> None:
    """Let nobody read a file, as the system would; root may read all files."""
    for module, name in ((io, "open"), (os, "open"), (sys.modules["builtins"], "open")):
        real = getattr(module, name)

        def refused(file: Any, *rest: Any, real: Any = real, **more: Any) -> Any:
            if not isinstance(file, int) and os.fspath(file) == str(path):
                raise PermissionError(13, "Permission denied", str(path))
            return real(file, *rest, **more)

        monkeypatch.setattr(module, name, refused)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        *((CONFIG, command) for command in sorted(CONFIGURED)),
        *((TOML, command) for command in sorted(EVERY)),
        *((RELEASES, command) for command in sorted(READ_RELEASES)),
        (f"submitted/ada/{NAME}/{NAME}.ipynb", "check"),
        (f".autograder/{NAME}/records/ada.json", "export"),
        (f".autograder/{NAME}/seed.json", "grade"),
    ],
)
def test_a_file_that_must_not_be_read_is_named(here, monkeypatch, name, command):
    refuse(monkeypatch, here / name)
    told = tell(command, here)
    assert_one_sentence(told, str(here / name), as_json=command in JSON)


AS_NOBODY = """
import json, os, sys
from pathlib import Path
from tests.autograder.test_faults import COMMANDS, tell
folder, found = Path(sys.argv[1]), []
for mode, name, command in json.loads(sys.argv[2]):
    path = folder / name
    old = path.stat().st_mode
    path.chmod(int(mode, 8))
    found.append(tell(command, folder))
    path.chmod(old)
print(json.dumps(found))
"""


@pytest.mark.slow
@pytest.mark.usefixtures("needs_root")
def test_what_an_ordinary_user_may_not_read_or_write_is_one_sentence(here, tmp_path):
    # Each: the rights that are left, of what, and the commands that cannot do without.
    cases = [
        *(("000", "gradebook.db", command) for command in sorted(CONFIGURED)),
        *(("444", "gradebook.db", command) for command in ("grade", "exercises.grade")),
        *(("555", ".", command) for command in ("report", "feedback", "exercises.generate")),
        *(("000", ".", command) for command in sorted(CONFIGURED)),
        *(("000", "submitted", command) for command in ("check", "grade", "exercises.grade", "explain")),
        *(("555", "autograded/ada/small", command) for command in ("grade",)),
        *(("000", ".autograder/small", command) for command in ("export", "report", "grade", "explain")),
        *(("000", ".autograder/small/records", command) for command in ("export", "report", "grade", "explain")),
    ]
    cases += [("755", ".", command) for command in sorted(EVERY)]  # all is well, though there is no home
    subprocess.run(["chown", "-R", "65534:65534", str(here)], check=True)
    for parent in (tmp_path, *tmp_path.parents):
        if parent.owner() == "root" and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o755)
    environment = {
        **os.environ,
        "HOME": "/nowhere",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLCONFIGDIR": str(tmp_path / "matplotlib"),
    }
    command = [sys.executable, "-c", AS_NOBODY, str(here), json.dumps(cases)]
    done = run_as_nobody(command, environment, 300)
    assert done.returncode == 0, done.stderr
    for case, told in zip(cases, json.loads(done.stdout.splitlines()[-1]), strict=True):
        print(case, told)
        if case[0] == "755":
            assert (told[0], told[2]) == (0, "")
            continue
        assert_one_sentence(Told(*told)._replace(out="{}" if case[2] not in JSON else told[1]), as_json=case[2] in JSON)


def full_disk(*_: Any) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("command", ["grade", "report", "feedback", "exercises.grade"])
def test_a_full_disk_is_one_sentence(here, monkeypatch, command):
    if command == "exercises.grade":  # it grades nobody twice
        (here / ".autograder" / NAME / "records" / "ada.json").unlink()
    monkeypatch.setattr(os, "fsync", full_disk)
    assert_one_sentence(tell(command, here)._replace(out=""), "the disk is full: make room")


@pytest.mark.parametrize("command", ["check", "grade", "explain", "feedback", "exercises.generate", "exercises.grade"])
def test_no_place_for_temporary_files_is_one_sentence(here, monkeypatch, command):
    def nowhere() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    shutil.rmtree(here / "source")
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", nowhere)
    told = tell(command, here)
    assert_one_sentence(told._replace(out="") if command == "grade" else told, "temporary", as_json=command in JSON)


@pytest.mark.parametrize("words", [["doctor"], ["grade", NAME]])
def test_no_place_for_the_files_of_a_sandbox_is_one_sentence(here, words):
    program = (
        "import tempfile\ndef nowhere(): raise FileNotFoundError(2, 'No usable temporary directory found')\n"
        "tempfile._get_default_tempdir = nowhere\nfrom autograder.cli import main\nmain()"
    )
    told = ran("-c", program, *words, *(["--course-dir", str(here)] if words[1:] else []))
    assert_one_sentence(told, "No usable temporary directory found")


@pytest.mark.parametrize("command", ["report", "export"])
@pytest.mark.parametrize("where", ["file/x", "."])
def test_an_output_that_cannot_be_written_is_one_sentence(here, command, where):
    (here / "file").touch()
    assert_one_sentence(tell(command, here, "--output", str(here / where)), as_json=command in JSON)


@pytest.mark.parametrize("words", [["--seed", "-1"], ["--nonsense"], ["--assignment"], ["too", "many"]])
def test_what_a_command_does_not_take_is_one_sentence_too(here, words):
    assert_one_sentence(tell("check", here, *words), as_json=True)


def test_a_command_that_there_is_not_is_one_sentence():
    done = CliRunner().invoke(main, ["grading", "--json"])
    assert_one_sentence(Told(done.exit_code, done.stdout, done.stderr), "No such command 'grading'", as_json=True)


@pytest.mark.parametrize("error", [RuntimeError("one\ntwo"), RecursionError(), KeyError("x"), AssertionError()])
def test_a_fault_of_the_grader_blames_nobodys_work_and_keeps_its_traceback(here, monkeypatch, error):
    def fails(*_: Any) -> None:
        raise error

    monkeypatch.setattr("autograder.report.marks.graded", fails)
    told = tell("export", here)
    assert (told.code, told.err.count("\n")) == (2, 1)
    assert "fault of the grader, not of anybody's work: report it" in told.err
    assert json.loads(told.out)["error"] in told.err
    monkeypatch.setenv("AUTOGRADER_DEBUG", "1")
    told = tell("export", here)
    assert told.code == 2
    assert "Traceback" in told.err


def test_a_command_that_is_interrupted_or_has_no_memory_has_not_been_done(here, monkeypatch):
    for error, part in ((KeyboardInterrupt(), "stopped"), (MemoryError(), "not enough memory")):
        monkeypatch.setattr("autograder.report.marks.graded", lambda *_, error=error: (_ for _ in ()).throw(error))
        assert_one_sentence(tell("export", here), part, as_json=True)


# What is not installed.

MISSING = {
    "rich": ["grade", "explain", "exercises.grade"],
    "sqlalchemy": ["grade", "explain", "report", "export", "feedback", "exercises.generate", "exercises.grade"],
    "traitlets": ["grade", "export"],
    "nbgrader": ["exercises.generate", "exercises.grade"],
    "jupytext": ["exercises.generate"],
    "nbconvert": ["feedback", "exercises.generate"],
    "jinja2": ["report"],
    "markupsafe": ["report"],
    "bleach": ["feedback"],
    "dateutil": ["grade"],
    "distributed": ["grade --cluster tcp://127.0.0.1:1"],
    "numpy": ["check", "grade"],
    "*": ["grade", "explain", "report", "export", "feedback", "exercises.generate", "exercises.grade"],
}
"""What is missing, and the commands that cannot do without; "*" is all that the wheel alone does not bring."""
WITHOUT = """
import importlib.abc, json, runpy, sys
import autograder.cli
missing, command, *words = sys.argv[1:]
gone = set(json.loads(missing))
class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in gone:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Finder())
sys.argv[1:] = words
if command.startswith("exercises."):
    sys.argv[0] = command
    runpy.run_module(command, run_name="__main__")
else:
    sys.argv[1:1] = [command]
    autograder.cli.main()
"""


@pytest.mark.parametrize("package", MISSING)
def test_what_is_not_installed_is_named_with_a_way_to_install_it_from_files(here, package):
    (path_of(here, "ada").parent / "timestamp.txt").write_text("2026-01-02 00:00:00 UTC\n")
    every = {name for name in MISSING if name not in ("*", "numpy", "distributed")}
    processes = {}
    for line in MISSING[package]:
        command, *more = line.split()
        words = [word for word in words_of(command, here) if not more or word not in ("--jobs", "1")]
        if command in ("grade", "exercises.grade"):  # each in a course of its own, for they hold a lock
            folder = here.with_name(command)
            shutil.copytree(here, folder)
            words = [word.replace(str(here), str(folder)) for word in words]
        gone = sorted(every) if package == "*" else [package]
        program = [sys.executable, "-c", WITHOUT, json.dumps(gone), command, *words, *more]
        processes[command] = subprocess.Popen(
            program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
    for command, process in processes.items():
        out, err = process.communicate(timeout=120)
        told = Told(process.returncode, out, err)
        if package == "distributed":
            assert_one_sentence(told, "Dask is not installed here", "pip install '.[cluster]'")
            continue
        extra = "" if package == "numpy" else "[grade]"
        assert_one_sentence(told, f'pip install ".{extra}"', f'pip install "WHEEL.whl{extra}"', as_json=command in JSON)
        assert "is not installed here" in err


# Notebooks.

TEXT = nbformat.v4.new_notebook(cells=[])
NOTEBOOKS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it is empty"),
    "blank": (b" \r\n\t", "it is empty"),
    "NULs": (bytes(1000), "it is empty"),
    "a mark alone": (b"\xff\xfe", "it is empty"),
    "half a sign": (b"\xff\xfe\x00", "it is not text in UTF-16"),
    "latin-1": ('{"cells": "é"}'.encode("latin-1"), "it is not text in UTF-8"),
    "a NUL": (b'{"cells": [], "a": "\x00"}', "it is not JSON"),
    "merge": (b'{"cells": [\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> theirs\n]}', "a merge that was not finished"),
    "merge in UTF-16": ("<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> theirs\n".encode("utf-16"), "a merge"),
    "web page": (b"<!DOCTYPE html>\n<html></html>", "a web page"),
    "web page in UTF-16": ("\n<html></html>".encode("utf-16"), "a web page"),
    "zip": (b"PK\x03\x04 and so on", "a zip archive"),
    "a program": (b"print('hello')", "it is not JSON"),
    "deep": (b"[" * 10**6, "it is not JSON"),
    "deep outputs": (b'{"cells": [], "a": ' + b'{"a":' * 10**5 + b"1" + b"}" * 10**5 + b"}", "it is not JSON"),
    "huge": (b'{"cells": [], "nbformat": ' + b"9" * 5000 + b"}", "it is not JSON"),
    "huge format": (b'{"cells": [], "nbformat": ' + b"9" * 4000 + b"}", "of notebook format 9999"),
    "list": (b"[1, 2]", "it holds no list of cells"),
    "number as cell": (b'{"cells": [1]}', "cell 1 is not a cell"),
    "number as text": (b'{"cells": [{"source": 1}]}', "the text of cell 1 is not text"),
    "two lists of cells": (b'{"cells": [], "cells": 3}', "it holds no list of cells"),
    "too many cells": (b'{"cells": [' + b"{}," * 3000 + b"{}]}", "cells"),
}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_check_and_grade_say_the_same_of_what_is_no_notebook(here, name):
    content, part = NOTEBOOKS[name]
    path_of(here, "ada").write_bytes(content)
    told = tell("check", here)
    assert_one_sentence(told, part, as_json=True)
    said = told.err.partition("is not a notebook: ")[2].partition(";")[0]
    assert tell("grade", here).code == 1
    record = json.loads((here / ".autograder" / NAME / "records" / "ada.json").read_text())
    assert record["outcome"] == "unreadable"
    assert said in record["advice"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_check_and_grade_read_every_encoding_of_unicode(here, encoding):
    def with_signs(found: nbformat.NotebookNode) -> None:
        found.cells.append(nbformat.v4.new_markdown_cell("∂J/∂W, schön 𝛿"))

    content = nbformat.writes(notebook(here, change=with_signs), ensure_ascii=False).encode(encoding)
    path_of(here, "ada").write_bytes(content)
    assert tell("check", here).code == 0
    assert tell("grade", here).code == 0


def test_a_folder_a_pipe_and_a_device_are_no_notebooks(here):
    path = path_of(here, "ada")
    path.unlink()
    path.mkdir()
    assert_one_sentence(tell("check", here), "Is a directory", as_json=True)
    path.rmdir()
    os.mkfifo(path)
    assert_one_sentence(tell("check", here), "it is empty", as_json=True)
    path.unlink()
    path.symlink_to("/dev/zero")
    assert_one_sentence(tell("check", here), "larger than 50 MB", as_json=True)
    path.unlink()
    path.symlink_to(path)
    assert_one_sentence(tell("check", here), "cannot be read", as_json=True)


def test_a_notebook_comes_through_a_pipe_too(here):
    words = ["-m", "autograder.cli", "check", "/dev/stdin", "--course-dir", str(here)]
    told = ran(*words, input=path_of(here, "ada").read_bytes())
    assert (told.code, told.err) == (0, "")


@pytest.mark.parametrize(
    "table",
    [
        {"exercises": [["f", 1.0, None, "no such question"]]},
        {"exercises": [["compute_dW2", 10**400, "two_layer.dW2", ""]]},
        {"exercises": [["compute_dW2", float("nan"), "two_layer.dW2", ""]]},
        {"version": float("inf")},
        {"exercises": [[["f"], 1.0, ["x"], ""]]},
        {"written": [[{}, 1, {}]]},
    ],
)
def test_what_a_notebook_says_of_itself_stops_nothing_with_a_traceback(here, table):
    def lie(found: nbformat.NotebookNode) -> None:
        stated = {**found.metadata.backprop_course, "release": "x", **table}
        found.metadata.backprop_course = nbformat.from_dict(stated)

    path = path_of(here, "ada")
    path.write_text(json.dumps(notebook(here, change=lie)))
    done = CliRunner().invoke(main, ["check", str(path), "--json"])
    assert done.exit_code in (0, 1, 2)
    assert "fault of the grader" not in done.stderr
    json.loads(done.stdout, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def reads_or_says_why(content: bytes, path: Path) -> None:
    """Read a file as `autograder check` does: it is a notebook of texts, or there is one sentence that says why not."""
    path.write_bytes(content)
    try:
        found = read(path)
    except UnreadableNotebook as error:
        why = str(error)
        assert str(path) in why
        assert "\n" not in why.replace(str(path), "")
    else:
        for cell in found.cells:
            assert isinstance(cell.kind, str)
            cell.source.encode()  # no halves of characters
        recognise(found)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
CELL = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | ANY,
        "source": ANY,
        "input": ANY,
        "level": ANY,
        "id": ANY,
        "metadata": st.fixed_dictionaries({}, optional={"nbgrader": ANY}) | ANY,
        "outputs": ANY,
    },
)
TABLE = st.fixed_dictionaries(
    {
        "assignment": st.sampled_from(["ps4_two_layer", "other"]) | st.text(),
        "title": ANY,
        "version": st.integers() | st.floats() | ANY,
        "exercises": st.lists(st.tuples(st.text(), st.floats() | st.integers(), ANY, ANY)) | ANY,
        "written": st.lists(st.tuples(ANY, st.floats(), ANY)) | ANY,
        "given": ANY,
    },
    optional={"release": ANY},
)
BOOK = st.fixed_dictionaries(
    {},
    optional={
        "cells": st.lists(CELL | ANY, max_size=4),
        "worksheets": st.lists(st.fixed_dictionaries({"cells": st.lists(CELL)}) | ANY, max_size=3),
        "nbformat": st.integers(0, 6) | ANY,
        "nbformat_minor": ANY,
        "metadata": st.fixed_dictionaries({}, optional={"backprop_course": TABLE | ANY, "kernelspec": ANY}) | ANY,
    },
)
FILES = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda book, encoding: json.dumps(book, ensure_ascii=encoding == "ascii").encode(encoding, "surrogatepass"),
        BOOK | ANY,
        st.sampled_from(["ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]),
    ),
    st.builds(lambda book, at: json.dumps(book).encode()[:at], BOOK, st.integers(0, 200)),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=FILES)
@example(content=b'{"cells": [{"source": "\\ud800", "metadata": {"nbgrader": {"points": 1e999}}}]}')
@example(content=b'{"cells": [{"id": "\\udfff"}], "metadata": {"backprop_course": {"assignment": "\\ud800"}}}')
def test_no_file_ends_reading_in_a_traceback(content, tmp_path):
    reads_or_says_why(content, tmp_path / "any.ipynb")


# Terminals.


@pytest.mark.parametrize("charset", ["cp1252", "latin-1", "ascii", "cp437"])
def test_a_terminal_without_our_signs_gets_plain_ones(here, charset):
    hand_in(here, "ada", notebook(here, {"compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T"}))
    hand_in(here, "bob", b"")
    hand_in(here, "नमिता – Zoë", b"")
    codes = {"check": 1, "grade": 1, "report": 0, "export": 0, "feedback": 1, "explain": 0}
    codes |= {"exercises.grade": 1, "exercises.generate": 0}
    assert {*codes, "doctor"} == set(COMMANDS)
    for command, code in codes.items():
        told = tell(command, here, charset=charset)
        assert (told.code, told.err) == (code, ""), told
        assert "\ufffd" not in told.out
    told = tell("doctor", here, charset=charset)
    assert (told.code in (0, 1), told.err) == (True, "")
    assert "Zo" in tell("grade", here, charset=charset).out
    said = CliRunner(charset=charset).invoke(main, ["check", str(path_of(here, "ada"))]).stdout
    assert "x compute_dW2: missing-mean, 0 of 2 points." in said
    assert "+ compute_dZ2 is right" in said


PLAIN = {
    "PYTHONIOENCODING": "",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "LC_ALL": "C",
    "TERM": "dumb",
    "NO_COLOR": "1",
}


def ran(*words: str, environment: dict[str, str] | None = None, cwd: Path = ROOT, **streams: Any) -> Told:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
        timeout=120,
    )
    return Told(
        done.returncode, *((said or b"").decode(errors="surrogateescape") for said in (done.stdout, done.stderr))
    )


@pytest.mark.slow
def test_in_the_plainest_of_places_check_and_grade_speak_ascii(here):
    told = ran("-m", "autograder.cli", "check", str(path_of(here, "ada")), environment=PLAIN)
    assert (told.code, told.err) == (0, "")
    assert told.out.isascii()
    assert "+ compute_dW2 is right: 2 of 2 points." in told.out
    hand_in(here, "bob", b"")
    for module, words in (("autograder.cli", ["grade", *words_of("grade", here)]), ("exercises.grade", None)):
        words = words or words_of("exercises.grade", here)
        told = ran("-m", module, *words, environment=PLAIN)
        assert (told.code, told.err) == (1, "")
        assert told.out.isascii()
        assert "unreadable" in told.out
    assert "✓" in (here / "autograded" / "ada" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")


def test_a_file_whose_name_no_terminal_shows_is_named_as_well_as_it_can_be(tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff.ipynb"
    told = ran("-m", "autograder.cli", "check", os.fsdecode(name), "--json")
    assert_one_sentence(told._replace(out="{}"), "cannot be read: No such file")
    assert json.loads(told.out)["schema"] == 1


@pytest.mark.parametrize("command", ["check", "grade", "export", "exercises.grade"])
def test_a_reader_that_goes_away_changes_no_exit_code(here, command):
    reader, writer = os.pipe()
    os.close(reader)
    module = [command] if command.startswith("exercises.") else ["autograder.cli", command]
    told = ran("-m", *module, *words_of(command, here), stdout=writer)
    os.close(writer)
    assert told == (0, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("command", ["check", "grade", "export", "exercises.generate"])
def test_an_output_that_is_full_is_one_sentence(here, command):
    module = [command] if command.startswith("exercises.") else ["autograder.cli", command]
    with Path("/dev/full").open("wb") as full:
        told = ran("-m", *module, *words_of(command, here), stdout=full)
    assert_one_sentence(told, "What there is to say cannot be written: No space left on device")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["check", "--help"]])
def test_help_that_cannot_be_written_is_one_sentence(words):
    with Path("/dev/full").open("wb") as full:
        told = ran("-m", "autograder.cli", *words, stdout=full)
    assert_one_sentence(told, "What there is to say cannot be written: No space left on device")


@pytest.mark.parametrize("command", ["check", "export", "exercises.generate"])
def test_a_command_needs_no_standard_streams(here, command):
    module = [command] if command.startswith("exercises.") else ["autograder.cli", command]
    words = [sys.executable, "-m", *module, *words_of(command, here)]
    done = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *words], cwd=ROOT, timeout=120)
    assert done.returncode == 0


def test_nothing_needs_a_home_or_a_folder_to_start_from(here, tmp_path):
    gone = tmp_path / "gone"
    program = (
        f"import os; os.mkdir({str(gone)!r}); os.chdir({str(gone)!r}); os.rmdir({str(gone)!r})\n"
        "import runpy; runpy.run_module('autograder.cli', run_name='__main__')"
    )
    for command in ("check", "grade", "export"):
        told = ran("-c", program, command, *words_of(command, here), environment={"HOME": "/nowhere"})
        assert (told.code, told.err) == (0, ""), told
    told = ran("-c", program, "export", NAME, "--format", "json")
    assert_one_sentence(told, as_json=True)


def test_what_a_configuration_prints_is_no_part_of_a_table(here):
    added(CONFIG, "\nprint('hello from the configuration')")(here)
    told = tell("export", here)
    assert told.code == 0
    assert "hello" not in told.out


@pytest.mark.parametrize("changes", [{"verdicts": 3}, {"verdicts": [{"function": 3}]}, {"troubles": ["x"]}])
def test_a_record_that_grading_has_not_written_is_none(here, changes):
    changed_record(**changes)(here)
    for command in ("report", "export", "feedback"):
        assert "fault of the grader" not in tell(command, here).err
    assert tell("grade", here).code == 0
