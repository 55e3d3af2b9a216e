"""The plan of a sandbox: the files that a guest sees, its limits, its user ids."""

import functools
import importlib.metadata
import os
import re
import sys
import sysconfig
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.sandbox.course_files import modules_of
from autograder.sandbox.seccomp import seccomp_program

_TABLE: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("plan.toml").read_text(encoding="utf-8"))
LOADED: list[str] = _TABLE["loaded"]
PUBLIC: list[str] = _TABLE["public"]
ENVIRONMENT: dict[str, str] = _TABLE["environment"]
ENVIRONMENT_UNSANDBOXED: dict[str, str] = _TABLE["environment_unsandboxed"]

MEBIBYTE = 2**20
_STDLIB = str(Path(os.__file__).parent)


@dataclass(frozen=True)
class Limits:
    """Resource limits of one guest.

    Attributes
    ----------
    memory : bytes that one process may take beyond what it starts with
    memory_of_all : bytes that all processes of a guest may hold together
    disk : bytes of its private directory
    file : bytes of one file
    processes : processes and threads at one time
    open_files : of one process
    cpu_seconds : of one process, over all cells
    """

    memory: int = 1024 * MEBIBYTE
    memory_of_all: int = 1536 * MEBIBYTE
    disk: int = 64 * MEBIBYTE
    file: int = 64 * MEBIBYTE
    processes: int = 64
    open_files: int = 256
    cpu_seconds: int = 900


def _needed(names: Iterable[str]) -> dict[str, importlib.metadata.Distribution]:
    """Return the installed distributions of these names and of all that they require."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # required on another platform only
        for requirement in found[name].requires or ():
            wanted, _, marker = requirement.partition(";")
            if "extra" not in marker and (match := re.match(r"\s*[\w.-]+", wanted)):
                waiting.append(match.group().strip())
    return found


def _package_binds(packages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the (source, target) of each file or directory of an allowed package."""
    for name, distribution in _needed(packages).items():
        home = Path(str(distribution.locate_file("")))
        # By the lines themselves: a list of ten thousand paths takes long to make.
        if record := distribution.read_text("RECORD"):
            tops = {line.split(",")[0].split("/")[0] for line in record.splitlines()}
        else:
            tops = {file.parts[0] for file in distribution.files or ()}
        if not tops:
            tops = set((distribution.read_text("top_level.txt") or name).split())
        for top in sorted(tops - {"..", "__pycache__"}):
            for path in (home / top, home / f"{top}.py"):
                if path.exists():
                    yield str(path.resolve()), f"/packages/{path.name}"
                    break


def _library_binds() -> Iterator[tuple[str, str]]:
    """Yield the (source, target) of the standard library, the shared libraries that it needs, and the locales."""
    architecture = sysconfig.get_config_var("MULTIARCH")
    named = {f"/lib/{architecture}", f"/usr/lib/{architecture}"}
    paths = {_STDLIB, "/etc/ld.so.cache", "/usr/lib/locale"}
    paths |= named if architecture else {"/usr/lib", "/lib64", "/usr/lib64"}
    # Conda, and builds from source, keep libraries of their own beside the standard library.
    if Path(sys.base_prefix) not in (Path("/usr"), Path("/")):
        paths |= {str(path) for path in Path(sys.base_prefix, "lib").glob("*.so*") if path.is_file()}
    for path in sorted(paths):
        if Path(path).exists():
            yield str(Path(path).resolve()), path


def _covered(binds: Iterable[tuple[str, str]]) -> list[str]:
    """Return the bound directories to be covered: other packages, and fonts that take long to read.

    Those fonts are for PostScript printers, and no picture of a notebook has them.
    """
    found = {f"/packages/matplotlib/mpl-data/fonts/{kind}" for kind in ("afm", "pdfcorefonts")}
    for source, target in binds:
        for kind in ("site-packages", "dist-packages"):
            for pattern in (kind, f"python*/{kind}"):
                found |= {f"{target}/{path.relative_to(source)}" for path in Path(source).glob(pattern)}
    return sorted(found)


def _guest_files() -> dict[str, str]:
    """Return the texts of the student's side of this package."""
    package = Path(__file__).parents[1]
    paths = [path for room in ("guest", "protocol") for path in (package / room).glob("*.py")]
    texts = {f"/guest/autograder/{path.relative_to(package).as_posix()}": path.read_text("utf-8") for path in paths}
    return {**texts, "/guest/autograder/__init__.py": ""}


@functools.cache
def _surroundings(packages: tuple[str, ...]) -> tuple[list[tuple[str, str]], list[str]]:
    libraries = list(_library_binds())
    return libraries + sorted(set(_package_binds(packages))), _covered(libraries)


@functools.cache
def modules_of_distribution(name: str) -> tuple[str, ...]:
    """Return the public top-level modules of a distribution, by its name; empty where it is not installed."""
    try:
        files = importlib.metadata.distribution(name).files or ()
    except importlib.metadata.PackageNotFoundError:
        return ()
    tops = {file.parts[0].removesuffix(".py") for file in files if file.suffix == ".py"}
    return tuple(sorted(top for top in tops if top.isidentifier() and top[0] != "_"))


def plan(limits: Limits, packages: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the first message to a zygote, with files, packages and limits: JSON.

    Parameters
    ----------
    limits : of each guest
    packages : distributions that a notebook may import besides those of the table
    """
    allowed = (*_TABLE["packages"], *packages)
    binds, covered = _surroundings(allowed)
    modules = [module for name in packages for module in modules_of_distribution(name)]
    return {
        "binds": binds,
        "covered": covered,
        "files": _guest_files() | _TABLE["files"],
        "path": ["/guest", "/course", _STDLIB, f"{_STDLIB}/lib-dynload", "/packages"],
        "packages": [*LOADED, *modules],
        "there": sorted({*PUBLIC, *modules}, key=str.lower),
        "first_cells": _TABLE["first_cells"],
        "environment": ENVIRONMENT,
        "limits": asdict(limits),
        "filter": seccomp_program().hex(),
    }


def course_message(course: Mapping[str, str]) -> dict[str, Any]:
    """Return the second message to a zygote, with the files of the course: JSON.

    Parameters
    ----------
    course : texts of the files that guests find next to the allowed packages, by their relative paths
    """
    return {"files": dict(course), "packages": modules_of(course)}


def host_ids(process: int) -> range | None:
    """Return host user ids that nobody has, for the guests of a zygote; None where this process may not give any.

    Parameters
    ----------
    process : id of the zygote's first process, which no other on this machine has
    """
    everyone = Path("/proc/self/uid_map").read_text(encoding="ascii").split() == ["0", "0", "4294967295"]
    if os.geteuid() or not everyone:
        return None
    first = 2**30 + process * 256  # ids of real people and of containers lie below; process ids end at 2**22
    return range(first, first + 256)
