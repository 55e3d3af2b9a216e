"""People have names: what a folder can be called and nbgrader takes is graded, and what is not, is named."""

import csv
import io
import json
import unicodedata

import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograder.cli import main
from autograder.grade.collect import places
from autograder.grade.records import Record, Records
from autograder.grade.students import APART, MAX_BYTES, MAX_CHARACTERS, refusal, spelled_alike
from autograder.report.marks import graded
from tests.grading.classes import NAME, course, full, hand_in, path_of, scores
from tests.grading.test_nothing_lost import opened
from tests.grading.test_plugin import nbgrader


def decomposed(name: str) -> str:
    return unicodedata.normalize("NFD", name)


NAMES = [
    *("नमिता शर्मा", "ಕನ್ನಡ", "காந்தி", "ศรีสุดา", "李明", "山田\u3000太郎", "김 민수", "שרה לוי", "محمد", "Ελένη", "Ольга"),
    *(decomposed("José Ñandú"), decomposed("Zoë Müller"), decomposed("Nguyễn Thị Ánh"), decomposed("김"), "Þórður"),
    *("Conan O\u2019Brien", "O'Hara", "Jean\u2013Luc", "Anna\u2010Maria", "Lo\u00b7la", "Kahale\u02bbula", "Nu\u02bcu"),
    *("John Smith Jr.", "Doe, J.", "Smith & Jones", "Ada Lovelace [1234]", "Ada (2)", "{ada}", "a+b@x.org", "50%"),
    *(
        "ada_lovelace",
        "_ada",
        "-ada",
        "~ada",
        "#1",
        "=1+1",
        "$HOME",
        "a*b?",
        "a:b",
        "a|b",
        ":smile:",
        "👩🏽\u200d💻 Ada",
    ),
    *("علی\u200cرضا", "ශ්\u200dරී", "രാജന്\u200d", "র\u200d্যা", "Ada\u00a0Lovelace", "Ada\u2009L.", "con", "ꝏ", "𝒜da"),
]
REFUSED = {
    "ada\u202eadA": "holds U+202E RIGHT-TO-LEFT OVERRIDE",
    "\u200eada": "holds U+200E LEFT-TO-RIGHT MARK",
    "\u061cada": "holds U+061C ARABIC LETTER MARK",
    "ada\u2069": "holds U+2069 POP DIRECTIONAL ISOLATE",
    "ad\u00ada": "holds U+00AD SOFT HYPHEN",
    "ada\ufeff": "holds U+FEFF ZERO WIDTH NO-BREAK SPACE",
    "ad\u200ba": "holds U+200B ZERO WIDTH SPACE",
    "ad\u200da": "holds U+200D ZERO WIDTH JOINER",
    "zoe\u0308\u200c": "holds U+200C ZERO WIDTH NON-JOINER",
    "Zo\u1eb9\u200c": "holds U+200C ZERO WIDTH NON-JOINER",
    "علی\u200c\u200cرضا": "holds U+200C ZERO WIDTH NON-JOINER",
    "\u200dada": "holds U+200D ZERO WIDTH JOINER",
    "ada\U000e0041": "holds U+E0041 TAG LATIN CAPITAL LETTER A",
    "a\nb": "holds U+000A a control character",
    "a\x1b[31m": "holds U+001B a control character",
    "a\x7f": "holds U+007F a control character",
    "a\u0085b": "holds U+0085 a control character",
    "a\u2028b": "holds U+2028 LINE SEPARATOR",
    "a\uf03ab": "holds U+F03A a character for private use",
    "a\U000e0080": "holds U+E0080 no character of Unicode",
    "zo\udcff": "holds the byte FF, which is not in UTF-8",
    "ada\ud800": "holds U+D800 half a character",
    ".": "begins with U+002E FULL STOP",
    "..": "begins with U+002E FULL STOP",
    ".ada": "begins with U+002E FULL STOP",
    "": "is empty",
    " ada": "begins with U+0020 SPACE",
    "\u3000": "begins with U+3000 IDEOGRAPHIC SPACE",
    "ada\u00a0": "ends with U+00A0 NO-BREAK SPACE",
    "../ada": "begins with U+002E FULL STOP",
    "a/b": "holds U+002F SOLIDUS, which parts folders",
    "a\\b": "holds U+005C REVERSE SOLIDUS, which parts folders",
    "<img src=x>": "holds U+003C LESS-THAN SIGN, which begins HTML",
    'ada"': "holds U+0022 QUOTATION MARK, which ends a text",
    "a" * 129: "has 129 characters, of which the gradebook takes 128",
    "李" * 84: "has 252 bytes, of which a file's name takes 250",
}


