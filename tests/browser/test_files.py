"""What the build makes for the browser: the exercises, the files of the site, and the pages' policy."""

import gzip
import io
import json
import re
import subprocess
import tarfile

import nbformat
import pytest

from autograder.assignments import ASSIGNMENTS
from autograder.core import exercise_hints
from course_lib.equations import EQUATIONS
from exercises import for_browser, generate
from tests.book.conftest import BOOK, ROOT, module_of_book


@pytest.fixture(scope="module")
def browser_module():
    return module_of_book("browser")


@pytest.fixture(scope="module")
def live(site):
    return site / "live"


def test_the_json_has_every_exercise_in_order_with_stub_solution_and_hints(tmp_path, capsys):
    target = tmp_path / "exercises.json"
    assert generate.main(["--browser", str(target)]) == 0
    made = json.loads(target.read_text(encoding="utf-8"))
    assert made["format"] == 1
    assert [row["name"] for row in made["assignments"]] == list(ASSIGNMENTS)
    for row in made["assignments"]:
        asked = ASSIGNMENTS[row["name"]]
        assert [each["function"] for each in row["exercises"]] == [each.function for each in asked.exercises]
        assert row["release"] == asked.release
        for each in row["exercises"]:
            assert "raise NotImplementedError()" in each["stub"]
            assert "SOLUTION" not in each["solution"] + each["stub"]
            assert "NotImplementedError" not in each["solution"]
            assert len([*each["hints"], each["last_hint"]]) >= 2, each["function"]
            equation = EQUATIONS.get(each["equation"])
            assert each["formula"] == (equation and equation.latex)
            assert (each["formula"] or "") in each["last_hint"] != ""
            assert each["solution"].partition("\n")[0] == each["stub"].partition("\n")[0]
        compile(row["setup"], "setup", "exec")
        assert not re.search("matplotlib|plotting|IPython|autograder", row["setup"])
    before = target.stat().st_mtime_ns
    assert generate.main(["--browser", str(target)]) == 0
    assert target.stat().st_mtime_ns == before


@pytest.mark.slow
def test_the_notebook_in_the_json_is_the_one_that_nbgrader_releases(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text((ROOT / "exercises" / "nbgrader_config.py").read_text())
    for name in ("ps3_one_example", "ps4_two_layer"):
        assignment = ASSIGNMENTS[name]
        _, release = generate.generate(assignment, tmp_path)
        config = generate.course_config(tmp_path)
        made = for_browser.released(generate.solve(assignment, tmp_path), config)
        assert json.loads(nbformat.writes(made)) == json.loads(release.read_text(encoding="utf-8"))


def test_hints_for_a_function_that_is_not_asked_are_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(exercise_hints, "table", lambda: {"ps2_activations": {"relu_prim": ["a", "b"]}})
    assert generate.main(["ps2_activations", "--browser", str(tmp_path / "made.json")]) == 2
    assert "ps2_activations does not ask for relu_prim" in capsys.readouterr().err


def test_what_a_notebook_hands_out_leaves_out_what_a_browser_has_not():
    cells = [
        "try:\n    import numpy as np\n    from course_lib.plotting import inline\nexcept ImportError:\n    raise\n",
        "def draws(x):\n    return inline(x)\n\n\ndef counts(x):\n    return np.sum(x)\n",
        "def both(x):\n    return draws(x)\n",
        "def asked(x):\n    return x\n",
        "value = counts([1])\n",
    ]
    assert for_browser.handed_out(cells, ["asked"]) == (
        "import numpy as np\n\n\ndef counts(x):\n    return np.sum(x)\n"
    )


def test_the_course_is_packed_to_the_same_bytes_and_holds_the_core_and_no_grader(browser_module):
    packed = browser_module.course()
    assert packed == browser_module.course()
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as archive:
        names = archive.getnames()
    stems = {name.removesuffix("c").removesuffix(".py") for name in names}
    assert {"session", "autograder/core/judge", "course_lib/two_layer", "course_lib/equations/__init__"} <= stems
    assert not [name for name in names if re.search("curves|grade/|host/|report/|cli|zygote", name)]


def test_the_site_has_python_the_course_the_editor_and_every_licence(live):
    names = {re.sub(r"-[0-9a-f]{12}", "", path.relative_to(live).as_posix()) for path in live.rglob("*")}
    python = {f"python/{name}" for name in ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "numpy.pack")}
    licences = {f"licences/{name}.txt" for name in ("Pyodide", "CPython", "numpy", "codemirror-view", "lezer-python")}
    notebooks = {f"notebooks/{name}.ipynb" for name in ASSIGNMENTS}
    files = {"page.js", "progress.js", "worker.js", "editor.js", "course.pack", "exercises.json", *python, *licences}
    assert files | notebooks <= names
    assert all((live / name).stat().st_size > 500 for name in licences)
    for name in ("Pyodide", "CPython", "NumPy", "CodeMirror"):
        assert name in (live / "licences" / "README.txt").read_text(encoding="utf-8")


