"""What lies in a student's folder, and where the notebook is that it does not hold: below, renamed, in an archive."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path, PurePath

from autograder.grade.students import shown_name

MAX_FILES = 1_000
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
EXPORTS = (".py", ".html", ".htm", ".pdf", ".md", ".tex", ".doc", ".docx", ".webloc", ".url", ".gdoc")
"""Endings of what a notebook can be exported as, or linked by, and cannot be made of again."""


def folders_below(top: Path | int) -> Iterator[tuple[PurePath, list[str], int]]:
    """Yield each folder in and below one, but hidden ones: its relative path, its files, an open descriptor.

    No link is followed.

    Parameters
    ----------
    top : the folder, or a descriptor of it
    """
    for where, folders, names, directory in os.fwalk(".", dir_fd=top) if isinstance(top, int) else os.fwalk(top):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__")))
        yield PurePath(where).relative_to("." if isinstance(top, int) else top), sorted(names), directory


def whereabouts(directory: int, wanted: str) -> str:
    """Return a sentence on where the notebook is that an open directory does not hold, and on what to do."""
    kinds: dict[str, list[str]] = {"below": [], "renamed": [], "packed": [], "exported": []}
    places = ((where, name) for where, names, _ in folders_below(directory) for name in names)
    found = ((str(where / name), name.casefold()) for where, name in places if not name.startswith("."))
    for path, name in itertools.islice(found, MAX_FILES):
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
