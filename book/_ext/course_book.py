"""The book's own Sphinx extension: the registry's equations, math rendered when the book is built, folded solutions.

{equation} ID      the registered formula, numbered and labelled: `{equation} two_layer.dW2`
{equation-index}   every registered equation, with its function, shapes, exercise, sources and errata

Formulas are drawn by KaTeX in a node process while Sphinx writes the pages, and solutions are folded by the browser
itself, so that no page needs JavaScript for them.
"""

import html
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sphinxcontrib.katex as katex
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.directives.patches import MathDirective
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator
from sphinx_exercise.nodes import solution_node

import course_lib.equations
from autograder.assignments import ASSIGNMENTS, PIECES
from course_lib.equations import EQUATIONS, Equation, Shape, equation

logger = logging.getLogger(__name__)

KATEX = Path(__file__).parents[1] / "node_modules" / "katex" / "dist"
_render = katex.render_latex


def _start_patiently(rundir: Path, timeout: float) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the KaTeX process and connect to it; its socket exists a moment before it listens, so a refusal waits."""
    path = rundir / "katex.sock"
    command = katex.KaTeXServer.build_command(socket=path)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=rundir)
    deadline = time.monotonic() + timeout
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    while True:
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            if process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
                continue
            process.kill()
            process.wait()
            connection.close()
            raise katex.KaTeXServer.timeout_error(timeout) from None
        return process, connection


def _render_or_warn(latex: str, options: Mapping[str, Any] | None = None) -> str:
    """Render one formula; a mistake in it becomes a warning, which fails the build."""
    try:
        return str(_render(latex, options))
    except katex.KaTeXError as error:
        logger.warning("KaTeX cannot render %r: %s", latex, error)
        return f'<span class="katex-error">{html.escape(latex)}</span>'


def prepare_katex(app: Sphinx) -> None:
    """Give the pages KaTeX's style sheet and its fonts, in the one format that every browser reads."""
    assets = Path(app.outdir).parent / "katex-assets"
    shutil.rmtree(assets, ignore_errors=True)
    (assets / "katex" / "fonts").mkdir(parents=True)
    for font in (KATEX / "fonts").glob("*.woff2"):
        shutil.copy(font, assets / "katex" / "fonts")
    css = (KATEX / "katex.min.css").read_text(encoding="utf-8")
    css = re.sub(r',url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)', "", css)
    (assets / "katex" / "katex.min.css").write_text(css, encoding="utf-8")
    shutil.copy(KATEX.parent / "LICENSE", assets / "katex" / "LICENSE")
    app.config.html_static_path.append(str(assets))


def open_solution(translator: HTML5Translator, node: solution_node) -> None:
    """Begin a solution that the browser folds: its title is plain words, since a summary is a button."""
    title = node.children[0]
    translator.body.append(translator.starttag(node, "details", CLASS="admonition"))
    translator.body.append(f'<summary class="admonition-title">{translator.encode(title.astext())}</summary>\n')
    node.remove(title)


def close_solution(translator: HTML5Translator, node: solution_node) -> None:
    """End a solution."""
    translator.body.append("</details>\n")


def offer_edits(app: Sphinx, config: Config) -> None:
    """Give every page a button that leads to its source, if BOOK_REPOSITORY says where that is kept."""
    url = os.environ.get("BOOK_REPOSITORY")
    if url:
        config.html_theme_options |= {
            "repository_url": url,
            "repository_branch": os.environ.get("BOOK_BRANCH", "main"),
            "path_to_docs": "book",
            "use_edit_page_button": True,
        }


def _shape(shape: Shape | str) -> str:
    """Write a shape in math: (n2, m) becomes (n_2, m); a scalar has none, and what is no array has a word."""
    if isinstance(shape, str):
        return shape
    if not shape:
        return "scalar"
    sizes = (re.sub(r"^n_?(prev)$", r"n_{\\text{\1}}", re.sub(r"^n(\d)$", r"n_\1", size)) for size in shape)
    return "$(" + ",\\, ".join(sizes) + ")$"


def _shapes(named: Mapping[str, Shape | Mapping[str, Shape] | str]) -> str:
    parts = []
    for name, shape in named.items():
        if isinstance(shape, Mapping):
            parts.append(f"`{name}`: " + ", ".join(f"`{key}` {_shape(size)}" for key, size in shape.items()))
        else:
            parts.append(f"`{name}` {_shape(shape)}")
    return "; ".join(parts)


