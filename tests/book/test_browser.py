"""The built site in a browser: no error, no foreign request, no sideways scroll, in light and dark."""

import functools
import http.server
import shutil
import threading

import pytest

from tests.book.conftest import load_build_script, not_here

pytestmark = pytest.mark.browser

PAGES = [*load_build_script().pages(), "search"]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOOKS = {"light": ("light", 1280), "dark": ("dark", 1280), "phone": ("light", 375), "dark-phone": ("dark", 375)}


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(site):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=site))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser(site):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        not_here("no Chromium on this machine; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, address):
    """Open a page in a fresh profile; return it with everything that went wrong."""
    contexts = []

    def open_page(name: str, look: str):
        scheme, width = LOOKS[look]
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
        contexts.append(context)
        page, wrong = context.new_page(), []
        page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda r: wrong.append(f"failed: {r.url}"))
        page.on("response", lambda r: wrong.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
        page.on(
            "request", lambda r: None if r.url.startswith((address, "data:")) else wrong.append(f"foreign: {r.url}")
        )
        page.goto(f"{address}{name}.html", wait_until="networkidle")
        return page, wrong

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_cleanly_and_does_not_scroll_sideways(visit, name, look):
    page, wrong = visit(name, look)
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_page_follows_the_readers_colour_scheme(visit):
    def brightness(look):
        page, _ = visit("layer-2-backwards", look)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])

    assert brightness("light") > 600
    assert brightness("dark") < 200


def test_pictures_have_the_ink_of_the_page_in_both_modes(visit):
    for look, bright in (("light", False), ("dark", True)):
        page, _ = visit("gradient-checking", look)
        inks = page.evaluate("[...document.querySelectorAll('svg.picture')].map(s => getComputedStyle(s).color)")
        backgrounds = page.evaluate(
            "[...document.querySelectorAll('.cell_output .text_html')].map(e => getComputedStyle(e).backgroundColor)"
        )
        assert inks
        assert all((int(ink[4:].split(",")[0]) > 128) is bright for ink in inks)
        assert set(backgrounds) == {"rgba(0, 0, 0, 0)"}


def test_a_wide_formula_scrolls_in_its_own_box(visit):
    page, _ = visit("layer-2-backwards", "phone")
    wide = page.evaluate(
        """[...document.querySelectorAll('.katex-display')]
           .filter(e => e.scrollWidth > e.clientWidth + 1 || e.querySelector('.katex-html').scrollWidth > e.clientWidth)
           .map(e => [e, e.querySelector('.katex-html')].some(b => getComputedStyle(b).overflowX === 'auto'))"""
    )
    assert wide
    assert all(wide)


def test_a_reference_to_an_equation_leads_to_it(visit):
    page, _ = visit("equations", "light")
    page.click("main a[href$='#equation-eq-two-layer-dw2']")
    page.wait_for_url("**/layer-2-backwards.html#equation-eq-two-layer-dw2")
    assert page.locator("#equation-eq-two-layer-dw2").is_visible()


def test_a_solution_is_folded_until_it_is_asked_for(visit):
    page, _ = visit("forward-pass", "light")
    solution = page.locator("div.solution").first
    body = solution.locator("p:not(.admonition-title)").first
    assert not body.is_visible()
    solution.locator("button, .admonition-title").first.click()
    body.wait_for(state="visible")


def test_the_reader_can_choose_dark_by_the_button(visit):
    page, wrong = visit("index", "light")
    for _ in range(3):
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
        page.locator("button.theme-switch-button").first.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert wrong == []