def test_a_name_of_any_script_is_a_students():
    assert {name: refusal(name) for name in NAMES if refusal(name)} == {}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_students_is_named_with_its_code_point(name):
    said = refusal(name)
    assert f"has no student's id for a name, since it {REFUSED[name]}" in said
    assert said.isprintable()
    assert said.endswith("rename it, and grade again.")


@given(st.text(st.characters(codec=None), max_size=140))
def test_a_name_is_a_students_or_one_printable_sentence_says_why_not(name):
    said = refusal(name)
    assert bool(said) == (not fits(name))
    assert said.isprintable()


def fits(name: str) -> bool:
    """Say in another way what the rule is, for names without joiners."""
    if "\u200c" in name or "\u200d" in name:
        return not refusal(name)
    kinds = {unicodedata.category(c) for c in name}
    return (
        name.strip() == name != ""
        and not name.startswith(".")
        and all(kind[0] in "LMNPS" or kind == "Zs" for kind in kinds)
        and not set(name) & set(APART)
        and len(name) <= MAX_CHARACTERS
        and len(name.encode()) <= MAX_BYTES
    )


PARTS = st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Zs"])


@settings(max_examples=200, deadline=None)
@given(names=st.sets(st.text(PARTS, min_size=1, max_size=40), min_size=1, max_size=5))
def test_every_name_has_a_folder_and_a_record_of_its_own(tmp_path_factory, names):
    names = {name for name in names if not refusal(name)}
    assume(names)
    here = tmp_path_factory.mktemp("course")
    kept = Records(here, NAME)
    for name in names:
        (here / "submitted" / name / NAME).mkdir(parents=True)
        kept.write(Record(name, NAME, "graded"))
    found = list(places(here / "submitted", NAME))
    assert {place.student for place in found} == names
    assert {place.student for place in found if place.problem} == set(spelled_alike(names))
    assert {record.student for record in kept.all()} == names
    assert all(kept.find(name).student == name for name in names)


def told(here, command: str, *words: str, code: int = 0) -> str:
    """Run a command in this process."""
    more = ["--unsandboxed", "--jobs", "1"] if command == "grade" else []
    done = CliRunner().invoke(main, [command, *words, *more, "--course-dir", str(here)])
    assert done.exit_code == code, done.output
    return done.stdout


def exported(here, kind="csv"):
    return list(csv.reader(io.StringIO(told(here, "export", NAME, "--format", kind), newline="")))


def test_one_person_is_one_row_however_the_list_and_the_folders_spell_the_name(tmp_path):
    here = course(tmp_path)
    names = ["Zoë", "Jürgen", "Åsa"]
    with opened(here) as book:
        book.add_student("Zoë", first_name="Zoë", email="zoe@example.org", lms_user_id="7")
        book.add_student("Jürgen")
        book.add_student(decomposed("Åsa"), last_name="Å")
        book.add_student("Noël")
    for name in ("Zoë", "Jürgen"):
        hand_in(here, decomposed(name))
    hand_in(here, "Åsa")
    told(here, "grade", NAME)
    on_list = ["Jürgen", "Noël", "Zoë", decomposed("Åsa")]
    head, *rows = exported(here)
    of = {row[1]: dict(zip(head, row, strict=True)) for row in rows}
    assert sorted(of) == sorted(on_list)
    assert len(rows) == 4
    assert {name: each["raw_score"] for name, each in of.items()} == dict.fromkeys(on_list, "6") | {"Noël": ""}
    assert (of["Zoë"]["email"], of[decomposed("Åsa")]["last_name"]) == ("zoe@example.org", "Å")
    assert sorted(row[3] for row in exported(here, "canvas")[2:]) == sorted(on_list)
    told(here, "feedback", NAME)
    assert (here / "feedback" / decomposed("Zoë") / NAME / f"{NAME}.html").is_file()
    assert len([each for each in graded(NAME, here).students if each.record]) == len(names)
    # a disk that spells names otherwise: who was graded under the old name is there once
    submitted = here / "submitted"
    (submitted / decomposed("Zoë")).rename(submitted / "Zoë")
    told(here, "grade", NAME)
    assert [row[1] for row in exported(here)[1:]].count("Zoë") == 1
    assert len(exported(here)) == 5
    config = here / "nbgrader_config.py"
    config.write_text(f"{config.read_text()}\nc.CourseDirectory.student_id_exclude = 'Jürgen'\n")
    assert "Left out by student_id_exclude: 1." in told(here, "grade", NAME)


