"""The fork server: a sandboxed, warm process (zygote) from which each submission's process is forked.

Started by `autograder.sandbox.launch` as a script of its own, with a plan on standard input and a socket to its client.
It loads nothing but the standard library until it stands in a file system that holds the interpreter's library, the
named packages and the named files, and nothing else; everything that a student's process inherits is loaded after that.
The files of the course come last, over the socket.

Three generations:

- the *launched* process makes the namespaces, asks the host to map its user ids, and waits;
- the *zygote* is the first process in them: it builds the file system, loads the packages, and forks; a *twin* of it
  serves another grading worker, or forks guests that have run a notebook's first cells already;
- a *supervisor* is the first process in a submission's own namespaces: it starts the *student's* process, watches the
  memory of all that grows from it, and says how it ended. When the supervisor goes, the kernel ends them all.

The zygote and the supervisor never run a line of a student's: a twin runs first cells as they were handed out.
"""

import contextlib
import gc
import importlib.util
import json
import os
import random
import select
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from autograder.guest import kernel
else:  # a script has no package, and this one stands beside it
    _spec = importlib.util.spec_from_file_location("kernel", Path(__file__).with_name("kernel.py"))
    kernel = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(kernel)

MAX_REQUEST = 4096
WATCH_SECONDS = 0.05
OUT_OF_MEMORY = 137
"""The exit code of a student's process that had no memory left to answer."""

HOME = "/tmp"


def make_target(target: str, source: str) -> None:
    """Create a mount point: a directory or an empty file."""
    path = Path(target)
    if Path(source).is_dir():
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
    else:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.touch(0o644)


def write_files(top: str, files: dict[str, str]) -> None:
    """Write texts below a directory, by their paths there."""
    for name, text in files.items():
        path = Path(f"{top}/{name}")
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


