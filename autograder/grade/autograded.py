"""The notebook that is written into `autograded/`: restored, run, with the verdicts, and harmless."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from autograder.core.render import html, text
from autograder.core.verdict import Verdict
from autograder.grade import sanitize
from autograder.grade.release import Release
from autograder.grade.restore import Restored
from autograder.protocol.notebook import Cell

Texts = Collection[tuple[str, str]]


def verdict_outputs(verdict: Verdict, count: int) -> list[dict[str, Any]]:
    """Return a verdict as the outputs of its check cell: the text of `check` with its picture, and the points."""
    shown = {"text/plain": text(verdict), "text/html": sanitize.tex(html(verdict, drawing=sanitize.drawing))}
    points = {"text/plain": repr(float(verdict.points))}
    return [
        {"output_type": "display_data", "data": shown, "metadata": {}},
        {"output_type": "execute_result", "data": points, "metadata": {}, "execution_count": count},
    ]


def _harmless_text(cell: Cell, release: Release, texts: Texts, pictures: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return a text cell, sanitised unless it is unchanged from the release and shows no attachment."""
    given, made = release.cells.get(cell.name), cell.as_json()
    own = (cell.kind, cell.source) in texts or (given is not None and given.locked and cell.source == given.source)
    if not own or "attachment:" in cell.source:
        beside = pictures if cell.kind == "markdown" else ()
        made["source"], attached = sanitize.source(cell.source, cell.attachments, beside)
        made.update({"attachments": attached} if attached else {})
    return made


def written(
    restored: Restored,
    verdicts: Mapping[str, Verdict],
    shown: Mapping[int, list[dict[str, Any]]],
    release: Release,
    texts: Texts,
) -> bytes:
    """Return the autograded notebook's file, as Jupyter stores a notebook after a run.

    Whatever a student wrote or showed is harmless in it.

    Parameters
    ----------
    restored : the notebook
    verdicts : by the ids of their checks
    shown : what each code cell showed, by its place
    release : what the gradebook knows
    texts : kind and source of the text cells as they were handed out
    """
    count, harmless, cells = 0, sanitize.OutputSanitizer(), []
    for place, cell in enumerate(restored.notebook.cells):
        if cell.kind != "code":
            cells.append(_harmless_text(cell, release, texts, restored.pictures))
            continue
        count += 1
        if verdict := verdicts.get(str(cell.id)):
            outputs = verdict_outputs(verdict, count)
        else:
            outputs = [
                {**output, "execution_count": count} if output["output_type"] == "execute_result" else output
                for output in harmless.of(shown.get(place, []))
            ]
        cells.append({**cell.as_json(), "execution_count": count, "outputs": outputs})
    return as_file({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": restored.metadata})


def as_file(notebook: Mapping[str, Any]) -> bytes:
    """Return a notebook's file, a line for each cell."""
    rest = json.dumps({name: value for name, value in notebook.items() if name != "cells"}, ensure_ascii=False)
    lines = ",\n".join(json.dumps(cell, ensure_ascii=False, sort_keys=True) for cell in notebook["cells"])
    return f'{{"cells": [\n{lines}\n],\n{rest[1:]}\n'.encode("utf-8", "replace")