@pytest.mark.slow
def test_each_is_graded_under_the_name_and_has_a_page_and_a_row(tmp_path):
    here = course(tmp_path)
    for name in NAMES:
        hand_in(here, name)
    shown = told(here, "grade", NAME)
    assert scores(here) == dict.fromkeys(NAMES, full())
    assert [name for name in NAMES if f"/{len(NAMES)} {' '.join(name.split())}: graded, 6" not in shown] == []
    told(here, "feedback", NAME)
    for name in NAMES:
        page = here / "feedback" / name / NAME / f"{NAME}.html"
        assert "6 of 6 points, and 4 wait for a person" in page.read_text(encoding="utf-8"), name
    told(here, "report", NAME)
    rows = list(csv.DictReader(io.StringIO(told(here, "export", NAME), newline="")))
    assert sorted(row["student_id"].removeprefix("'") for row in rows) == sorted(NAMES)
    assert next(row["student_id"] for row in rows if "1+1" in row["student_id"]) == "'=1+1"
    found = json.loads(told(here, "export", NAME, "--format", "json"))["students"]
    assert {each["student"] for each in found} == set(NAMES)
    assert "right" in told(here, "explain", "José Ñandú", "compute_dW2", "--assignment", NAME, "--unsandboxed")
    told(here, "feedback", NAME, "--student", "Zoë Müller")
    nbgrader(here, "autograde", NAME, "--force")
    assert scores(here) == dict.fromkeys(NAMES, full())
    nbgrader(here, "generate_feedback", NAME, "--force")


def test_two_folders_of_one_name_in_unicode_wait_for_a_person(tmp_path):
    here = course(tmp_path)
    for name in ("Zoë", decomposed("Zoë"), "zoë", "ada", decomposed("é\u0323"), "\u0065\u0301\u0323"):
        hand_in(here, name)
    (here / "submitted" / "Jose\u0301").mkdir()  # has not handed this one in
    hand_in(here, "José")
    shown = told(here, "grade", NAME, code=1)
    assert scores(here) == {"zoë": full(), "ada": full()}
    records = {record.student: record for record in Records(here, NAME).all()}
    waiting = {name for name, record in records.items() if record.outcome == "unreadable"}
    assert waiting == {"Zoë", decomposed("Zoë"), decomposed("é\u0323"), "\u0065\u0301\u0323", "José"}
    advice = records["Zoë"].advice
    assert advice == records[decomposed("Zoë")].advice
    assert "2 folders for one person, 'Zoë': where one has U+0065 U+0308, another has U+00EB" in advice
    assert "8 submissions" not in shown
    assert "7 submissions: 2 graded, 5 unreadable" in shown
    path_of(here, "José").parent.rename(here / "submitted" / "Jose\u0301" / NAME)
    (here / "submitted" / "José").rmdir()
    told(here, "grade", NAME, code=1)
    assert scores(here)["Jose\u0301"] == full()
    done = nbgrader(here, "autograde", NAME, "--force", "--student", "Zoë", code=1)
    assert "2 folders for one person" in done.stderr
