"""Linux system calls that the standard library lacks, and readings of /proc.

Nothing but the standard library is loaded: `fork_server` has this before there is a package.
"""

import array
import contextlib
import ctypes
import os
import resource
import signal
from pathlib import Path
from typing import Any

# Kernel constants, from <linux/sched.h>, <linux/mount.h> and <linux/prctl.h>.
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
NAMESPACES = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MS_QUIET = MS_NOSUID | MS_NODEV | MS_NOEXEC
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


def hide_memory() -> None:
    """Keep others of the same user from this process's memory and /proc."""
    prctl(PR_SET_DUMPABLE, 0, ctypes.c_ulong(0), "hiding the supervisor")


def show_memory() -> None:
    """Let this process write to its own /proc again."""
    prctl(PR_SET_DUMPABLE, 1, ctypes.c_ulong(0), "reading its own /proc")


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
    """Unmount a tree lazily."""
    _checked(f"detaching {target}", _libc.umount2(target.encode(), MNT_DETACH))


def drop_capabilities() -> None:
    """Give up every capability for good, also those that starting a program would give."""
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


def set_host_name(name: bytes) -> None:
    """Set the host name in this process's namespace, where the kernel allows it."""
    _libc.sethostname(name, len(name))


def join_new_keyring() -> None:
    """Leave the session's keyring for a new one, where the kernel allows it."""
    _libc.syscall(ctypes.c_long(SYSCALL_KEYCTL[os.uname().machine]), KEYCTL_JOIN_SESSION_KEYRING, None)


def enter_pid_namespace(descriptor: int) -> None:
    """Enter a pid namespace: the next children are in it."""
    _checked("going back to the pid namespace", _libc.setns(descriptor, CLONE_NEWPID))


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def install_filter(program: bytes) -> None:
    """Install a seccomp program for this process and all its descendants."""
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


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent has gone."""
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


def _bytes_of_processes(name: str, *words: str) -> int:
    """Return the sum of some entries of a file of /proc, over all visible processes but the first."""
    with os.scandir("/proc") as entries:
        numbers = [entry.name for entry in entries if entry.name.isdigit() and entry.name != "1"]
    total = 0
    for number in numbers:
        with contextlib.suppress(OSError):  # it may have gone
            lines = Path(f"/proc/{number}/{name}").read_text().splitlines()
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(words))
    return total


def anonymous_bytes() -> int:
    """Return the anonymous memory of all visible processes; shared pages count once for each process."""
    return _bytes_of_processes("status", "RssAnon:", "RssShmem:")


def proportional_bytes() -> int:
    """Return the proportional memory of all visible processes; shared pages count once: exact, and slow."""
    return _bytes_of_processes("smaps_rollup", "Pss_Anon:", "Pss_Shmem:")


def use_large_pages() -> None:
    """Collapse this process's memory into huge pages where the kernel can, so that a fork copies fewer."""
    size = 2**21
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, permissions, _, _, inode = line.split()[:5]
        if permissions == "rw-p" and inode == "0":
            first, last = (int(address, 16) for address in place.split("-"))
            for address in range(-(-first // size) * size, last - size + 1, size):
                _libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(size), MADV_COLLAPSE)
