"""What a student's notebook can do from inside the sandbox: nothing beyond its own process, and not for long."""

import contextlib
import os
import re
import socket
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import course_lib.two_layer
from autograder.guest import stand_in
from autograder.sandbox import doctor, plan
from autograder.sandbox.fork_client import Zygote
from autograder.sandbox.launch import NotStarted, SandboxProcess
from autograder.sandbox.outputs import CUT
from autograder.sandbox.plan import ENVIRONMENT, MEBIBYTE
from autograder.sandbox.process import Ended, EndedByMemory, EndedByTime
from autograder.sandbox.seccomp import seccomp_program
from tests.grading.conftest import ROOT, SECRET, SMALL, run_as_nobody, started


def said(guest, source, seconds=20):
    """Run a cell; return what it printed."""
    ran = guest.run(textwrap.dedent(source), seconds)
    assert ran.failure is None, ran.failure
    return "".join(output["text"] for output in ran.outputs if output.get("name") == "stdout")


def told(guest, body, seconds=20, **arguments):
    """Run the body of a function inside, and return the numbers that it returns."""
    source = f"def told({', '.join(arguments)}):\n{textwrap.indent(textwrap.dedent(body), '    ')}"
    assert guest.run(source, seconds).failure is None
    (outcome,) = guest.evaluate("told", [arguments], seconds)
    assert outcome.failure is None, outcome.failure
    return outcome.value


def refused(guest, source, seconds=20):
    """Run a cell that has to fail; return the name of the exception."""
    failure = guest.run(textwrap.dedent(source), seconds).failure
    assert failure is not None, f"it was allowed: {source}"
    return failure.name


# --- what it can see --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/etc/shadow",
        "/etc/hostname",
        "/root",
        "/home",
        "/var",
        "/proc/1/environ",
        "/proc/1/mem",
        "/proc/1/root",
        "/proc/1/cwd",
        "/proc/1/fd",
        "/proc/1/maps",
        "/proc/sys",
        "/proc/cmdline",
        "/sys",
        str(ROOT),
        str(ROOT / "autograder" / "core" / "judge.py"),
        str(ROOT / "course_lib" / "two_layer.py"),
        course_lib.two_layer.__file__,
    ],
)
def test_it_cannot_read(guest, path):
    source = f"""
        import os
        path = {path!r}
        print(os.listdir(path) if os.path.isdir(path) else open(path, "rb").read())
    """
    if path == "/root" and plan._STDLIB.startswith("/root/"):  # the way to the standard library, and nothing beside it
        assert said(guest, source) == f"{[Path(plan._STDLIB).relative_to('/root').parts[0]]}\n"
    else:
        assert refused(guest, source) in ("FileNotFoundError", "PermissionError")


