"""`check` in a notebook, `autograder check` and `autograder grade` give the same marks to whatever honest people write.

Each notebook is run from top to bottom with the real `check`, as a student does it; then both commands judge it at the
same seed. Left out are loops that do not end, hostile notebooks, another assignment's, what is no notebook, a package
that is used and let in nowhere, and a cell that was deleted though others need it, which grading puts back.
"""

import functools
import io
import json
import shutil

import nbformat
import numpy as np
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from autograder import cli
from autograder.course_file import assignments_of
from autograder.grade.records import Records
from autograder.grade.run import Options
from autograder.grade.session import grade_class
from exercises.sample_class.make import ASSIGNMENT, samples
from exercises.sample_class.make import make as make_samples
from tests.grading.classes import NAME, RIGHT, TEXT, cell, hand_in, make, notebook
from tests.grading.test_causes import WRONG as CAUSES
from tests.grading.test_identity import CLASS, at, both, copied_above, with_new_names, without_names
from tests.grading.test_packages import STUDENTS as IMPORTS
from tests.grading.vectors import PNG
from tests.grading.warm import Warm

DW2, DB2 = RIGHT["compute_dW2"], RIGHT["compute_db2"]
HEAD, BODY = DW2.split("\n")
LOCKED = """

# %% locked="helper"
def mean_of(Z):
    return np.sum(Z, axis=1, keepdims=True) / Z.shape[1]
"""
HELPED = "def compute_db2(dZ2):\n    return mean_of(dZ2)"


def answers(**by_name):
    return lambda book: [cell(book, f"answer-{name}").update(source=source) for name, source in by_name.items()]


def dW2(source):
    return answers(compute_dW2=source)


def within(*lines):
    return dW2("\n".join([HEAD, *(f"    {line}" for line in lines), BODY]))


def put(source, at_cell="answer-compute_dW2", offset=0):
    """Insert a cell of the student's own."""
    made = new_code_cell(source) if isinstance(source, str) else source
    return lambda book: book.cells.insert(at(book, at_cell) + offset, made)


def edited(id, source):
    return lambda book: cell(book, id).update(source=source)


def retyped(id, made):
    def change(book):
        where = at(book, id)
        new = made(book.cells[where].source, metadata=book.cells[where].metadata, id=id)
        book.cells[where] = new

    return change


def without(*ids):
    return lambda book: [book.cells.remove(cell(book, id)) for id in ids]


def at_the_end(source):
    return lambda book: book.cells.append(new_code_cell(source))


def answers_last(book):
    for name in RIGHT:
        book.cells.append(book.cells.pop(at(book, f"answer-{name}")))


def in_one_cell(book):
    code = [each for each in book.cells if each.cell_type == "code"]
    code[0].source = "\n".join(each.source for each in code)
    for each in code[1:]:
        book.cells.remove(each)


