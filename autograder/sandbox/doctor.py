"""`autograder doctor`: try out which protections against students' code hold on this machine."""

import os
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.fork_client import Zygote
from autograder.sandbox.launch import NotStarted
from autograder.sandbox.plan import MEBIBYTE, Limits
from autograder.sandbox.process import Ended, Guest
from autograder.sandbox.seccomp import seccomp_program


@dataclass(frozen=True)
class Safeguard:
    """One protection: its name, whether it holds here, and a sentence for people."""

    name: str
    holds: bool
    why: str


@dataclass(frozen=True)
class Protection:
    """The protections of this machine.

    Attributes
    ----------
    kind : "namespaces" where students' code can be shut in, "none" where it cannot
    why : what stands in the way, and what to do; empty for "namespaces"
    parts : each protection
    """

    kind: str
    why: str
    parts: tuple[Safeguard, ...]

    @property
    def safe(self) -> bool:
        """Return whether notebooks that are not trusted may be graded."""
        return self.kind != "none"


_LOOK_AROUND = """
def look_around():
    import os, resource, socket
    kinds = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    seen = {kind: int(os.readlink(f"/proc/self/ns/{kind}").split("[")[1][:-1]) for kind in kinds}
    seen["capabilities"] = int(status["CapEff"].strip(), 16) + int(status["CapBnd"].strip(), 16)
    seen["new_privileges_refused"] = int(status["NoNewPrivs"])
    seen["filter"] = int(status["Seccomp"])
    seen["processes_limit"] = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    seen["processes_seen"] = sum(name.isdigit() for name in os.listdir("/proc"))
    seen["disk"] = os.statvfs("/tmp").f_blocks * os.statvfs("/tmp").f_frsize
    seen["written"] = 0
    for path in ("/x", "/etc/x", "/guest/x", "/course/x", "/packages/x", "/dev/x"):
        try:
            open(path, "w").close()
            seen["written"] += 1
        except OSError:
            pass
    return seen
"""
_NAMESPACES = {"user": "user", "mnt": "mount", "pid": "pid", "net": "network", "ipc": "ipc", "uts": "uts"}
_SAFEGUARDS = tomllib.loads(Path(__file__).with_name("safeguards.toml").read_text(encoding="utf-8"))


def protection() -> Protection:
    """Start a sandboxed guest, probe from inside it, and report the protections."""
    limits = Limits()
    try:
        with Zygote(limits=limits) as zygote, zygote.guest() as guest:
            guest.run(_LOOK_AROUND, 30)
            outcomes = guest.evaluate("look_around", [{}], 30)
            if outcomes is None or not isinstance(outcomes[0].value, dict):
                failure = outcomes[0].failure if outcomes else None
                raise NotStarted(f"a process in the sandbox could not look around ({failure})")
            return _protection(zygote, guest, {name: int(value) for name, value in outcomes[0].value.items()})
    except (NotStarted, Ended) as error:
        parts = (Safeguard("own namespaces", False, str(error)),)
        return Protection("none", f"{error}. {_what_to_do()}", parts)


def _what_to_do() -> str:
    if sys.platform != "linux":
        return "On macOS and Windows, grade in a Linux container or in WSL"
    restricted = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    if restricted.exists() and restricted.read_text().strip() == "1" and os.geteuid():
        return (
            "This machine gives ordinary users no namespaces: "
            "run `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or grade as root"
        )
    for name in ("kernel/unprivileged_userns_clone", "user/max_user_namespaces"):
        switch = Path("/proc/sys", name)
        if switch.exists() and switch.read_text().strip() == "0":
            return f"This machine gives no user namespaces: set {name.replace('/', '.')} with sysctl"
    return "Start a container as SECURITY.md of the course says; else ask who runs this machine for user namespaces"


def _host_user(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1])


def _protection(zygote: Zygote, guest: Guest, seen: dict[str, int]) -> Protection:
    limits, own_user, user = zygote.limits, os.geteuid(), _host_user(guest.process)
    shared = [name for kind, name in _NAMESPACES.items() if seen[kind] == Path(f"/proc/self/ns/{kind}").stat().st_ino]
    holds = {
        "own namespaces": not shared,
        "own user of the machine": user != own_user,
        "no privileges": not seen["capabilities"] and bool(seen["new_privileges_refused"]),
        "read-only file system": not seen["written"],
        "private directory": seen["disk"] <= limits.disk,
        "system calls filtered": seen["filter"] == 2,
        "processes bounded": 0 < seen["processes_limit"] <= limits.processes and user != 0,
        "memory bounded": zygote.memory.path is not None,
        "time bounded": True,
    }
    facts = {
        **{name: most // MEBIBYTE if most >= MEBIBYTE else most for name, most in vars(limits).items()},
        "namespaces": ", ".join(_NAMESPACES.values()),
        "shared": ", ".join(shared),
        "user": user,
        "for_root": ", for root too, since guests are another user" if own_user == 0 and user else "",
        "no_group": zygote.memory.why,
    }
    # Filtered by a container alone, they are filtered; what is missing here is said all the same.
    said = holds | {"system calls filtered": bool(seccomp_program())}
    sentences = {name: text["yes"] if said[name] else text.get("no", text["yes"]) for name, text in _SAFEGUARDS.items()}
    parts = (Safeguard(name, holds[name], text.format_map(facts)) for name, text in sentences.items())
    return Protection("namespaces", "", tuple(parts))


def report_lines(found: Protection) -> list[str]:
    """Return the lines of `autograder doctor`, one for each protection."""
    who = "root" if sys.platform != "win32" and os.geteuid() == 0 else "an ordinary user"
    head = f"Sandbox for students' code, tried as {who}: "
    if not found.safe:
        return [f"{head}none. {found.why}.", "Grading refuses here, unless --unsandboxed is given."]
    lines = [f"  {'yes' if part.holds else 'no ':<4} {part.name}: {part.why}" for part in found.parts]
    return [f"{head}{found.kind}.", *lines]