def test_every_pinned_package_of_the_editor_has_its_licence_in_the_site(live):
    packages = json.loads((BOOK / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    editor = [
        name for name in packages if re.match(r"node_modules/(@codemirror|@lezer|@marijn|crelt|style-mod|w3c)", name)
    ]
    shipped = {path.stem for path in (live / "licences").glob("*.txt")}
    assert len(editor) > 10
    assert {name.removeprefix("node_modules/").replace("@", "").replace("/", "-") for name in editor} <= shipped


def test_a_page_loads_the_scripts_that_it_needs_and_no_other(site, sources):
    for name, text in sources.items():
        page = (site / f"{name}.html").read_text(encoding="utf-8")
        asks = any(each in text for each in ("{exercise-cell}", "{question}"))
        assert ("live/page.js" in page) == asks, name
        assert ("live/progress.js" in page) == ("{course-progress}" in text), name


def test_every_page_states_a_policy_that_allows_no_other_host(site, sources):
    for name in [*sources, "search", "genindex"]:
        page = (site / f"{name}.html").read_text(encoding="utf-8")
        policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)[1]
        assert page.index(policy) < page.index("<script")
        assert "http" not in policy
        assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
        assert re.search(r"script-src [^;]*'unsafe-inline'", policy) is None
        assert not re.search(r"<[^>]* on[a-z]+=", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)), name


def test_a_page_gets_its_scripts_and_its_policy_once(browser_module):
    page = '<html><head>\n<meta charset="utf-8"></head><body><div class="exercise-cell" id="a"></div></body></html>'
    once = browser_module.with_policy(browser_module.with_scripts(page, "v1"))
    again = browser_module.with_policy(browser_module.with_scripts(once, "v2"))
    assert again == once.replace("v1", "v2")
    assert once.count("live/page.js") == 1
    assert "progress.js" not in once


def test_the_lock_of_the_browsers_numpy_pins_one_wheel_by_its_hash():
    lock = (ROOT / "requirements" / "browser.lock").read_text(encoding="utf-8")
    assert re.fullmatch(r"jupyterlite-xeus-python==1\.0\.0 \\\n    --hash=sha256:[0-9a-f]{64}\n", lock)


def test_a_script_with_a_fault_is_the_books_fault(browser_module, tmp_path):
    node, _ = pytest.importorskip("tests.book.conftest").load_build_script().node_and_npm()
    script = tmp_path / "page.js"
    script.write_text("const = 1;")
    with pytest.raises(ValueError, match=r"page\.js cannot be bundled"):
        browser_module.bundle(node, script)


def test_the_scripts_put_no_text_into_a_page_as_html():
    for script in (BOOK / "live").glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script.read_text()), (
            script
        )


def test_the_build_is_quick_to_say_that_the_network_is_missing(browser_module, tmp_path, monkeypatch):
    def no_network(command, **options):
        return subprocess.CompletedProcess(command, 1, "", "no route to host")

    monkeypatch.setattr(browser_module.subprocess, "run", no_network)
    with pytest.raises(browser_module.CannotFetchError, match="connect to the network once"):
        browser_module.fetch_numpy(tmp_path)
