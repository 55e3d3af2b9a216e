"""A control group: the kernel's bound on the memory of many processes together, where this process may make one."""

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_numbers = itertools.count()


@dataclass(frozen=True)
class _Version:
    limit: str
    swap: str
    events: str
    reached: tuple[str, str]


_VERSIONS = {
    "cgroup2": _Version("memory.max", "memory.swap.max", "memory.events", ("memory.events.local", "oom ")),
    "cgroup": _Version(
        "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control", ("memory.failcnt", "")
    ),
}


def _unescaped(field: str) -> str:
    return field.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")


def candidate_groups(mounts: str, memberships: str) -> Iterator[tuple[str, Path]]:
    """Yield candidate (file system, directory) pairs for a group with a bound on memory, nearest first.

    Parameters
    ----------
    mounts : the text of /proc/self/mountinfo
    memberships : the text of /proc/self/cgroup
    """
    own: dict[str, str] = {}
    for line in memberships.splitlines():
        _, controllers, path = line.split(":", 2)
        own |= {"cgroup2": path} if not controllers else {}
        own |= {"cgroup": path} if "memory" in controllers.split(",") else {}
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields, kind, options = before.split(), after.split()[0], after.split()[-1].split(",")
        if kind not in own or (kind == "cgroup" and "memory" not in options):
            continue
        top = Path(_unescaped(fields[4]))
        here = top / os.path.relpath(own[kind], _unescaped(fields[3]))
        for directory in (here, *here.parents):
            if directory == top or top in directory.parents:
                yield kind, directory


def _counted(path: Path, name: str) -> int:
    """Return the number behind a name in a file of the kernel's; 0 where there is none."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.removeprefix(name)) for line in lines if line.startswith(name)), 0)


def kills_of_the_machine() -> int:
    """Return the number of OOM kills on this machine since its start, under any bound."""
    return _counted(Path("/proc/vmstat"), "oom_kill ")


class MemoryGroup:
    """A group of processes, made below this process's own group or below one of its parents.

    Attributes
    ----------
    path : its directory, or None where none could be made
    why : what stood in the way, if so
    """

    def __init__(self, limit: int, where: list[tuple[str, Path]] | None = None) -> None:
        """Make a group with a bound on the memory of its processes together, in bytes."""
        self.path: Path | None = None
        self.why = "this machine has no memory cgroup"
        self._version = _VERSIONS["cgroup2"]
        if where is None:
            try:
                texts = [Path(f"/proc/self/{name}").read_text(encoding="utf-8") for name in ("mountinfo", "cgroup")]
            except OSError:
                return
            where = list(candidate_groups(*texts))
        for kind, directory in where:
            path = directory / f"backprop-course-{os.getpid()}-{next(_numbers)}"
            try:
                path.mkdir()
            except OSError as error:
                self.why = f"{directory}: {error.strerror}"
                continue
            version = _VERSIONS[kind]
            try:
                with (path / version.limit).open("r+", encoding="ascii") as file:
                    file.write(str(limit))
            except OSError as error:
                self.why = f"{directory} gives its groups no bound on memory ({error.strerror})"
                _remove(path)
                continue
            # A kernel without swap accounting has no such file.
            with contextlib.suppress(OSError), (path / version.swap).open("r+", encoding="ascii") as file:
                file.write("0" if kind == "cgroup2" else str(limit))
            self.path, self.why, self._version = path, "", version
            return

    def add(self, process: int) -> None:
        """Move a process into the group, with all processes that it starts later."""
        if self.path is None:
            return
        try:
            (self.path / "cgroup.procs").write_text(str(process), encoding="ascii")
        except OSError as error:
            self.why = f"{self.path.parent}: a process may not be moved ({error.strerror})"
            self.remove()

    def kills(self) -> int:
        """Return how many processes the kernel has ended because the group was full."""
        return _counted(self.path / self._version.events, "oom_kill ") if self.path else 0

    def reached(self) -> int:
        """Return how often the group has met its own bound, and not one further up."""
        file, name = self._version.reached
        return _counted(self.path / file, name) if self.path else 0

    def remove(self) -> None:
        """Remove the group, when its processes have gone."""
        if self.path is not None:
            _remove(self.path)
            self.path = None


def _remove(path: Path) -> None:
    for _ in range(50):
        try:
            path.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # its last process is still on its way out
            time.sleep(0.02)
        else:
            return
