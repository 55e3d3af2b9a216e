"""The seccomp filter of a guest: the system calls that the kernel refuses it, compiled by libseccomp."""

import ctypes
import functools
import sys
import tempfile
from pathlib import Path

REFUSED_CALLS = frozenset(Path(__file__).with_name("refused_calls.txt").read_text(encoding="ascii").split())
"""System calls that no notebook of the course needs, and that reach far into the kernel."""

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_NOT_EQUAL, _MASKED_EQUAL = 1, 7
_CLONE_VFORK = 0x00004000
_CLONE_NEW = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)


class _Argument(ctypes.Structure):
    _fields_ = [
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    ]


@functools.cache
def seccomp_program() -> bytes:
    """Compile the filter of system calls by libseccomp; return nothing where that is not installed."""
    if sys.platform != "linux":
        return b""
    try:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    except OSError:
        return b""
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_release.argtypes = [ctypes.c_void_p]
    library.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
    rule = library.seccomp_rule_add_array
    rule.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(_Argument)]
    context = library.seccomp_init(_ALLOW)

    def refuse(name: str, error: int, *arguments: _Argument) -> None:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number != -1:
            rule(context, _ERRNO | error, number, len(arguments), (_Argument * max(1, len(arguments)))(*arguments))

    try:
        for name in REFUSED_CALLS:
            refuse(name, _EPERM)
        refuse("clone3", _ENOSYS)  # its flags lie in memory, where no filter looks; libraries fall back to clone
        for bit in _CLONE_NEW:
            refuse("clone", _EPERM, _Argument(0, _MASKED_EQUAL, bit, bit))
        # Who calls it waits in a way that looks like waiting for a disk; no program may be started anyway.
        refuse("vfork", _EPERM)
        refuse("clone", _EPERM, _Argument(0, _MASKED_EQUAL, _CLONE_VFORK, _CLONE_VFORK))
        refuse("prlimit64", _EPERM, _Argument(0, _NOT_EQUAL, 0, 0))  # of another process
        refuse("socket", _EAFNOSUPPORT, _Argument(0, _NOT_EQUAL, 1, 0))  # 1 is AF_UNIX
        with tempfile.TemporaryFile() as file:
            if library.seccomp_export_bpf(context, file.fileno()):
                return b""
            file.seek(0)
            return file.read()
    finally:
        library.seccomp_release(context)
