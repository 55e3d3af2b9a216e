"""Marks are written once and whole, whenever the grader ends; what a person entered is never touched."""

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import datetime

import pytest
from nbgrader.api import Gradebook as NbgraderGradebook
from nbgrader.api import MissingEntry
from nbgrader.utils import parse_utc

from autograder.grade import records as records_module
from autograder.grade import session
from autograder.grade.collect import places
from autograder.grade.lateness import parsed_time
from autograder.grade.records import Busy, CannotWrite, Record, Records, reference_of, write_whole
from autograder.grade.run import Options, Run
from tests.grading.classes import NAME, ROOT, course, full, hand_in, notebook, path_of, run, scores

WRONG = {"compute_dW2": "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T"}


@pytest.fixture
def here(tmp_path):
    found = course(tmp_path)
    hand_in(found, "ada")
    hand_in(found, "bob", notebook(found, WRONG))
    return found


def grade(folder, **options) -> int:
    return session.grade_class(NAME, Options(folder, jobs=1, sandboxed=False, **options))


def when_graded(folder) -> dict[str, str]:
    return {record.student: (record.graded_at, record.seconds) for record in Records(folder, NAME).all()}


def opened(folder) -> NbgraderGradebook:
    return NbgraderGradebook(f"sqlite:///{folder / 'gradebook.db'}", "backprop-course")


def test_what_is_graded_is_not_graded_again_unless_it_is_another_file_or_forced(here):
    assert grade(here) == 0
    first = when_graded(here)
    assert grade(here) == 0
    assert when_graded(here) == first
    hand_in(here, "bob")
    assert grade(here) == 0
    assert when_graded(here)["ada"] == first["ada"]
    assert when_graded(here)["bob"] != first["bob"]
    assert scores(here) == {"ada": full(), "bob": full()}
    assert grade(here, force=True) == 0
    assert when_graded(here)["ada"] != first["ada"]


@pytest.mark.parametrize("step", ["notebook", "record", "gradebook"])
def test_a_run_that_ends_between_two_steps_is_taken_up_and_nothing_is_graded_twice(here, monkeypatch, step):
    class Killed(BaseException):
        pass

    def killed(*arguments, **options):
        raise Killed

    place = {
        "notebook": ("autograder.grade.writer.write_whole", 0),
        "record": ("autograder.grade.records.Records.write", 0),
        "gradebook": ("autograder.grade.gradebook.Gradebook.write", 1),
    }
    where, recorded = place[step]
    with monkeypatch.context() as patched:
        patched.setattr(where, killed)
        with pytest.raises(Killed):
            grade(here)
    assert scores(here) == {}
    before = when_graded(here)
    assert len(before) == recorded
    assert grade(here) == 0
    assert scores(here) == {"ada": full(), "bob": full(compute_dW2=0.0)}
    assert before.items() <= when_graded(here).items()


@pytest.mark.slow
def test_a_grader_that_is_killed_at_any_moment_leaves_what_an_undisturbed_run_does(tmp_path):
    here, undisturbed = course(tmp_path), course(tmp_path / "again")
    for folder in (here, undisturbed):
        for number in range(8):
            hand_in(folder, f"s{number}", notebook(folder, WRONG if number % 2 else None))
    run(undisturbed, NAME, "--jobs", "2", code=0)
    command = [sys.executable, "-m", "autograder.cli", "grade", NAME, "--jobs", "2", "--course-dir", str(here)]
    graded_by: dict[str, str] = {}
    for delay in (0.5, 1.0, 1.5, 1.8, 2.1, 2.4, 2.7, 3.0):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = {record.student: record.graded_at + str(record.seconds) for record in Records(here, NAME).all()}
        assert graded_by.items() <= now.items(), "something was graded twice"
        graded_by = now
    run(here, NAME, "--jobs", "2", code=0)
    assert scores(here) == scores(undisturbed)


def test_two_graders_at_once_do_not_both_grade(here):
    with Records(here, NAME).locked():
        done = run(here, NAME, "--unsandboxed", code=2)
        assert "is grading small here already" in done.stderr
    run(here, NAME, "--unsandboxed", code=0)


