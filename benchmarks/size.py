"""How large each room is: `make size`. Lines of code are those without docstrings, comments and blank lines."""

import ast
import io
import subprocess
import tokenize
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTED = ("autograder",)
DATA = (".toml", ".json", ".txt")
LONGEST = 400
"""Lines of a file in autograder or course_lib, all counted."""
_NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_lines(text: str) -> int:
    """Return how many lines of a Python text are code.

    >>> code_lines('''# a comment
    ...
    ... def f():
    ...     "Docstring."
    ...     return 1
    ... ''')
    2
    """
    documentation: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            documentation |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - documentation)


def room_of(path: Path) -> str:
    """Return the room of a file, by its path below the root."""
    return "/".join(path.parts[:2]) if path.parts[0] in PARTED and len(path.parts) > 2 else path.parts[0]


def main() -> None:
    """Print the rooms, their lines of code, of all text, and of data that stands in the place of code."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    code, whole, data, long = Counter[str](), Counter[str](), Counter[str](), list[str]()
    for path in map(Path, listed.splitlines()):
        if len(path.parts) == 1 or not (ROOT / path).is_file():
            continue
        if path.suffix == ".py":
            text = (ROOT / path).read_text(encoding="utf-8")
            code[room_of(path)] += code_lines(text)
            whole[room_of(path)] += text.count("\n")
            if path.parts[0] in ("autograder", "course_lib") and text.count("\n") > LONGEST:
                long.append(f"{path} {text.count(chr(10))}")
        elif path.suffix in DATA:
            data[room_of(path)] += (ROOT / path).read_text(encoding="utf-8").count("\n")
    print(f"{'room':22}{'code':>8}{'all':>8}{'data':>8}")
    for room in sorted(code):
        print(f"{room:22}{code[room]:8}{whole[room]:8}{data[room]:8}")
    of_autograder = sum(lines for room, lines in code.items() if room.startswith("autograder"))
    print(f"over {LONGEST} lines: {', '.join(long) or 'none'}")
    print(f"SIZE autograder={of_autograder} core={code['autograder/core']} all={sum(code.values())} long={len(long)}")


if __name__ == "__main__":
    main()
