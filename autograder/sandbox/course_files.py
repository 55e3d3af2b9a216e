"""The parts of the course's library that a guest may import, as texts: whole modules, or some names of one."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_REST = """

def __getattr__(name):
    from autograder.guest.stand_in import attribute

    return attribute(__name__, name)
"""


def course_files(package: Path, parts: Iterable[str]) -> dict[str, str]:
    """Return the files that guests find, by their relative paths.

    What an allowed module imports from the package without being allowed itself becomes a module in which every name
    is withheld: it can be imported, so that the allowed module loads, and not used. Any other module does not exist.

    Parameters
    ----------
    package : its directory
    parts : what is allowed: a module ("datasets"), a package or a directory with all its files ("plotting", "data"),
        or some names of a module, with what they need ("activations:sigmoid,sigmoid_prime")

    Raises
    ------
    ValueError
        If there is no such part.
    """
    package = package.resolve()
    name = package.name
    files = {f"{name}/__init__.py": ""}
    for part in parts:
        module, colon, names = part.partition(":")
        whole, file = package / module, package / f"{module}.py"
        if not re.fullmatch(r"\w+(/\w+)*", module):
            raise ValueError(f"{name} has no part {part!r}")
        if colon and file.is_file():
            files[f"{name}/{module}.py"] = some_names_of(file.read_text(encoding="utf-8"), names.split(","))
        elif file.is_file():
            files[f"{name}/{module}.py"] = file.read_text(encoding="utf-8")
        elif whole.is_dir() and not colon:
            for path in sorted(whole.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    files[f"{name}/{path.relative_to(package).as_posix()}"] = path.read_text(encoding="utf-8")
        else:
            raise ValueError(f"{name} has no part {part!r}")
    texts = [text for path, text in files.items() if path.endswith(".py")]
    for module in sorted({module for text in texts for module, _ in imported(name, text)}):
        stem = module.replace(".", "/")
        known = f"{stem}.py" in files or f"{stem}/__init__.py" in files
        if not known and (package.parent / f"{stem}.py").is_file():
            files[f"{stem}.py"] = f'"""Withheld while a notebook is graded."""{_REST}'
    return files


def modules_of(files: Mapping[str, str]) -> list[str]:
    """Return the names of the modules among the files."""
    paths = sorted(path.removesuffix(".py").removesuffix("/__init__") for path in files if path.endswith(".py"))
    return [path.replace("/", ".") for path in paths]


def imported(package: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield the modules that a text imports from a package, by their full names, each with a name in it or ""."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.startswith(f"{package}."))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module == package:
                yield from ((f"{package}.{alias.name}", "") for alias in node.names)
            elif node.module.startswith(f"{package}."):
                yield from ((node.module, alias.name) for alias in node.names)


def some_names_of(text: str, names: Iterable[str]) -> str:
    """Return a module's text with some top-level names and their dependencies; withhold all other names.

    Raises
    ------
    ValueError
        If it defines no such name.
    """
    defining: dict[str, ast.stmt] = {}
    imports: list[ast.Import | ast.ImportFrom] = []
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports.append(statement)
        for name in _defined_by(statement):
            defining[name] = statement
    imported = {alias.asname or alias.name for statement in imports for alias in statement.names}
    waiting = list(names)
    kept: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in defining and name in imported:
            continue  # every import is kept
        if name not in defining:
            raise ValueError(f"the module defines no {name}")
        if name not in kept:
            kept.add(name)
            used = {node.id for node in ast.walk(defining[name]) if isinstance(node, ast.Name)}
            waiting += used & set(defining)
    statements: list[ast.stmt] = [*imports]
    for name, statement in defining.items():
        if name in kept and statement not in statements:
            statements.append(statement)
    return "\n\n".join(ast.unparse(statement) for statement in statements) + _REST


def _defined_by(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]
