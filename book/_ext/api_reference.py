"""The API reference: one page that is made of the docstrings of `course_lib` and of the autograder's public names.

The docstrings are numpy's kind, but plain text in what they say: `*`, `|z|` and `A_prev` mean themselves. So they are
turned into the nodes of a page here, and never pass through a markup language that would read these signs as its own.
"""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from numpydoc.docscrape import NumpyDocString, Parameter
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import autograder
import course_lib
from course_lib.equations import EQUATIONS, Equation

ORDER = [
    "one_example",
    "batch",
    "two_layer",
    "deep",
    "output_layer",
    "linear_network",
    "activations",
    "losses",
    "loops",
    "initialization",
    "training",
    "optimizers",
    "parameter_files",
    "gradient_checking",
    "network_checking",
    "operation_counts",
    "example_network",
    "judging",
    "datasets",
    "plotting",
    "equations",
]
"""The modules that a reader looks for first; all others follow in the order of the alphabet."""

ITEMS = {"Parameters", "Returns", "Raises", "Attributes"}
"""The sections of a docstring that are lists of names with what is said about each."""

_EXAMPLE = re.compile(r"^>>>.*\n(?:.+\n)*", re.MULTILINE)


@dataclass(frozen=True)
class Docstring:
    """A docstring in its parts: paragraphs, items (name or "", text) by section, and examples."""

    paragraphs: list[str]
    sections: dict[str, list[tuple[str, str]]]
    examples: list[str]


def _paragraphs(lines: list[str]) -> list[str]:
    """Return the paragraphs; indented lines are one, whatever empty lines stand between them."""
    found: list[str] = []
    for part in re.split(r"\n(?: *\n)+", "\n".join(lines).strip("\n")):
        if found and part.startswith("    ") and found[-1].startswith("    "):
            found[-1] += "\n\n" + part
        elif part:
            found.append(part)
    return found


def _item(section: str, item: Parameter) -> tuple[str, str]:
    """Return the name of an item, "" if it has none, and what is said about it."""
    name, kind, lines = item
    if section == "Raises":
        name, kind = kind, ""
    elif not kind:
        name, kind = "", name
    return name, " ".join(filter(None, [kind, *(line.strip() for line in lines)]))


def read(text: str) -> Docstring:
    """Take a docstring apart."""
    text = inspect.cleandoc(text) + "\n"
    parsed = dict(NumpyDocString(_EXAMPLE.sub("", text)))
    paragraphs = _paragraphs([*parsed.pop("Summary"), "", *parsed.pop("Extended Summary")])
    sections = {
        section: [_item(section, item) for item in body] if section in ITEMS else [("", p) for p in _paragraphs(body)]
        for section, body in parsed.items()
        if body
    }
    return Docstring(paragraphs, sections, _EXAMPLE.findall(text))


@dataclass(frozen=True)
class Member:
    """A public function, class, method, property or documented name, under the name by which it is imported."""

    name: str
    kind: str
    object: Any
    doc: str

    @property
    def last(self) -> str:
        """The name without its module."""
        return self.name.rpartition(".")[2]

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.doc.partition("\n")[0]

    @cached_property
    def members(self) -> list["Member"]:
        """The public methods and properties of a class."""
        if self.kind != "class":
            return []
        found = []
        for name, value in vars(self.object).items():
            value = getattr(value, "__func__", value)  # of a static or class method
            kind = "property" if isinstance(value, property) else "method" if inspect.isfunction(value) else ""
            if kind and not name.startswith("_"):
                found.append(Member(f"{self.name}.{name}", kind, value, inspect.getdoc(value) or ""))
        return found

    @property
    def parameters(self) -> list[str] | None:
        """The parameters as a call shows them, with their defaults and without types, which the docstring tells."""
        if self.kind in ("data", "property"):
            return None
        shown, keyword_only = [], False
        for parameter in inspect.signature(self.object).parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
                shown.append("*")
            keyword_only = parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
            default = getattr(parameter.default, "__name__", None) or repr(parameter.default)
            star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
            bare = parameter.default is parameter.empty
            shown.append(star + parameter.name + ("" if bare else f"={default}"))
        return shown[1:] if self.kind == "method" and shown[:1] == ["self"] else shown


@dataclass(frozen=True)
class Module:
    """A module, or a package with those of its modules that its `__all__` speaks for."""

    name: str
    doc: str
    members: list[Member]

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.doc.partition("\n")[0]


def _member(name: str, value: Any) -> Member | None:
    kind = "class" if inspect.isclass(value) else "function" if inspect.isroutine(inspect.unwrap(value)) else None
    return Member(name, kind, value, inspect.getdoc(value) or "") if kind else None


