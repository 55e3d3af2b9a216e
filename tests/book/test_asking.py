"""What a chapter shows before it asks, and that the check of it finds what gives an answer away."""

import pytest

from tests.book.conftest import BOOK, load_build_script, module_of_book

asking = module_of_book("asking")
PAGES = load_build_script().pages()

ASKED = "```{exercise-cell} two_layer.dW2\n```\n"
TELLING = {
    "a registered equation": "```{equation} two_layer.dW2\n```\n",
    "an equation with the same numbers": "```{equation} two_layer.dW1\n```\n",
    "a formula in a line": r"So it is $\frac{1}{m} dZ^{[2]} (A^{[1]})^T$, as we know." + "\n",
    "a formula of its own": "$$\ndW^{[2]} = \\tfrac{1}{m}\\, dZ^{[2]} \\left(A^{[1]}\\right)^T\n$$\n",
    "code in a line": "That is `dZ2 @ A1.T / m`.\n",
    "code in a cell": "```{code-cell} ipython3\nprint(net.dZ2 @ net.A1.T / net.m)\n```\n",
    "code with other names": "```{code-cell} ipython3\nnp.einsum('ij,kj->ik', dZ2, A1) / dZ2.shape[1]\n```\n",
    "the title of a box": ":::{admonition} Why `dZ2 @ A1.T / m`?\n:class: tip\nSo.\n:::\n",
    "a box in a box": "::::{note}\n:::{tip}\n`dZ2 @ A1.T / m`\n:::\n::::\n",
    "what can be chosen": "```{question}\nWhich?\n\n- [right] `dZ2 @ A1.T / m`\n\n  Yes.\n- [transposed] `A1`\n\n"
    "  No.\n\nSo.\n```\n",
    "the statement itself": "```{exercise-cell} two_layer.dA2\nNot `dZ2 @ A1.T / m`.\n```\n",
}
SILENT = {
    "the reference by its name": "```{code-cell} ipython3\ntwo_layer.dW2(net.dZ2, net.A1)\n```\n",
    "what it is made of": "A sum of `dZ2[:, j] * A1[:, j]`, and $Z^{[2]} = W^{[2]} A^{[1]} + b^{[2]} 1^T$.\n",
    "another equation": "```{equation} two_layer.dZ2\n```\n",
    "the answer of a question": "```{question}\nWhich?\n\n- [right] this\n\n  Yes.\n- [transposed] that\n\n"
    "  `dZ2 @ A1.T / m`\n\nIt is `dZ2 @ A1.T / m`.\n```\n",
    "a solution": "```{solution} ex-it\n:class: dropdown\n`dZ2 @ A1.T / m`\n```\n",
    "folded code": "```{code-cell} ipython3\n:tags: [hide-input]\nprint(net.dZ2 @ net.A1.T / net.m)\n```\n",
    "what another exercise folds": "```{exercise-cell} two_layer.dA2\n```\n\n`dZ2 @ A1.T / m`\n\n```{answer-ends}\n"
    "```\n",
}


@pytest.mark.parametrize("kind", TELLING)
def test_what_gives_the_answer_away_above_an_exercise_is_found_with_its_line(kind):
    above = "# A chapter\n\nText.\n\n"
    found = asking.complaints(f"{above}{TELLING[kind]}\n{ASKED}")
    assert len(found) >= 1
    assert all(one.startswith("line ") and "compute_dW2" in one for one in found)


@pytest.mark.parametrize("kind", TELLING)
def test_below_the_exercise_it_may_stand(kind):
    assert asking.complaints(f"# A chapter\n\n{ASKED}\n{TELLING[kind]}") == []


@pytest.mark.parametrize("kind", SILENT)
def test_what_does_not_give_it_away_or_is_not_in_sight_may_stand_above(kind):
    assert asking.complaints(f"# A chapter\n\n{SILENT[kind]}\n{ASKED}") == []


@pytest.mark.parametrize("name", PAGES)
def test_no_chapter_shows_an_answer_before_it_asks(name):
    assert asking.complaints((BOOK / f"{name}.md").read_text(encoding="utf-8")) == []
