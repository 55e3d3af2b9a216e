"""Make mutants: the solution of an exercise with exactly one thing in it changed.

What is changed is decided on the syntax tree, and on what each expression was when the solution ran on the judge's
own cases: only arrays are transposed, and an array's name is replaced by another array's, a key by another of its dict.
"""

import ast
import contextlib
import copy
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "plus",
    ast.Sub: "minus",
    ast.Mult: "times",
    ast.Div: "over",
    ast.FloorDiv: "floor",
    ast.MatMult: "matmul",
    ast.Pow: "power",
}
OTHER_OPERATORS: Mapping[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Div, ast.MatMult, ast.Add),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.Pow: (ast.Mult,),
}
COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt, ast.GtE, ast.Eq),
    ast.LtE: (ast.Lt, ast.GtE, ast.Gt, ast.Eq),
    ast.Gt: (ast.GtE, ast.Lt, ast.LtE, ast.Eq),
    ast.GtE: (ast.Gt, ast.LtE, ast.Lt, ast.Eq),
    ast.Eq: (ast.NotEq,),
}
OTHER_FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "sum": ("mean", "max"),
    "mean": ("sum",),
    "exp": ("log",),
    "log": ("exp", "log10"),
    "tanh": ("sinh", "exp"),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "zeros": ("ones",),
    "ones": ("zeros",),
    "abs": ("sign",),
    "sign": ("abs",),
    "sqrt": ("square",),
    "trace": ("sum",),
    "standard_normal": ("random",),
}
"""Functions of numpy, by name, and what is written for them by mistake."""


@dataclass(frozen=True)
class Mutant:
    """A solution with one change.

    Attributes
    ----------
    id : such as "ps4_two_layer/compute_dW2/drop-transpose@L2:17"; lines and columns count in the solution without its
        docstring and comments
    assignment, function : whose answer it is
    kind : what was done
    what : the expression that was changed, and what stands there now, apart by " -> "
    before, after : the line
    source : of the whole function
    unused : arguments that stand nowhere in it any more
    """

    id: str
    assignment: str
    function: str
    kind: str
    what: str
    before: str
    after: str
    source: str
    unused: tuple[str, ...] = ()


class Change(NamedTuple):
    """One change of a tree: the node, what to put in its place, and what kind of change that is."""

    node: ast.AST
    new: ast.AST
    kind: str


def bare(source: str, function: str) -> ast.Module:
    """Parse an answer, and drop the docstring; positions are those of the text without comments."""
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.parse(ast.unparse(tree))


class _Observed(ast.NodeTransformer):
    """Wraps every expression that is read in a call that remembers its value."""

    def __init__(self, numbers: Mapping[int, int]) -> None:
        self.numbers = numbers

    def visit(self, node: ast.AST) -> ast.AST:
        number = self.numbers.get(id(node))
        node = self.generic_visit(node)
        readable = isinstance(
            node, ast.Name | ast.Attribute | ast.Subscript | ast.BinOp | ast.UnaryOp | ast.Call | ast.IfExp
        )
        if number is None or not readable or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return node
        return ast.Call(ast.Name("__seen__", ast.Load()), [ast.Constant(number), node], [])


class Seen:
    """What each expression of a solution was, on the cases of the judge."""

    def __init__(self, tree: ast.Module, function: str, namespace: dict[str, Any], calls: Sequence[Mapping[str, Any]]):
        """Run the solution on every call, and keep one value of each expression, the largest of its arrays."""
        self.values: dict[int, Any] = {}
        self.names: dict[str, Any] = {}
        marked = copy.deepcopy(tree)
        numbers = {id(node): number for number, node in enumerate(ast.walk(marked))}
        marked = ast.fix_missing_locations(_Observed(numbers).visit(marked))
        before = namespace.get(function)
        exec(compile(marked, "<observed>", "exec"), {**namespace, "__seen__": self._remember}, local := {})
        namespace[function] = before if before is not None else local[function]
        for arguments in calls:
            for name, value in arguments.items():
                self.names[name] = self._larger(self.names.get(name), value)
            with contextlib.suppress(ArithmeticError), np.errstate(all="ignore"):
                local[function](*copy.deepcopy(list(arguments.values())))
        self.numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and self.of(node) is not None:
                self.names[node.id] = self._larger(self.names.get(node.id), self.of(node))

    def _larger(self, old: Any, new: Any) -> Any:
        smaller = isinstance(old, np.ndarray) and isinstance(new, np.ndarray) and new.size < old.size
        return old if smaller else new

    def _remember(self, number: int, value: Any) -> Any:
        self.values[number] = self._larger(self.values.get(number), value)
        return value

    def of(self, node: ast.AST) -> Any:
        """Return a value that the expression had, or None."""
        return self.values.get(self.numbers[id(node)])

    def is_array(self, node: ast.AST) -> bool:
        """Return whether the expression was an array with numbers in it."""
        return _is_array(self.of(node))


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0 and value.dtype.kind in "fiub"


