"""book/cleaning.py: what a built page loses, and what it must not have."""

import pytest

from tests.book.conftest import module_of_book


@pytest.fixture(scope="module")
def cleaning():
    return module_of_book("cleaning")


@pytest.mark.parametrize(
    "element",
    [
        '<script defer src="_static/scripts/fontawesome.js?digest=1"></script>',
        '<link rel="preload" as="script" href="_static/scripts/fontawesome.js?digest=1"/>',
        '<script async="async" src="https://host.example/MathJax@3/es5/tex-mml-chtml.js"></script>',
        '<script>window.MathJax = {"options": {}}</script>',
    ],
)
def test_a_page_loses_what_it_does_not_need(cleaning, element):
    assert cleaning.clean_page(f"<head>{element}\n<title>t</title></head>") == "<head><title>t</title></head>"


@pytest.mark.parametrize(
    "element",
    [
        '<script src="https://host.example/a.js"></script>',
        '<link rel="stylesheet" href="//host.example/a.css">',
        '<img alt="" src="http://host.example/a.png">',
        '<iframe src="https://host.example/"></iframe>',
        '<span class="katex-error" title="ParseError">\\frac</span>',
        '<script>document.documentElement.dataset.theme = localStorage.getItem("theme") || "auto";</script>',
    ],
)
def test_a_page_that_asks_another_host_or_has_a_broken_formula_or_no_colours_yet_is_a_fault(cleaning, element):
    assert len(cleaning.faults_of_page(f"<body>{element}</body>")) == 1


@pytest.mark.parametrize(
    "element",
    [
        '<a href="https://host.example/">a link is followed by people</a>',
        '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        '<script src="_static/doctools.js"></script>',
    ],
)
def test_a_page_may_link_and_load_its_own_files(cleaning, element):
    assert cleaning.faults_of_page(element) == []
    assert cleaning.clean_page(f"<head></head><body>{element}</body>") == f"<head></head><body>{element}</body>"


def test_the_themes_script_is_cleaned_once_and_refused_when_it_is_another(cleaning):
    script = 'a(),"complete"===document.readyState?Q():window.addEventListener("load",Q),b()'
    cleaned = cleaning.clean_theme_script(script)
    assert cleaned == cleaning.CLEANED + "a(),b()"
    assert cleaning.clean_theme_script(cleaned) == cleaned
    with pytest.raises(ValueError, match=r"book/cleaning\.py"):
        cleaning.clean_theme_script("c()")


def test_a_page_knows_its_colours_before_the_themes_script_has_come(cleaning):
    page = f'<html lang="en" data-theme="auto"><head><script>{cleaning.THEME_LATER}</script></head>'
    assert len(cleaning.faults_of_page(page)) == 1
    cleaned = cleaning.clean_page(page)
    assert cleaned == f'<html lang="en" data-theme="light"><head><script>{cleaning.THEME_NOW}</script></head>'
    assert cleaning.faults_of_page(cleaned) == []