def test_it_cannot_read_other_submissions_the_gradebook_or_anything_else_of_the_course_directory(guest, tmp_path):
    for name in ("gradebook.db", "submitted/ada/ps4/ps4.ipynb", ".autograder/seed"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(SECRET)
        (tmp_path / name).chmod(0o666)
        assert refused(guest, f"open({str(tmp_path / name)!r})") == "FileNotFoundError"
    assert refused(guest, f"import os; os.listdir({str(tmp_path)!r})") == "FileNotFoundError"


def test_its_files_are_the_standard_library_the_allowed_packages_and_nothing_else(guest):
    *files, packages = said(
        guest,
        """
        import os
        for top, directories, files in os.walk("/"):
            if top.startswith(("/proc", "/dev", "/packages")):
                directories.clear()
                continue
            for name in files:
                if name.endswith((".py", ".ipynb", ".db")) and "/lib/" not in top:
                    print(os.path.join(top, name))
        print(sorted(os.listdir("/packages")))
        """,
    ).splitlines()
    assert [name for name in sorted(files) if name.startswith("/course/") and name.count("/") == 3] == [
        "/course/course_lib/__init__.py",
        "/course/course_lib/activations.py",
        "/course/course_lib/arrays.py",
        "/course/course_lib/datasets.py",
        "/course/course_lib/gradient_checking.py",
    ]
    ours = "/guest/autograder/"
    allowed = ("/course/course_lib/", f"{ours}guest/", f"{ours}protocol/", f"{ours}__init__.py")
    assert [name for name in files if not name.startswith(allowed)] == []
    assert not any(re.search(r"judge|two_layer|/core/|course_lib/deep", name) for name in files)
    assert {"numpy", "matplotlib", "IPython"} <= set(eval(packages))
    assert not {"nbgrader", "nbformat", "scipy", "torch", "pip", "course_lib", "autograder"} & set(eval(packages))


def test_allowed_parts_of_the_course_can_be_imported_and_the_reference_cannot(guest):
    assert said(
        guest,
        """
        from course_lib.datasets import even_digits
        from course_lib.gradient_checking import relative_error
        from course_lib.plotting import decision_boundary
        print(relative_error(1.0, 1.0))
        """,
    )
    for module in (
        "two_layer",
        "deep",
        "batch",
        "one_example",
        "losses",
        "training",
        "optimizers",
        "errata",
        "equations",
    ):
        assert refused(guest, f"import course_lib.{module}") == "ModuleNotFoundError"
    assert said(guest, "import course_lib.activations as a; print(a.sigmoid_prime)") == (
        "<course_lib.activations.sigmoid_prime, withheld>\n"
    )
    assert refused(guest, "a.sigmoid_prime(1.0)") == "RuntimeError"


def test_its_autograder_is_the_stand_in(guest):
    assert refused(guest, "from autograder.core import judge") == "ModuleNotFoundError"
    assert said(guest, "import autograder; print(autograder.check(len).points + 1)") == (
        "The verdict stands at the check that was handed out.\n"
    )


def test_processes_are_forked_however_they_are_asked_for_and_share_what_has_room_in_its_directory(guest):
    assert (
        said(
            guest,
            """
        import multiprocessing as mp, os
        for method in ("spawn", "forkserver", "fork", None):
            with mp.get_context(method).Pool() as pool:
                print(pool.map(abs, [-1]), os.cpu_count())
        print(os.path.realpath("/dev/shm"), sorted(os.listdir("/dev/shm")) == sorted(os.listdir("/tmp")))
        """,
        )
        == "[1] 2\n" * 4 + "/tmp True\n"
    )
    assert refused(guest, "open('/dev/shm/large', 'wb').write(bytes(10 * 2**20))") == "OSError"
    assert refused(guest, "open('/dev/large', 'wb')") == "OSError"


def test_its_environment_holds_nothing_of_the_machine(guest):
    assert os.environ["SECRET"] == SECRET
    assert eval(said(guest, "import os; print(dict(os.environ))")) == ENVIRONMENT
    first = said(guest, "print(open('/proc/self/environ').read().replace(chr(0), ' '))")
    assert SECRET not in first
    assert set(re.findall(r"(\w+)=", first)) == set(ENVIRONMENT)


def test_its_descriptors_are_the_channel_and_dev_null(guest):
    source = """
        import os
        at = "/proc/self/fd/"
        print({n: os.readlink(at + n) for n in os.listdir(at) if n in "012" or os.path.lexists(at + n)})
    """
    listed = eval(said(guest, source))
    assert {listed.pop(standard) for standard in "012"} == {"/dev/null"}
    sockets = [name for name in listed.values() if name.startswith("socket:")]
    others = [name for name in listed.values() if not name.startswith("socket:")]
    assert len(sockets) == 1
    assert all(name.startswith("/proc/") for name in others), others  # the listing of this very directory


def test_its_memory_holds_neither_the_judge_nor_a_line_of_the_reference(guest):
    for module in ("autograder.core", "course_lib.two_layer", "autograder.assignments", "autograder.recognise"):
        assert said(guest, f"import sys; print([m for m in sys.modules if m.startswith({module!r})])") == "[]\n"
    absent, present = course_lib.two_layer.__doc__.splitlines()[0], stand_in.NoVerdict.__doc__
    halves = (absent[:20], present[:20], absent[20:], present[20:])
    found = told(
        guest,
        """
        found = [0, 0]
        for line in open("/proc/self/maps"):
            place, permissions, *rest = line.split()
            if not permissions.startswith("rw") or "[v" in line:
                continue
            first, last = (int(end, 16) for end in place.split("-"))
            with open("/proc/self/mem", "rb", 0) as memory:
                memory.seek(first)
                text = memory.read(last - first)
            for number, (start, end) in enumerate([(a, b), (c, d)]):
                start, end = (bytes(part.astype("uint8")) for part in (start, end))
                place = text.find(start)
                while place >= 0:
                    found[number] += text[place + len(start):].startswith(end)
                    place = text.find(start, place + 1)
        return found
        """,
        # Each text goes in as two halves, apart, so that it does not lie in memory by being looked for.
        **{name: np.frombuffer(half.encode(), np.uint8) for name, half in zip("acbd", halves, strict=True)},
    )
    assert found[0] == 0, "a line of the reference is in the guest's memory"
    assert found[1] > 0, "the search does not find what is there"


def test_it_does_not_see_the_machines_name(guest):
    assert said(guest, "import os; print(os.uname().nodename)") == "sandbox\n"


def test_it_sees_no_process_but_its_own(guest):
    assert eval(said(guest, "import os; print(sorted(int(n) for n in os.listdir('/proc') if n.isdigit()))")) == [1, 2]


# --- what it can change -----------------------------------------------------------------------------------------------


def test_it_can_write_nowhere_but_in_its_own_directory(guest):
    written = eval(
        said(
            guest,
            """
            import os, tempfile
            written = set()
            for top, directories, files in os.walk("/"):
                if top.startswith("/proc"):
                    directories.clear()
                    continue
                directories[:] = [d for d in directories if top.count("/") < 4]
                try:
                    with tempfile.TemporaryFile(dir=top):
                        written.add(top)
                except OSError:
                    pass
            print(written)
            """,
        )
    )
    assert written == {"/tmp"}
    for path in (
        "/guest/autograder/protocol/wire.py",
        "/course/course_lib/datasets.py",
        "/etc/passwd",
        "/packages/six.py",
    ):
        assert refused(guest, f"open({path!r}, 'a')") in ("OSError", "PermissionError")


def test_its_directory_is_the_working_directory_and_its_home_and_is_empty(guest):
    assert said(guest, "import os; print(os.getcwd(), os.path.expanduser('~'), os.listdir())") == "/tmp /tmp []\n"


def test_its_directory_is_capped(guest):
    written = told(
        guest,
        """
        total = 0
        try:
            for number in range(100):
                with open(f"f{number}", "wb", 0) as file:
                    total += file.write(bytes(2**20))
        except OSError:
            pass
        return total
        """,
    )
    assert 4 * MEBIBYTE <= written <= SMALL.disk
    assert refused(guest, "for n in range(10**6): open(f'e{n}', 'w').close()") == "OSError"


def test_one_file_is_capped(guest):
    assert refused(guest, f"with open('big', 'wb') as f: f.write(bytes({SMALL.file + 1}))") == "OSError"


def test_nothing_is_left_for_the_next_submission(zygote):
    with zygote.guest() as first:
        said(first, "import numpy; numpy.tanh = None; x = 1; open('left', 'w').write('x')")
    with zygote.guest() as second:
        assert (
            said(second, "import os, numpy; print(os.listdir(), numpy.tanh(0.0), 'x' in globals())") == "[] 0.0 False\n"
        )


@pytest.mark.parametrize(
    "source",
    [
        "os.setuid(0)",
        "os.setgid(0)",
        "os.mknod('x', 0o600 | stat.S_IFBLK, os.makedev(8, 0))",
        "os.chroot('/tmp')",
        "os.nice(-5)",
        "resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6))",
        "resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))",
        "check(libc.unshare(0x10000000))",
        "check(libc.unshare(0x00020000))",
        "check(libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None))",
        "check(libc.mount(None, b'/packages', None, 32 | 4096, None))",
        "check(libc.umount2(b'/proc', 2))",
        "check(libc.umount2(b'/tmp', 2))",
        "check(libc.sethostname(b'x', 1))",
        "check(libc.ptrace(16, 1, 0, 0))",
        "check(libc.setns(os.open('/proc/1/ns/mnt', os.O_RDONLY), 0))",
        "check(libc.setns(os.open('/proc/1/ns/user', os.O_RDONLY), 0))",
    ],
)
@pytest.mark.parametrize("filtered", [True, False])
def test_it_cannot_get_any_right(guest, unfiltered_guest, filtered, source):
    setting = """
        import ctypes, os, resource, stat
        libc = ctypes.CDLL(None, use_errno=True)
        def check(result):
            if result < 0:
                raise OSError(ctypes.get_errno(), "")
    """
    asked = guest if filtered else unfiltered_guest
    said(asked, setting)
    assert refused(asked, source) in ("OSError", "PermissionError", "ValueError", "FileNotFoundError")


# --- whom it can reach ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unfiltered_zygote():
    """A zygote on a machine without libseccomp: the namespaces have to hold alone."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plan, "seccomp_program", lambda: b"")
        made = started(Zygote(limits=SMALL))
    yield made
    made.stop()


@pytest.fixture
def unfiltered_guest(unfiltered_zygote):
    with unfiltered_zygote.guest() as made:
        yield made


def test_the_filter_is_there_and_would_be_missed(guest, unfiltered_guest):
    if not seccomp_program():
        pytest.skip("no libseccomp here")
    line = "print(open('/proc/self/status').read().split('Seccomp:')[1].split()[0])"
    assert (said(guest, line), said(unfiltered_guest, line)) == ("2\n", "0\n")
    assert refused(guest, "import os; os.memfd_create('x')") == "PermissionError"
    assert refused(guest, "import os; os.execv('/proc/self/exe', ['python'])") == "PermissionError"


@pytest.mark.parametrize("filtered", [True, False])
def test_it_has_no_network(guest, unfiltered_guest, filtered):
    asked = guest if filtered else unfiltered_guest
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        assert refused(asked, f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=5)") == "OSError"
    assert refused(asked, "socket.create_connection(('10.0.0.1', 80), timeout=5)") == "OSError"
    assert refused(asked, "socket.getaddrinfo('localhost.example', 80)") == "gaierror"


def test_it_cannot_reach_a_socket_of_the_machine(guest, unfiltered_guest):
    name = f"\0backprop-course-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        for asked in (guest, unfiltered_guest):
            source = f"import socket; socket.socket(socket.AF_UNIX).connect({name!r})"
            assert refused(asked, source) == "ConnectionRefusedError"


def test_it_cannot_signal_the_zygote_or_a_sibling(zygote, guest):
    with zygote.guest() as sibling:
        said(
            guest,
            """
            import os, signal
            for pid in range(1, 100_000):
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
                    if pid != os.getpid():
                        try:
                            os.kill(pid, number)
                        except OSError:
                            pass
            try:
                os.kill(-1, signal.SIGKILL)
            except OSError:
                pass
            """,
        )
        assert said(sibling, "print('here')") == "here\n"
        assert said(guest, "print('here')") == "here\n"
    with zygote.guest() as later:
        assert said(later, "print('here')") == "here\n"


def test_two_guests_share_no_namespace_and_where_root_grades_no_user(zygote):
    def of(guest):
        kinds = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
        inside = eval(said(guest, f"import os; print([os.readlink(f'/proc/self/ns/{{k}}') for k in {kinds}])"))
        return set(inside), doctor._host_user(guest.process)

    with zygote.guest() as first, zygote.guest() as second:
        (some, one), (others, two) = of(first), of(second)
    ours = {
        str(Path(f"/proc/self/ns/{kind}").readlink()) for kind in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
    }
    assert len(some) == 7
    assert not some & others
    assert not (some | others) & ours
    if os.getuid() == 0:
        assert len({one, two, 0}) == 3
    else:
        assert one == two == os.getuid()


# --- how much it can take ---------------------------------------------------------------------------------------------


def processes_of(guest):
    """Return the /proc directories of all processes of a guest: the first of its namespace, and what grew from it."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):  # it may have gone
            parents[int(status.parent.name)] = int(status.read_text().split("PPid:")[1].split()[0])
    family = {guest.process}
    while grown := {process for process, parent in parents.items() if parent in family} - family:
        family |= grown
    return [Path(f"/proc/{process}") for process in family]


def test_processes_are_bounded(guest):
    made = told(
        guest,
        """
        import os, time
        made = 0
        try:
            while made < 10_000:
                if os.fork() == 0:
                    time.sleep(60)
                    os._exit(0)
                made += 1
        except BlockingIOError:
            pass
        return made
        """,
    )
    assert 5 <= made < SMALL.processes


def test_a_fork_bomb_ends_by_time_and_the_batch_goes_on(zygote):
    bomb = """
        import os
        while True:
            try:
                os.fork()
            except BaseException:
                pass
    """
    seen = []

    over = threading.Event()

    def look():
        while not over.wait(0.1):
            seen.append(len(processes_of(guest)))

    with zygote.guest() as guest:
        looking = threading.Thread(target=look)
        looking.start()
        with pytest.raises(EndedByTime):
            guest.run(textwrap.dedent(bomb), 1.5)
        over.set()
        looking.join()
    assert 10 < max(seen) <= SMALL.processes
    with zygote.guest() as later:
        assert said(later, "print(1)") == "1\n"


def test_memory_of_one_process_is_bounded_by_an_exception(guest):
    assert refused(guest, "import numpy as np; a = np.ones(10**9)") == "MemoryError"
    assert said(guest, "print('goes on')") == "goes on\n"


def test_a_memory_hog_that_swallows_the_exception_stays_bounded_and_ends_by_time(guest):
    hog = """
        import numpy as np
        held = []
        while True:
            try:
                held.append(np.ones(10**5))
            except MemoryError:
                pass
    """
    started_at = time.monotonic()
    with pytest.raises((EndedByTime, EndedByMemory)) as ended:
        guest.run(textwrap.dedent(hog), 3)
    assert ended.value.outcome in ("timed-out", "out-of-memory")
    assert time.monotonic() - started_at < 10


def test_a_family_of_memory_hogs_ends_out_of_memory(guest):
    family = """
        import os, time
        import numpy as np
        for number in range(8):
            if os.fork() == 0:
                break
        held = [np.ones(10**5 * number + 1) for number in range(1)]
        while sum(a.nbytes for a in held) < 100 * 2**20:
            held.append(np.ones(10**5))
            time.sleep(0.01)
        time.sleep(60)
    """
    with pytest.raises(EndedByMemory, match="more than 384 MiB") as ended:
        guest.run(textwrap.dedent(family), 30)
    assert ended.value.outcome == "out-of-memory"


def test_computing_time_is_bounded_over_all_cells():
    limits = plan.Limits(cpu_seconds=1)
    small = started(Zygote(limits=limits))
    try:
        with pytest.raises(EndedByTime, match="computed for longer than 1 seconds"):
            small.guest().run("while True: pass", 30)
    finally:
        small.stop()


def test_open_files_are_bounded(guest):
    assert refused(guest, "held = [open('/dev/null') for _ in range(1000)]") == "OSError"


IGNORE_SIGNALS = """
import signal
for n in range(1, 65):
    try:
        signal.signal(n, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
"""


# --- how it ends ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        IGNORE_SIGNALS + "while True: pass",
        "import time; time.sleep(1000)",
        "import signal; signal.pause()",
    ],
)
def test_what_does_not_end_is_ended_by_time(guest, source):
    started_at = time.monotonic()
    with pytest.raises(EndedByTime) as ended:
        guest.run(f"print('so far', flush=True)\n{source}", 1.0)
    assert time.monotonic() - started_at < 5
    assert ended.value.outcome == "timed-out"
    assert [output["text"] for output in ended.value.outputs] == ["so far\n"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import os; os._exit(0)", "code 0"),
        ("import os; os._exit(7)", "code 7"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("import os; os.abort()", "SIGABRT"),
        ("import os; os.kill(os.getpid(), 40)", "signal 40"),
        ("import sys; sys.setrecursionlimit(10**9)\nf = lambda n: sorted([n], key=f)\nf(0)", "SIGSEGV"),
        ("import os; os.closerange(0, 1000)", "."),
        (
            "import os\nfor n in range(3, 60):\n    try: os.write(n, b'junk' * 1000)\n    except OSError: pass",
            "not an answer",
        ),
    ],
)
def test_what_ends_itself_has_crashed(guest, source, why):
    with pytest.raises(Ended, match=why) as ended:
        guest.run(source, 20)
    assert ended.value.outcome == "crashed"


