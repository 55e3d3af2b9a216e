"""Where the notebook is that a student's folder does not hold: below it, under another ending, in an archive."""

import os
from collections.abc import Iterator

from autograder.grade.students import shown_name

MAX_FILES = 1_000
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
EXPORTS = (".py", ".html", ".htm", ".pdf", ".md", ".tex", ".doc", ".docx", ".webloc", ".url", ".gdoc")
"""Endings of what a notebook can be exported as, or linked by, and cannot be made of again."""


def _files(directory: int) -> Iterator[tuple[str, str]]:
    """Yield the path and the name of each file in and below an open directory; no link is followed."""
    for where, folders, names, _ in os.fwalk(".", dir_fd=directory):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        for name in sorted(names):
            if not name.startswith("."):
                yield os.path.normpath(os.path.join(where, name)), name.casefold()  # noqa: PTH118


def whereabouts(directory: int, wanted: str) -> str:
    """Return a sentence on where the notebook is that an open directory does not hold, and on what to do."""
    kinds: dict[str, list[str]] = {"below": [], "renamed": [], "packed": [], "exported": []}
    for (path, name), _ in zip(_files(directory), range(MAX_FILES), strict=False):
        if name.endswith(ARCHIVES):
            kinds["packed"].append(path)
        elif name.endswith(".ipynb") and os.sep in path:
            kinds["below"].append(path)
        elif "ipynb" in name or name.endswith(".json") or name == wanted.casefold().partition(".")[0]:
            kinds["renamed"].append(path)
        elif name.endswith(EXPORTS):
            kinds["exported"].append(path)
    kind = next((kind for kind, paths in kinds.items() if paths), "")
    shown = " and ".join(shown_name(path) for path in kinds.get(kind, [])[:3])
    advice = {
        "below": f", but {shown} below it: move the one that counts up into the folder, and grade again",
        "renamed": f", but {shown}, which may be it: rename the one that is to {wanted}, and grade again",
        "packed": f", but {shown}: unpack it, put the notebook itself there, and grade again",
        "exported": f", but {shown}, which is none: ask for {wanted}",
        "": f": ask for {wanted}",
    }
    return f"There is no notebook in the folder{advice[kind]}."
