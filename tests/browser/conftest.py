"""What the tests of the pages' exercises share: Chromium, the built site, and a hand on one cell."""

import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.book.conftest import HTML, book, build_script, module_of_book, site, sources
from tests.conftest import not_here

__all__ = ["book", "build_script", "site", "sources"]  # fixtures of the book's tests

KEY = "backprop-course:1:"
STARTS = 60_000
"""Milliseconds that Python may take to load on a busy machine."""
OF_CHROMIUM = re.compile(r"^[A-Z]+ (?:https?://)?(?!fonts|ajax|www)[\w.-]+\.(?:googleapis|google|gvt1)\.com[:/]")
"""What the browser itself asks its maker, about updates and about forms; no page has anything to ask there."""


@dataclass
class Shown:
    """What a cell shows after a check."""

    text: str
    passed: str | None
    mistake: str | None


class Cell:
    """One exercise in a page."""

    def __init__(self, page: Any, name: str) -> None:
        self.page, self.name = page, name
        self.root = page.locator(f'.exercise-cell[data-cell="{name}"]')

    @property
    def solution(self) -> str:
        return self.root.locator(".exercise-solution pre").text_content().rstrip("\n")

    @property
    def stub(self) -> str:
        return self.root.locator(".exercise-stub pre").text_content().rstrip("\n")

    @property
    def text(self) -> str:
        field = self.root.locator(".exercise-field")
        if field.count():
            return field.input_value()
        return "\n".join(self.root.locator(".cm-line").all_text_contents())

    def write(self, text: str) -> None:
        """Put a text in as a reader does: by the keyboard, once the editor is there."""
        field = self.root.locator(".exercise-field")
        if field.count():
            field.focus()
        editor = self.root.locator(".cm-content")
        editor.wait_for()
        editor.focus()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)

    def shown(self) -> Shown:
        verdict = self.root.locator(".exercise-verdict")
        found = verdict.count() == 1
        return Shown(
            self.root.locator(".exercise-status").inner_text(),
            verdict.get_attribute("data-passed") if found else None,
            verdict.get_attribute("data-mistake") if found else None,
        )

    def wait(self, state: str = "done") -> None:
        selector = f'.exercise-cell[data-cell="{self.name}"][data-state="{state}"]'
        self.page.locator(selector).wait_for(timeout=2 * STARTS, state="attached")

    def check(self, text: str | None = None) -> Shown:
        if text is not None:
            self.write(text)
        self.root.locator(".exercise-check").click()
        self.wait()
        return self.shown()


@pytest.fixture(scope="session")
def session_module() -> ModuleType:
    """`session.py`, run by this Python instead of the browser's."""
    exercises = HTML.parent / "exercises.json"
    if not exercises.is_file():
        not_here("the book is not built; run: python book/build.py")
    session = module_of_book("session", "live")
    session.load(json.loads(exercises.read_text(encoding="utf-8")))
    return session


@pytest.fixture(scope="session")
def exercises() -> dict[str, dict[str, Any]]:
    """Every exercise by its cell, such as "ps4_two_layer/compute_dW2"."""
    path = HTML.parent / "exercises.json"
    if not path.is_file():
        not_here("the book is not built; run: python book/build.py")
    rows = json.loads(path.read_text(encoding="utf-8"))["assignments"]
    return {f"{row['name']}/{each['function']}": each for row in rows for each in row["exercises"]}


class Eavesdropper(http.server.BaseHTTPRequestHandler):
    """A proxy that lets nothing through and keeps what was asked for."""

    asked: list[str]

    def refuse(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        self.send_error(403)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.refuse
        raise AttributeError(name)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="session")
def proxy() -> Iterator[tuple[str, list[str]]]:
    """The address of a proxy that a browser has to any machine but this one, and all that it was asked for there.

    Whatever asks, a page, a worker or the browser itself, is heard.
    """
    asked: list[str] = []
    listening = type("Listening", (Eavesdropper,), {"asked": asked})
    with QuietServer(("127.0.0.1", 0), listening) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


class QuietServer(http.server.ThreadingHTTPServer):
    """Says nothing of readers who leave while a file is on its way."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@pytest.fixture(scope="session")
def site_address(site: Path) -> Iterator[str]:
    with module_of_book("pdf").served(site) as address:
        yield address


@pytest.fixture(scope="session")
def chromium(launched: Callable[..., Any], proxy: tuple[str, list[str]]) -> Any:
    return launched(f"--proxy-server={proxy[0]}")


class Visit:
    """A page in a fresh profile, with everything that it asked for and all that went wrong."""

    def __init__(self, context: Any, address: str, name: str, eavesdropped: list[str], *, script: bool = True) -> None:
        self.context, self.address, self.script = context, address, script
        self.eavesdropped, self.before = eavesdropped, len(eavesdropped)
        self.page = context.new_page()
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("console", lambda m: self.wrong.append(m.text) if m.type in ("error", "warning") else None)
        context.on("request", lambda request: self.asked.append(request.url))
        self.open(name)

    def open(self, name: str) -> None:
        self.page.goto(f"{self.address}{name}.html", wait_until="load")
        self.wait()

    def wait(self) -> None:
        """Wait until every cell is a place to write in, which is a moment after the page is there."""
        if not self.script:
            return
        for waits in (".exercise-cell:not(.exercise-live)", ".cell.tag_live:not(:has(.live-cell))"):
            self.page.locator(waits).first.wait_for(state="detached")

    def cell(self, name: str) -> Cell:
        return Cell(self.page, name)

    def keep(self, answers: dict[str, str]) -> None:
        """Have the browser keep texts, as if they had been written before, and load the page again."""
        entries = {KEY + cell: json.dumps({"text": text, "tried": 0}) for cell, text in answers.items()}
        self.page.evaluate("entries => Object.entries(entries).forEach(each => localStorage.setItem(...each))", entries)
        self.page.reload(wait_until="load")
        self.wait()

    @property
    def kept(self) -> dict[str, Any]:
        """What the browser keeps, by cell."""
        entries = self.page.evaluate("Object.entries(localStorage)")
        return {key.removeprefix(KEY): json.loads(text) for key, text in entries if key.startswith(KEY)}

    @property
    def foreign(self) -> list[str]:
        """Requests that left the site, or meant to."""
        host = "{0.scheme}://{0.netloc}/".format(urlsplit(self.address))
        ours = (self.address, "data:", f"blob:{host}")
        heard = [one for one in self.eavesdropped[self.before :] if not OF_CHROMIUM.search(one)]
        return [url for url in self.asked if not url.startswith(ours)] + heard


@pytest.fixture
def visit(chromium: Any, site_address: str, proxy: tuple[str, list[str]]) -> Iterator[Any]:
    contexts = []

    def open_page(name: str, **options: Any) -> Visit:
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, **options)
        contexts.append(context)
        script = options.get("java_script_enabled", True)
        return Visit(context, site_address, name, proxy[1], script=script)

    yield open_page
    for context in contexts:
        context.close()
