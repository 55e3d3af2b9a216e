"""The questions inside the derivations, in Chromium: one tap, by keyboard too, without Python or the network."""

import pytest

pytestmark = pytest.mark.browser

PAGE = "layer-2-backwards"


@pytest.fixture
def here(visit):
    return visit(PAGE)


def asked(here, k=0):
    """Return a question of the page, its choices, and where the line of what was chosen is shown."""
    root = here.page.locator(".asked-here").nth(k)
    return root, root.locator("button.question-take"), root.locator(".question-said")


def of_kind(root, right):
    """Return the number of a choice that is right, or of one that is wrong."""
    kinds = root.locator(".question-choice").evaluate_all("all => all.map(each => each.dataset.kind)")
    return next(k for k, kind in enumerate(kinds) if (kind == "right") is right)


def test_a_wrong_choice_gets_its_own_line_and_the_name_of_the_mistake_and_the_answer_unfolds(here):
    root, choices, said = asked(here)
    answer = root.locator(".question-reason")
    assert not answer.is_visible()
    choices.nth(of_kind(root, right=False)).click()
    assert answer.is_visible()
    kind = root.locator('.question-choice[data-state="wrong"]').get_attribute("data-kind")
    assert said.locator("a").get_attribute("href") == f"mistakes.html#mistake-{kind}"
    assert said.get_attribute("role") == "status"
    assert len(said.inner_text()) > 40
    assert root.locator('.question-choice[data-state="right"]').count() == 1
    assert here.wrong == []
    assert here.foreign == []
    assert not [url for url in here.asked if "/live/" in url and "page.js" not in url]


def test_the_keyboard_answers_and_the_answer_is_there_when_the_page_is_loaded_again(here):
    root, choices, said = asked(here, 1)
    right = of_kind(root, right=True)
    choices.nth(right).focus()
    here.page.keyboard.press("Enter")
    assert said.inner_text() == "Right."
    assert choices.nth(right).get_attribute("aria-pressed") == "true"
    assert here.page.evaluate("document.activeElement.className") == "question-take"
    here.page.reload()
    here.wait()
    root, _, said = asked(here, 1)
    assert said.inner_text() == "Right."
    assert root.locator(".question-reason").is_visible()
    assert not asked(here, 0)[0].locator(".question-reason").is_visible()


def test_who_wants_no_questions_reads_on_every_page_without_them(here):
    here.page.get_by_label("Read without questions").check()

    def told():
        root, choices, _ = asked(here)
        assert root.locator(".question-reason").is_visible()
        assert not choices.first.is_visible()
        assert here.page.locator(".exercise-answer .math").first.is_visible()

    told()
    here.open("layer-1-backwards")
    assert here.page.get_by_label("Read without questions").is_checked()
    here.open(PAGE)
    told()
    here.page.get_by_label("Read without questions").uncheck()
    root, choices, _ = asked(here)
    assert choices.first.is_visible()
    assert not root.locator(".question-reason").is_visible()


def test_an_address_inside_what_is_folded_unfolds_it_also_when_one_is_there_already(here):
    def leads(anchor):
        place = here.page.locator(f"#{anchor}")
        place.wait_for(state="visible")
        here.page.wait_for_function(
            "anchor => { const y = document.getElementById(anchor).getBoundingClientRect().top;"
            " return y > -5 && y < innerHeight }",
            arg=anchor,
        )

    folds = here.page.locator("details.exercise-answer")
    assert folds.evaluate_all("all => all.filter(each => each.open).length") == 0
    here.page.goto(f"{here.address}{PAGE}.html#equation-eq-two-layer-dw2")
    leads("equation-eq-two-layer-dw2")
    here.page.evaluate("location.hash = 'equation-eq-two-layer-db2'")
    leads("equation-eq-two-layer-db2")


def test_without_javascript_and_on_paper_each_question_stands_with_its_answer_after_it(visit):
    plain = visit(PAGE, java_script_enabled=False)
    printed = visit(PAGE)
    printed.page.emulate_media(media="print")
    for here in (plain, printed):
        root, _, _ = asked(here)
        assert root.locator(".question-choices").is_visible()
        assert root.locator(".question-reason").is_visible()
        assert root.locator(".question-line").first.is_visible()
        assert here.page.locator(".exercise-answer .math").first.is_visible()


def test_a_right_answer_unfolds_the_derivation_and_the_formula_and_so_it_is_the_next_time(visit):
    here = visit(PAGE)
    name = "ps4_two_layer/compute_dW2"
    cell, fold = here.cell(name), here.page.locator(f'details[data-answers="{name}"]')
    formula = cell.root.locator(".exercise-formula")
    cell.check(cell.solution.replace(" / dZ2.shape[1]", ""))
    assert fold.get_attribute("open") is None
    assert not formula.is_visible()
    cell.check(cell.solution)
    for _ in range(2):
        assert fold.get_attribute("open") is not None
        assert formula.locator("p").is_visible()
        assert "beside yours" in formula.inner_text()
        here.page.reload()
        here.wait()
