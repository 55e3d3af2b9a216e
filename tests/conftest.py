"""What all tests share: one Chromium, and the part of the nightly list that a gate draws."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
from hypothesis import settings

settings.register_profile("course", deadline=None)  # tests run side by side: what an example takes says nothing
settings.load_profile("course")

PARTS = 12
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Where it may be; the first one has no window, and takes half of the time to open a page."""
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that draws."""
    parser.addoption("--twelfth", metavar="ID", help="of the tests marked nightly, run the twelfth that this id draws")


def drawn(nodeid: str, id: str) -> bool:
    """Return whether a commit's id draws a test: one in twelve, and the same ones each time."""
    return int(hashlib.sha256(f"{id} {nodeid}".encode()).hexdigest(), 16) % PARTS == 0


@pytest.hookimpl(tryfirst=True)  # before xdist writes its groups into the names
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the nightly tests that are not drawn, and those that are never drawn."""
    id = config.getoption("twelfth")
    if not id:
        return
    left_out = {
        item
        for item in items
        if item.get_closest_marker("nightly") and (item.get_closest_marker("hours") or not drawn(item.nodeid, id))
    }
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Call it no failure where an id draws none of few tests."""
    if session.config.getoption("twelfth") and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        session.exitstatus = pytest.ExitCode.OK


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was drawn, and how to draw it again."""
    if id := config.getoption("twelfth"):
        terminalreporter.write_line(f"Of the nightly tests, the twelfth that {id} draws; again: make test-all ID={id}")


def not_here(reason: str) -> NoReturn:
    """Skip on a user's machine; fail where everything is required."""
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def launched() -> Iterator[Callable[..., Any]]:
    """A way to start Chromium, with more flags if need be; it is ended with the tests.

    The one place that starts playwright: two at once in a process do not get on.
    """
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if executable is None:
        not_here("there is no Chromium on this machine; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = []

        def launch(*more: str) -> Any:
            started.append(playwright.chromium.launch(executable_path=executable, args=[*FLAGS, *more]))
            return started[-1]

        yield launch
        for browser in started:
            browser.close()


@pytest.fixture(scope="session")
def browser(launched: Callable[..., Any]) -> Any:
    """Chromium, for whoever needs nothing special."""
    return launched()
