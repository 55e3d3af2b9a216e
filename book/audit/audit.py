"""Measure the built site with Lighthouse: `python book/audit/audit.py`; what it finds is reported and fails nothing.

Exit code 0: measured. 2: it could not be tried (no site, no node, no Chromium, or npm cannot install Lighthouse).
"""

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

AUDIT = Path(__file__).resolve().parent
sys.path.insert(0, str(AUDIT.parent))

import build  # noqa: E402
import pdf  # noqa: E402

PAGES = ("index", "layer-2-backwards", "training")
RUNS = 3
AIMS = {"desktop": 98, "mobile": 90}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
COMPRESSED = {".html", ".css", ".js", ".svg", ".json", ".xml"}


class AsHosted(pdf.Quiet):
    """Serves files as a static host does: compressed, and to be kept by the browser."""

    def do_GET(self) -> None:
        """Answer with the file, by gzip if it is text."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        body = path.read_bytes()
        self.send_response(200)
        if path.suffix in COMPRESSED:
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(body)


def measure(lighthouse: Sequence[str], address: str, device: str, environment: dict[str, str]) -> dict[str, float]:
    """Return the scores of one run, of 100, by category."""
    flags = [flag for flag in pdf.FLAGS if flag != "--headless"]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [*lighthouse, address, "--quiet", "--output=json", f"--output-path={report}"]
        command += [f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags=--headless=new {' '.join(flags)}"]
        command += ["--preset=desktop"] * (device == "desktop")
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode or not report.is_file():
            raise pdf.CannotPrintError(f"Lighthouse could not measure {address}:\n{done.stdout}{done.stderr}".rstrip())
        result = json.loads(report.read_text(encoding="utf-8"))
    for audit in result["audits"].values():
        if os.environ.get("AUDIT_DETAILS") and audit.get("score") not in (None, 1):
            print(f"    {audit['id']}: {audit.get('displayValue', '')} ({audit['score']})", file=sys.stderr)
    return {name: 100 * (result["categories"][name]["score"] or 0) for name in CATEGORIES}


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(description="Measure three pages of the built site with Lighthouse.")
    parser.add_argument("pages", nargs="*", default=PAGES)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args(arguments)
    try:
        node, npm = build.node_and_npm()
        environment = os.environ | {
            "PATH": os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")]),
            "CHROME_PATH": pdf.chromium(),
            "PUPPETEER_SKIP_DOWNLOAD": "1",
        }
        build.install_modules(AUDIT, npm, environment)
        lighthouse = [node, str(AUDIT / "node_modules" / "lighthouse" / "cli" / "index.js")]
        print(f"{'page':<24}{'device':<9}" + "".join(f"{name:>16}" for name in CATEGORIES))
        with pdf.served(pdf.HTML, AsHosted) as address:
            for device in AIMS:
                for name in options.pages:
                    url = f"{address}{name}.html"
                    runs = [measure(lighthouse, url, device, environment) for _ in range(options.runs)]
                    scores = {key: statistics.median(run[key] for run in runs) for key in CATEGORIES}
                    row = "".join(f"{scores[key]:>16.0f}" for key in CATEGORIES)
                    print(f"{name:<24}{device:<9}{row}", flush=True)
    except (pdf.CannotPrintError, build.CannotBuildError) as error:
        print(f"audit: {error}", file=sys.stderr)
        return 2
    aims = ", ".join(f"{device} {aim}" for device, aim in AIMS.items())
    print(f"Medians of {options.runs} runs. Aims of the performance: {aims}; of the rest: 100.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