def _exercises(equation: Equation) -> str:
    asked = PIECES.get(equation.id, equation.id)
    part = "a part of " if asked != equation.id else ""
    found = [
        f"{part}`{exercise.function}` in `{assignment.name}`, {exercise.points:g} point{'s' * (exercise.points != 1)}"
        for assignment in ASSIGNMENTS.values()
        for exercise in assignment.exercises
        if exercise.equation == asked
    ]
    return "; ".join(found)


def _rows(ids: tuple[str, ...], kind: str) -> str:
    return ", ".join(f"[{id}](#{kind}-{id.lower().replace('.', '-')})" for id in ids)


def entry(equation: Equation) -> list[str]:
    """Return the lines of MyST that show one equation in the index."""
    result = _shapes(equation.result) if isinstance(equation.result, Mapping) else _shape(equation.result)
    gradient = {
        "J": f"`{equation.variable}`, of the cost $J$: $1/m$ is in it",
        "L": f"`{equation.variable}`, of each example's own loss $L_j$: no $1/m$ in it",
        None: None,
    }[equation.of]
    function = f"{equation.function.__module__}.{equation.function.__name__}"
    facts = [
        ("Equation", f"{{eq}}`{equation.label}`"),
        ("Function", f"{{py:func}}`{equation.id}({', '.join(equation.arguments)}) <{function}>`"),
        ("Takes", _shapes(equation.arguments)),
        ("Returns", result),
        ("Gradient by", gradient),
        ("Exercise", _exercises(equation)),
        ("Sources", _rows(equation.sources, "source")),
        ("Errata", _rows(equation.errata, "erratum")),
    ]
    return [
        f"(index-{equation.label})=",
        f"## `{equation.name}`",
        "",
        f"$\\displaystyle {equation.latex}$",
        "",
        ":::{div} equation-facts",
        *(line for name, fact in facts if fact for line in (name, f": {fact}", "")),
        ":::",
        "",
    ]


def _depend_on_the_registry(directive: SphinxDirective) -> None:
    """Have the page written anew when the registry or this extension has changed."""
    for module in (*Path(course_lib.equations.__file__).parent.glob("*.py"), __file__):
        directive.env.note_dependency(str(module))


class DisplayedEquation(MathDirective):
    """`{equation} two_layer.dW2`: a registered formula, as a math block with its label."""

    required_arguments = 1
    optional_arguments = 0
    option_spec = {}
    has_content = False

    def run(self) -> list[nodes.Node]:
        """Look the equation up, and display it as a math directive that holds its LaTeX."""
        _depend_on_the_registry(self)
        try:
            shown = equation(self.arguments[0])
        except KeyError as error:
            raise self.error(error.args[0]) from None
        self.arguments, self.options, self.content = [], {"label": shown.label}, StringList([shown.latex])
        return super().run()


class EquationIndex(SphinxDirective):
    """`{equation-index}`: every registered equation, in the registry's order."""

    def run(self) -> list[nodes.Node]:
        """Write the entries as MyST and parse them, titles included."""
        _depend_on_the_registry(self)
        lines = [line for equation in EQUATIONS.values() for line in entry(equation)]
        container = nodes.section()
        self.state.nested_parse(StringList(lines, source="equation index"), self.content_offset, container, True)
        return container.children


def keep_index(app: Sphinx) -> list[Any]:
    """Give the search the index entries of all pages; Sphinx forgets those of pages that it does not write anew."""
    for page, entries in app.env.get_domain("index").entries.items():
        kept = {(value, target, main) for kind, value, target, main, _ in entries if kind == "single"}
        app.env._search_index_index_entries[page] = sorted(kept)
    return []


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    katex.NODEJS_BINARY = os.environ.get("BOOK_NODE", "node")
    katex.KATEX_DEFAULT_OPTIONS.update(throwOnError=True, strict="error")
    katex.STARTUP_TIMEOUT = 30.0  # of a busy machine
    katex.KaTeXServer.start_server_process = staticmethod(_start_patiently)
    katex.render_latex = _render_or_warn
    app.connect("config-inited", lambda app, config: setattr(config, "katex_js_path", str(KATEX / "katex.min.js")))
    app.connect("config-inited", offer_edits)
    app.connect("builder-inited", prepare_katex)
    app.add_node(solution_node, override=True, html=(open_solution, close_solution))
    app.add_config_value("comments_config", {}, "html")  # jupyter-book sets it, for an extension that is left out
    app.connect("html-collect-pages", keep_index)  # the last moment before the search index is written
    app.add_directive("equation", DisplayedEquation)
    app.add_directive("equation-index", EquationIndex)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