def test_a_signal_to_the_first_process_of_its_namespace_does_nothing(guest):
    said(guest, "import os, signal\nfor n in range(1, 32): os.kill(1, n)")
    assert said(guest, "print('here')") == "here\n"


def test_sys_exit_is_an_exception_like_any_other(guest):
    assert refused(guest, "import sys; sys.exit('bye')") == "SystemExit"
    assert said(guest, "print('here')") == "here\n"


@pytest.mark.parametrize("how", ["end", "time", "crash"])
def test_children_in_sessions_of_their_own_die_with_it(guest, how):
    said(
        guest,
        """
        import os, signal, time
        for _ in range(3):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    for number in range(1, 32):
                        try:
                            signal.signal(number, signal.SIG_IGN)
                        except OSError:
                            pass
                while True:
                    time.sleep(1)
        """,
    )
    family = processes_of(guest)
    assert len(family) >= 4
    if how == "end":
        guest.end()
    else:
        with pytest.raises(Ended):
            guest.run("while True: pass" if how == "time" else "import os; os._exit(1)", 1.0)
    deadline = time.monotonic() + 5
    while any(process.exists() for process in family) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [process for process in family if process.exists()] == []


# --- what it shows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "for _ in range(4000): print('x' * 10**6)",
        "print('x' * (100 * 2**20))",
        "for n in range(10**4): display(n)",
        "import sys\nfor _ in range(10**6): sys.stderr.write('e'); sys.stdout.write('o')",
        "from IPython.display import HTML\nfor _ in range(100): display(HTML('<p>' + 'x' * 10**6))",
    ],
)
def test_gigabytes_of_output_are_cut(guest, source):
    outputs = guest.run(source, 60).outputs
    assert sum(len(str(output)) for output in outputs) < 7 * MEBIBYTE
    assert len(outputs) <= 252
    assert outputs[-1]["text"].endswith(CUT)
    assert said(guest, "print('next')") == "next\n"


