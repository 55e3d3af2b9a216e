"""The warm process from which each submission's process is forked, and how it shuts itself in before it is warm.

Started by `autograder.sandbox.launch` as a script of its own, with a plan on standard input and a socket to its client.
It loads nothing but the standard library until it stands in a file system that holds the interpreter's library, the
named packages and the named files, and nothing else; everything that a student's process inherits is loaded after that.
The files of the course come last, over the socket.

Three generations:

- the *launched* process makes the namespaces, asks the host to map its user ids, and waits;
- the *zygote* is the first process in them: it builds the file system, loads the packages, and forks; a *twin* of it
  serves another grading worker, or forks guests that have run a notebook's first cells already;
- a *keeper* is the first process in a submission's own namespaces: it starts the *student's* process, watches the
  memory of all that grows from it, and says how it ended. When the keeper goes, the kernel ends them all.

The zygote and the keeper never run a line of a student's: a twin runs first cells as they were handed out.
"""

import array
import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import resource
import select
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

# Of <linux/sched.h>, <linux/mount.h>, <linux/prctl.h>: the kernel's names.
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_SECUREBITS = 28
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2
SECUREBITS_LOCKED_DOWN = 0b11101111  # no privilege for uid 0, none kept over a change of uid, none raised, all locked
CAPABILITY_VERSION = 0x20080522
SYSCALL_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
SYSCALL_CAPSET = {"x86_64": 126, "aarch64": 91}
SYSCALL_KEYCTL = {"x86_64": 250, "aarch64": 219}
SYSCALL_MOUNT_SETATTR = 442
KEYCTL_JOIN_SESSION_KEYRING = 1
AT_RECURSIVE = 0x8000
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC = 1, 2, 4, 8

MADV_COLLAPSE = 25

MAX_REQUEST = 4096
WATCH_SECONDS = 0.05
OUT_OF_MEMORY = 137
"""The exit code of a student's process that had no memory left to answer."""

HOME = "/tmp"

_libc = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    """The kernel refused a step."""


def _checked(step: str, result: int) -> int:
    if result < 0:
        raise Refused(f"{step}: {os.strerror(ctypes.get_errno())}")
    return result


def prctl(option: int, argument: int = 0, pointer: Any = 0, step: str = "prctl") -> None:
    """Change an attribute of this process."""
    _checked(step, _libc.prctl(option, ctypes.c_ulong(argument), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0)))


def unshare(flags: int, step: str) -> None:
    """Move this process (for pids: its next children) into new namespaces."""
    _checked(step, _libc.unshare(flags))


def mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Mount something."""
    texts = [text.encode() if text is not None else None for text in (source, target, kind, options)]
    step = f"mounting {target}"
    _checked(step, _libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]))


def restrict(target: str, attributes: int, recursive: bool = True) -> None:
    """Add attributes, such as read-only, to a mount and all below it."""
    asked = array.array("Q", [attributes, 0, 0, 0])
    address, size = asked.buffer_info()
    result = _libc.syscall(
        ctypes.c_long(SYSCALL_MOUNT_SETATTR),
        ctypes.c_int(-1),
        target.encode(),
        ctypes.c_uint(AT_RECURSIVE if recursive else 0),
        ctypes.c_void_p(address),
        ctypes.c_size_t(size * 8),
    )
    _checked(f"making {target} read-only (needs Linux 5.12)", result)


def pivot_root(new: str, old: str) -> None:
    """Make a mount the root, and put the old root below it."""
    number = SYSCALL_PIVOT_ROOT[os.uname().machine]
    _checked("changing the root", _libc.syscall(ctypes.c_long(number), new.encode(), old.encode()))


def detach(target: str) -> None:
    """Take a mount, with all below it, out of the file system."""
    _checked(f"detaching {target}", _libc.umount2(target.encode(), MNT_DETACH))


def drop_capabilities() -> None:
    """Give up every capability for good, and with it the way to get new ones by starting a program."""
    for capability in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            break
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, ctypes.c_ulong(0), "clearing ambient capabilities")
    prctl(PR_SET_SECUREBITS, SECUREBITS_LOCKED_DOWN, ctypes.c_ulong(0), "locking securebits")
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    nothing = (ctypes.c_uint32 * 6)()
    number = SYSCALL_CAPSET[os.uname().machine]
    _checked("dropping capabilities", _libc.syscall(ctypes.c_long(number), header, nothing))
    prctl(PR_SET_NO_NEW_PRIVS, 1, ctypes.c_ulong(0), "no new privileges")


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def install_filter(program: bytes) -> None:
    """Hand the kernel a seccomp program; from here on it holds for this process and all that it starts."""
    if program:
        buffer = ctypes.create_string_buffer(program, len(program))
        filter = _Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter), "installing the seccomp filter")


def write_once(path: str, text: str, directory: int | None = None) -> None:
    """Write a file of /proc."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def make_target(target: str, source: str) -> None:
    """Make what a mount will cover: a directory or an empty file."""
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
    """Build the file system of the plan, and make it the only one."""
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    for name in ("/tmp/old", "/tmp/new"):
        Path(name).mkdir()
    pivot_root("/tmp", "/tmp/old")
    os.chdir("/")
    mount("tmpfs", "/new", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64m")

    lying = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
    for source, target in plan["binds"]:
        make_target(f"/new{target}", f"/old{source}")
        mount(f"/old{source}", f"/new{target}", None, MS_BIND | MS_REC)
        restrict(f"/new{target}", lying)
    for covered in plan["covered"]:
        if Path(f"/new{covered}").is_dir():
            mount("tmpfs", f"/new{covered}", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m")
    for device in ("null", "zero", "full", "random", "urandom"):
        make_target(f"/new/dev/{device}", f"/old/dev/{device}")
        mount(f"/old/dev/{device}", f"/new/dev/{device}", None, MS_BIND)
        restrict(f"/new/dev/{device}", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)
    write_files("/new", plan["files"])
    for covered in plan["covered"]:
        if Path(f"/new{covered}").is_dir():
            restrict(f"/new{covered}", lying, recursive=False)
    for name in ("proc", "tmp", "course"):
        Path(f"/new/{name}").mkdir(exist_ok=True)
    mount("tmpfs", "/new/course", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64m")
    # A new /proc may be mounted only while the machine's own is still in sight.
    mount("proc", "/new/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("tmpfs", "/new/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700,size=16m")

    os.chdir("/new")
    pivot_root(".", ".")
    detach(".")
    os.chdir("/")
    restrict("/", lying, recursive=False)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when the one that started it has gone."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL, ctypes.c_ulong(0), "asking to end with the parent")


def keep_only(*kept: int) -> None:
    """Close every descriptor but the standard ones and these."""
    low = 3
    for descriptor in sorted(kept):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, 2**16)


def set_limits(limits: dict[str, Any]) -> None:
    """Set this process's limits; none can be raised again, and all are inherited."""

    def limit(which: int, soft: int, hard: int | None = None) -> None:
        ceiling = resource.getrlimit(which)[1]
        hard = soft if hard is None else hard
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(which, (soft, hard))

    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit(resource.RLIMIT_AS, taken + limits["memory"])
    limit(resource.RLIMIT_CPU, limits["cpu_seconds"], limits["cpu_seconds"] + 2)
    limit(resource.RLIMIT_FSIZE, limits["file"])
    limit(resource.RLIMIT_NOFILE, limits["open_files"])
    limit(resource.RLIMIT_NPROC, limits["processes"])
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_MEMLOCK, 0)
    limit(resource.RLIMIT_MSGQUEUE, 0)


def _of_each_process(name: str) -> Iterator[str]:
    """Yield a file of /proc for each process in sight but the first."""
    with os.scandir("/proc") as entries:
        numbers = [entry.name for entry in entries if entry.name.isdigit() and entry.name != "1"]
    for number in numbers:
        with contextlib.suppress(OSError):  # it may have gone
            yield Path(f"/proc/{number}/{name}").read_text()


def anonymous_bytes() -> int:
    """Return the memory that all processes in sight hold for themselves; what two share counts once for each."""
    total = 0
    for status in _of_each_process("status"):
        for line in status.splitlines():
            if line.startswith(("RssAnon:", "RssShmem:")):
                total += int(line.split()[1]) * 1024
    return total


def proportional_bytes() -> int:
    """Return the same with what is shared counted once: exact, and slow."""
    total = 0
    for rollup in _of_each_process("smaps_rollup"):
        for line in rollup.splitlines():
            if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                total += int(line.split()[1]) * 1024
    return total


def supervise(student: int, status: socket.socket, memory: int) -> NoReturn:
    """Wait for the student's process, and say how it ended; end with everything when nobody listens any more."""
    prctl(PR_SET_DUMPABLE, 0, ctypes.c_ulong(0), "hiding the keeper")
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # of the signals that the student may send, only those with handlers arrive
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
        if anonymous_bytes() > memory and proportional_bytes() > memory:
            status.send(b'{"memory": true}')
            os._exit(0)


def isolate(channel: int, status: socket.socket, limits: dict[str, Any]) -> int:
    """Go from the zygote's namespaces into namespaces of its own, without any privilege; return the zygote's /proc."""
    keep_only(channel, status.fileno())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    die_with_parent()
    unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP, "making namespaces")
    request = json.loads(status.recv(MAX_REQUEST))
    uid = request["uid"]
    quiet = MS_NOSUID | MS_NODEV | MS_NOEXEC
    options = f"mode=700,size={limits['disk']},nr_inodes=4096,uid={uid},gid={uid}"
    mount("tmpfs", HOME, "tmpfs", quiet, options)
    # The student's /proc is read-only and shows processes alone; what is to be written goes through the zygote's.
    proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    mount("proc", "/proc", "proc", quiet | MS_RDONLY, "subset=pid")
    os.chdir(HOME)
    if uid:
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        prctl(PR_SET_DUMPABLE, 1, ctypes.c_ulong(0), "reading its own /proc")
    unshare(CLONE_NEWUSER, "making a user namespace")
    write_once("self/setgroups", "deny", proc)
    write_once("self/uid_map", f"1000 {uid} 1", proc)
    write_once("self/gid_map", f"1000 {uid} 1", proc)
    write_once("sys/user/max_user_namespaces", "0", proc)
    set_limits(limits)
    drop_capabilities()
    prctl(PR_SET_DUMPABLE, 0, ctypes.c_ulong(0), "hiding the keeper")
    die_with_parent()
    return proc


def be_guest(channel: int, status: socket.socket, plan: dict[str, Any], cells: Any) -> NoReturn:
    """Become a keeper and a student's process."""
    from autograder.guest import server
    from autograder.protocol import wire

    try:
        proc = isolate(channel, status, plan["limits"])
    except (Refused, OSError, ValueError) as error:
        status.send(json.dumps({"failed": str(error)}).encode())
        raise
    student = os.fork()
    if student:
        os.close(proc)
        os.close(channel)
        supervise(student, status, plan["limits"]["memory_of_all"])
    status.close()
    prctl(PR_SET_DUMPABLE, 1, ctypes.c_ulong(0), "reading its own /proc")
    write_once("self/oom_score_adj", "1000", proc)  # when memory is short, this one goes first
    os.close(proc)
    os.setsid()
    install_filter(bytes.fromhex(plan["filter"]))
    if plan["random_state"]:  # as the cells that were run already have left them; Python's own are drawn anew by a fork
        random.setstate(plan["random_state"])
    else:
        random.seed()
        importlib.import_module("numpy").random.seed()
    gc.enable()
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
    unshare(CLONE_NEWPID, "making a pid namespace")
    pid = os.fork()
    if pid == 0:
        try:
            control.detach()  # its descriptor is closed below, and its number may be given again
            be_guest(channel, status, plan, cells)
        finally:
            os._exit(1)
    _checked("going back to the pid namespace", _libc.setns(own, CLONE_NEWPID))
    handle = os.pidfd_open(pid)
    os.close(channel)
    status.close()
    return handle


def _not_handed_on() -> tuple[int, int, int]:
    """Count what a fork does not hand on as it is: threads, open files, files in the private directory."""
    threads, files, own = (os.listdir(place) for place in ("/proc/self/task", "/proc/self/fd", HOME))  # noqa: PTH208
    return len(threads), len(files), len(own)


def _random_state() -> tuple[Any, ...]:
    """Return the state of the random numbers that a cell may have started anew."""
    name, keys, *rest = importlib.import_module("numpy").random.get_state()
    return random.getstate(), name, keys.tolist(), rest


def run_opening(channel: int, plan: dict[str, Any], cells: Any) -> str:
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
    use_large_pages()
    same = _not_handed_on() == (threads, files - 1, own)  # the channel is closed now
    return "" if same else "they started threads, opened files or wrote some"


def serve_forks(control: socket.socket, plan: dict[str, Any], cells: Any) -> None:
    """Fork what the host asks for, until it hangs up.

    - "guest": a student's process, with its channel and a socket for its end;
    - "twin": a process like this one, with a socket of its own to the host;
    - "opening": run the cells that come over a channel, in this process itself, so that later guests have run them.
    """
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MAX_REQUEST, 2)
        if not message:
            return
        asked = json.loads(message)["asked"]
        if asked == "opening":
            why = run_opening(descriptors[0], plan, cells)
            control.send(json.dumps({"why": why} if why else {"opened": True}).encode())
            continue
        if asked == "twin":
            pid = os.fork()
            if pid == 0:
                die_with_parent()
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
    restrict("/course", MOUNT_ATTR_RDONLY)
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
    from autograder.guest import server, stand_in
    from autograder.guest.cells import Cells

    assert server  # loaded here, once, for the guests
    stand_in.install()
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