def shut_in(plan: dict[str, Any]) -> None:
    """Build the file system of the plan, and make it the root."""
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", "/tmp", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755")
    for name in ("/tmp/old", "/tmp/new"):
        Path(name).mkdir()
    kernel.pivot_root("/tmp", "/tmp/old")
    os.chdir("/")
    kernel.mount("tmpfs", "/new", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=64m")

    lying = kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV
    for source, target in plan["binds"]:
        make_target(f"/new{target}", f"/old{source}")
        kernel.mount(f"/old{source}", f"/new{target}", None, kernel.MS_BIND | kernel.MS_REC)
        kernel.restrict(f"/new{target}", lying)
    for covered in plan["covered"]:
        if Path(f"/new{covered}").is_dir():
            kernel.mount("tmpfs", f"/new{covered}", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=1m")
    for device in ("null", "zero", "full", "random", "urandom"):
        make_target(f"/new/dev/{device}", f"/old/dev/{device}")
        kernel.mount(f"/old/dev/{device}", f"/new/dev/{device}", None, kernel.MS_BIND)
        kernel.restrict(f"/new/dev/{device}", kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NOEXEC)
    Path("/new/dev/shm").symlink_to(HOME)  # what processes share lies there, within its limits
    write_files("/new", plan["files"])
    for covered in plan["covered"]:
        if Path(f"/new{covered}").is_dir():
            kernel.restrict(f"/new{covered}", lying, recursive=False)
    for name in ("proc", "tmp", "course"):
        Path(f"/new/{name}").mkdir(exist_ok=True)
    kernel.mount("tmpfs", "/new/course", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=64m")
    # A new /proc may be mounted only while the machine's own is still in sight.
    kernel.mount("proc", "/new/proc", "proc", kernel.MS_QUIET)
    kernel.mount("tmpfs", "/new/tmp", "tmpfs", kernel.MS_QUIET, "mode=700,size=16m")

    os.chdir("/new")
    kernel.pivot_root(".", ".")
    kernel.detach(".")
    os.chdir("/")
    kernel.restrict("/", lying, recursive=False)


def supervise(student: int, status: socket.socket, memory: int) -> NoReturn:
    """Supervise the student's process: report how it ended; end all processes when the client hangs up."""
    kernel.hide_memory()
    # Of the signals that the student may send, only those with handlers arrive.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    while True:
        ready, _, _ = select.select([status.fileno(), readable], [], [], WATCH_SECONDS)
        if status.fileno() in ready:
            os._exit(0)
        if readable in ready:
            os.read(readable, 4096)
        while True:
            try:
                pid, how, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                os._exit(0)
            if pid == 0:
                break
            if pid == student:
                report = {
                    "signal": os.WTERMSIG(how) if os.WIFSIGNALED(how) else None,
                    "code": os.WEXITSTATUS(how) if os.WIFEXITED(how) else None,
                    "no_room": os.WIFEXITED(how) and os.WEXITSTATUS(how) == OUT_OF_MEMORY,
                    "cpu_seconds": usage.ru_utime + usage.ru_stime,
                }
                status.send(json.dumps(report).encode())
                os._exit(0)
        if kernel.anonymous_bytes() > memory and kernel.proportional_bytes() > memory:
            status.send(b'{"memory": true}')
            os._exit(0)


def isolate(channel: int, status: socket.socket, limits: dict[str, Any]) -> int:
    """Go from the zygote's namespaces into namespaces of its own, without any privilege; return the zygote's /proc."""
    kernel.keep_only(channel, status.fileno())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    kernel.die_with_parent()
    kernel.unshare(kernel.NAMESPACES, "making namespaces")
    request = json.loads(status.recv(MAX_REQUEST))
    uid = request["uid"]
    quiet = kernel.MS_QUIET
    options = f"mode=700,size={limits['disk']},nr_inodes=4096,uid={uid},gid={uid}"
    kernel.mount("tmpfs", HOME, "tmpfs", quiet, options)
    # The student's /proc is read-only and shows processes alone; what is to be written goes through the zygote's.
    proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    kernel.mount("proc", "/proc", "proc", quiet | kernel.MS_RDONLY, "subset=pid")
    os.chdir(HOME)
    if uid:
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        kernel.show_memory()
    kernel.unshare(kernel.CLONE_NEWUSER, "making a user namespace")
    kernel.write_once("self/setgroups", "deny", proc)
    kernel.write_once("self/uid_map", f"1000 {uid} 1", proc)
    kernel.write_once("self/gid_map", f"1000 {uid} 1", proc)
    kernel.write_once("sys/user/max_user_namespaces", "0", proc)
    kernel.set_limits(limits)
    kernel.drop_capabilities()
    kernel.hide_memory()
    kernel.die_with_parent()
    return proc


def be_guest(channel: int, status: socket.socket, plan: dict[str, Any], cells: Any) -> NoReturn:
    """Fork into a supervisor and the student's process."""
    from autograder.guest import server
    from autograder.protocol import wire

    try:
        proc = isolate(channel, status, plan["limits"])
    except (kernel.Refused, OSError, ValueError) as error:
        status.send(json.dumps({"failed": str(error)}).encode())
        raise
    student = os.fork()
    if student:
        os.close(proc)
        os.close(channel)
        supervise(student, status, plan["limits"]["memory_of_all"])
    status.close()
    kernel.show_memory()
    kernel.write_once("self/oom_score_adj", "1000", proc)  # when memory is short, this one goes first
    os.close(proc)
    os.setsid()
    kernel.install_filter(bytes.fromhex(plan["filter"]))
    if plan["random_state"]:  # as the cells that were run already have left them; Python's own are drawn anew by a fork
        random.setstate(plan["random_state"])
    else:
        random.seed()
        importlib.import_module("numpy").random.seed()
    gc.enable()
    sys.path.insert(0, "")  # what lies beside the notebook, as in a notebook's own kernel
    try:
        server.serve(socket.socket(fileno=channel), cells)
    except wire.Closed:
        os._exit(0)
    except MemoryError:  # what the notebook holds leaves no room to answer
        os._exit(OUT_OF_MEMORY)
    os._exit(0)


def fork_guest(control: socket.socket, descriptors: list[int], own: int, plan: dict[str, Any], cells: Any) -> int:
    """Fork a guest into a pid namespace of its own; return a handle of its first process."""
    channel, status = descriptors[0], socket.socket(fileno=descriptors[1])
    kernel.unshare(kernel.CLONE_NEWPID, "making a pid namespace")
    pid = os.fork()
    if pid == 0:
        try:
            control.detach()  # its descriptor is closed below, and its number may be given again
            be_guest(channel, status, plan, cells)
        finally:
            os._exit(1)
    kernel.enter_pid_namespace(own)
    handle = os.pidfd_open(pid)
    os.close(channel)
    status.close()
    return handle


def _not_handed_on() -> tuple[int, int, int]:
    """Count the state that a fork does not inherit: threads, open files, files in the private directory."""
    threads, files, own = (os.listdir(place) for place in ("/proc/self/task", "/proc/self/fd", HOME))  # noqa: PTH208
    return len(threads), len(files), len(own)


def _random_state() -> tuple[Any, ...]:
    """Return the RNG state (a cell may reseed)."""
    name, keys, *rest = importlib.import_module("numpy").random.get_state()
    return random.getstate(), name, keys.tolist(), rest


def run_preamble(channel: int, plan: dict[str, Any], cells: Any) -> str:
    """Run the cells with which every notebook begins, as the host sends them; return why guests may not start there.

    They are as they were handed out, and no student's. What they leave behind all guests are forked with.
    """
    from autograder.guest import server
    from autograder.protocol import wire

    (threads, files, own), before = _not_handed_on(), _random_state()
    with socket.socket(fileno=channel) as connection, contextlib.suppress(wire.Closed):
        server.serve(connection, cells)
    if before != _random_state():
        plan["random_state"] = random.getstate()
    forget_fonts()
    gc.collect()
    gc.freeze()
    kernel.use_large_pages()
    same = _not_handed_on() == (threads, files - 1, own)  # the channel is closed now
    return "" if same else "they started threads, opened files or wrote some"


def serve_forks(control: socket.socket, plan: dict[str, Any], cells: Any) -> None:
    """Serve fork requests until the client hangs up.

    - "guest": a student's process, with its channel and a socket for its end;
    - "twin": a process like this one, with a socket of its own to the host;
    - "preamble": run the cells that come over a channel, in this process itself, so that later guests have run them.
    """
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST, 2)
        if not message:
            return
        asked = json.loads(message)["asked"]
        if asked == "preamble":
            why = run_preamble(descriptors[0], plan, cells)
            control.send(json.dumps({"why": why} if why else {"opened": True}).encode())
            continue
        if asked == "twin":
            pid = os.fork()
            if pid == 0:
                kernel.die_with_parent()
                control.close()
                control = socket.socket(fileno=descriptors[0])
                continue
            handle = os.pidfd_open(pid)
            os.close(descriptors[0])
        else:
            handle = fork_guest(control, descriptors, own, plan, cells)
        socket.send_fds(control, [b"{}"], [handle])
        os.close(handle)


def take_course(control: socket.socket) -> None:
    """Write and load the files of the course that guests may import, when the host has sent them."""
    message, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST, 1)
    if not message:
        os._exit(0)
    with open(descriptors[0], "rb") as file:  # noqa: PTH123
        course = json.loads(file.read())
    os.umask(0o022)
    write_files("/course", course["files"])
    os.umask(0o077)
    kernel.restrict("/course", kernel.MOUNT_ATTR_RDONLY)
    importlib.invalidate_caches()
    for name in course["packages"]:
        importlib.import_module(name)


def warm_up(plan: dict[str, Any]) -> Any:
    """Load the packages, and make a shell that has drawn a picture already."""
    sys.path[:] = plan["path"]
    sys.argv = [""]
    sys.executable = ""
    for name in plan["packages"]:
        importlib.import_module(name)
    from autograder.guest import absent, server, stand_in
    from autograder.guest.cells import Cells

    assert server  # loaded here, once, for the guests
    stand_in.install()
    absent.install(plan["there"])
    cells = Cells()
    for source in plan["first_cells"]:
        cells.warm_up(source)
    return cells


def forget_fonts() -> None:
    """Forget the fonts that were opened: their files are closed in the guests, where a new letter could not be read."""
    if "matplotlib.font_manager" in sys.modules:
        sys.modules["matplotlib.font_manager"]._get_font.cache_clear()
    if "matplotlib.mathtext" in sys.modules:
        sys.modules["matplotlib.mathtext"].MathTextParser._parse_cached.cache_clear()


def be_zygote(control: socket.socket, plan: dict[str, Any]) -> None:
    """Build the sandbox, preload the packages, and serve forks."""
    kernel.die_with_parent()
    os.umask(0o022)
    shut_in(plan)
    os.umask(0o077)
    os.chdir(HOME)
    os.environ.clear()
    os.environ.update(plan["environment"])
    cells = warm_up(plan)
    take_course(control)
    plan = {"limits": plan["limits"], "filter": plan["filter"], "random_state": None}
    forget_fonts()
    gc.disable()
    gc.freeze()
    kernel.use_large_pages()
    control.send(json.dumps({"ready": os.getpid()}).encode())
    serve_forks(control, plan, cells)


def main() -> None:
    """Make the namespaces, fork the zygote into them, and wait."""
    control = socket.socket(fileno=int(sys.argv[1]))
    plan = json.loads(sys.stdin.buffer.read())
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    kernel.keep_only(control.fileno())
    try:
        kernel.die_with_parent()
        os.setsid()
        if os.getuid() == 0:
            os.setgroups([])
        kinds = kernel.NAMESPACES | kernel.CLONE_NEWUSER | kernel.CLONE_NEWPID
        kernel.unshare(kinds, "making namespaces")
        kernel.set_host_name(b"sandbox")
        # Keys of whoever grades (Kerberos, file systems) stay behind with their session.
        kernel.join_new_keyring()
        control.send(b'{"map": true}')
        if not control.recv(MAX_REQUEST):
            return
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        zygote = os.fork()
        if zygote == 0:
            be_zygote(control, plan)
            os._exit(0)
    except (kernel.Refused, OSError, ImportError, KeyError, ValueError) as error:
        control.send(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode())
        # Until the host has read this: it is lost with a connection that is closed with something unread.
        with contextlib.suppress(OSError):
            while control.recv(MAX_REQUEST):
                pass
        os._exit(1)
    control.close()
    os.waitpid(zygote, 0)


if __name__ == "__main__":
    main()