def test_a_guest_that_floods_the_channel_is_ended(guest):
    flood = """
        import gc, sys
        from autograder.protocol import wire
        import numpy as np, socket
        (channel,) = (o for o in gc.get_objects() if type(o) is socket.socket and o.fileno() > 2)
        while True:
            wire.send(channel, ("display", np.frombuffer(b"[]", np.uint8)))
    """
    with pytest.raises(Ended, match="not an answer"):
        guest.run(textwrap.dedent(flood), 30)


# --- what is said of it -----------------------------------------------------------------------------------------------


def test_the_doctor_says_what_holds_and_is_honest_about_root():
    found = doctor.protection()
    if found.kind == "none" and os.environ.get("REQUIRE_ALL") != "1":
        pytest.skip(found.why)
    holds = {part.name: part.holds for part in found.parts}
    assert found.safe
    for name in ("own namespaces", "no privileges", "read-only file system", "private directory", "processes bounded"):
        assert holds[name], name
    assert holds["own user of the machine"] == (os.getuid() == 0)
    assert holds["system calls filtered"] == bool(seccomp_program())
    lines = doctor.report_lines(found)
    assert ("as root" in lines[0]) == (os.getuid() == 0)
    assert len(lines) == 1 + len(found.parts)
    assert all(line.startswith(("  yes  ", "  no   ")) for line in lines[1:])