def use_large_pages() -> None:
    """Put this process's memory into large pages where the kernel can: a fork has fewer of them to copy."""
    size = 2**21
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, permissions, _, _, inode = line.split()[:5]
        if permissions == "rw-p" and inode == "0":
            first, last = (int(address, 16) for address in place.split("-"))
            for address in range(-(-first // size) * size, last - size + 1, size):
                _libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(size), MADV_COLLAPSE)


def be_zygote(control: socket.socket, plan: dict[str, Any]) -> None:
    """Shut in, warm up, and serve."""
    die_with_parent()
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
    use_large_pages()
    control.send(json.dumps({"ready": os.getpid()}).encode())
    serve_forks(control, plan, cells)


def main() -> None:
    """Make the namespaces, fork the zygote into them, and wait."""
    control = socket.socket(fileno=int(sys.argv[1]))
    plan = json.loads(sys.stdin.buffer.read())
    null = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    keep_only(control.fileno())
    try:
        die_with_parent()
        os.setsid()
        if os.getuid() == 0:
            os.setgroups([])
        kinds = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET
        unshare(kinds | CLONE_NEWCGROUP, "making namespaces")
        _libc.sethostname(b"sandbox", 7)
        # Keys of whoever grades (Kerberos, file systems) stay behind with their session.
        _libc.syscall(ctypes.c_long(SYSCALL_KEYCTL[os.uname().machine]), KEYCTL_JOIN_SESSION_KEYRING, None)
        control.send(b'{"map": true}')
        if not control.recv(MAX_REQUEST):
            return
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        zygote = os.fork()
        if zygote == 0:
            be_zygote(control, plan)
            os._exit(0)
    except (Refused, OSError, ImportError, KeyError, ValueError) as error:
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
