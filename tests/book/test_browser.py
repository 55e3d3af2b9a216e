"""The built site in a browser: on no page an error, a foreign request, a finding of axe, or a sideways scroll."""

import gzip
import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote_plus

import numpy as np
import pytest
from PIL import Image

from tests.book.conftest import BOOK, load_build_script, module_of_book

pytestmark = pytest.mark.browser

PAGES = [*load_build_script().pages(), "search"]
SCHEMES = ("light", "dark")
LARGEST = 500_000  # bytes of a page with all that it loads, as they are sent
INTERACTIVE = {
    "neuron": "a-neuron",
    "warp": "forward-pass",
    "epsilon": "gradient-checking",
    "rate": "training",
}
"""The interactive pictures by the id of their figure, with their pages."""

UNFOLD = """() => {
    const style = document.createElement('style');
    style.textContent = '* { animation: none !important; transition: none !important }';
    document.head.append(style);
    document.querySelectorAll('details').forEach(each => { each.open = true });
}"""
"""Shows everything that is folded, without its fading in, and colours at once."""

LAID_OUT = "html[data-measured]"
"""What a page is once all of it is laid out, though a part may be far from the window."""

EMPTIED = """() => {
    const drawn = [...document.querySelectorAll('.katex-html')];
    const boxes = drawn.map(each => each.getBoundingClientRect());
    window.emptied = drawn.map((each, k) => {
        const before = [each, [...each.childNodes], each.style.cssText];
        each.replaceChildren();
        each.style.cssText = `display: inline-block; width: ${boxes[k].width}px; height: ${boxes[k].height}px`;
        return before;
    });
    const seen = new Map();
    const kind = each => `${each.className} ${each.closest('.highlight').parentElement.className}`;
    for (const each of document.querySelectorAll('.highlight span:not(:has(*))')) {
        const so_far = seen.get(kind(each)) ?? 0;
        seen.set(kind(each), so_far + 1);
        if (so_far >= 3) each.replaceWith(each.textContent);
    }
    for (const each of [...document.querySelectorAll('.katex-mathml > math')].slice(20)) {
        if (each.closest('a, button, summary, th, label, :is(h1, h2, h3, h4)')) continue; // it is their name
        window.emptied.push([each, [...each.childNodes], each.style.cssText]);
        each.replaceChildren();
    }
}"""
FILLED = """() => window.emptied.forEach(([each, children, style]) => {
    each.replaceChildren(...children);
    each.style.cssText = style;
})"""
"""Empties the half of each formula that is drawn, and leaves its room; of the half that is read, and of tokens of code
of one kind in one kind of box, some are left: axe would walk through all of them, unasked. And fills formulas again."""

AXE = {
    "light": {"rules": {"target-size": {"enabled": True}}},
    "dark": {"runOnly": ["color-contrast"]},
    "phone": {"runOnly": ["target-size"]},
}
"""What axe looks for: dark pages differ from light ones in their colours alone, and a phone's in their sizes."""

CROWDED = """() => [...document.querySelectorAll('.asked-here')]
    .map(each => each.getBoundingClientRect().top)
    .map((top, k, tops) => top - tops[k - 1])
    .filter(between => between < 900)"""
"""How far two questions are from each other that are on one screen."""

CUT = """() => [...document.querySelectorAll('article *')].filter(each => {
    if (each.closest('.katex-mathml, svg') || !each.getClientRects().length) return false;
    const box = each.getBoundingClientRect();
    return box.width > 1 && box.right > document.documentElement.clientWidth + 1;
}).map(each => `${each.tagName}.${each.className}: ${each.textContent.slice(0, 60)}`)"""
"""What reaches over the right edge of the paper."""


@dataclass
class Visit:
    """What one visit to a page showed."""

    wrong: list[str] = field(default_factory=list)
    sent: int = 0
    axe: list[str] = field(default_factory=list)
    phone: int = 0
    crowded: list[float] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def address(site):
    with module_of_book("pdf").served(site) as address:
        yield address