def test_where_there_is_no_sandbox_the_doctor_says_why_and_what_to_do(monkeypatch):
    def refuse(self):
        raise NotStarted("no sandbox could be made for the students' code: making namespaces: Operation not permitted")

    monkeypatch.setattr(Zygote, "start", refuse)
    monkeypatch.setattr(Zygote, "stop", lambda self: None)
    found = doctor.protection()
    assert (found.kind, found.safe) == ("none", False)
    first, last = doctor.report_lines(found)
    assert "making namespaces: Operation not permitted" in first
    assert "--unsandboxed" in last


def test_an_old_kernel_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "x", "5.10.0-30-amd64", "#1", "x86_64")))
    with pytest.raises(NotStarted, match=r"needs Linux 5\.14 or later; this is 5\.10\.0-30-amd64"):
        Zygote().start()


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is for Linux")
def test_a_machine_without_user_namespaces_is_refused_in_a_sentence(monkeypatch):
    def refuse(self):
        raise PermissionError(1, os.strerror(1))

    monkeypatch.setattr(SandboxProcess, "_map_ids", refuse)
    with pytest.raises(
        NotStarted, match="no user namespace could be made for the students' code: Operation not permitted"
    ):
        Zygote(limits=SMALL).start()


OF_EACH_MECHANISM = (
    "test_sandbox.py",
    *(
        f"test_zygote.py::test_{name}"
        for name in (
            "functions_are_evaluated_blocked_and_answered_from_outside",
            "many_guests_leave_nothing_behind",
            "one_that_ended_badly_costs_the_next_nothing",
            "when_the_grader_is_killed_the_kernel_ends_everything",
            "a_zygote_that_is_stopped_takes_its_guests_and_its_group_with_it",
            "a_door_that_was_made_early_becomes_the_zygote_and_holds_the_course_that_came_late",
        )
    ),
    *(
        f"test_opening.py::test_{name}"
        for name in (
            "twins_serve_other_workers_with_the_same_opening_and_other_users",
            "a_zygote_that_is_stopped_takes_its_twins_with_it",
            "there_are_no_more_twins_than_users_and_the_next_worker_starts_its_own",
        )
    ),
    "test_reading.py::test_a_file_made_to_blow_up_is_ended_in_the_sandbox",
    "test_short_of_room.py::test_a_disk_that_is_full_is_said_and_the_run_is_taken_up_when_there_is_room",
    "test_short_of_room.py::test_what_takes_too_much_by_its_own_limit_is_told_so_in_a_small_group_too",
    "test_nothing_lost.py::test_the_lock_goes_with_the_process_that_held_it",
    "test_grade.py::test_the_command_writes_marks_notebooks_and_records",
    "test_grade.py::test_one_budget_bounds_a_whole_submission",
)
"""What an ordinary user has otherwise than root, at least once each; whole suites at night.

That is the start of the sandbox, its users, its limits, its end, its files, and a command that grades.
"""
NIGHTLY = [pytest.mark.nightly, pytest.mark.hours, pytest.mark.alone]