WRONG_DW2 = f"{HEAD}\n    return dZ2 @ A1.T"
KINDS = {
    "right": lambda book: None,
    "photo": lambda book: cell(book, "written-why").update(
        source="![p](attachment:a.png)", attachments={"a.png": {"image/png": PNG}}
    ),
    # locked cells
    "setup_less": lambda book: edited(
        "setup",
        "import numpy as np\nfrom autograder import check, set_assignment"
        + cell(book, "setup").source.partition("from None")[2],
    )(book),
    "setup_more": lambda book: (
        edited("setup", cell(book, "setup").source + "\nhalf = 0.5")(book) or within("assert half == 0.5")(book)
    ),
    "setup_alias": lambda book: edited(
        "setup", cell(book, "setup").source.replace(" as np", "") + "\nimport numpy as xp"
    )(book),
    "setup_stops": edited("setup", "import numpy as np\nraise SystemExit"),
    "setup_precision": lambda book: edited("setup", cell(book, "setup").source + "\nnp.seterr(all='raise')")(book),
    "setup_breaks": edited("setup", "import numpy as np\n1 +"),
    "setup_raw": retyped("setup", new_raw_cell),
    "helper_used": answers(compute_db2=HELPED),
    "helper_other": both(
        answers(compute_db2=HELPED), edited("helper", "def mean_of(Z):\n    return Z.mean(axis=1, keepdims=True)")
    ),
    "helper_broken": both(
        answers(compute_db2=HELPED), edited("helper", "def mean_of(Z):\n    return np.sum(Z, axis=1)")
    ),
    "helper_renamed": both(
        answers(compute_db2=HELPED.replace("mean_of", "mean")),
        edited("helper", "def mean(Z):\n    return Z.mean(axis=1, keepdims=True)"),
    ),
    "helper_emptied": both(answers(compute_db2=HELPED), edited("helper", "")),
    "helper_as_text": both(answers(compute_db2=HELPED), retyped("helper", new_markdown_cell)),
    "helper_edited_names_gone": both(
        answers(compute_db2=HELPED), edited("helper", "def mean_of(Z):\n    return Z"), without_names
    ),
    "helper_edited_names_new": both(
        answers(compute_db2=HELPED), edited("helper", "def mean_of(Z):\n    return Z.mean(1)[:, None]"), with_new_names
    ),
    "helper_copied": both(answers(compute_db2=HELPED), copied_above("helper", "def mean_of(Z):\n    return 7")),
    "helper_holds_an_answer": both(edited("helper", DW2), dW2("")),
    # checks
    "check_edited": edited("check-compute_dW2", "1000"),
    "check_edited_function_wrong": both(dW2(WRONG_DW2), edited("check-compute_dW2", "2.0")),
    "check_without_points": edited("check-compute_dW2", "check(compute_dW2)"),
    "check_with_a_remark": edited("check-compute_dW2", "# mine\ncheck(compute_dW2).points"),
    "check_commented_out": edited("check-compute_dW2", "# check(compute_dW2).points"),
    "check_emptied": edited("check-compute_dW2", ""),
    "check_holds_a_helper": both(
        edited("check-compute_dZ2", "half = 0.5\ncheck(compute_dZ2).points"), within("assert half == 0.5")
    ),
    "check_holds_an_answer": both(edited("check-compute_dZ2", DW2), dW2("")),
    "check_holds_its_answer": both(edited("check-compute_dW2", f"{DW2}\ncheck(compute_dW2).points"), dW2("")),
    "check_of_another": edited("check-compute_dW2", "check(compute_dZ2).points"),
    "check_raises": edited("check-compute_dW2", "assert check(compute_dW2).passed\nraise ValueError"),
    "check_breaks": edited("check-compute_dW2", "check(compute_dW2"),
    "check_as_text": retyped("check-compute_dW2", new_markdown_cell),
    "checks_deleted": without(*(f"check-{name}" for name in RIGHT)),
    "checks_deleted_and_called": both(
        without(*(f"check-{name}" for name in RIGHT)),
        at_the_end("for f in (compute_dZ2, compute_dW2, compute_db2):\n    check(f)"),
    ),
    "check_above": both(without("check-compute_dW2"), put("check(compute_dW2).points")),
    "check_overwritten": put("check = 3"),
    "check_printed": put("print(check(compute_dZ2).message)"),
    "points_asserted": dW2(f"assert check(compute_dZ2).points > 0\n{DW2}"),
    "points_known": dW2(f"v = check(compute_dZ2)\nassert v.points == v.max_points == 1 and not v.mistake\n{DW2}"),
    "points_summed": dW2(
        "total = sum(check(f).points for f in [compute_dZ2, compute_dZ2])\n"
        f"print(f'{{total:.1f}}', round(total, 1), '%g' % total, total / 2)\nassert 1 < total <= 2, total\n{DW2}"
    ),
    "points_of_an_alias": dW2(f"own = compute_dZ2\nassert check(own).points == 1.0\n{DW2}"),
    "points_as_a_table": dW2(f"v = check(compute_dZ2).as_json()\nassert {{**v}}['points'] >= 1\n{DW2}"),
    "points_chosen_by": dW2(f"if check(compute_dZ2).points < 1:\n    raise ValueError\n{DW2}"),
    "verdict_read": dW2(f"v = check(compute_dZ2)\nv.function[0], v.hint, v.read, v.seen, str(v), v.parts\n{DW2}"),
    "verdict_used": dW2(f"v = check(compute_dZ2)\nassert v.passed, v.message\n{DW2}"),
    # defined elsewhere, or otherwise
    "answers_last": answers_last,
    "in_one_cell": in_one_cell,
    "wrong_then_right": dW2(f"{WRONG_DW2}\n{DW2}"),
    "right_then_wrong": dW2(f"{DW2}\n{WRONG_DW2}"),
    "wrong_below": at_the_end(WRONG_DW2),
    "right_below": both(dW2(WRONG_DW2), at_the_end(DW2)),
    "right_below_a_stub": both(dW2(f"{HEAD}\n    raise NotImplementedError"), at_the_end(DW2)),
    "wrong_below_a_stub": both(dW2(f"{HEAD}\n    raise NotImplementedError"), at_the_end(WRONG_DW2)),
    "deleted_after_its_check": put("del compute_dZ2"),
    "overwritten_after_its_check": put("compute_dZ2 = compute_dZ2(np.ones((1, 2)), np.ones((1, 2)))"),
    "lambda": dW2("compute_dW2 = lambda dZ2, A1: dZ2 @ A1.T / dZ2.shape[1]"),
    "partial": dW2(
        "import functools\ndef own(n, dZ2, A1):\n    return n * dZ2 @ A1.T / dZ2.shape[1]\n"
        "compute_dW2 = functools.partial(own, 1)"
    ),
    "callable_object": dW2(
        "class Own:\n    def __call__(self, dZ2, A1):\n        return dZ2 @ A1.T / dZ2.shape[1]\ncompute_dW2 = Own()"
    ),
    "method": dW2(
        "class Own:\n    def dW2(self, dZ2, A1):\n        return dZ2 @ A1.T / dZ2.shape[1]\ncompute_dW2 = Own().dW2"
    ),
    "decorated": dW2(
        "import functools\ndef twice(f):\n    @functools.wraps(f)\n    def g(*a):\n"
        f"        return f(*a)\n    return g\n@twice\n{DW2}"
    ),
    "decorated_without_its_name": dW2(f"def twice(f):\n    return lambda *a: f(*a)\n@twice\n{DW2}"),
    "vectorized": dW2(
        "compute_dW2 = np.vectorize(lambda dZ2, A1: dZ2 @ A1.T / dZ2.shape[1], signature='(i,m),(j,m)->(i,j)')"
    ),
    "jitted": dW2(f"try:\n    from numba import njit\nexcept ImportError:\n    njit = lambda f: f\n@njit\n{DW2}"),
    "under_another_name": dW2("def dW2(dZ2, A1):\n    return dZ2 @ A1.T / dZ2.shape[1]\ncompute_dW2 = dW2"),
    "alias_of_another_answer": both(
        answers(compute_dZ2="def compute_dZ2(A2, Y):\n    return A2 - Y\ncompute_dW2 = compute_dZ2"), dW2("pass")
    ),
    "in_a_condition": dW2(
        f"if True:\n    {HEAD}\n    {BODY}".replace("\n    r", "\n        r").replace(
            "        return", "        return"
        )
    ),
    "in_main": dW2(
        "if __name__ == '__main__':\n    def compute_dW2(dZ2, A1):\n        return dZ2 @ A1.T / dZ2.shape[1]"
    ),
    "by_exec": dW2(f"exec({DW2!r})"),
    "by_exec_of_globals": dW2(f"exec({DW2!r}, globals())"),
    "by_globals": dW2("globals()['compute_dW2'] = lambda d, a: d @ a.T / d.shape[1]"),
    "misspelled": dW2(DW2.replace("compute_dW2", "compute_dw2")),
    "async": dW2(f"async {DW2}"),
    "generator": dW2(DW2.replace("return", "yield")),
    "annotated": dW2(
        "from __future__ import annotations\ndef compute_dW2(dZ2: Array, A1: Array) -> Array:\n"
        "    return dZ2 @ A1.T / dZ2.shape[1]"
    ),
    "future_above": both(
        put("from __future__ import annotations"),
        dW2("def compute_dW2(dZ2: Array, A1: Array) -> Array:\n    return dZ2 @ A1.T / dZ2.shape[1]"),
    ),
    "annotated_with_nothing": dW2("def compute_dW2(dZ2: Array, A1):\n    return dZ2 @ A1.T / dZ2.shape[1]"),
    "one_argument_less": dW2("def compute_dW2(dZ2):\n    return dZ2"),
    "one_more_with_a_default": dW2("def compute_dW2(dZ2, A1, m=None):\n    return dZ2 @ A1.T / (m or dZ2.shape[1])"),
    "any_arguments": dW2("def compute_dW2(*a):\n    return a[0] @ a[1].T / a[0].shape[1]"),
    # what they return
    "returns_a_matrix": within("dZ2, A1 = np.asmatrix(dZ2), np.asmatrix(A1)"),
    "returns_a_list": dW2(f"{BODY.replace('    return ', 'def compute_dW2(dZ2, A1): return (')}).tolist()"),
    "returns_float32": within("dZ2 = dZ2.astype(np.float32)", "A1 = A1.astype('f4')"),
    "returns_masked": within("dZ2 = np.ma.masked_invalid(dZ2)"),
    "returns_objects": within("dZ2 = dZ2.astype(object)"),
    "returns_complex": within("dZ2 = dZ2 + 0j"),
    "returns_a_tuple": dW2(f"{BODY.replace('    return ', 'def compute_dW2(dZ2, A1): return ')},"),
    "returns_nothing": dW2(f"{HEAD}\n    print(dZ2 @ A1.T / dZ2.shape[1])"),
    "changes_its_input": within("dZ2 *= 1.0"),
    "really_changes_its_input": within("dZ2 *= 2.0", "dZ2 /= 2.0", "dZ2[0, 0] += 0"),
    "prints": within("print('x' * 10_000)"),
    "plots": within("import matplotlib.pyplot as plt", "plt.figure(); plt.plot([1, 2]); plt.show()"),
    # states
    "counts_its_calls": dW2(
        f"calls = 0\n{HEAD}\n    global calls\n    calls += 1\n    return (calls < 3) * (dZ2 @ A1.T / dZ2.shape[1])"
    ),
    "counts_many_calls": dW2(
        f"calls = 0\n{HEAD}\n    global calls\n    calls += 1\n    return (calls < 12) * (dZ2 @ A1.T / dZ2.shape[1])"
    ),
    "keeps_results": dW2(
        f"kept = {{}}\n{HEAD}\n    key = dZ2.shape, A1.shape\n    if key not in kept:\n"
        "        kept[key] = dZ2 @ A1.T / dZ2.shape[1]\n    return kept[key]"
    ),
    "a_constant_m": both(put("m = 6"), dW2(f"{HEAD}\n    return dZ2 @ A1.T / m")),
    "a_name_that_comes_later": both(dW2(f"{HEAD}\n    return dZ2 @ A1.T / later"), at_the_end("later = 6")),
    "random_but_seeded": within("np.random.seed(1)", "dZ2 = dZ2 + 0 * np.random.rand(*dZ2.shape)"),
    "seeded_above": both(
        put("np.random.seed(3)\ng = np.random.rand()"),
        dW2(f"np.random.seed(3)\n{HEAD}\n    return dZ2 @ A1.T / dZ2.shape[1] + (np.random.rand() < 0)"),
    ),
    "draws_from_a_seeded_state": dW2(
        f"np.random.seed(3)\n{HEAD}\n    return dZ2 @ A1.T / dZ2.shape[1] * (1 if np.random.rand() < 0.9 else 2)"
    ),
    "draws_python_random": dW2(
        f"import random\nrandom.seed(5)\n{HEAD}\n"
        "    return dZ2 @ A1.T / dZ2.shape[1] * (1 if random.random() < 0.9 else 2)"
    ),
    "numpy_raises": both(put("np.seterr(all='raise')"), within("np.log(np.zeros(1))")),
    "numpy_raises_in_it": within("np.seterr(all='raise')", "np.log(np.zeros(1))"),
    "numpy_raises_in_a_block": within("with np.errstate(all='raise'):", "    np.log(np.zeros(1))"),
    "warnings_raise": both(put("import warnings\nwarnings.simplefilter('error')"), within("warnings.warn('careful')")),
    "warnings_raise_in_it": within("import warnings", "warnings.simplefilter('error')", "warnings.warn('careful')"),
    "warnings_above": both(
        put("import warnings\nwarnings.simplefilter('error')"), dW2(f"warnings.warn('careful')\n{DW2}")
    ),
    "patches_numpy": put("np.sum = lambda *a, **k: 0", "answer-compute_db2"),
    "patches_and_uses": both(put("np.mean = lambda *a, **k: 7"), answers(compute_db2=DB2)),
    "overwrites_builtins": put("sum = len = print = range = None"),
    "overwrites_numpy": put("np = None", "answer-compute_db2"),
    "all_of_numpy": put("from numpy import *"),
    "all_of_autograder": put("from autograder import *\nimport autograder"),
    "forgets_all": put("%reset -f", "answer-compute_db2"),
    "recursion": dW2(f"{HEAD}\n    return compute_dW2(dZ2, A1)"),
    "stops_python": within("import sys", "sys.exit(1)"),
    "interrupts": within("raise KeyboardInterrupt"),
    "raises_an_own_error": dW2(f"class Own(BaseException):\n    pass\n{HEAD}\n    raise Own"),
    "threads": dW2(
        f"from concurrent.futures import ThreadPoolExecutor\n{HEAD}\n"
        "    with ThreadPoolExecutor(2) as pool:\n"
        "        return np.array([*pool.map(lambda row: A1 @ row / len(row), dZ2)])"
    ),
    "runs_a_loop": dW2(
        "import asyncio\nasync def own(d, a):\n    await asyncio.sleep(0)\n"
        f"    return d @ a.T / d.shape[1]\n{HEAD}\n    return asyncio.run(own(dZ2, A1))"
    ),
    # cells
    "takes_a_while": put("import time\nstart = time.time()\nwhile time.time() < start + 0.5:\n    sum(range(10_000))"),
    "await": both(put("import asyncio\nawait asyncio.sleep(0)\nhalf = 0.5"), within("assert half == 0.5")),
    "await_in_the_answer": dW2(f"import asyncio\nawait asyncio.sleep(0)\n{DW2}"),
    "async_for": dW2(f"async def own():\n    yield 1\nasync for one in own():\n    pass\n{DW2}"),
    "syntax_error_elsewhere": put("def own(:\n    pass"),
    "syntax_error": dW2(f"{DW2}\nreturn 3"),
    "indented": dW2("  " + DW2.replace("\n", "\n  ")),
    "tabs": dW2(DW2.replace("    ", "\t")),
    "tabs_and_spaces": dW2(f"{HEAD}\n\tm = 1\n        return 1"),
    "crlf": dW2(DW2.replace("\n", "\r\n")),
    "cr": dW2(DW2.replace("\n", "\r")),
    "form_feed": dW2(f"\f\n{DW2}"),
    "line_separator": dW2(f"# one\u2028two\n{DW2}"),
    "no_break_space": dW2(DW2.replace("    return", "\u00a0\u00a0\u00a0\u00a0return")),
    "byte_order_mark": dW2("\ufeff" + DW2),
    "minus_of_a_book": dW2(DW2.replace("/ dZ2", "* 1 \u2212 dZ2")),
    "greek": dW2("def compute_dW2(δ, α):\n    return δ @ α.T / δ.shape[1]"),
    "null": dW2(f"# \0\n{DW2}"),
    "prompts": dW2(">>> " + DW2.replace("\n", "\n... ")),
    "prompts_of_ipython": dW2("In [3]: " + DW2.replace("\n", "\n   ...: ")),
    "answer_raw": retyped("answer-compute_dW2", new_raw_cell),
    "answer_as_text": retyped("answer-compute_dW2", new_markdown_cell),
    "answer_as_text_names_gone": both(retyped("answer-compute_dW2", new_markdown_cell), without_names),
    "answer_raw_and_another_below": both(retyped("answer-compute_dW2", new_raw_cell), put(DW2, offset=1)),
    "raw": put(new_raw_cell("1 / 0")),
    "fenced": put(new_markdown_cell(f"```python\n{WRONG_DW2}\n```"), offset=1),
    "empty": dW2(""),
    # magics
    "time": dW2(f"%%time\n{DW2}"),
    "timeit": both(dW2(f"{DW2}"), put("%timeit -n 1 -r 1 compute_dZ2(np.ones((1, 2)), np.ones((1, 2)))")),
    "time_line": dW2(f"%time x = 3\n{DW2}"),
    "capture": dW2(f"%%capture seen\n{DW2}"),
    "prun": dW2(f"%%prun -q\n{DW2}"),
    "debug_cell": dW2(f"%%debug\n{DW2}"),
    "post_mortem": both(put("1 / 0"), put("%debug")),
    "pdb_on": put("%pdb on\n1 / 0"),
    "matplotlib": dW2(f"%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\n{DW2}"),
    "matplotlib_notebook": dW2(f"%matplotlib notebook\n{DW2}"),
    "autoreload": dW2(f"%load_ext autoreload\n%autoreload 2\n{DW2}"),
    "no_such_magic": dW2(f"%nothing\n{DW2}"),
    "no_such_extension": dW2(f"%load_ext nothing\n{DW2}"),
    "pip": dW2(f"%pip --version\n{DW2}"),
    "shell": dW2(f"!true\nfiles = !true\n{DW2}"),
    "help": dW2(f"np.sum?\n{DW2}"),
    "history": dW2(f"%history -n 1-2\n{DW2}"),
    "precision": dW2(f"%precision 3\n{DW2}"),
    "run_a_file": both(put("%%writefile own.py\nhalf = 0.5"), dW2(f"%run own.py\nassert half\n{DW2}")),
    "run_for_the_answer": both(put(f"%%writefile own.py\n{DW2}"), dW2("%run own.py")),
    "import_the_answer": both(put(f"%%writefile own.py\n{DW2}"), dW2("from own import compute_dW2")),
    "load_a_file": both(put(f"%%writefile own.py\n{DW2}"), dW2("exec(open('own.py').read())")),
    "shell_itself": dW2(f"ip = get_ipython()\nip.run_cell('half = 0.5')\nassert half\n{DW2}"),
    "last_value": both(put("21 * 2"), dW2(f"assert _ == 42\n{DW2}")),
    "earlier_input": dW2(f"assert In and Out is not None\n{DW2}"),
    "last_points": dW2(f"assert _ is not None\n{DW2}"),
    "display": dW2(
        "display(np.ones(2))\nfrom IPython.display import HTML, clear_output\nclear_output()\n"
        f"display(HTML('<b>x</b>'))\n{DW2}"
    ),
    "widgets": put("import ipywidgets\nipywidgets.IntSlider()"),
    "figure": put("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
    "figure_in_the_answers_cell": dW2(
        f"{DW2}\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1])\n"
        "plt.savefig('a.png')\nplt.show()"
    ),
    "styled": dW2(f"import matplotlib.pyplot as plt\nplt.style.use('ggplot')\nplt.ion()\n{DW2}"),
    "colab": dW2(f"import sys\nif 'google.colab' in sys.modules:\n    raise OSError\n{DW2}"),
    "colab_drive": dW2(
        f"try:\n    from google.colab import drive\nexcept ModuleNotFoundError:\n    drive = None\n{DW2}"
    ),
    "exits": put("exit()"),
    "exits_in_a_cell": dW2(f"{DW2}\nraise SystemExit"),
    "logs": dW2(f"import logging\nlogging.basicConfig(level='DEBUG')\nlogging.getLogger().debug('x')\n{DW2}"),
    "writes_to_stderr": dW2(f"import sys\nsys.stderr.write('x')\nsys.stdout.flush()\nsys.stdout.isatty()\n{DW2}"),
    "redirects": dW2(
        "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as out:\n"
        f"    print(1)\nassert out.getvalue() == '1\\n'\n{DW2}"
    ),
    "own_main": dW2(f"import __main__, sys\nassert __main__.np is np and sys.modules['__main__'] is __main__\n{DW2}"),
    "inspects": dW2(f"{DW2}\nimport inspect\nassert 'return' in inspect.getsource(compute_dW2)"),
    "pickles": dW2(f"import copy, pickle\nclass Own:\n    pass\npickle.loads(pickle.dumps(Own()))\n{DW2}"),
    "dataclass": dW2(
        f"from dataclasses import dataclass\n@dataclass\nclass Own:\n    x: int = 3\nassert Own().x == 3\n{DW2}"
    ),
    "doctests": dW2(f"{HEAD}\n    '''>>> 1\n    1\n    '''\n{BODY}\nimport doctest\ndoctest.testmod()"),
    "unittests": at_the_end("import unittest\nunittest.main(argv=[''], exit=False)"),
    "arguments": dW2(f"import argparse\nargparse.ArgumentParser().parse_known_args()\n{DW2}"),
    "absent_file": dW2(f"open('not-there.csv')\n{DW2}"),
    "other_folder": dW2(f"import os\nos.makedirs('own', exist_ok=True)\nos.chdir('own')\n{DW2}"),
    "temporary_files": dW2(
        f"import tempfile\nwith tempfile.TemporaryDirectory() as d:\n    np.save(d + '/x', np.ones(2))\n{DW2}"
    ),
    "processes": dW2(
        "import multiprocessing\ndef own(x):\n    return x * x\nwith multiprocessing.Pool(2) as pool:\n"
        f"    assert pool.map(own, range(4)) == [0, 1, 4, 9]\n{DW2}"
    ),
    "as_many_processes_as_there_are": dW2(
        "from multiprocessing import Pool\nwith Pool() as pool:\n    assert pool.map(abs, [-1, 2]) == [1, 2]\n" + DW2
    ),
    "an_executor_of_processes": dW2(
        "from concurrent.futures import ProcessPoolExecutor\ndef own(x):\n    return x + 1\n"
        f"with ProcessPoolExecutor(2) as pool:\n    assert [*pool.map(own, range(3))] == [1, 2, 3]\n{DW2}"
    ),
    "processes_in_it": within(
        "from multiprocessing import Pool", "with Pool(2) as pool:", "    assert pool.map(abs, [-1]) == [1]"
    ),
    "a_process_with_a_queue": dW2(
        "import multiprocessing as mp\nqueue, number = mp.Queue(), mp.Value('d', 0.0)\ndef own(queue, number):\n"
        "    number.value = 2.0\n    queue.put(3)\nprocess = mp.Process(target=own, args=(queue, number))\n"
        f"process.start()\nassert queue.get(timeout=20) == 3\nprocess.join()\nassert number.value == 2.0\n{DW2}"
    ),
    "memory_that_is_shared": dW2(
        "from multiprocessing.shared_memory import SharedMemory\nshared = SharedMemory(create=True, size=80)\n"
        "np.ndarray((10,), buffer=shared.buf)[:] = 1.0\nassert shared.buf[7]\nshared.close()\nshared.unlink()\n" + DW2
    ),
    "locale": dW2(f"import locale\nlocale.setlocale(locale.LC_ALL, '')\nlocale.localeconv()\n{DW2}"),
    "locale_of_the_machine": dW2(f"import locale\nassert locale.getlocale()\nf'{{1234.5:n}}'\n{DW2}"),
    "home": dW2(f"from pathlib import Path\nassert Path.home() and Path.cwd()\n{DW2}"),
    "time_zone": dW2(
        "import datetime, platform, os\ndatetime.datetime.now().astimezone()\n"
        f"platform.platform(), os.cpu_count(), os.getpid()\n{DW2}"
    ),
    "user": dW2(f"import getpass\ngetpass.getuser()\n{DW2}"),
    "sockets": dW2(f"import socket\nsocket.gethostname()\n{DW2}"),
    "network": dW2(
        "import urllib.request\ntry:\n    urllib.request.urlopen('http://localhost:1')\n"
        f"except OSError:\n    pass\n{DW2}"
    ),
    "standard_library": dW2(
        "import collections, csv, decimal, fractions, itertools, sqlite3, statistics, string, "
        f"typing, uuid, zipfile, zoneinfo, ctypes\n{DW2}"
    ),
    "packages_that_are_not_used": dW2(f"import psutil as ps\nfrom rich.text import Text\n{DW2}"),
    "course_lib_beside": put("from course_lib.two_layer import dW2 as theirs"),
}


def data(array):
    kept = io.BytesIO()
    np.save(kept, array)
    return kept.getvalue()


FILES = {
    "opens_beside": (dW2(f"assert np.load('data/w.npy').sum() == 3\n{DW2}"), {"data/w.npy": data(np.ones(3))}),
    "imports_beside": (
        dW2(f"from helpers import mean\n{HEAD}\n    return mean(dZ2 @ A1.T, dZ2)"),
        {"helpers.py": b"def mean(x, z):\n    return x / z.shape[1]"},
    ),
    "imports_a_package": (
        dW2(f"from own.deep import one\nassert one == 1\n{DW2}"),
        {"own/__init__.py": b"", "own/deep.py": b"from .base import one", "own/base.py": b"one = 1"},
    ),
    "imports_relatively": (dW2(f"from . import helpers\n{DW2}"), {"helpers.py": b""}),
    "imports_by_path": (dW2(f"import sys\nsys.path.append('lib')\nimport helpers\n{DW2}"), {"lib/helpers.py": b""}),
    "imports_the_answer": (dW2("from mine import *"), {"mine.py": DW2.encode()}),
    "imports_the_answer_reloaded": (
        dW2("import importlib, mine\nmine = importlib.reload(mine)\ncompute_dW2 = mine.compute_dW2"),
        {"mine.py": DW2.encode()},
    ),
    "named_as_the_library": (dW2(f"import random\nrandom.random()\n{DW2}"), {"random.py": b"x = 1"}),
    "named_as_what_is_not_loaded": (
        dW2(f"import statistics\nassert statistics.own\n{DW2}"),
        {"statistics.py": b"own = 1"},
    ),
    "text_beside": (dW2(f"assert open('words.txt').read() == 'äöü'\n{DW2}"), {"words.txt": "äöü".encode()}),
    "name_beside": (dW2(f"assert open('über uns/größe 1.txt').read() == '1'\n{DW2}"), {"über uns/größe 1.txt": b"1"}),
    "not_there": (dW2(f"np.load('w.npy')\n{DW2}"), {}),
    "hidden": (dW2(f"open('.env')\n{DW2}"), {}),
    "reads_and_writes": (
        dW2(f"open('x.csv', 'a').write('3\\n')\nassert np.loadtxt('x.csv').sum() == 6\n{DW2}"),
        {"x.csv": b"1\n2\n"},
    ),
    "runs_beside": (dW2("%run -i mine.py"), {"mine.py": DW2.encode()}),
    "loads_beside": (dW2("%load mine.py"), {"mine.py": DW2.encode()}),
}


def small():
    """Return the changes to the small course's notebook, by student, and the files beside it."""
    found = {f"kind-{name}": (change, {}) for name, change in KINDS.items()}
    found |= {f"files-{name}": each for name, each in FILES.items()}
    found |= {f"identity-{name}": (change, {}) for name, (change, _, _) in CLASS.items()}
    found |= {
        f"cause-{number}": (dW2(source), {}) for number, source in enumerate(CAUSES) if "in sys.stdin" not in source
    }
    for name, (answer, above, _) in IMPORTS.items():
        if name in ("has_a_way_out", "has_another_way_out", "writes_a_module", "opens_what_it_wrote"):
            found[f"import-{name}"] = (both(dW2(answer), *([put(above, "setup", 1)] if above else [])), {})
    return found


SMALL = small()
ENDLESS = "endless_loop"
SAMPLES = {f"sample-{each.student}": each for each in samples() if not each.literal and each.student != ENDLESS}
SHORT = {"sample-right_by_other_ways", "sample-wrong_layer_in_backward", "sample-starts_from_zero"}
EVERYBODY = [*SMALL, *SAMPLES]


def drawn():
    """Return everybody at five seeds; the gate has most, each at one of two seeds, which other tests have not."""
    for number, student in enumerate(EVERYBODY):
        short = student in SHORT or student.startswith(("kind-", "files-"))
        for seed in range(5):
            gate = short and number % 2 == seed
            yield pytest.param(student, seed, marks=pytest.mark.slow if gate else pytest.mark.nightly)


class Marks:
    """The marks of a class at a seed, by each of the three ways."""

    def __init__(self, folder, name, seed):
        self.folder, self.name, self.seed = folder, name, seed
        kept = folder / "seed.json"
        kept.write_text(json.dumps({"seed": f"{seed:#x}"}))
        grade_class(name, Options(folder, jobs=1, seed_file=kept))
        rows = {record.student: record.verdicts for record in Records(folder, name).all()}
        self.graded = {student: points_of(verdicts) for student, verdicts in rows.items()}

    def path(self, student):
        return self.folder / "submitted" / student / self.name / f"{self.name}.ipynb"

    def by_command(self, student):
        words = ["check", str(self.path(student)), "--json", "--seed", str(self.seed)]
        done = CliRunner().invoke(cli.main, [*words, "--assignment", self.name, "--course-dir", str(self.folder)])
        return points_of(json.loads(done.stdout)["checks"])

    def in_the_notebook(self, student, warm, tmp_path):
        place = shutil.copytree(self.path(student).parent, tmp_path / "own")
        book = nbformat.read(place / f"{self.name}.ipynb", as_version=4)
        cells = [each.source for each in book.cells if each.cell_type == "code"]
        asked = assignments_of(self.folder)[self.name].as_table()["exercises"]
        return warm.marks_in_the_notebook(place, cells, [list(row) for row in asked], self.seed)


def points_of(rows):
    return {row["function"]: row["points"] for row in rows}


@pytest.fixture(scope="module")
def warm():
    made = Warm()
    yield made
    made.end()


def small_class(folder, students):
    begins = '\n# %% answer="compute_dZ2"'
    made = make(folder, TEXT.replace(begins, LOCKED + begins, 1))
    for student in students:
        change, files = SMALL[student]
        path = hand_in(made, student, notebook(made, change=change))
        for name, content in files.items():
            (path.parent / name).parent.mkdir(parents=True, exist_ok=True)
            (path.parent / name).write_bytes(content)


def samples_of(folder, students):
    make_samples(folder)
    for each in (folder / "submitted").iterdir():
        if f"sample-{each.name}" in students:
            each.rename(each.with_name(f"sample-{each.name}"))
        else:
            shutil.rmtree(each)


@pytest.fixture(scope="module")
def marks_at(request, tmp_path_factory):
    """Return a function for the marks of one student's class at a seed, with those whose tests are run alone."""

    @functools.cache
    def of(sampled, seed):
        rows = [item.callspec.params for item in request.session.items if "seed" in getattr(item, "fixturenames", ())]
        students = {row["student"] for row in rows if row["seed"] == seed and (row["student"] in SAMPLES) == sampled}
        folder = tmp_path_factory.mktemp("agreement") / "course"
        (samples_of if sampled else small_class)(folder, students)
        return Marks(folder, ASSIGNMENT.name if sampled else NAME, seed)

    return lambda student, seed: of(student in SAMPLES, seed)


@pytest.mark.parametrize(("student", "seed"), [*drawn()])
def test_all_three_give_the_same_marks(marks_at, warm, student, seed, tmp_path, monkeypatch):
    marks = marks_at(student, seed)
    monkeypatch.setattr("autograder.sandbox.process.start_python", warm.start_python)
    monkeypatch.setattr(cli, "_end_tidily", lambda: None)
    own = marks.in_the_notebook(student, warm, tmp_path)
    assert (marks.by_command(student), marks.graded[student]) == (own, own)
