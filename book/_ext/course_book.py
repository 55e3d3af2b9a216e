"""The book's own Sphinx extension: math rendered when the book is built, and the equation index.

Formulas are drawn by KaTeX in a node process while Sphinx writes the pages, so that no page needs JavaScript for them.
The equation index is written from the registry (`course_lib.equations`) and the assignments, never by hand.
"""

import os
import re
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sphinxcontrib.katex as katex
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import course_lib.equations
from autograder.assignments import ASSIGNMENTS
from course_lib.equations import EQUATIONS, Equation, Shape

logger = logging.getLogger(__name__)

KATEX = Path(__file__).parents[1] / "node_modules" / "katex" / "dist"
STARTS = 5

_start = katex.KaTeXServer.start
_render = katex.render_latex


def _start_patiently() -> katex.KaTeXServer:
    """Start the KaTeX process; its socket exists a moment before it listens, so a refusal is tried again."""
    for attempt in range(STARTS):
        try:
            return _start()
        except (ConnectionRefusedError, katex.KaTeXError):
            if attempt == STARTS - 1:
                raise
            time.sleep(0.2 * (attempt + 1))
    raise AssertionError("unreachable")


def _render_or_warn(latex: str, options: Mapping[str, Any] | None = None) -> str:
    """Render one formula; a mistake in it becomes a warning, which fails the build."""
    html = _render(latex, options)
    if "katex-error" in html:
        reason = re.search(r'title="([^"]*)"', html)
        logger.warning("KaTeX cannot render %r: %s", latex, reason.group(1) if reason else "unknown error")
    return str(html)


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


def _shape(shape: Shape) -> str:
    """Write a shape in math: (n2, m) becomes (n_2, m); a scalar has none."""
    if not shape:
        return "scalar"
    return "$(" + ",\\, ".join(re.sub(r"^n(\d)$", r"n_\1", size) for size in shape) + ")$"


def _shapes(named: Mapping[str, Shape | Mapping[str, Shape]]) -> str:
    parts = []
    for name, shape in named.items():
        if isinstance(shape, Mapping):
            parts.append(f"`{name}`: " + ", ".join(f"`{key}` {_shape(size)}" for key, size in shape.items()))
        else:
            parts.append(f"`{name}` {_shape(shape)}")
    return "; ".join(parts)


def _exercises(equation: Equation) -> str:
    found = [
        f"`{exercise.function}` in `{assignment.name}`, {exercise.points:g} point{'s' * (exercise.points != 1)}"
        for assignment in ASSIGNMENTS.values()
        for exercise in assignment.exercises
        if exercise.equation == equation.id
    ]
    return "; ".join(found) or "none"


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
    facts = [
        ("Function", f"`{equation.id}({', '.join(equation.arguments)})`"),
        ("Takes", _shapes(equation.arguments)),
        ("Returns", result),
        ("Gradient by", gradient),
        ("Exercise", _exercises(equation)),
        ("Sources", _rows(equation.sources, "source")),
        ("Errata", _rows(equation.errata, "erratum")),
    ]
    return [
        f"## {{eq}}`{equation.label}` `{equation.name}`",
        "",
        f"$\\displaystyle {equation.latex}$",
        "",
        ":::{div} equation-facts",
        *(line for name, fact in facts if fact for line in (name, f": {fact}", "")),
        ":::",
        "",
    ]


class EquationIndex(SphinxDirective):
    """`{equation-index}`: every registered equation, in the registry's order."""

    def run(self) -> list[nodes.Node]:
        """Write the entries as MyST and parse them, titles included."""
        for module in (course_lib.equations.__file__, __file__):
            self.env.note_dependency(str(module))
        lines = [line for equation in EQUATIONS.values() for line in entry(equation)]
        container = nodes.section()
        self.state.nested_parse(StringList(lines, source="equation index"), self.content_offset, container, True)
        return container.children


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    katex.NODEJS_BINARY = os.environ.get("BOOK_NODE", "node")
    katex.KATEX_DEFAULT_OPTIONS.update(throwOnError=False, strict="error")
    katex.KaTeXServer.start = staticmethod(_start_patiently)
    katex.render_latex = _render_or_warn
    app.connect("config-inited", lambda app, config: setattr(config, "katex_js_path", str(KATEX / "katex.min.js")))
    app.connect("builder-inited", prepare_katex)
    app.add_directive("equation-index", EquationIndex)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
