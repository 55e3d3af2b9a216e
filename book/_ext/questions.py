"""The directive `{question}`: inside a derivation, before a line that needs a decision, the reader is asked for it.

    ```{question}
    Over which index does the product sum?

    - [right] over the examples, $j$

      Each example has a part in the cost.
    - [factors-swapped] over the units, $r$

      Then the result would have a row for each example.

    What stands here is the answer, with the next line of the derivation.
    ```

First the question; then what can be chosen, each with a line of its own: the right one once, a wrong one by the id of
the mistake that it is; then the answer. A tap shows the line of what was chosen and unfolds the answer
(`book/live/questions.js`), without Python and without the network. Without JavaScript, and in print, all stands there.
"""

import re
from typing import Any

from docutils import nodes
from exercise_cells import Element, element, summary
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from autograder.core.hints import CAUSES

logger = logging.getLogger(__name__)

RIGHT = "right"
_KIND = re.compile(r"\[([\w-]+)\]\s*")


class QuestionError(ValueError):
    """A question is not as it must be; the message says why."""


def kind_of(choice: nodes.Node) -> str:
    """Take the id in brackets off a choice, and return it.

    Raises
    ------
    QuestionError
        If there is none, or it is no mistake that the judge knows by name.
    """
    first = next(iter(choice.findall(nodes.Text)), nodes.Text(""))
    found = _KIND.match(first)
    if not found or len(choice.children) < 2:
        raise QuestionError(f"a choice is [{RIGHT}] or a mistake in brackets, then its line: {choice.astext()!r}")
    if found[1] != RIGHT and found[1] not in CAUSES:
        raise QuestionError(f"{found[1]} is no mistake that the judge names")
    first.parent.replace(first, nodes.Text(first[found.end() :]))
    return found[1]


def question(children: list[nodes.Node], id: str) -> nodes.Node:
    """Return a question as it stands in the page.

    Parameters
    ----------
    children : what was parsed: paragraphs, one list of choices, the answer
    id : its own in the page

    Raises
    ------
    QuestionError
    """
    at = next((k for k, each in enumerate(children) if isinstance(each, nodes.bullet_list)), None)
    if not at:
        raise QuestionError("a question is a sentence, then a list of what can be chosen")
    choices, lines = element("ul", class_="question-choices"), element("ul", class_="question-lines")
    kinds = []
    for item in list(children[at].children):
        kind = kind_of(item)
        kinds.append(kind)
        chosen, *said = item.children
        taken = element("button", *chosen.children, type="button", class_="question-take")
        choices += element("li", taken, class_="question-choice", data_kind=kind)
        line = element("li", class_="question-line", data_kind=kind)
        if kind != RIGHT:
            mistake = element("a", nodes.Text(kind), href=f"mistakes.html#mistake-{kind}", class_="question-mistake")
            line += element("p", *(node.deepcopy() for node in chosen.children), nodes.Text(": "), mistake)
        line += said
        lines += line
    if kinds.count(RIGHT) != 1 or len(kinds) < 2:
        raise QuestionError(f"a question has one choice that is [{RIGHT}], and others; this one has {', '.join(kinds)}")
    answer = element("details", summary("The answer"), class_="question-answer")
    right = kinds.index(RIGHT)
    shown = element("p", nodes.strong("", "", *(node.deepcopy() for node in choices[right][0].children)))
    answer += [element("div", shown, *lines[right].children, class_="question-reason"), *children[at + 1 :]]
    lines.remove(lines[right])
    answer += lines
    return element(
        "div",
        element("div", *children[:at], class_="question-asked"),
        choices,
        answer,
        class_="asked-here",
        id=id,
        role="group",
        aria_label="Question",
    )


class Question(SphinxDirective):
    """`{question}`: see above."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the question."""
        self.env.note_dependency(__file__)
        container = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, container)
        try:
            return [question(list(container.children), f"question-{self.env.new_serialno('question') + 1}")]
        except QuestionError as error:
            logger.warning("question: %s", error, location=self.get_location())
            return []


def offer_to_leave_them(app: Sphinx, doctree: nodes.document) -> None:
    """Put below the title of a page with questions, or with folded answers, a box to read without them."""
    elements = (each["html"].get("class") for each in doctree.findall(Element))
    if {"asked-here", "exercise-answer"} & set(elements):
        box = nodes.raw("", '<input type="checkbox">', format="html")
        label = element("label", box, nodes.Text(" Read without questions"))
        title = next(doctree.findall(nodes.title))
        title.parent.insert(title.parent.index(title) + 1, element("div", label, class_="question-choice-of-page"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register it with Sphinx."""
    app.add_directive("question", Question)
    app.connect("doctree-read", offer_to_leave_them, priority=900)  # when answers are folded
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
