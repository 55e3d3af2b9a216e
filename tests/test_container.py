"""The grader's container is built from the checkout, and its sandbox holds with the rights that SECURITY.md gives it.

Needs root, podman, runc and debootstrap of Debian, and takes minutes: part of `make test-nightly`. Debian's own image
cannot be had from a registry of packages, so debootstrap makes what stands in its place.
"""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.grading.classes import NAME, course, full, hand_in, scores

ROOT = Path(__file__).parents[1]
CONTAINERFILE = (ROOT / "requirements" / "Containerfile").read_text(encoding="utf-8")
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
BASE = "docker.io/library/debian:12-slim"
ENGINE = ["podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs"]
LIMITS = ["--ulimit", "nofile=1024:4096", "--ulimit", "nproc=4096:4096"]  # no higher than whoever runs the tests has


def documented(command: str) -> list[str]:
    """Return the words of a command of SECURITY.md."""
    found = re.search(rf"^      (podman {command} (?:.*\\\n)*.*)$", SECURITY, re.MULTILINE)
    return shlex.split(found[1].replace("\\\n", " "))[1:]


def run(words: list[str], seconds: float = 900, **more) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False, **more)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_what_the_container_copies_is_in_the_checkout_and_nothing_is_installed_by_name():
    for sources in re.findall(r"^COPY (.+) \S+$", CONTAINERFILE, re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists(), source
    installs = re.findall(r"pip install (.*)", CONTAINERFILE)
    assert ["--require-hashes" in each or each.endswith("--no-index .") for each in installs] == [True] * len(installs)
    assert "--privileged" not in documented("run")


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    missing = [name for name in ("podman", "runc", "debootstrap") if not shutil.which(name)]
    if missing or os.getuid():
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(f"not root, or not installed: {missing}")
        pytest.skip(f"not root, or not installed: {missing}")
    home = tmp_path_factory.mktemp("container")
    if subprocess.run([*ENGINE, "image", "exists", BASE], check=False).returncode:
        run(["debootstrap", "--variant=minbase", "bookworm", str(home / "root"), "http://deb.debian.org/debian"])
        run(["sh", "-c", f"tar -C {home}/root -c . | {shlex.join(ENGINE)} import --quiet - {BASE}"])
    more = ["--pull=never", "--network", "host"]
    if certificates := os.environ.get("PIP_CERT"):  # of a proxy between here and the registry
        shutil.copy(certificates, home / "certificates")
        more += ["--volume", f"{home}:/from-outside:ro", "--env", "PIP_CERT=/from-outside/certificates"]
    run([*ENGINE, *documented("build")[:1], *more, *documented("build")[1:]], cwd=ROOT)


@pytest.mark.nightly
@pytest.mark.hours
@pytest.mark.alone
def test_the_container_grades_in_a_sandbox_with_the_rights_that_are_documented(image, tmp_path):
    here = course(tmp_path)
    hand_in(here, "ada")
    *words, _, assignment = documented("run")
    words = [*ENGINE, words[0], *LIMITS, *(each.replace("$PWD", str(here)) for each in words[1:])]
    assert assignment == "ps4_two_layer"
    assert "tried as root: namespaces." in run([*words, "doctor"])
    assert "1 graded" in run([*words, "grade", NAME])
    assert scores(here) == {"ada": full()}