def test_the_lock_goes_with_the_process_that_held_it(here):
    program = (
        "import sys, time, pathlib\nfrom autograder.grade.records import Records\n"
        f"with Records(pathlib.Path({str(here)!r}), {NAME!r}).locked():\n"
        "    print('held', flush=True)\n    time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Busy, match=str(holder.pid)), Records(here, NAME).locked():
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with Records(here, NAME).locked():
        pass


def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(here, monkeypatch):
    def full_disk(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(records_module.os, "fsync", full_disk)
        with pytest.raises(CannotWrite, match="the disk is full: make room and start again"):
            grade(here)
    assert scores(here) == {}
    assert not list(here.rglob("*.new"))
    assert grade(here) == 0
    assert scores(here)["ada"] == full()


def test_a_gradebook_that_cannot_be_written_is_said_before_anything_is_graded(here, monkeypatch):
    (here / "gradebook.db").chmod(0o444)
    if os.access(here / "gradebook.db", os.W_OK):  # root may write it all the same
        from autograder.grade import gradebook

        real = gradebook.sa.create_engine
        monkeypatch.setattr(
            gradebook.sa,
            "create_engine",
            lambda url, **options: real(f"sqlite:///file:{url.database}?mode=ro&uri=true", **options),
        )
    with pytest.raises(CannotWrite, match="cannot be written: attempt to write a readonly database"):
        grade(here)
    assert when_graded(here) == {}


def test_a_database_that_is_locked_for_a_moment_is_waited_for(here, monkeypatch):
    monkeypatch.setattr("autograder.grade.gradebook.WAIT_SECONDS", 0.0)
    other = sqlite3.connect(here / "gradebook.db", isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(CannotWrite, match="database is locked; put that right and start again"):
        grade(here)
    other.execute("rollback")
    other.close()
    assert grade(here) == 0


def test_what_a_person_entered_is_never_touched(here):
    grade(here)
    with opened(here) as book:
        grade_of = book.find_grade("check-compute_dW2", NAME, NAME, "bob")
        grade_of.manual_score, grade_of.extra_credit = 1.5, 0.5
        book.find_grade("written-why", NAME, NAME, "bob").manual_score = 3.0
        book.find_comment("answer-compute_dW2", NAME, NAME, "bob").manual_comment = "Nearly."
        book.db.commit()
    hand_in(here, "bob", notebook(here, WRONG | {"compute_db2": "def compute_db2(dZ2):\n    return 0"}))
    grade(here)
    with opened(here) as book:
        grade_of = book.find_grade("check-compute_dW2", NAME, NAME, "bob")
        assert (grade_of.auto_score, grade_of.manual_score, grade_of.extra_credit) == (0.0, 1.5, 0.5)
        assert grade_of.needs_manual_grade
        assert book.find_grade("written-why", NAME, NAME, "bob").manual_score == 3.0
        assert book.find_comment("answer-compute_dW2", NAME, NAME, "bob").manual_comment == "Nearly."
        assert book.find_submission(NAME, "bob").score == 1.0 + 1.5 + 0.5 + 0.0 + 3.0


def test_marks_that_did_not_reach_the_gradebook_are_written_from_the_record(here):
    grade(here)
    first = when_graded(here)
    with opened(here) as book:
        book.remove_submission(NAME, "ada")
    assert "ada" not in scores(here)
    grade(here)
    assert scores(here)["ada"] == full()
    assert when_graded(here) == first


def test_an_unreadable_file_has_no_row_in_the_gradebook(here):
    hand_in(here, "eve", b"")
    assert grade(here) == 1
    with opened(here) as book, pytest.raises(MissingEntry):
        book.find_submission(NAME, "eve")


def test_a_dry_run_shows_what_would_change_and_writes_nothing(here, capsys):
    grade(here)
    hand_in(here, "bob")
    before = {path: path.read_bytes() for path in sorted(here.rglob("*")) if path.is_file()}
    capsys.readouterr()
    assert grade(here, dry_run=True) == 0
    said = capsys.readouterr().out
    assert "1 of 2 would get other marks. Nothing was written." in said
    assert "check-compute_dW2" in said
    assert {path: path.read_bytes() for path in sorted(here.rglob("*")) if path.is_file()} == before


def test_a_late_submission_gets_the_penalty_of_nbgraders_plugin(here):
    (here / "late.py").write_text(
        "from nbgrader.plugins import BasePlugin\n"
        "class Half(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return score / 2\n"
    )
    with (here / "nbgrader_config.py").open("a") as file:
        file.write(
            "\nimport sys\nsys.path.append(str(Path(__file__).parent))\n"
            "import late\nc.AssignLatePenalties.plugin_class = late.Half\n"
        )
    with opened(here) as book:
        book.update_or_create_assignment(NAME, duedate="2026-11-01 12:00:00")
    (path_of(here, "bob").parent / "timestamp.txt").write_text("2026-11-02 12:00:00 UTC\n")
    (path_of(here, "ada").parent / "timestamp.txt").write_text("2026-11-01 11:00:00 UTC\n")
    assert grade(here) == 0
    with opened(here) as book:
        assert book.find_submission(NAME, "ada").total_seconds_late == 0
        assert book.find_submission(NAME, "bob").total_seconds_late == 86_400
        assert book.find_submission_notebook(NAME, NAME, "ada").late_submission_penalty is None
        assert book.find_submission_notebook(NAME, NAME, "bob").late_submission_penalty == 2.0


CLEAR = {
    "2026-11-01 12:00:00 UTC": 12,
    "2026-11-01 12:00:00.123456 UTC": 12,
    "2026-11-01 12:00": 12,
    "2026-11-01T12:00:00Z": 12,
    "2026-11-01T12:00:00+01:00": 11,
    "20261101T120000Z": 12,
    "2026/11/01 12:00:00 GMT": 12,
    "2026-11-01 12:00:00 +0000": 12,
    "2026-11-01 12:00:00 Europe/Berlin": 11,
    "12:00 2026-11-01": 12,
    "Sun Nov  1 12:00:00 UTC 2026": 12,
    "Sun, 01 Nov 2026 12:00:00 +0100": 11,
    "1 November 2026 14:00": 14,
    "Nov 1, 2026 2:00 PM": 14,
}
AMBIGUOUS = [
    *("01.11.2026 14:00", "11/1/2026 2:00 PM", "1/11/2026 14:00:00", "26-11-01 14:00", "1-11-26 14:00"),
    *("2026-11-01 08:00:00 PDT", "Sun Nov 1 08:00:00 PDT 2026", "2026-11-01 12:00:00 AEST", "2026-11-01 2:00 PM"),
    *("2026-11-01 12:00:00 +0100", "2026-11-01 12:00:00 3600", "2026-11-01", "12:00", "Sunday 12:00", "1793534400"),
    *("2026-11-01 12:00:00 /etc/localtime", "gestern", "1. M\u00e4rz 2026 14:00"),
]


@pytest.mark.parametrize("text", CLEAR)
def test_a_time_that_can_mean_but_one_is_read_as_nbgrader_reads_it(text):
    assert parsed_time(text) == parse_utc(text)
    assert parsed_time(text).replace(minute=0, microsecond=0) == datetime(2026, 11, 1, CLEAR[text])


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_a_time_that_may_mean_several_is_not_guessed(text):
    assert parsed_time(text) is None


def test_a_timestamp_that_is_none_is_a_trouble(here):
    (path_of(here, "bob").parent / "timestamp.txt").write_bytes(b"yesterday\x1b[31m\n")
    (path_of(here, "ada").parent / "timestamp.txt").write_text("3/1/2026 2:00 PM")
    assert grade(here) == 0
    for student in ("ada", "bob"):
        assert [t["id"] for t in Records(here, NAME).find(student).troubles] == ["unreadable-timestamp"]


def test_points_that_wait_for_a_person_are_said_until_they_are_given(here, capsys):
    assert grade(here) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "6 of 6, and 4 points wait for a person" in said
    assert "4 of 6, and 4 points wait for a person" in said
    with opened(here) as book:
        for cell in book.find_submission_notebook(NAME, NAME, "ada").grades:
            if cell.name == "written-why":
                cell.manual_score, cell.needs_manual_grade = 3, False
        book.db.commit()
    assert grade(here) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "6 of 6, and 4 points wait" not in said
    assert "4 of 6, and 4 points wait for a person" in said


def test_explain_shows_the_inputs_and_the_verdict_again(here):
    grade(here)
    words = ("compute_dW2", "--assignment", NAME, "--unsandboxed")
    done = run(here, "bob", *words, command="explain", code=0)
    for expected in ("dZ2 = (", "returned (", "right    (", "missing-mean, 0 of 2", "Judged again, it is the same."):
        assert expected in done.stdout
    assert "has no record" in run(here, "nobody", *words, command="explain", code=2).stderr
    assert (
        "did you mean"
        in run(here, "bob", "compute_dw2", "--assignment", NAME, "--unsandboxed", command="explain", code=2).stderr
    )


def test_explain_takes_the_seed_of_an_earlier_run_as_its_message_says(here, tmp_path):
    grade(here)
    kept = tmp_path / "kept.json"
    store = here / ".autograder" / NAME / "seed.json"
    kept.write_text(store.read_text())
    store.write_text(json.dumps({"seed": "0x2a"}))
    words = ("compute_dW2", "--assignment", NAME, "--unsandboxed")
    assert "--seed-file" in run(here, "bob", *words, command="explain", code=2).stderr
    done = run(here, "bob", *words, "--seed-file", str(kept), command="explain", code=0)
    assert "Judged again, it is the same." in done.stdout
    assert json.loads(store.read_text()) == {"seed": "0x2a"}


def test_the_seed_is_kept_and_another_one_can_be_taken(here, tmp_path):
    grade(here)
    store = here / ".autograder" / NAME / "seed.json"
    kept = store.read_text()
    grade(here, force=True)
    assert store.read_text() == kept
    other = tmp_path / "seed.json"
    other.write_text(json.dumps({"seed": "0x2a"}))
    grade(here, force=True, seed_file=other)
    assert {record.seed for record in Records(here, NAME).all()} == {reference_of(42)}
    store.write_text("?")
    with pytest.raises(CannotWrite, match="holds no seed that can be read"):
        grade(here)


def test_the_seed_is_in_no_record_and_in_no_autograded_notebook(here):
    grade(here)
    seed = json.loads((here / ".autograder" / NAME / "seed.json").read_text())["seed"]
    written = [*(here / ".autograder" / NAME / "records").iterdir(), *(here / "autograded").rglob("*.ipynb")]
    assert len(written) == 4
    for path in written:
        text = path.read_text()
        assert seed not in text
        assert str(int(seed, 16)) not in text


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a" / "file"
    write_whole(path, b"one")
    monkeypatch.setattr(records_module.Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "bad")))
    with pytest.raises(CannotWrite):
        write_whole(path, b"two")
    assert path.read_bytes() == b"one"
    assert list(path.parent.iterdir()) == [path]


def test_a_worker_that_dies_is_replaced_and_costs_nobody_a_mark(here, monkeypatch):
    from autograder.grade import batch

    real, marker = batch.grade_submission, here / "died"

    def dies_once(place, job, guests):
        if place.student == "ada" and not marker.exists():
            marker.touch()
            os._exit(9)
        return real(place, job, guests)

    monkeypatch.setattr(batch, "grade_submission", dies_once)
    assert grade(here) == 0
    assert scores(here)["ada"] == full()


def test_a_worker_that_dies_each_time_is_a_grader_error_and_the_next_run_tries_again(here, monkeypatch):
    from autograder.grade import batch

    real = batch.grade_submission
    with monkeypatch.context() as patched:
        patched.setattr(batch, "grade_submission", lambda p, j, g: os._exit(9) if p.student == "ada" else real(p, j, g))
        assert grade(here) == 1
    found = Records(here, NAME).find("ada")
    assert found.outcome == "grader-error"
    assert "with code 9" in found.advice
    assert "Report this bug" in found.advice
    assert "ada" not in scores(here)
    assert grade(here) == 0
    assert scores(here)["ada"] == full()


def test_a_record_of_another_time_is_not_trusted(here):
    store = Records(here, NAME)
    store.write(Record("ada", NAME, "graded", schema=99))
    assert store.find("ada") is None
    store.path("bob").write_text("[]")
    assert store.find("bob") is None


def test_nothing_is_opened_for_a_place_that_is_not_there(tmp_path):
    assert list(places(tmp_path / "submitted", NAME)) == []


def test_without_a_sandbox_nothing_is_graded_unless_asked(here, monkeypatch):
    from autograder.sandbox.fork_client import Zygote
    from autograder.sandbox.launch import NotStarted

    def refuse(self):
        raise NotStarted("no user namespaces here")

    monkeypatch.setattr(Zygote, "start", refuse)
    with pytest.raises(NotStarted, match=r"no user namespaces here\. Nothing was graded: .* --unsandboxed"):
        session.grade_class(NAME, Options(here, jobs=1))
    assert when_graded(here) == {}
    assert Run(NAME, Options(here)).places