def _is_float(value: Any) -> bool:
    return isinstance(value, float | np.floating) or (isinstance(value, np.ndarray) and value.dtype.kind == "f")


def _is_int(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _kind_of_value(value: Any) -> str:
    if _is_array(value):
        return "array"
    if isinstance(value, bool | np.bool_):
        return "bool"
    return "number" if isinstance(value, int | float | np.number | np.ndarray) else "other"


def _plus(node: ast.expr, step: int) -> ast.expr:
    return ast.BinOp(node, ast.Add() if step > 0 else ast.Sub(), ast.Constant(abs(step)))


def _called(node: ast.AST) -> str:
    """Return the last part of the name of what is called, or ""."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _constants(value: Any) -> list[Any]:
    """Return other numbers for a constant: 0 and 1, one more and one less, twice and half, and the sign."""
    if isinstance(value, float):
        changed = [0.0, 1.0, 2 * value, value / 2, -value]
    else:
        changed = [0, 1, value + 1, value - 1, 2 * value, value / 2, -value]
    return [other for other in dict.fromkeys(changed) if other != value]


class _Maker:
    """Finds every change of one solution."""

    def __init__(self, tree: ast.Module, function: str, seen: Seen, namespace: Mapping[str, Any]) -> None:
        self.tree, self.seen, self.namespace = tree, seen, namespace
        self.parents = {child: (parent, name) for parent in ast.walk(tree) for name, child in _children(parent)}
        self.definition = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == function)
        self.function = function

    def inside(self, node: ast.AST, *kinds: type[ast.AST]) -> ast.AST | None:
        """Return the nearest node above of one of these kinds."""
        while node in self.parents:
            node = self.parents[node][0]
            if isinstance(node, kinds):
                return node
        return None

    def is_index(self, node: ast.AST) -> bool:
        """Return whether a node stands in square brackets, or says a size."""
        while node in self.parents and not isinstance(node, ast.stmt):
            parent, field = self.parents[node]
            if isinstance(parent, ast.Subscript) and field == "slice":
                return True
            if _called(parent) in ("range", "zeros", "ones", "ndindex"):
                return True
            node = parent
        return False

    def changes(self) -> Iterator[Change]:
        """Go through the function in the order of its text."""
        nodes = [n for n in ast.walk(self.definition) if n is not self.definition and hasattr(n, "lineno")]
        for node in sorted(nodes, key=lambda n: (n.lineno, n.col_offset)):
            method = getattr(self, f"_{type(node).__name__.lower()}", None)
            if method:
                yield from method(node)
            if isinstance(node, ast.expr):
                yield from self._any_expression(node)
            if isinstance(node, ast.stmt) and not isinstance(node, ast.Return):
                yield Change(node, ast.Pass(), "drop-statement")
        for default in self.definition.args.defaults:
            if isinstance(default, ast.Constant) and isinstance(default.value, float):
                for other in (float(f"{10 * default.value:.1g}"), float(f"{default.value / 10:.1g}")):
                    yield Change(default, ast.Constant(other), "default")

    def _any_expression(self, node: ast.expr) -> Iterator[Change]:
        value = self.seen.of(node)
        parent = self.parents[node][0]
        asked_for_size = (isinstance(parent, ast.Attribute) and parent.attr == "shape") or _called(parent) == "len"
        if value is None or self.is_index(node) or isinstance(node, ast.UnaryOp) or asked_for_size:
            return
        if _is_float(value) and not isinstance(parent, ast.UnaryOp) and _called(node) != "zeros":
            yield Change(node, ast.UnaryOp(ast.USub(), node), "negate")
        may_be_turned = isinstance(node, ast.Name | ast.Subscript | ast.Call | ast.BinOp)
        if may_be_turned and _is_array(value) and value.ndim == 2 and value.size > 1:
            is_result = isinstance(node, ast.BinOp | ast.Call)
            top = not isinstance(parent, ast.BinOp | ast.Attribute | ast.UnaryOp)
            if not is_result or top:
                yield Change(node, ast.Attribute(node, "T", ast.Load()), "add-transpose")

    def _binop(self, node: ast.BinOp) -> Iterator[Change]:
        name = OPERATORS[type(node.op)]
        if self.is_index(node) and not _is_float(self.seen.of(node)):
            yield Change(node, node.left, "index")
            return
        for other in OTHER_OPERATORS[type(node.op)]:
            if other is ast.MatMult and not (self.seen.is_array(node.left) and self.seen.is_array(node.right)):
                continue
            yield Change(node, ast.BinOp(node.left, other(), node.right), f"{name}-to-{OPERATORS[other]}")
        yield Change(node, node.left, f"left-of-{name}")
        yield Change(node, node.right, f"right-of-{name}")
        if not isinstance(node.op, ast.Add | ast.Mult):
            yield Change(node, ast.BinOp(node.right, node.op, node.left), f"exchange-{name}")

    def _unaryop(self, node: ast.UnaryOp) -> Iterator[Change]:
        if isinstance(node.op, ast.USub) and not self.is_index(node):
            yield Change(node, node.operand, "drop-minus")

    def _attribute(self, node: ast.Attribute) -> Iterator[Change]:
        if node.attr == "T":
            yield Change(node, node.value, "drop-transpose")

    def _constant(self, node: ast.Constant) -> Iterator[Change]:
        parent, _field = self.parents[node]
        value = node.value
        if isinstance(value, bool):
            if isinstance(parent, ast.keyword) and parent.arg == "keepdims":
                yield Change(node, ast.Constant(not value), "keepdims")
            return
        if not isinstance(value, int | float) or node in self.definition.args.defaults:
            return
        if isinstance(parent, ast.keyword) and parent.arg == "axis":
            yield Change(node, ast.Constant(1 - value), "axis")
            yield Change(node, ast.Constant(None), "axis")
        elif self.is_index(node):
            for other in (value - 1, value + 1):
                in_shape = isinstance(parent, ast.Subscript) and getattr(parent.value, "attr", "") == "shape"
                if not in_shape or other in (0, 1):
                    yield Change(node, ast.Constant(other), self._index_kind(node))
        elif not isinstance(parent, ast.UnaryOp):
            for other in _constants(value):
                yield Change(node, ast.Constant(other), "constant")

    def _index_kind(self, node: ast.AST) -> str:
        while not isinstance(node, ast.stmt):
            if _called(node) == "range":
                return "range"
            if _called(node) in ("zeros", "ones"):
                return "size"
            if isinstance(node, ast.Subscript):
                return "shape-index" if getattr(node.value, "attr", "") == "shape" else "index"
            node = self.parents[node][0]
        return "index"

    def _before(self, node: ast.AST) -> list[str]:
        """Return the arguments, and the names that were given values above this statement."""
        names = [argument.arg for argument in self.definition.args.args]
        statement = node if isinstance(node, ast.stmt) else self.inside(node, ast.stmt)
        loop = self.inside(node, ast.For)
        for other in ast.walk(self.definition):
            if isinstance(other, ast.Name) and isinstance(other.ctx, ast.Store):
                above = other.lineno < statement.lineno or (loop is not None and other in ast.walk(loop.target))
                if above or self.inside(other, ast.comprehension):
                    names.append(other.id)
        return list(dict.fromkeys(names))

    def _name(self, node: ast.Name) -> Iterator[Change]:
        if not isinstance(node.ctx, ast.Load):
            return
        value = self.seen.of(node)
        kind = _kind_of_value(value)
        if kind in ("array", "number"):
            for other in self._before(node):
                if other != node.id and _kind_of_value(self.seen.names.get(other)) == kind:
                    yield Change(node, ast.Name(other, ast.Load()), "name")
        if _is_int(value) and not isinstance(value, bool):
            stepped = self.is_index(node) or isinstance(self.parents[node][0], ast.FormattedValue)
            if stepped and not isinstance(self.parents[node][0], ast.BinOp):
                for step in (-1, 1):
                    yield Change(node, _plus(node, step), self._index_kind(node))

    def _subscript(self, node: ast.Subscript) -> Iterator[Change]:
        if not isinstance(node.ctx, ast.Load):
            return
        of = self.seen.of(node.value)
        if isinstance(of, dict) and isinstance(node.slice, ast.Constant):
            for key in of:
                if key != node.slice.value:
                    yield Change(node, ast.Subscript(node.value, ast.Constant(key), ast.Load()), "key")
        if isinstance(of, dict) and isinstance(node.slice, ast.JoinedStr):
            first = node.slice.values[0]
            if isinstance(first, ast.Constant):
                other = {"W": "b", "b": "W", "dW": "db", "db": "dW"}.get(first.value)
                if other:
                    key = ast.JoinedStr([ast.Constant(other), *node.slice.values[1:]])
                    yield Change(node, ast.Subscript(node.value, key, ast.Load()), "key")

    def _call(self, node: ast.Call) -> Iterator[Change]:
        name = _called(node)
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            return
        for other in OTHER_FUNCTIONS.get(name, ()):
            function = copy.deepcopy(node.func)
            if not isinstance(function, ast.Attribute):
                continue
            function.attr = other
            yield Change(node, ast.Call(function, node.args, node.keywords), f"{name}-to-{other}")
        own = self.namespace.get(name) if isinstance(node.func, ast.Name) else None
        if own is not None and callable(own) and name not in ("float", "bool", "len", "range", "int"):
            for other in _same_arguments(name, own, self.namespace):
                yield Change(node, ast.Call(ast.Name(other, ast.Load()), node.args, node.keywords), "other-function")
        if name == "range":
            for position, argument in enumerate(node.args):
                if not isinstance(argument, ast.Constant | ast.Name | ast.UnaryOp):
                    for step in (-1, 1):
                        args = [_plus(a, step) if k == position else a for k, a in enumerate(node.args)]
                        yield Change(node, ast.Call(node.func, args, []), "range")
            return
        if len(node.args) == 1 and name not in ("zeros", "ones", "len", "ndindex", "default_rng", "append"):
            yield Change(node, node.args[0], f"drop-{name}")
        if not node.args and isinstance(node.func, ast.Attribute) and name in ("sum", "mean"):
            yield Change(node, node.func.value, f"drop-{name}")
        if name == "where" and len(node.args) == 3:
            condition, yes, no = node.args
            yield Change(node, ast.Call(node.func, [condition, no, yes], []), "where-branches")
            yield Change(node, yes, "where-one-branch")
            yield Change(node, no, "where-one-branch")
            return
        for k in range(len(node.args) - 1):
            args = [*node.args[:k], node.args[k + 1], node.args[k], *node.args[k + 2 :]]
            yield Change(node, ast.Call(node.func, args, node.keywords), "exchange-arguments")

    def _compare(self, node: ast.Compare) -> Iterator[Change]:
        for other in COMPARISONS.get(type(node.ops[0]), ()):
            yield Change(node, ast.Compare(node.left, [other()], node.comparators), "comparison")

    def _ifexp(self, node: ast.IfExp) -> Iterator[Change]:
        yield Change(node, node.body, "if-one-branch")
        yield Change(node, node.orelse, "if-one-branch")
        yield Change(node, ast.IfExp(node.test, node.orelse, node.body), "if-branches")

    def _for(self, node: ast.For) -> Iterator[Change]:
        cut = copy.deepcopy(node)
        cut.body.append(ast.Break())
        yield Change(node, cut, "loop-cut-short")

    def _return(self, node: ast.Return) -> Iterator[Change]:
        if node.value is None:
            return
        yield Change(node, ast.Return(None), "drop-return")
        if isinstance(node.value, ast.Tuple):
            parts = node.value.elts
            for k, part in enumerate(parts):
                rest = [p for p in parts if p is not part]
                dropped = rest[0] if len(rest) == 1 else ast.Tuple(rest, ast.Load())
                yield Change(node, ast.Return(dropped), "drop-part")
                if k:
                    swapped = [*parts[: k - 1], part, parts[k - 1], *parts[k + 1 :]]
                    yield Change(node, ast.Return(ast.Tuple(swapped, ast.Load())), "swap-parts")

    def _dict(self, node: ast.Dict) -> Iterator[Change]:
        for k in range(len(node.keys)):
            keys, values = ([x for j, x in enumerate(xs) if j != k] for xs in (node.keys, node.values))
            yield Change(node, ast.Dict(keys, values), "drop-key")
            if k and not isinstance(self.parents[node][0], ast.Subscript):
                keys = [*node.keys[: k - 1], node.keys[k], node.keys[k - 1], *node.keys[k + 1 :]]
                yield Change(node, ast.Dict(keys, node.values), "swap-keys")

    def _assign(self, node: ast.Assign) -> Iterator[Change]:
        target = node.targets[0]
        if isinstance(target, ast.Tuple):
            for k in range(1, len(target.elts)):
                order = [*target.elts[: k - 1], target.elts[k], target.elts[k - 1], *target.elts[k + 1 :]]
                new = ast.Assign([ast.Tuple(order, ast.Store())], node.value)
                yield Change(node, new, "swap-names")

    def _augassign(self, node: ast.AugAssign) -> Iterator[Change]:
        for other in OTHER_OPERATORS[type(node.op)][:1]:
            kind = f"{OPERATORS[type(node.op)]}-to-{OPERATORS[other]}"
            yield Change(node, ast.AugAssign(node.target, other(), node.value), kind)


def _children(parent: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for field, value in ast.iter_fields(parent):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield field, child


def _same_arguments(name: str, own: Any, namespace: Mapping[str, Any]) -> list[str]:
    """Return the other functions of the notebook that take as many arguments."""
    count = getattr(getattr(own, "__code__", None), "co_argcount", None)
    if count is None:
        return []
    return [
        other
        for other, function in namespace.items()
        if other != name
        and getattr(function, "__module__", None) in (None, "__main__", "notebook")
        and getattr(getattr(function, "__code__", None), "co_argcount", None) == count
        and not other.startswith(("_", "published", "draw", "question", "examine", "cost", "network"))
    ]


def _put(tree: ast.Module, number: int, new: ast.AST) -> ast.Module:
    """Return a copy of the tree with the node of this number replaced."""
    changed = copy.deepcopy(tree)
    old = list(ast.walk(changed))[number]
    for parent in ast.walk(changed):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, copy.deepcopy(new))
            elif isinstance(value, list):
                setattr(parent, field, [copy.deepcopy(new) if item is old else item for item in value])
    return ast.fix_missing_locations(changed)


def _changed_lines(before: str, after: str) -> tuple[str, str]:
    old, new = before.splitlines(), after.splitlines()
    blocks = [b for b in difflib.SequenceMatcher(None, old, new, False).get_opcodes() if b[0] != "equal"]
    _, a, b, c, d = (blocks[0][0], blocks[0][1], blocks[-1][2], blocks[0][3], blocks[-1][4])
    return " / ".join(x.strip() for x in old[a:b]), " / ".join(x.strip() for x in new[c:d])


def _arguments_read(tree: ast.Module) -> set[str]:
    """Return the arguments that stand somewhere in the function."""
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} & read


def make(
    assignment: str, function: str, source: str, namespace: dict[str, Any], calls: Sequence[Mapping[str, Any]]
) -> list[Mutant]:
    """Make every mutant of one solution, each text once.

    Parameters
    ----------
    assignment, function : whose solution it is
    source : of the answer cell
    namespace : what the notebook has by then; the solution is put into it
    calls : the arguments of the judge's cases
    """
    tree = bare(source, function)
    exec(compile(tree, f"<{function}>", "exec"), namespace)
    seen = Seen(tree, function, namespace, calls)
    numbers = {id(node): number for number, node in enumerate(ast.walk(tree))}
    original = ast.unparse(tree)
    made: dict[str, Mutant] = {}
    taken = {original}
    for change in _Maker(tree, function, seen, namespace).changes():
        text = ast.unparse(_put(tree, numbers[id(change.node)], change.new))
        if text in taken:
            continue
        taken.add(text)
        new = ast.unparse(ast.fix_missing_locations(change.new)) if not isinstance(change.new, ast.Pass) else ""
        what = f"{ast.unparse(change.node)} -> {new}"
        id_ = f"{assignment}/{function}/{change.kind}@L{change.node.lineno}:{change.node.col_offset}"
        if id_ in made:
            same_place = sum(other.startswith(id_) for other in made)
            id_ += f"={new.replace(' ', '')}" if len(new) < 25 else f"#{same_place + 1}"
        before, after = _changed_lines(original, text)
        unused = tuple(sorted(_arguments_read(tree) - _arguments_read(ast.parse(text))))
        made[id_] = Mutant(id_, assignment, function, change.kind, what, before, after, text, unused)
    return list(made.values())
