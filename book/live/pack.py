"""Packs Python for the reader's browser. It runs in that very Python, once, when the book is built (see pack.js).

Modules go in compiled, since to compile them takes a browser longer than to load them. `book/browser.py` packs the
course by the same functions.
"""

import gzip
import io
import marshal
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from importlib.util import MAGIC_NUMBER, source_hash

DATE = (1980, 1, 1, 0, 0, 0)
LEFT_OUT = (
    "numpy/array_api/",
    "numpy/distutils/",
    "numpy/doc/",
    "numpy/f2py/",
    "numpy/linalg/lapack_lite",
    "numpy/_pyinstaller/",
    "numpy/random/_examples/",
    "numpy/typing/mypy_plugin",
)
"""Parts of numpy that compile or test other things, and are never imported by it."""
KEPT = (".py", ".so")


def compiled(name: str, source: bytes) -> bytes:
    """Compile a module; nothing of where or when goes into it."""
    code = compile(source, name, "exec", dont_inherit=True, optimize=0)
    flags = 0b01  # by the hash of its source, which is not looked at
    return MAGIC_NUMBER + flags.to_bytes(4, "little") + source_hash(source) + marshal.dumps(code)


def all_compiled(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return files with their modules compiled."""
    is_module = {name: name.endswith(".py") for name in files}
    return {f"{n}c" if is_module[n] else n: compiled(n, data) if is_module[n] else data for n, data in files.items()}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip archive, out of which Python imports; the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data, compresslevel=9)
    return buffer.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    """Return a compressed tar archive, which the worker unpacks; the same files give the same bytes.

    It is not called `.tar.gz` in the site: servers may unpack what is called so on its way.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), 9, mtime=0)


def numpy_files(archive: bytes) -> dict[str, bytes]:
    """Return what is needed of numpy, by where it goes below site-packages."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            name = member.name.partition("site-packages/")[2]
            if member.isfile() and name.startswith("numpy/") and name.endswith(KEPT) and not name.startswith(LEFT_OUT):
                found[name] = tar.extractfile(member).read()
    return found


def library_files(archive: bytes, dropped: Iterable[str] = ()) -> dict[str, bytes]:
    """Return the standard library, without the modules that are dropped."""
    with zipfile.ZipFile(io.BytesIO(archive)) as whole:
        names = [name for name in whole.namelist() if not name.endswith("/") and not name.startswith(tuple(dropped))]
        return {name: whole.read(name) for name in names}