def _documented_names(module: ModuleType) -> Iterator[Member]:
    """Yield the names that have a value and, in the next line, a string that says what it is."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    for statement, after in zip(tree.body, tree.body[1:], strict=False):
        target = getattr(statement, "target", None) or next(iter(getattr(statement, "targets", [])), None)
        if isinstance(target, ast.Name) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            doc = inspect.cleandoc(str(after.value.value))
            yield Member(f"{module.__name__}.{target.id}", "data", getattr(module, target.id), doc)


def own_members(module: ModuleType) -> list[Member]:
    """Return what a module defines itself for others, functions and classes in the order of its text, then names."""
    mine = [
        _member(f"{module.__name__}.{name}", value)
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__
    ]
    found = [member for member in (*mine, *_documented_names(module)) if member]
    return [member for member in found if not member.last.startswith("_")]


def exported_members(package: ModuleType, submodules: Iterable[ModuleType] = ()) -> list[Member]:
    """Return what a package exports by `__all__`, and then what else its modules define."""
    others = [member for module in submodules for member in own_members(module)]
    names = {member.last: member for member in others if member.kind == "data"}
    found = []
    for name in package.__all__:
        value = getattr(package, name)
        if member := _member(f"{package.__name__}.{name}", value):
            found.append(member)
        elif name in names:
            found.append(Member(f"{package.__name__}.{name}", "data", value, names[name].doc))
    shown = {member.last for member in found}
    return found + [member for member in others if member.last not in shown]


def course_modules() -> list[Module]:
    """Return the modules of `course_lib` that have something public, in a sensible order."""
    names = [m.name for m in pkgutil.walk_packages(course_lib.__path__, "course_lib.") if "._" not in m.name]
    modules = {name: importlib.import_module(name) for name in names}
    packages = [name for name, module in modules.items() if hasattr(module, "__all__") and hasattr(module, "__path__")]
    found = {}
    for name, module in modules.items():
        if any(name.startswith(f"{package}.") for package in packages):
            continue
        inside = [modules[other] for other in names if other.startswith(f"{name}.")]
        members = exported_members(module, inside) if name in packages else own_members(module)
        if members:
            found[name.removeprefix("course_lib.")] = Module(name, inspect.getdoc(module) or "", members)
    place = {name: k for k, name in enumerate(ORDER)}
    return [found[name] for name in sorted(found, key=lambda name: (place.get(name, len(place)), name))]


def all_modules() -> list[Module]:
    """Return everything that the page shows."""
    exported = exported_members(autograder)
    return [*course_modules(), Module("autograder", inspect.getdoc(autograder) or "", exported)]


_INLINE = re.compile(
    r"(?P<code>`[^`\n]+`)|(?i:(?<=\bequation ))(?P<equation>\w+\.\w+)|\b(?P<row>S\d+\.\d+|E\d+)\b", flags=re.ASCII
)


class Writer:
    """Writes the nodes of the page."""

    def __init__(self, directive: SphinxDirective, modules: Sequence[Module]) -> None:
        """Learn what can be linked to: the page's own entries, and the rows of the sources' page."""
        self.env, self.modules = directive.env, modules
        members = [member for module in modules for member in module.members]
        self.entries = {member.name for member in (*members, *(inner for outer in members for inner in outer.members))}
        self.entries |= {module.name for module in modules}
        self.equations = {equation.function: equation for equation in EQUATIONS.values()}
        sources = Path(self.env.doc2path("sources"))
        self.env.note_dependency(str(sources))
        self.rows = set(re.findall(r"\{#((?:source|erratum)-[\w-]+)\}", sources.read_text(encoding="utf-8")))

    def find(self, name: str, scope: str) -> str | None:
        """Return the entry that a name in a docstring means, as seen from inside the entry `scope`."""
        while scope:
            if f"{scope}.{name}" in self.entries:
                return f"{scope}.{name}"
            scope = scope.rpartition(".")[0]
        return name if name in self.entries else None

    def inline(self, text: str, scope: str) -> list[nodes.Node]:
        """Return a text with its code in backticks, its equations, and its rows of the sources as links."""
        found: list[nodes.Node] = []
        end = 0
        for match in _INLINE.finditer(text := " ".join(text.split())):
            found += [nodes.Text(text[end : match.start()])] if match.start() > end else []
            found += self._linked(match, scope)
            end = match.end()
        return [*found, nodes.Text(text[end:])]

    def _linked(self, match: re.Match[str], scope: str) -> list[nodes.Node]:
        if match["code"]:
            code = match["code"].strip("`")
            target = self.find(code, scope)
            literal = nodes.literal("", code)
            return [literal if target in (None, scope) else self._here(str(target), literal)]
        if match["equation"]:
            known = match["equation"] in EQUATIONS
            name = nodes.Text(match["equation"])
            return [self._index_entry(EQUATIONS[match["equation"]], name) if known else name]
        row = match["row"]
        anchor = ("source-" if row.startswith("S") else "erratum-") + row.lower().replace(".", "-")
        return [self._cross("std", "ref", anchor, nodes.Text(row)) if anchor in self.rows else nodes.Text(row)]

    def _cross(self, domain: str, kind: str, target: str, shown: nodes.Node) -> nodes.Node:
        """Return a link to another page, which Sphinx resolves, or warns about."""
        link = addnodes.pending_xref("", refdomain=domain, reftype=kind, reftarget=target, refwarn=True)
        link["refdoc"], link["refexplicit"] = self.env.docname, domain == "std"
        link += nodes.inline("", "", shown)
        return link

    def _index_entry(self, equation: Equation, shown: nodes.Node) -> nodes.Node:
        return self._cross("std", "ref", f"index-{equation.label}", shown)

    def _here(self, target: str, shown: nodes.Node) -> nodes.Node:
        return nodes.reference("", "", shown, refid=target, internal=True)

    def paragraph(self, text: str, scope: str) -> nodes.Node:
        """Return a paragraph; one that is indented is code."""
        if text.startswith("    "):
            return nodes.literal_block("", inspect.cleandoc(text), language="python")
        return nodes.paragraph("", "", *self.inline(text, scope), support_smartquotes=False)

    def summary(self, rows: Iterable[tuple[str, str, str]]) -> nodes.Node:
        """Return a table of entries: the name to show, the entry, and what it is in one line."""
        body = nodes.tbody()
        for shown, name, text in rows:
            link = nodes.paragraph("", "", self._here(name, nodes.literal("", shown)))
            body += nodes.row("", nodes.entry("", link), nodes.entry("", self.paragraph(text, name)))
        group = nodes.tgroup("", nodes.colspec(), nodes.colspec(), body, cols=2)
        return nodes.table("", group, classes=["api-summary"])

    def _facts(self, docs: Sequence[Docstring], member: Member) -> nodes.Node | None:
        """Return the sections of the docstrings as a list of terms, the registered equation first."""
        facts = nodes.definition_list()

        def add(term: str, body: list[nodes.Node]) -> None:
            facts.append(nodes.definition_list_item("", nodes.term("", term), nodes.definition("", *body)))

        equation = self.equations.get(member.object) if member.kind == "function" else None
        if equation:
            number = self._cross("math", "eq", equation.label, nodes.Text(equation.label))
            index = self._index_entry(equation, nodes.Text("equation index"))
            add("Equation", [nodes.paragraph("", "", number, nodes.Text(", in the "), index)])
        for doc in docs:
            for section, items in doc.sections.items():
                body = []
                for name, text in items:
                    body.append(self.paragraph(text, member.name))
                    if name:
                        body[-1][:0] = [nodes.literal("", name), nodes.Text(" ")]
                        body[-1]["classes"] += ["api-item"]
                add(section, body)
        return nodes.container("", facts, classes=["equation-facts"]) if len(facts) else None

    def entry(self, member: Member) -> nodes.Node:
        """Return the entry of a member, and inside it those of its own members."""
        signature = addnodes.desc_signature("", "", ids=[member.name], classes=["sig-object"])
        signature["module"] = signature["fullname"] = ""
        if member.kind in ("class", "property"):
            signature += addnodes.desc_annotation("", "", nodes.Text(f"{member.kind} "))
        signature += addnodes.desc_name("", member.last)
        if member.parameters is not None:
            parameters = (addnodes.desc_parameter("", "", nodes.Text(shown)) for shown in member.parameters)
            signature += addnodes.desc_parameterlist("", "", *parameters)
        self.env.get_domain("py").note_object(member.name, member.kind, member.name, location=signature)
        doc = read(member.doc)
        docs = [doc]
        if member.kind == "class" and (made := inspect.getdoc(vars(member.object).get("__init__"))):
            docs.append(read(made))  # how one is made
        content = addnodes.desc_content("", *(self.paragraph(text, member.name) for text in doc.paragraphs))
        if facts := self._facts(docs, member):
            content += facts
        for example in doc.examples:
            content += nodes.literal_block("", example.rstrip("\n"), language="pycon", classes=["api-example"])
        content += [self.entry(inner) for inner in member.members]
        entry = addnodes.desc("", signature, content, domain="py", objtype=member.kind, classes=["py", member.kind])
        entry["noindex"] = entry["no-index"] = False
        return entry

    def section(self, module: Module) -> nodes.Node:
        """Return a module's section: what it is, its members in one line each, and their entries."""
        title = nodes.title("", "", nodes.literal("", module.name.removeprefix("course_lib.")))
        section = nodes.section("", title, ids=[module.name], names=[module.name])
        self.env.get_domain("py").note_object(module.name, "module", module.name, location=section)
        section += [self.paragraph(text, module.name) for text in read(module.doc).paragraphs]
        if len(module.members) > 1:
            section += self.summary((member.last, member.name, member.summary) for member in module.members)
        section += [self.entry(member) for member in module.members]
        return section


class ApiReference(SphinxDirective):
    """`{api-reference}`: the modules in one table, then a section for each."""

    def run(self) -> list[nodes.Node]:
        """Write the page anew whenever a docstring or the registry has changed."""
        modules = all_modules()
        for package in (course_lib, autograder):
            for path in Path(str(package.__file__)).parent.rglob("*.py"):
                self.env.note_dependency(str(path))
        writer = Writer(self, modules)
        table = writer.summary((m.name.removeprefix("course_lib."), m.name, m.summary) for m in modules)
        return [table, *(writer.section(module) for module in modules)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive with Sphinx."""
    app.add_directive("api-reference", ApiReference)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
