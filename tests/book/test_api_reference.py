"""The API reference: every public name has its entry, and every docstring what an entry is made of."""

import gzip
import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys

import pytest
from bs4 import BeautifulSoup

import autograder
import course_lib
from course_lib.equations import EQUATIONS
from tests.book.conftest import BOOK

LARGEST = 100_000  # bytes of the page as it is sent, by gzip

WITHOUT_SECTIONS = {
    "course_lib.output_layer.usual_activations": "a line and an example say all",
    "course_lib.losses.loss": "a look-up by name; its errors are what there is to say",
    "course_lib.workspace.Workspace.check_batch": "its arguments are those of `load`, beside it",
    "course_lib.workspace.Workspace.step": "its one argument is the learning rate",
    "course_lib.workspace.Workspace.update": "its one argument is the learning rate",
}


def public_objects():
    """Name every module, function, class and method that course_lib offers, with the object."""
    found = {}
    for info in pkgutil.walk_packages(course_lib.__path__, "course_lib."):
        module = found[info.name] = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", "") != info.name:
                continue
            if inspect.isclass(value):
                inner = {f"{info.name}.{name}.{key}": method for key, method in vars(value).items() if key[0] != "_"}
                methods = {key: getattr(method, "fget", method) for key, method in inner.items()}
                found |= {key: method for key, method in methods.items() if inspect.isfunction(method)}
            if inspect.isclass(value) or inspect.isroutine(inspect.unwrap(value)):
                found[f"{info.name}.{name}"] = value
    return found


OBJECTS = public_objects()


@pytest.fixture(scope="module")
def api():
    """The extension, loaded as Sphinx loads it."""
    spec = importlib.util.spec_from_file_location("api_reference_under_test", BOOK / "_ext" / "api_reference.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def page(site):
    return BeautifulSoup((site / "api.html").read_text(encoding="utf-8"), "html.parser")


def ids_of(name):
    """Return the ids that an entry may have: its own name, or the one under which its package exports it."""
    first, package, *inner = name.split(".")
    return {name, ".".join([first, package, *inner[1:]])}


def test_the_objects_are_found():
    assert {"course_lib.two_layer.dW2", "course_lib.equations.model.Equation.label", "course_lib.plotting"} <= set(
        OBJECTS
    )


def test_every_public_function_and_class_has_an_entry(page):
    there = {element["id"] for element in page.select("main dt[id]")}
    wanted = {name for name, value in OBJECTS.items() if not inspect.ismodule(value)}
    assert {name for name in wanted if not ids_of(name) & there} == set()


def test_what_a_package_exports_has_an_entry_under_that_name(page):
    there = {element["id"] for element in page.select("main dt[id]")}
    for package in (autograder, importlib.import_module("course_lib.plotting")):
        assert {f"{package.__name__}.{name}" for name in package.__all__} <= there


def test_an_entry_of_a_registered_equation_leads_to_its_formula_and_to_the_index(page, build_script):
    homes = build_script.chapters()
    for equation in EQUATIONS.values():
        name = f"{equation.function.__module__}.{equation.function.__name__}"
        links = {link["href"] for link in page.find(id=name).find_parent("dl").select("a[href]")}
        home = homes[equation.label]
        assert {f"{home['page']}.html#{home['anchor']}", f"equations.html#index-{equation.label}"} <= links, name


def test_the_equation_index_leads_to_every_function(site):
    index = BeautifulSoup((site / "equations.html").read_text(encoding="utf-8"), "html.parser")
    links = {link["href"] for link in index.select("main a[href]")}
    for equation in EQUATIONS.values():
        assert f"api.html#{equation.function.__module__}.{equation.function.__name__}" in links


def test_a_table_of_all_modules_comes_first(page):
    sections = [section["id"] for section in page.select("article section section[id]")]
    table = page.select_one("article table")
    assert [link["href"] for link in table.select("td:first-child a")] == [f"#{id}" for id in sections]
    assert table.find_parent("section")["id"] == "api-reference"
    assert sections.index("course_lib.two_layer") < sections.index("course_lib.names")
    assert sections[-1] == "autograder"


def test_signs_of_a_docstring_stay_what_they_are(page):
    for id, text in (
        ("course_lib.arrays.magnitude", "Return |z| for real z"),
        ("course_lib.two_layer.dZ1", "dZ1 = dA1 * tanh'(Z1)."),
        ("course_lib.gradient_checking.relative_error", "‖a - b‖ / (‖a‖ + ‖b‖)"),
    ):
        assert text in page.find(id=id).find_parent("dl").get_text()
    assert not page.select(".system-message, .problematic")


def test_the_page_stays_small(site):
    assert len(gzip.compress((site / "api.html").read_bytes())) < LARGEST


@pytest.mark.parametrize("name", OBJECTS)
def test_a_docstring_begins_with_a_sentence(name):
    text = inspect.getdoc(OBJECTS[name])
    assert text, f"{name} has no docstring"
    assert re.fullmatch(r"[A-Z1-9].*[.?]", text.splitlines()[0]), f"{name}: {text.splitlines()[0]}"


@pytest.mark.parametrize("name", [name for name in OBJECTS if inspect.isroutine(OBJECTS[name])])
def test_a_docstring_says_what_a_function_takes_and_returns(name, api):
    signature = inspect.signature(OBJECTS[name])
    parameters = [name for name in signature.parameters if name != "self"]
    if not parameters or name in WITHOUT_SECTIONS:
        return
    sections = api.read(inspect.getdoc(OBJECTS[name])).sections
    assert "Returns" in sections or signature.return_annotation in (None, "None"), f"{name}: no section Returns"
    told = [one.strip(" *") for names, _ in sections.get("Parameters", []) for one in names.split(",")]
    assert told == parameters, f"{name}: the section Parameters must name {', '.join(parameters)}, in this order"


def test_a_docstring_is_taken_apart(api):
    doc = api.read(
        """Return a * b_.

        Two lines
        of text.

            code()

            more()

        Parameters
        ----------
        a, b_ : arrays of one shape,
            whatever it is

        Returns
        -------
        (n, m), |a| : really

        Raises
        ------
        ValueError
            If not.

        Notes
        -----
        Source S0.6.

        >>> 1
        1
        >>> 2
        2
        """
    )
    assert doc.paragraphs == ["Return a * b_.", "Two lines\nof text.", "    code()\n\n    more()"]
    assert doc.sections == {
        "Parameters": [("a, b_", "arrays of one shape, whatever it is")],
        "Returns": [("(n, m), |a|", "really")],
        "Raises": [("ValueError", "If not.")],
        "Notes": [("", "Source S0.6.")],
    }
    assert doc.examples == [">>> 1\n1\n>>> 2\n2\n"]


def test_a_signature_shows_defaults_and_no_types(api):
    check = next(member for member in api.exported_members(autograder) if member.last == "check")
    assert check.parameters == ["function", "*", "assignment=None", "seed=0", "show=True"]
    modules = {module.name: module for module in api.course_modules()}
    members = {member.last: member for member in modules["course_lib.gradient_checking"].members}
    assert members["check_gradient"].parameters[-1] == "numerical=complex_step"


def test_a_new_module_is_found_without_being_told(api, monkeypatch):
    monkeypatch.setattr(api, "ORDER", ["two_layer"])
    names = [module.name for module in api.course_modules()]
    assert names[0] == "course_lib.two_layer"
    assert names[1:] == sorted(names[1:])
    assert "course_lib.plotting.style" not in names
