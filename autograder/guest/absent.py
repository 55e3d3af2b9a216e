"""Packages that are not there: importing one costs nothing, using it says what there is.

Without this, one line that a notebook could do without ends its cell, and with it every function that the cell defines.
"""

import ast
import linecache
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import Any, NoReturn

WITHHELD = {"autograder", "course_lib"}
"""What is missing of these is missing on purpose."""
CATCHING = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


class PackageNotThere(ModuleNotFoundError):
    """An error of a notebook: it uses a package that is not there."""


class AbsentName:
    """Whatever a package that is not there would hold: it can be named, and not used."""

    def __init__(self, name: str, why: str) -> None:
        """Take its full name, and what to say."""
        self.__name__ = self.__qualname__ = name
        self._why = why

    def _refuse(self, *arguments: Any, **options: Any) -> NoReturn:
        raise PackageNotThere(self._why)

    def __getattr__(self, name: str) -> "AbsentName":
        if name.startswith("__"):
            raise AttributeError(name)
        return AbsentName(f"{self.__name__}.{name}", self._why)

    def __instancecheck__(self, instance: object) -> bool:
        return False  # nothing can be one

    def __or__(self, other: Any) -> "AbsentName":
        return self  # it may stand in an annotation

    __ror__ = __or__
    __call__ = __getitem__ = __iter__ = __len__ = __contains__ = __enter__ = __exit__ = __mro_entries__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = _refuse
    __rpow__ = __matmul__ = __rmatmul__ = __neg__ = __float__ = __int__ = __array__ = __lt__ = __gt__ = _refuse


class AbsentModule(ModuleType):
    """A package, or a module of one, that is not there."""

    __all__: Sequence[str] = ()
    _why = ""

    def __getattr__(self, name: str) -> AbsentName:
        if name.startswith("__"):
            raise AttributeError(name)
        return AbsentName(f"{self.__name__}.{name}", self._why)


class AbsentFinder(MetaPathFinder, Loader):
    """Finds what nobody else has found, where a notebook, or a file beside it, imports it without a way out."""

    def __init__(self, there: Sequence[str] = ()) -> None:
        """Take the names of the packages that are there, to be told."""
        self._there = f"; there are {', '.join(there)}" if there else ""

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return a spec, or None where the import is to fail."""
        parent = fullname.rpartition(".")[0]
        if fullname in WITHHELD:
            return None
        importer = _importer()
        known = isinstance(sys.modules.get(parent), AbsentModule) if parent else not _has_way_out(importer)
        return ModuleSpec(fullname, self, is_package=True) if importer and known else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the stub of a package."""
        made = AbsentModule(spec.name)
        made._why = f"{spec.name.partition('.')[0]} is not there while a notebook is graded{self._there}"
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Run nothing."""


def _importer() -> FrameType | None:
    """Return the frame of the notebook, or of a file beside it, that imports; None where another does."""
    frame: FrameType | None = sys._getframe(2)
    while frame and frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    if frame is None:
        return None
    file = str(frame.f_globals.get("__file__", ""))
    beside = os.path.dirname(os.path.abspath(file)) == os.getcwd()  # noqa: PTH109, PTH100, PTH120  (short and early)
    return frame if frame.f_globals.get("__name__") == "__main__" or (file and beside) else None


def _has_way_out(importer: FrameType | None) -> bool:
    """Return whether the import stands where its failure is caught."""
    if importer is None:
        return True
    lines = linecache.getlines(importer.f_code.co_filename, importer.f_globals)
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return False
    guarded = (node for way_out in ast.walk(tree) for body in _guarded(way_out) for node in ast.walk(body))
    return any(isinstance(n, ast.Import | ast.ImportFrom) and n.lineno == importer.f_lineno for n in guarded)


def _guarded(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements in which an ImportError is caught by a `try`, or a `with suppress(...)`."""
    caught: Any = []
    if isinstance(node, ast.Try):
        caught = [handler.type for handler in node.handlers]
    elif isinstance(node, ast.With):
        calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
        caught = [argument for call in calls for argument in call.args]
    names = {each.id for kind in caught if kind for each in ast.walk(kind) if isinstance(each, ast.Name)}
    if isinstance(node, ast.Try | ast.With) and (names & CATCHING or None in caught):
        yield from node.body


def install(there: Sequence[str] = ()) -> None:
    """Let imports of packages that are not there go through."""
    sys.meta_path.append(AbsentFinder(there))
