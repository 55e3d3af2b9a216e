"""Make one PDF of the book: `python book/pdf.py` prints every page of the built site by Chromium, and joins them.

Exit code 0: written. 2: it could not be tried (no site, no Chromium, or a package is missing).
"""

import argparse
import functools
import http.server
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

BOOK = Path(__file__).resolve().parent
HTML = BOOK / "_build" / "html"
PDF = BOOK.parent / "build" / "backprop-course.pdf"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
PAPER = {"format": "A4", "margin": {"top": "18mm", "bottom": "18mm", "left": "18mm", "right": "18mm"}}
NUMBER = '<div style="width: 100%; font-size: 8px; text-align: center"><span class="pageNumber"></span></div>'


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


def print_pages(names: Sequence[str], folder: Path, site: Path = HTML) -> list[Path]:
    """Print pages of a built site into a folder, one PDF each; return the paths.

    Raises
    ------
    CannotPrintError
        If there is no Chromium, or no such page.
    """
    from playwright.sync_api import sync_playwright

    executable = chromium()
    missing = [name for name in names if not (site / f"{name}.html").is_file()]
    if missing:
        raise CannotPrintError(f"{site} has no page {', '.join(missing)}; run: make docs")
    made = []
    with served(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        page = browser.new_page(color_scheme="light")
        for name in names:
            page.goto(f"{address}{name}.html", wait_until="networkidle")
            # What is folded away on the screen is wanted on paper.
            page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
            path = folder / f"{name}.pdf"
            page.pdf(
                scale=0.75,
                path=path,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=NUMBER,
                **PAPER,
            )
            made.append(path)
        browser.close()
    return made


def join(parts: Sequence[Path], titles: Sequence[str], target: Path) -> int:
    """Join PDFs into one, with an outline of their titles; return how many pages it has."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter()
    for part, title in zip(parts, titles, strict=True):
        first = len(writer.pages)
        writer.append(PdfReader(part), import_outline=False)
        writer.add_outline_item(title=title, page_number=first)
    writer.add_metadata({"/Title": "Back-propagation, step by step"})
    writer.compress_identical_objects()
    target.parent.mkdir(parents=True, exist_ok=True)
    writer.write(target)
    return len(writer.pages)


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    sys.path.insert(0, str(BOOK))
    import build

    parser = argparse.ArgumentParser(description="Make one PDF of the built book.")
    parser.add_argument("--output", type=Path, default=PDF)
    options = parser.parse_args(arguments)
    names = build.pages()
    try:
        with tempfile.TemporaryDirectory() as folder:
            parts = print_pages(names, Path(folder))
            count = join(parts, [build.title_of(name) for name in names], options.output)
    except (CannotPrintError, ModuleNotFoundError) as error:
        print(f"pdf: {error}", file=sys.stderr)
        return 2
    print(f"pdf: {options.output}, {count} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