@pytest.fixture
def visit(browser, address):
    """Open a page in a fresh profile; return it with everything that went wrong."""
    contexts = []

    def open_page(name: str, scheme: str = "light", width: int = 1280, query: str = "", **options: object):
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page, wrong = context.new_page(), []
        page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda r: wrong.append(f"failed: {r.url}"))
        page.on("response", lambda r: wrong.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
        page.on(
            "request", lambda r: None if r.url.startswith((address, "data:")) else wrong.append(f"foreign: {r.url}")
        )
        page.goto(f"{address}{name}.html{query}", wait_until="load")
        return page, wrong

    yield open_page
    for context in contexts:
        context.close()


def weight(path: Path) -> int:
    """Return how many bytes of a file are sent: text goes by gzip."""
    data = path.read_bytes()
    return len(data) if path.suffix in (".woff2", ".woff", ".png") else len(gzip.compress(data, 6))


def findings(page, *kinds: str) -> list[str]:
    """Return what axe finds on a page that is light, then dark, or on a phone.

    The half of a formula that is drawn, twenty thousand elements, is hidden from screen readers and not looked at.
    """
    page.evaluate((BOOK / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    page.evaluate(EMPTIED)
    found = []
    for kind in kinds:
        if kind in SCHEMES:
            page.emulate_media(color_scheme=kind)
            page.wait_for_selector(f"html[data-theme={kind}]", state="attached")
        options = {"resultTypes": ["violations"]} | AXE[kind]
        found += page.evaluate("options => axe.run({exclude: ['.katex-html']}, options)", options)["violations"]
    page.evaluate(FILLED)
    return [f"{one['impact']} {one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


@pytest.fixture(scope="module")
def visits():
    """What the visits showed that have been made, so that each page is opened once in each mode."""
    return {}


@pytest.fixture
def seen(visit, visits, site, address):
    """Return what a visit to a page shows, which becomes dark, is printed, and becomes a phone's."""

    def look(name: str) -> Visit:
        if name not in visits:
            page, wrong = visit(name)
            page.wait_for_timeout(100)
            loaded = page.evaluate("performance.getEntriesByType('resource').map(each => each.name)")
            files = {url.removeprefix(address).partition("?")[0] for url in [*loaded, f"{address}{name}.html"]}
            shown = Visit(wrong, sum(weight(site / file) for file in files))
            page.wait_for_selector(LAID_OUT, state="attached")
            shown.crowded = page.evaluate(CROWDED)
            page.evaluate(UNFOLD)
            shown.axe = findings(page, "light", "dark")
            page.emulate_media(media="print")
            page.set_viewport_size({"width": 877, "height": 1200})  # the paper's width at the scale of pdf.py
            shown.cut = page.evaluate(CUT)
            page.emulate_media(media="screen")
            page.set_viewport_size({"width": 375, "height": 800})
            shown.phone = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            shown.axe += findings(page, "phone")
            visits[name] = shown
        return visits[name]

    return look


class Pages:
    """What holds on each page; in two halves, for two processes."""

    def test_a_page_opens_and_changes_cleanly(self, seen, name):
        assert seen(name).wrong == []

    def test_a_page_that_is_dark_from_the_start_opens_cleanly(self, visit, name):
        page, wrong = visit(name, "dark")
        page.wait_for_timeout(100)
        assert wrong == []

    def test_a_page_has_nothing_that_axe_finds_light_or_dark(self, seen, name):
        assert seen(name).axe == []

    def test_a_page_does_not_scroll_sideways_on_a_phone(self, seen, name):
        assert seen(name).phone <= 0

    def test_a_page_is_light_enough_to_be_loaded_on_the_way(self, seen, name):
        assert 20_000 < seen(name).sent < LARGEST

    def test_a_page_never_asks_twice_on_one_screen(self, seen, name):
        assert seen(name).crowded == []

    def test_nothing_of_a_page_is_cut_off_on_paper(self, seen, name):
        assert seen(name).cut == []


@pytest.mark.parametrize("name", PAGES[::2])
class TestOnePage(Pages):
    """Every other page."""


@pytest.mark.parametrize("name", PAGES[1::2])
class TestAnotherPage(Pages):
    """The pages in between."""


def test_axe_sees_a_fault_and_so_does_the_look_at_the_paper(visit):
    page, _ = visit("layer-2-backwards")
    page.evaluate(
        """document.querySelector('article').insertAdjacentHTML('afterbegin',
           '<p style="color: #ddd; background: #fff">pale</p><p style="width: 3000px">wide</p>')"""
    )
    page.wait_for_selector(LAID_OUT, state="attached")
    page.evaluate(UNFOLD)
    assert [one.partition(":")[0] for one in findings(page, "light")] == ["serious color-contrast"]
    page.evaluate("document.querySelector('article').insertAdjacentHTML('afterbegin', '<p style=color:#333>dim</p>')")
    assert len(findings(page, "light")) == 1
    assert len(findings(page, "dark")) == 2
    page.evaluate(
        """document.querySelector('article').insertAdjacentHTML('afterbegin',
           '<button style="display: block; padding: 0; height: 9px">a</button>'.repeat(3))"""
    )
    assert {one.partition(":")[0] for one in findings(page, "phone")} == {"serious target-size"}
    assert any("wide" in one for one in page.evaluate(CUT))


def test_formulas_have_the_contrast_of_the_text_in_both_modes(visit):
    for scheme in SCHEMES:
        page, _ = visit("layer-2-backwards", scheme)
        text = page.evaluate("getComputedStyle(document.querySelector('article p')).color")
        formulas = page.evaluate(
            "[...document.querySelectorAll('article p .katex-html')].map(e => getComputedStyle(e).color)"
        )
        assert set(formulas) == {text}


def test_the_page_follows_the_readers_colour_scheme(visit):
    def brightness(scheme):
        page, _ = visit("layer-2-backwards", scheme)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])

    assert brightness("light") > 600
    assert brightness("dark") < 200


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_has_its_colours_before_the_scripts_of_the_theme_have_come(browser, address, scheme):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.route("**/*.js*", lambda route: route.abort())
    page.goto(f"{address}many-examples.html")
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    paper = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--course-paper')")
    assert paper == {"light": "#fdfcf9", "dark": "#16191e"}[scheme]
    context.close()


def test_pictures_have_the_ink_of_the_page_in_both_modes(visit):
    for scheme, bright in (("light", False), ("dark", True)):
        page, _ = visit("gradient-checking", scheme)
        inks = page.evaluate("[...document.querySelectorAll('svg.picture')].map(s => getComputedStyle(s).color)")
        backgrounds = page.evaluate(
            "[...document.querySelectorAll('.cell_output .text_html')].map(e => getComputedStyle(e).backgroundColor)"
        )
        assert inks
        assert all((int(ink[4:].split(",")[0]) > 128) is bright for ink in inks)
        assert set(backgrounds) == {"rgba(0, 0, 0, 0)"}


@pytest.mark.parametrize("name", ["training", "ten-thousand-students"])
def test_a_page_is_laid_out_to_its_end_before_a_reader_comes_there(visit, name):
    page, _ = visit(name, width=375)
    page.wait_for_selector(LAID_OUT, state="attached")
    passed_over = """[...document.querySelectorAll('article section > *')].filter(each =>
        !each.checkVisibility({contentVisibilityAuto: true}) && each.checkVisibility()).length"""
    assert page.evaluate(passed_over) == 0
    assert page.locator(".later").count() == 0
    # A picture of the whole page, as browsers make it, has ink down to the end.
    picture = np.asarray(Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("L"))
    assert len(picture) > 5 * 800
    empty = [top for top in range(0, len(picture), 800) if picture[top : top + 800].std() < 2]
    assert empty == []


def test_what_is_read_stays_in_its_place_while_the_page_is_laid_out_and_when_it_is_loaded_again(visit):
    page, _ = visit("training", width=375, query="#exercises")
    heading = page.locator("#exercises > h2")
    first = heading.bounding_box()["y"]
    assert 0 <= first < 200
    page.wait_for_selector(LAID_OUT, state="attached")
    assert page.evaluate("document.querySelector('#exercises').offsetTop") > 12_000
    page.wait_for_timeout(300)
    assert heading.bounding_box()["y"] == pytest.approx(first, abs=2)
    page.mouse.wheel(0, 300)
    page.wait_for_timeout(300)
    page.reload()
    page.wait_for_selector(LAID_OUT, state="attached")
    assert heading.bounding_box()["y"] == pytest.approx(first - 300, abs=2)


def test_a_wide_formula_scrolls_in_its_own_box_and_the_keyboard_reaches_it(visit):
    page, _ = visit("layer-2-backwards", width=375, bypass_csp=True)  # playwright waits by eval
    page.wait_for_selector(LAID_OUT, state="attached")
    page.evaluate("window.displayed = [...document.querySelectorAll('.katex-display:not(details:not([open]) *)')]")
    wide = page.evaluate(
        """window.displayed.filter(e => e.scrollWidth > e.clientWidth)
           .map(e => getComputedStyle(e).overflowX)"""
    )
    assert wide
    assert set(wide) == {"auto"}
    page.evaluate(
        """window.displayed.find(e => e.scrollWidth > e.clientWidth)
           .scrollIntoView()"""
    )
    page.wait_for_function("""window.displayed.find(e => e.scrollWidth > e.clientWidth).tabIndex === 0""")
    fitting = page.evaluate(
        """window.displayed.filter(e => e.scrollWidth <= e.clientWidth)
           .map(e => e.hasAttribute('tabindex'))"""
    )
    assert not any(fitting)


def test_a_wide_table_scrolls_in_its_own_box(visit):
    page, _ = visit("notation", width=375)
    boxes = page.evaluate(
        """[...document.querySelectorAll('article table')].map(t => t.closest('.pst-scrollable-table-container'))
           .map(e => e && getComputedStyle(e).overflowX)"""
    )
    assert boxes
    assert set(boxes) == {"auto"}


def test_a_reference_to_an_equation_leads_to_it(visit):
    page, _ = visit("equations")
    page.click("main a[href$='#equation-eq-two-layer-dw2']")
    page.wait_for_url("**/layer-2-backwards.html#equation-eq-two-layer-dw2")
    formula = page.locator("#equation-eq-two-layer-dw2")
    assert formula.is_visible()
    page.wait_for_timeout(300)
    assert 0 <= formula.bounding_box()["y"] < 700


def test_a_solution_is_folded_until_it_is_asked_for_by_mouse_or_keyboard(visit):
    page, _ = visit("forward-pass")
    for number, ask in enumerate((lambda summary: summary.click(), lambda summary: summary.press("Enter"))):
        solution = page.locator("details.solution").nth(number)
        body = solution.locator("section p").first
        assert not body.is_visible()
        ask(solution.locator("summary"))
        body.wait_for(state="visible")


def test_the_reader_can_choose_dark_by_the_button(visit):
    page, wrong = visit("index")
    for _ in range(3):
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
        page.locator("button.theme-switch-button").first.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert wrong == []


def test_the_keyboard_reaches_the_text_first_and_opens_the_search(visit):
    page, _ = visit("layer-2-backwards")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Skip to main content"
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("keepdims")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=keepdims**")


QUESTIONS = {
    "why 1/m only in dW": {"layer-2-backwards", "one-over-m"},
    "why sum for db": {"layer-2-backwards", "many-examples"},
    "where does the transpose come from": {"many-examples", "layer-2-backwards"},
    "why not start at zero": {"initialization"},
    "how large should epsilon be": {"gradient-checking"},
    "* or @": {"many-examples", "vectorizing"},
    "keepdims": {"layer-2-backwards", "many-examples"},
    "missing-mean": {"mistakes"},
}
"""What learners ask, in their words, with pages of which one at least must be among the first found."""


@pytest.mark.parametrize("asked", QUESTIONS)
def test_search_finds_what_a_learner_asks(visit, asked):
    page, wrong = visit("search", query="?q=" + quote_plus(asked))
    page.wait_for_selector("#search-results ul.search li", timeout=15_000)
    page.wait_for_selector("#search-results p.search-summary:has-text('found')", timeout=15_000)
    links = page.evaluate("[...document.querySelectorAll('#search-results li > a')].map(a => a.getAttribute('href'))")
    found = [link.partition(".html")[0].removeprefix("./") for link in links]
    assert QUESTIONS[asked] & set(found[:8]), found
    assert wrong == []


@pytest.mark.parametrize("name", ["a-neuron", "layer-2-backwards", "training"])
def test_a_page_can_be_read_without_javascript(visit, name):
    page, wrong = visit(name, java_script_enabled=False)
    assert wrong == []
    formulas = page.locator("article .katex-display .katex-html")
    assert formulas.count() > 5
    formulas.first.scroll_into_view_if_needed()
    assert formulas.first.bounding_box()["height"] > 10
    assert formulas.first.evaluate("e => getComputedStyle(e).getPropertyValue('--course-paper')")
    solution = page.locator("details.solution").first
    solution.locator("summary").click()
    assert solution.locator("section p").first.is_visible()
    assert not page.locator(".pst-js-only:visible").count()
    for figure in page.locator("figure.interactive").all():
        assert figure.locator("svg.picture").first.bounding_box()["width"] > 200
        assert not figure.locator("[role=group]").is_visible()


def moves(page, control, figure):
    """Press keys on a control; return whether the picture and the words beside it followed."""

    def drawn_and_said():
        drawn = figure.evaluate("e => [...e.querySelectorAll('path, circle')].map(p => p.outerHTML).join()")
        words = figure.evaluate("e => [...e.querySelectorAll('output, p, label')].map(p => p.textContent).join()")
        return drawn, (words, control.get_attribute("aria-valuetext"))

    before, said = drawn_and_said()
    control.focus()
    lowest = control.evaluate("e => e.value === e.min")
    for _ in range(3):
        page.keyboard.press("ArrowRight" if lowest else "ArrowLeft")
    after, now = drawn_and_said()
    return before != after, said != now


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 375)])
@pytest.mark.parametrize("id", INTERACTIVE)
def test_an_interactive_picture_follows_the_keyboard_and_says_what_it_shows(visit, id, scheme, width):
    page, wrong = visit(INTERACTIVE[id], scheme, width)
    figure = page.locator(f"#{id}")
    figure.scroll_into_view_if_needed()
    assert figure.locator("[role=group]").first.is_visible()
    sliders = figure.get_by_role("slider").all()
    assert sliders
    for slider in sliders:
        name = slider.evaluate("e => [...e.labels].map(label => label.textContent.trim()).join()")
        assert len(name) > 1
        assert slider.bounding_box()["width"] >= 80
        assert moves(page, slider, figure) == (True, True), name
    box = figure.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert figure.locator("[aria-live]").first.text_content().strip().endswith(".")
    ink = figure.locator("svg.picture").first.evaluate("e => getComputedStyle(e).color")
    assert (int(ink[4:].split(",")[0]) > 128) is (scheme == "dark")
    assert wrong == []


@pytest.mark.parametrize("id", INTERACTIVE)
def test_an_interactive_picture_shows_first_what_its_script_draws_first(visit, id):
    drawn = {}
    for script in (True, False):
        page, _ = visit(INTERACTIVE[id], java_script_enabled=script)
        drawn[script] = page.locator(f"#{id} svg.picture").all()
        drawn[script] = [picture.locator("path").all() for picture in drawn[script]]
        drawn[script] = [[path.get_attribute("d") for path in paths] for paths in drawn[script]]
    for with_script, without in zip(drawn[True], drawn[False], strict=True):
        assert len(with_script) == len(without)
        for one, other in zip(with_script, without, strict=True):
            numbers = [[float(x) for x in re.findall(r"-?\d+\.?\d*", d)] for d in (one, other)]
            assert numbers[0] == pytest.approx(numbers[1], abs=0.11)
