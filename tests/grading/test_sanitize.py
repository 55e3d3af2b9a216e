"""What a student wrote or showed is harmless, readable, and made so in a time that grows with its length alone."""

import base64
import re
import time
from html.parser import HTMLParser

import nbformat
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nbconvert import HTMLExporter
from nbconvert.filters import strip_files_prefix
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.grade import sanitize
from tests.grading import vectors
from tests.grading.vectors import PNG, SHOWN, TEXTS, filled

OF_A_PAGE = {*sanitize.TAGS, "input", "html", "head", "body"}
ATTRIBUTES = frozenset(
    """
    align alt checked class colspan disabled height href id open rel reversed rowspan scope src start style title type
    width
    """.split()  # noqa: SIM905
)
OF_A_TASK = {("type", "checkbox"), ("class", "task-list-item-checkbox"), ("disabled", ""), ("checked", "")}
COMMAND = re.compile(rf"\\(?:{sanitize._COMMANDS})")


class Dangers(HTMLParser):
    """What in HTML could run, or load, or send, or lie about where it belongs."""

    def __init__(self, text):
        super().__init__()
        self.found, self.inside = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.inside += [tag] if tag in ("pre", "code") else []
        if tag not in OF_A_PAGE:
            self.found.append(tag)
        for name, value in attributes:
            value, asked = value or "", f"{tag} {name}={value}"
            if name not in ATTRIBUTES or name.startswith("on"):
                self.found.append(asked)
            if name == "href" and not re.match(r"https?://|mailto:|#", value):
                self.found.append(asked)
            if name == "src" and not re.match(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[\w+/=]*$", value):
                self.found.append(asked)
            if name == "style" and not re.match(r"text-align:(left|right|center)$|border: 0$", value):
                self.found.append(asked)
            if (
                tag == "input"
                and name not in ("disabled", "checked")
                and value not in ("checkbox", "task-list-item-checkbox", "")
            ):
                self.found.append(asked)

    def handle_endtag(self, tag):
        if tag in self.inside:
            self.inside.remove(tag)

    def handle_data(self, text):
        if not self.inside and (found := COMMAND.search(text)):  # MathJax looks into text that is no code
            self.found.append(found[0])

    def handle_decl(self, text):
        self.found.append(text)

    handle_pi = unknown_decl = handle_comment = handle_decl


def dangers(html):
    return Dangers(html).found


def rendered(source, attachments=None):
    """Return Markdown as nbconvert, and so formgrader, shows it."""
    renderer = IPythonRenderer(
        escape=False, attachments=attachments or {"z.png": {"image/png": PNG}}, exclude_anchor_links=True
    )
    return strip_files_prefix(MarkdownWithMath(renderer=renderer).render(source))


def contexts(source):
    """Yield a text as Markdown, in places of Markdown, and as HTML, which a raw cell is."""
    yield rendered(source)
    yield rendered(f"<details>\n{source}\n</details>")
    yield rendered("> " + source.replace("\n", "\n> "))
    yield rendered("- " + source.replace("\n", "\n  "))
    yield rendered(f"| a |\n|---|\n| {source} |")
    yield rendered(f"`{source}` $x$\n\n{source}")
    yield source


def clean(text):
    return sanitize.source(text)[0]


@pytest.mark.parametrize("id", TEXTS)
def test_no_text_runs_or_loads_in_any_context(id):
    harmless = clean(filled(id, TEXTS[id]))
    assert [found for html in contexts(harmless) for found in dangers(html)] == []
    assert clean(harmless) == harmless


def test_the_check_itself_finds_most_of_them_where_nothing_is_done():
    missed = [id for id, text in TEXTS.items() if not any(dangers(html) for html in contexts(filled(id, text)))]
    assert len(missed) < len(TEXTS) / 10, missed


def bundles():
    return [(kind, id, text) for kind, texts in SHOWN.items() for id, text in texts.items()]


@pytest.mark.parametrize(("kind", "id", "text"), bundles(), ids=lambda value: value[:60])
def test_no_output_runs_or_loads(kind, id, text):
    (shown,) = sanitize.OutputSanitizer().of(
        [{"output_type": "display_data", "data": {kind: filled(id, text)}, "metadata": {}}]
    )
    assert set(shown["data"]) <= {"text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg"}
    assert dangers(shown["data"].get("text/html", "")) == []
    for each in ("text/markdown", "text/latex"):
        assert [found for html in contexts(shown["data"].get(each, "")) for found in dangers(html)] == []
    (again,) = sanitize.OutputSanitizer().of([shown])
    assert again == shown


PIECES = r"""
img svg script b br br/ details a style src= href= onerror= data- javascript: https:// mailto: files/ www. attachment:
&# &#x &amp; &lt; &colon; &Tab; &bsol; &excl; &#106; &#92; ``` ~~~ ```mermaid $$ \( \[ \\ \href \style
]( ]: ![ <!-- --> <![CDATA[ ]]> <?
"""
SIGNS = "<>\"'&;=/ !-[](){}:#`~$\\*_|^@%+.\n\t\r\0\x1b\ufeff\xa0aA1xſ"
ALPHABET = st.sampled_from([*SIGNS, *PIECES.split(), "\n> ", "\n- ", "\n\n", "\n    ", "|\n|-|\n|"])


@settings(max_examples=400)
@given(st.lists(ALPHABET, max_size=40).map("".join))
@example("<" * 50 + "img src=x onerror=f()>")
@example("![a](attachment:x)" * 3)
def test_whatever_is_put_together_is_harmless_and_stays_as_it_is(text):
    harmless = clean(text)
    assert clean(harmless) == harmless
    assert [found for html in contexts(harmless) for found in dangers(html)] == []


@settings(max_examples=300)
@given(st.lists(ALPHABET, max_size=40).map("".join))
@example("&#xb<")
@example("\ufeff\ufeff")
@example("a&#13;b&#13;&#10;c<a href='https://x/&#1;y'>z</a>")
def test_html_is_harmless_whatever_it_is_put_together_of(text):
    shown = sanitize.html(text)
    assert dangers(shown) == []
    assert sanitize.html(shown) == shown


HARMLESS = [
    "By the chain rule, $\\frac{\\partial J}{\\partial W^{[2]}} = \\frac{1}{m}\\,dZ^{[2]} A^{[1]T}$, and so on.",
    "$$\\begin{aligned} dZ &= A - Y \\\\ dW &= \\tfrac1m dZ\\, X^\\top \\end{aligned}$$",
    "if $0 < a \\le 1$ and $1 < b$ then $a \\lt b$, R&D, x & y, 3 > 2 && 1 < 2, &alpha; &le; &nbsp; &amp; &lt;",
    "The product $(a)[b](c)$ is $W^{[1]}(x)$.".replace("[b](c)", "[b] (c)"),
    '# Title\n\nSome *emphasis*, **strong**, ~~gone~~, `code`, a [link](https://example.org/a?b=c&d=e#f "title").',
    "- [ ] to do\n- [x] done\n\n1. one\n2. two\n\n> quoted\n\n---\n\n| a | b |\n|:--|--:|\n| 1 | 2 |",
    "```python\nfor l in range(1, L):\n    if a < b:  # dW[l]\n        x[0], y = f(W[l], A[l - 1])\n```",
    "[a reference][r], <br> H<sub>2</sub>O, x<sup>2</sup>, <b>bold</b>\n\n[r]: https://example.org",
    f"![a plot](data:image/png;base64,{PNG}) and https://example.org and someone@example.org",
    "עברית, 中文, naïve, 🎉 ∂J/∂W ≤ ∑ᵢ x̂ᵢ",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_texts_come_through_byte_for_byte(text):
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a<b and c<=d", "a< b and c<=d"),
        ("<https://example.org/x?y=z>", "< https://example.org/x?y=z >"),
        ("![x](https://example.org/x.png)", "! [x](https://example.org/x.png)"),
        ("[data](points.csv)", "[data] (points.csv)"),
        (f"a\\![x](data:image/png;base64,{PNG})", f"a\\ ![x](data:image/png;base64,{PNG})"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
    ],
)
def test_what_is_changed_is_changed_by_a_space(text, shown):
    assert clean(text) == shown


def test_a_photo_that_is_attached_is_shown_and_one_that_is_missing_is_named():
    attached = [("my photo (1).png", PNG), ("other.png", PNG), ("evil.svg", base64.b64encode(b"<svg/>").decode())]
    text = (
        "![a](attachment:my%20photo%20(1).png) ![b](attachment:lost.jpg) ![c](attachment:evil.svg) ![d][attachment:x]"
    )
    harmless, pictures = sanitize.source(text, attached)
    assert pictures == {"my_photo__1_.png": {"image/png": PNG}}
    assert "![a](attachment:my_photo__1_.png)" in harmless
    assert "The picture lost.jpg is missing" in harmless
    assert "The picture evil.svg is missing" in harmless
    html = rendered(harmless, pictures)
    assert html.count("<img") == 1
    assert f'src="data:image/png;base64,{PNG}"' in html
    assert dangers(html) == []
    assert sanitize.source(harmless, [(name, data) for name, kinds in pictures.items() for data in kinds.values()]) == (
        harmless,
        pictures,
    )


@pytest.mark.parametrize("name", ["x", "../x.png", 'x" onerror="RUN', "x<img>.png", "a\nb.png", "javascript:RUN.png"])
def test_the_name_of_a_picture_is_plain(name):
    from urllib.parse import quote

    harmless, pictures = sanitize.source(f"![a](attachment:{quote(name)})", [(name, PNG)])
    assert all(re.fullmatch(r"[\w.-]+", each) for each in pictures)
    assert dangers(rendered(harmless, pictures)) == []


def test_only_what_begins_like_a_picture_is_one():
    starts = {"a": b"\x89PNG\r\n\x1a\n..", "b": b"\xff\xd8\xff..", "c": b"GIF89a..", "d": b"RIFF....WEBPVP8 "}
    others = {"e": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "f": b"RIFF....WAVE", "g": b"%PDF-1", "h": b""}
    attached = [(name, base64.b64encode(data).decode()) for name, data in {**starts, **others}.items()]
    text = " ".join(f"![x](attachment:{name})" for name in "abcdefgh")
    _, pictures = sanitize.source(text, [*attached, ("i", "no base64!"), ("j", "é")])
    assert {name: next(iter(kinds)) for name, kinds in pictures.items()} == {
        "a": "image/png",
        "b": "image/jpeg",
        "c": "image/gif",
        "d": "image/webp",
    }


UNITS = (
    "< <a ![ &# &amp; ]( ]: \\ \\href ` ```mermaid <https:// ![a](attachment:x) <b> ![x](attachment:( [ \r &bsol \x1b]"
)
RUNS = [*UNITS.split(" "), "``` ", "]( ", "![x](data:image/png;base64,AAAA", "<!--", "]:\t", "&\\"]


@pytest.mark.parametrize("unit", RUNS)
def test_a_megabyte_of_anything_takes_a_moment(unit):
    started = time.process_time()
    clean(unit * (1_000_000 // len(unit)))
    assert time.process_time() - started < 5


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["<", "![", "&#", "]("])
def test_fifteen_megabytes_take_seconds(unit):
    started = time.process_time()
    clean(unit * (15_000_000 // len(unit)))
    assert time.process_time() - started < 30


@pytest.mark.parametrize(
    "unit", ["<b>", "<div>", "<span><div>", "<table><td>", "<svg><g>", "<a href=x>", "&#106;", "</p>"]
)
def test_html_of_any_depth_is_cleaned_or_left_out_in_a_moment(unit):
    started = time.process_time()
    for count in (100_000, sanitize.MAX_TAGS // unit.count("<") if "<" in unit else 30_000):
        assert dangers(sanitize.html(unit * count + "text")) == []
    assert time.process_time() - started < 5


def test_html_is_cleaned_only_as_long_as_there_is_room_and_the_text_stays():
    long = {"data": {"text/html": "<p>long</p>" * 4_000, "text/plain": "long"}, "output_type": "display_data"}
    shown = [each["data"] for each in sanitize.OutputSanitizer().of([long] * 100)]
    assert sum(len(each.get("text/html", "")) for each in shown) <= sanitize.MAX_CLEANED
    assert all(each["text/plain"] == "long" for each in shown)
    (nothing,) = sanitize.OutputSanitizer().of(
        [{"data": {"text/html": "<script>x</script>"}, "output_type": "display_data"}]
    )
    assert nothing["data"] == {"text/plain": sanitize.NOTHING}


def test_a_table_and_the_courses_own_drawing_look_as_they_did():
    table = '<table border="1" class="dataframe"><tbody><tr><th scope="row">x</th><td>1</td></tr></tbody></table>'
    assert sanitize.html(table) == re.sub(r' border="1" class="dataframe"', "", table)
    svg = '<svg aria-label="A &quot;line&quot;" viewBox="0 0 300 200" fill="currentColor"><path d="M 0 0"/></svg>'
    drawing = sanitize.drawing(svg)
    assert 'alt="A &quot;line&quot;" width="400" class="ours" src="data:image/svg+xml;base64,' in drawing
    assert dangers(drawing) == []
    assert sanitize.drawn(drawing) == svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"')
    assert sanitize.drawing(sanitize.drawn(drawing)) == drawing
    assert sanitize.drawn("<p>x</p>") is sanitize.drawn(f"{drawing}<img>") is None


def test_a_whole_notebook_of_them_is_a_harmless_page():
    cells = [nbformat.v4.new_markdown_cell(clean(filled(id, text))) for id, text in TEXTS.items()]
    cells += [nbformat.v4.new_raw_cell(cell.source) for cell in cells]
    outputs = [
        nbformat.from_dict(each)
        for kind, id, text in bundles()
        for each in sanitize.OutputSanitizer().of(
            [{"output_type": "display_data", "data": {kind: filled(id, text)}, "metadata": {}}]
        )
    ]
    cells.append(nbformat.v4.new_code_cell("", outputs=outputs))
    exporter = HTMLExporter(template_name="basic", exclude_anchor_links=True)
    html, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    assert [found for found in dangers(html) if "data-mime-type" not in found and " id=" not in found] == []


def test_what_a_browser_might_run_goes_from_the_folder_and_data_and_the_lecturers_own_stay(tmp_path):
    folder, given = tmp_path / "autograded", tmp_path / "source"
    for name in ("small.ipynb", "evil.html", "EVIL.HTM", "a/b.svg", "a/data.csv", "x.js", "x", "photo.PNG", "own.html"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "other.ipynb").write_text("{}")
    (folder / "link.csv").symlink_to(folder / "evil.html")
    (folder / "outside").symlink_to(tmp_path)
    given.mkdir()
    (given / "own.html").write_text("own.html")
    (given / "x.js").write_text("not what the student handed in")
    gone = set(sanitize.clear(folder, "small.ipynb", given))
    assert gone == {"evil.html", "EVIL.HTM", "a/b.svg", "x.js", "x", "other.ipynb", "link.csv", "outside"}
    left = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    assert left == {"small.ipynb", "a/data.csv", "photo.PNG", "own.html"}


def test_there_are_more_than_a_hundred_ways():
    assert vectors.COUNT > 200
