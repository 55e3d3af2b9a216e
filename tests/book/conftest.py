"""What the tests of the book share: its build script, its sources, its built pages."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import not_here

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
HTML = BOOK / "_build" / "html"


def load_build_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("book_build", BOOK / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def module_of_book(name: str, folder: str = "") -> ModuleType:
    """Import a module of the book's folder, which is no package, as its build script does."""
    place = str(BOOK / folder)
    sys.path.insert(0, place)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(place)


@pytest.fixture(scope="session")
def build_script() -> ModuleType:
    return load_build_script()


@pytest.fixture(scope="session")
def book() -> Path:
    return BOOK


@pytest.fixture(scope="session")
def sources(build_script) -> dict[str, str]:
    """The text of every page in the table of contents, by name."""
    return {page: (BOOK / f"{page}.md").read_text(encoding="utf-8") for page in build_script.pages()}


@pytest.fixture(scope="session")
def chapters(sources) -> dict[str, str]:
    """The pages that run code."""
    return {name: text for name, text in sources.items() if re.search(r"^```\{code-cell\}", text, re.MULTILINE)}


@pytest.fixture(scope="session")
def site() -> Path:
    if not (HTML / "index.html").exists():
        not_here("the book is not built; run: python book/build.py")
    return HTML