@pytest.mark.slow
@pytest.mark.usefixtures("needs_root")
@pytest.mark.parametrize(
    "tests",
    [
        pytest.param(OF_EACH_MECHANISM, id="of each mechanism"),
        pytest.param(("test_sandbox.py", "test_zygote.py", "test_opening.py"), id="the sandbox", marks=NIGHTLY),
        pytest.param(
            ("test_grade.py", "test_reading.py", "test_short_of_room.py", "test_nothing_lost.py"),
            id="grading",
            marks=NIGHTLY,
        ),
        pytest.param(("test_hostile.py",), id="the hostile class", marks=NIGHTLY),
    ],
)
def test_all_of_this_holds_for_an_ordinary_user_too(tests):
    # Not tmp_path: pytest closes the directory above it to everybody else.
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o777)
        options = ["-q", "-m", "not nightly", "-p", "no:cacheprovider", f"--basetemp={home}/own", f"--rootdir={ROOT}"]
        program = [sys.executable, "-m", "pytest", *options, "-c", str(ROOT / "pyproject.toml")]
        program += [str(Path(__file__).parent / each) for each in tests]
        kept = {name: os.environ[name] for name in ("PATH", "REQUIRE_ALL") if name in os.environ}
        done = run_as_nobody(program, {**kept, "HOME": home, "TMPDIR": home, "PYTHONDONTWRITEBYTECODE": "1"}, 900)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert re.search(r"\d{2,} passed", done.stdout)
