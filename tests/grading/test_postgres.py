"""The gradebook in PostgreSQL: a real server, started here by an ordinary user in a temporary directory."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from nbgrader.api import Gradebook as NbgraderGradebook

from autograder.course_file import assignments_of
from autograder.grade import session
from autograder.grade.course import Course
from autograder.grade.gradebook import Gradebook
from autograder.grade.records import Record, Records
from autograder.grade.run import Options
from exercises.generate import CONFIG, generate
from tests.conftest import not_here
from tests.grading.classes import COURSE, NAME, ROOT, TEXT, full, hand_in, notebook, path_of, run
from tests.grading.conftest import NOBODY

pytestmark = pytest.mark.slow

PASSWORD = "not-to-be-shown"
WRONG = {"compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T"}


def programs() -> Path:
    """Return where the server's programs are; Debian has them in no PATH, a folder for each version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    name = found[-1] if found else shutil.which("initdb")
    return Path(name).resolve().parent if name else not_here("PostgreSQL is missing: apt install postgresql")


class Server:
    """A server of one's own, on a free port of this machine; it refuses to run as root."""

    def __init__(self) -> None:
        self.programs = programs()
        self.home = Path(tempfile.mkdtemp(prefix="gradebook-server-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (self.home / "password").write_text(PASSWORD)
        self.user: dict[str, object] = {}
        if os.getuid() == 0:
            self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            for path in (self.home, self.home / "password"):
                os.chown(path, NOBODY, NOBODY)
        self.call(
            "initdb", *("-U", "grader", "-A", "scram-sha-256", "--pwfile", str(self.home / "password"), "-E", "UTF8")
        )
        self.start()

    def call(self, program: str, *words: str) -> None:
        environment = {
            "PATH": os.defpath,
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "PGDATA": str(self.home / "data"),
        }
        done = subprocess.run(
            [self.programs / program, *words],
            **self.user,
            cwd=self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        log = self.home / "log"
        assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories=''"
        self.call("pg_ctl", "-w", "-l", str(self.home / "log"), "-o", options, "start")

    def stop(self) -> None:
        self.call("pg_ctl", "-w", "-m", "immediate", "stop")

    def url(self, database: str, password: str = PASSWORD) -> str:
        return f"postgresql+psycopg://grader:{password}@127.0.0.1:{self.port}/{database}"

    def database(self, name: str, like: str = "template1") -> str:
        """Make a database, a copy of another one, and return its address."""
        engine = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.execute(
                sa.text(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{like}'")
            )
            connection.execute(sa.text(f"create database {name} template {like}"))
        return self.url(name)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    if not importlib.util.find_spec("psycopg"):
        not_here("psycopg is not installed: pip install --require-hashes -r requirements/cluster.lock")
    made = Server()
    yield made
    made.stop()
    shutil.rmtree(made.home)


def keep_marks_in(folder: Path, url: str) -> None:
    """Let a course have its gradebook in a database."""
    (folder / CONFIG.name).write_text(f'{CONFIG.read_text()}\nc.CourseDirectory.db_url = "{url}"\n')


@pytest.fixture(scope="module")
def made(server, tmp_path_factory) -> Path:
    """The small course, released with the database `made`; each test has a copy of both."""
    folder = tmp_path_factory.mktemp("made")
    keep_marks_in(folder, server.database("made"))
    (folder / "course.toml").write_text(COURSE)
    (folder / f"{NAME}.py").write_text(TEXT)
    generate(assignments_of(folder)[NAME], folder)
    return folder


@pytest.fixture
def here(server, made, tmp_path, request) -> Path:
    """A course whose gradebook is a database of its own; nobody has handed anything in."""
    folder = tmp_path / "course"
    shutil.copytree(made, folder)
    keep_marks_in(folder, server.database(f"d{abs(hash(request.node.nodeid))}", like="made"))
    return folder


def address(folder: Path) -> str:
    return Course.at(folder).db_url


def ask(folder: Path, query: str) -> list:
    engine = sa.create_engine(address(folder), poolclass=sa.NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def scores(folder: Path) -> dict[str, dict[str, float | None]]:
    found: dict[str, dict[str, float | None]] = {}
    for student, cell, score in ask(
        folder,
        "select sa.student_id, b.name, g.auto_score from grade g "
        "join submitted_notebook sn on sn.id = g.notebook_id join submitted_assignment sa on sa.id = sn.assignment_id "
        "join base_cell b on b.id = g.cell_id",
    ):
        assert cell not in found.setdefault(student, {}), "a mark is there twice"
        found[student][cell] = score
    return found


def counts(folder: Path) -> dict[str, int]:
    tables = ("student", "submitted_assignment", "submitted_notebook", "grade", "comment")
    return {table: ask(folder, f"select count(*) from {table}")[0][0] for table in tables}


@contextlib.contextmanager
def nbgraders(folder: Path) -> Iterator[NbgraderGradebook]:
    with NbgraderGradebook(address(folder), "backprop-course") as book:
        yield book


def hand_in_some(folder: Path, count: int) -> dict[str, dict[str, float | None]]:
    """Hand in, every third one wrong, and return the marks to come."""
    for number in range(count):
        hand_in(folder, f"s{number:02}", notebook(folder, WRONG if number % 3 == 0 else None))
    return {f"s{n:02}": full(**({"compute_dW2": 0.0} if n % 3 == 0 else {})) for n in range(count)}


def grade(folder: Path, **options) -> int:
    return session.grade_class(NAME, Options(folder, jobs=1, sandboxed=False, **options))


def test_marks_are_written_and_nbgrader_reads_them(here):
    expected = hand_in_some(here, 3)
    assert ask(here, "select version()")[0][0].startswith("PostgreSQL")
    assert not (here / "gradebook.db").exists()
    run(here, NAME, code=0)
    assert scores(here) == expected
    with nbgraders(here) as book:
        assert {s.student.id: s.score for s in book.assignment_submissions(NAME)} == {
            "s00": 4.0,
            "s01": 6.0,
            "s02": 6.0,
        }
        assert book.find_submission(NAME, "s00").needs_manual_grade
    run(here, NAME, code=0)
    assert scores(here) == expected
    assert counts(here) == {
        **dict.fromkeys(("student", "submitted_assignment", "submitted_notebook"), 3),
        "grade": 3 * len(full()),
        "comment": 3 * len(full()),
    }
    assert '"s00"' in run(here, NAME, command="export", code=0).stdout


def test_what_a_person_entered_is_never_touched(here):
    hand_in_some(here, 1)
    grade(here)
    with nbgraders(here) as book:
        mark = book.find_grade("check-compute_dW2", NAME, NAME, "s00")
        mark.manual_score, mark.extra_credit = 1.5, 0.5
        book.find_comment("answer-compute_dW2", NAME, NAME, "s00").manual_comment = "Nearly."
        book.db.commit()
    assert grade(here, force=True) == 0
    with nbgraders(here) as book:
        mark = book.find_grade("check-compute_dW2", NAME, NAME, "s00")
        assert (mark.auto_score, mark.manual_score, mark.extra_credit) == (0.0, 1.5, 0.5)
        assert book.find_comment("answer-compute_dW2", NAME, NAME, "s00").manual_comment == "Nearly."


def test_late_work_and_an_extension_are_counted(here):
    (here / "late.py").write_text(
        "from nbgrader.plugins import BasePlugin\n"
        "class Half(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return score / 2\n"
    )
    with (here / CONFIG.name).open("a") as file:
        file.write(
            "\nimport sys\nsys.path.append(str(Path(__file__).parent))\n"
            "import late\nc.AssignLatePenalties.plugin_class = late.Half\n"
        )
    for student in ("ada", "bob"):
        hand_in(here, student)
        (path_of(here, student).parent / "timestamp.txt").write_text("2026-11-02 12:00:00 UTC\n")
    with nbgraders(here) as book:
        book.update_or_create_assignment(NAME, duedate="2026-11-01 12:00:00")
    assert grade(here) == 0
    penalties = "select late_submission_penalty from submitted_notebook sn join submitted_assignment sa "
    penalties += "on sa.id = sn.assignment_id order by sa.student_id"
    assert ask(here, penalties) == [(3.0,), (3.0,)]
    with nbgraders(here) as book:
        book.find_submission(NAME, "bob").extension = timedelta(days=2)
        book.db.commit()
    assert grade(here, force=True) == 0
    assert ask(here, penalties) == [(3.0,), (None,)]


def test_a_grader_that_is_killed_at_any_moment_leaves_what_an_undisturbed_run_does(here):
    expected = hand_in_some(here, 10)
    command = [sys.executable, "-u", "-m", "autograder.cli", "grade", NAME, "--jobs", "1", "--course-dir", str(here)]
    before: dict[str, str] = {}
    for lines in (2, 1, 3):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            for _ in range(lines):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        now = {record.student: record.graded_at + str(record.seconds) for record in Records(here, NAME).all()}
        assert before.items() <= now.items(), "something was graded twice"
        before = now
    run(here, NAME, "--jobs", "2", code=0)
    assert scores(here) == expected


def test_two_graders_at_once_from_two_machines_neither_corrupt_nor_double(here, tmp_path):
    expected = hand_in_some(here, 12)
    other = tmp_path / "other"
    shutil.copytree(here, other)
    command = [sys.executable, "-m", "autograder.cli", "grade", NAME, "--jobs", "1", "--course-dir"]
    both = [
        subprocess.Popen([*command, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for folder in (here, other)
    ]
    said = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert all("12 submissions: 12 graded. 12 graded now" in text for text in said)
    assert scores(here) == expected
    assert counts(here) == {
        **dict.fromkeys(("student", "submitted_assignment", "submitted_notebook"), 12),
        "grade": 12 * len(full()),
        "comment": 12 * len(full()),
    }


def record_of(student: str) -> Record:
    rows = [{"id": f"check-{name}", "points": 1.0} for name in ("compute_dZ2", "compute_dW2", "compute_db2")]
    return Record(student, NAME, "graded", 3.0, 6.0, verdicts=rows)


def test_many_who_write_the_same_students_at_the_same_moment_write_them_once(here):
    together = threading.Barrier(4, timeout=60)

    def write_all(_: int) -> None:
        book = Gradebook(Course.at(here), NAME)
        for number in range(15):
            together.wait()
            book.write(record_of(f"s{number:02}"))
        book.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write_all, range(4)))
    marks = {f"check-{name}": 1.0 for name in ("compute_dZ2", "compute_dW2", "compute_db2")} | {"written-why": None}
    assert scores(here) == {f"s{number:02}": marks for number in range(15)}
    assert counts(here)["submitted_assignment"] == 15


def test_a_server_that_is_started_again_meanwhile_is_waited_for(here, server):
    book = Gradebook(Course.at(here), NAME)
    server.stop()
    begin = threading.Timer(1.5, server.start)
    begin.start()
    started = time.monotonic()
    book.write(record_of("ada"))
    begin.join()
    assert time.monotonic() - started > 1.0
    assert set(scores(here)) == {"ada"}


def test_a_server_that_refuses_is_said_without_the_password(here, server):
    hand_in_some(here, 1)
    config = here / CONFIG.name
    config.write_text(config.read_text().replace(PASSWORD, "a-wrong-one"))
    done = run(here, NAME, code=2)
    assert done.stderr.startswith("autograder: The gradebook postgresql+psycopg://grader:***@127.0.0.1:")
    assert "password authentication failed" in done.stderr
    assert "a-wrong-one" not in done.stderr
    assert done.stderr.count("\n") == 1
