"""The picture of a wrong array in the page: drawn, named, as wide as there is room, and of shapes and texts alone."""

import pytest

pytestmark = pytest.mark.browser

PAGE = "layer-2-backwards"
DW2 = "ps4_two_layer/compute_dW2"
WRONG = "def compute_dW2(dZ2, A1):\n    return dZ2 @ A1.T\n"
ELEMENTS = {"svg", "g", "rect", "text", "title", "line", "path", "tspan"}
ATTRIBUTES = {
    *("class", "role", "aria-label", "viewBox", "x", "y", "width", "height", "fill", "fill-opacity", "stroke"),
    *("stroke-opacity", "font-size", "font-weight", "text-anchor"),
}
FOUND = """() => [...document.querySelectorAll(".exercise-picture *")].map((each) =>
    [each.namespaceURI, each.localName, [...each.attributes].map(({ name }) => name)])"""

OPEN = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"'
RUNS = f"""{OPEN} onload="alert(1)" style="background: url(https://host.example/1)" id="x" class="exercise-check">
<script>alert(2)</script><rect onclick="alert(3)" fill="url(https://host.example/2)" width="javascript:1"/>
<animate attributeName="href" onbegin="alert(4)"/><set onend="alert(5)"/><style>@import "//host.example"</style>
<a xlink:href="javascript:alert(6)"><text>link</text></a><use href="https://host.example/3#a"/>
<image href="https://host.example/4" xlink:href="https://host.example/5"/><g constructor="1" toString="2"/>
<foreignObject><img xmlns="http://www.w3.org/1999/xhtml" src="x" onerror="alert(7)"/></foreignObject>
<x:text xmlns:x="http://www.w3.org/1999/xhtml">words</x:text><text>&lt;img src=x onerror=alert(8)></text></svg>"""
HOSTILE = {
    "runs": repr(RUNS),
    "is a page": repr('<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(9)</script></html>'),
    "is called svg": repr('<svg><script>alert(10)</script><rect onclick="alert(11)"/></svg>'),
    "breaks off": repr(f"{OPEN}><g><text>left open"),
    "is deep": f"{OPEN!r} + '>' + '<g>' * 20_000 + '</g>' * 20_000 + '</svg>'",
    "is long": f"{OPEN!r} + '><text>' + 'a' * 300_000 + '</text></svg>'",
    "grows": f"""'<!DOCTYPE svg [<!ENTITY a "' + 'b' * 9000 + '">]>' + {OPEN!r} + '>' + '&a;' * 9000 + '</svg>'""",
    "has entities": repr(f'<!DOCTYPE svg [<!ENTITY a SYSTEM "https://host.example/6">]>{OPEN}><text>&a;</text></svg>'),
    "is no text": "5",
}
"""What Python might say in the place of a drawing, as Python."""
FORGED = """
import session
session._verdict = lambda *verdict: {{"passed": False, "sign": "", "heading": "forged", "picture": {picture}}}
"""


def test_a_wrong_array_is_drawn_beside_the_measured_one_with_their_ratio(visit):
    here = visit(PAGE)
    cell = here.cell(DW2)
    assert cell.check(WRONG).mistake == "missing-mean"
    picture = cell.root.get_by_role("img", name="yours is 6 times the measured array everywhere, which is m.")
    assert picture.count() == 1
    assert {"yours", "measured", "ratio", "6", "(3, 2), n2 x n1"} <= set(picture.locator("text").all_text_contents())
    sentence = "With n0 = 4, n1 = 2, n2 = 3, m = 6 yours is 6 times the measured array everywhere, which is m."
    assert sentence in cell.shown().text
    assert {name for _, name, _ in here.page.evaluate(FOUND)} == {"svg", "g", "rect", "text"}
    for width in (1280, 390):
        here.page.set_viewport_size({"width": width, "height": 800})
        box, room = picture.bounding_box(), cell.root.bounding_box()
        assert room["x"] <= box["x"]
        assert box["x"] + box["width"] <= room["x"] + room["width"]
        assert box["width"] > 200
    ink = "getComputedStyle(document.querySelector('.exercise-picture text')).fill"
    light = here.page.evaluate(ink)
    here.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert here.page.evaluate(ink) != light
    assert cell.check(cell.solution).passed == "true"
    assert cell.root.locator(".exercise-picture").count() == 0
    assert here.wrong == []


def test_of_a_hostile_drawing_nothing_is_left_but_shapes_and_texts(visit):
    here = visit(PAGE)
    cell = here.cell(DW2)
    left = {}
    for name, picture in HOSTILE.items():
        assert "forged" in cell.check(FORGED.format(picture=picture) + WRONG).text, name
        found = here.page.evaluate(FOUND)
        assert {space for space, _, _ in found} <= {"http://www.w3.org/2000/svg"}, name
        assert {element for _, element, _ in found} <= ELEMENTS, name
        assert {each for _, _, attributes in found for each in attributes} <= ATTRIBUTES, name
        left[name] = [element for _, element, _ in found]
    assert "text" in left["runs"]
    nothing = ("is a page", "is called svg", "is long", "grows", "has entities", "is no text")
    assert {name: left[name] for name in nothing} == {name: [] for name in nothing}
    assert len(left["is deep"]) < 10
    here.page.wait_for_timeout(200)
    refused = "violates the following Content Security Policy"  # what the page says of a drawing that is only read
    assert [said for said in here.wrong if refused not in said] == []
    assert here.foreign == []
