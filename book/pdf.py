"""Make one PDF of the book: `python book/pdf.py` joins the built pages into one document, which Chromium prints.

So page numbers run through, a link from one chapter to another leads to it, and there is an outline of all headings.
It takes a minute or two, and about 2 GB of memory.

Exit code 0: written. 2: it could not be tried (no site, no Chromium, or a package is missing).
"""

import argparse
import functools
import http.server
import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BOOK = Path(__file__).resolve().parent
HTML = BOOK / "_build" / "html"
PDF = BOOK.parent / "build" / "backprop-course.pdf"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NUMBER = '<div style="width: 100%; font-size: 8px; text-align: center"><span class="pageNumber"></span></div>'
PAPER = {
    "format": "A4",
    "margin": {"top": "18mm", "bottom": "18mm", "left": "18mm", "right": "18mm"},
    "scale": 0.75,
    "display_header_footer": True,
    "header_template": "<span></span>",
    "footer_template": NUMBER,
}

JOIN = """async names => {
    const article = document.querySelector("article");
    const parts = [];
    for (const name of names) {
        const text = await (await fetch(`${name}.html`)).text();
        const part = new DOMParser().parseFromString(text, "text/html").querySelector("article > section");
        part.querySelectorAll("script").forEach(script => script.remove());
        // Two chapters may have a section of one name. What pictures refer to inside themselves stays.
        for (const each of part.querySelectorAll(":not(svg *)[id]")) each.id = `${name}--${each.id}`;
        part.id = `${name}--`;
        for (const link of part.querySelectorAll("a[href]")) {
            const target = new URL(link.getAttribute("href"), `${location.origin}/${name}.html`);
            const page = target.pathname.slice(1).replace(/[.]html$/, "");
            if (target.origin !== location.origin) continue;
            if (names.includes(page)) link.setAttribute("href", `#${page}--${target.hash.slice(1)}`);
            else link.removeAttribute("href");
        }
        parts.push(document.adoptNode(part));
    }
    article.replaceChildren(...parts);
}"""
"""Puts the chapters of these pages into the page that is open."""

UNFOLD = "document.querySelectorAll('details').forEach(each => { each.open = true })"
"""What is folded away on the screen is wanted on paper."""


class CannotPrintError(Exception):
    """Something that printing needs is not there; the message says what."""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path, handler: type[Quiet] = Quiet) -> Iterator[str]:
    """Serve a folder on this machine alone for a while; yields the address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=folder))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def chromium() -> str:
    """Return the path of this machine's Chromium.

    Raises
    ------
    CannotPrintError
        If there is none.
    """
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise CannotPrintError("there is no Chromium on this machine; on Debian: apt-get install chromium")
    return found


@contextmanager
def opened(name: str, site: Path) -> Iterator[Any]:
    """Open a page of a built site in a browser; yields playwright's page."""
    from playwright.sync_api import sync_playwright

    executable = chromium()
    with served(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        page = browser.new_page(color_scheme="light")
        page.set_default_timeout(0)
        page.goto(f"{address}{name}.html", wait_until="networkidle")
        yield page
        browser.close()


def print_book(names: Sequence[str], target: Path, site: Path = HTML) -> None:
    """Print pages of a built site as one PDF, the first of them first.

    Raises
    ------
    CannotPrintError
        If there is no Chromium, or no such page.
    """
    missing = [name for name in names if not (site / f"{name}.html").is_file()]
    if missing:
        raise CannotPrintError(f"{site} has no page {', '.join(missing)}; run: make docs")
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened(names[0], site) as page:
        page.evaluate(JOIN, list(names))
        page.evaluate(UNFOLD)
        page.pdf(path=target, outline=True, tagged=True, **PAPER)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    sys.path.insert(0, str(BOOK))
    import build

    parser = argparse.ArgumentParser(description="Make one PDF of the built book.")
    parser.add_argument("--output", type=Path, default=PDF)
    options = parser.parse_args(arguments)
    try:
        print_book(build.pages(), options.output)
    except (CannotPrintError, ModuleNotFoundError) as error:
        print(f"pdf: {error}", file=sys.stderr)
        return 2
    print(f"pdf: {options.output}, {options.output.stat().st_size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
