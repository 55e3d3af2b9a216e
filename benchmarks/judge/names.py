"""Which names of the mistake library name which change rightly.

A change has its kind, its function and what was changed; a rule says which mistake ids are true of it. Two changes that
give the same numbers on every case cannot be told apart by any judge: then the names of either are right for both.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from benchmarks.judge.mutants import Mutant

UNNAMED = frozenset({"wrong-values", "wrong-shape", "wrong-type", "wrong-dtype", "raised"})
"""What the judge says when no mistake of the library fits: true, and no name, unless a rule below takes it for one."""

ALWAYS_TRUE = frozenset(
    {"not-finite", "overflow", "returned-nothing", "missing-key", "timed-out", "zero-everywhere", "accuracy-too-low"}
)
"""What is seen in the answer itself: these ids say what happened, whatever the change was."""


class Rule(NamedTuple):
    """What names are right for changes of some kinds, in some functions, of some expressions (shell patterns)."""

    kinds: str
    ids: str
    functions: str = "*"
    what: str = "*"


RULES: tuple[Rule, ...] = (
    # Operators, operands and signs.
    Rule("minus-to-plus plus-to-minus negate drop-minus exchange-minus", "sign-flipped"),
    Rule("*-to-plus *-to-minus *-to-times *-to-over *-to-power", "wrong-operation"),
    Rule("exchange-over", "fraction-upside-down wrong-operation"),
    Rule("exchange-power power-to-times", "wrong-operation wrong-power"),
    Rule("left-of-power", "factor-missing wrong-power"),
    Rule("right-of-power", "factor-missing function-missing wrong-power"),
    Rule("right-of-minus right-of-plus left-of-minus left-of-plus", "term-missing"),
    Rule("left-of-times right-of-times left-of-over right-of-over left-of-matmul right-of-matmul", "factor-missing"),
    Rule("left-of-over", "missing-mean", what="*.shape[[]1[]] -> *"),
    Rule("left-of-over", "missing-mean", what="* / m -> *"),
    Rule("times-to-matmul", "matmul-for-elementwise"),
    Rule("matmul-to-times", "elementwise-for-matmul"),
    Rule("exchange-matmul", "factors-swapped"),
    # Axes and shapes.
    Rule("drop-transpose add-transpose", "transpose-missing transposed axes-in-wrong-order"),
    Rule("axis", "summed-wrong-axis"),
    Rule("keepdims", "keepdims-dropped rank-one-array"),
    Rule("shape-index", "mean-over-wrong-axis divided-by-wrong-size"),
    Rule("size", "wrong-shape wrong-number"),
    # Numbers, names and functions.
    Rule("constant", "wrong-number"),
    Rule("constant", "factor-of-two", what="1 -> 2"),
    Rule("constant", "factor-of-two", what="1 -> 0.5"),
    Rule("constant", "factor-of-two", what="1.0 -> 2.0"),
    Rule("constant", "factor-of-two", what="1.0 -> 0.5"),
    Rule("constant", "factor-of-two", what="2 -> 1"),
    Rule("constant", "factor-of-two", what="2 -> 1.0"),
    Rule("constant", "factor-of-two", what="2 -> 4"),
    Rule("constant", "sign-flipped", what="* -> -*"),
    Rule("constant", "term-missing", what="* -> 0"),
    Rule("constant", "wrong-power", what="2 -> *", functions="*adam_step"),
    Rule("default", "wrong-default"),
    Rule("name key", "wrong-argument"),
    Rule("index", "wrong-index"),
    Rule("range loop-cut-short", "wrong-range"),
    Rule("exchange-arguments", "arguments-swapped factors-swapped wrong-argument"),
    Rule("swap-names swap-parts swap-keys", "results-swapped wrong-argument"),
    Rule("drop-part swap-parts", "wrong-type"),
    Rule("sum-to-mean", "divided-by-wrong-size"),
    Rule("mean-to-sum", "missing-mean"),
    Rule("sum-to-max", "not-summed wrong-function"),
    Rule("drop-sum drop-mean", "not-summed"),
    Rule("log-to-log10", "wrong-logarithm"),
    Rule("exp-to-log log-to-exp sign-to-abs sqrt-to-square tanh-to-*", "wrong-function"),
    Rule("drop-exp drop-log drop-tanh drop-abs drop-sign", "function-missing"),
    Rule("drop-sqrt", "function-missing root-missing"),
    Rule("tanh-to-* drop-tanh drop-sigmoid", "wrong-activation"),
    Rule("maximum-to-minimum where-branches", "branches-swapped"),
    Rule("where-one-branch", "one-branch-only"),
    Rule("zeros-to-ones ones-to-zeros", "wrong-number"),
    Rule("other-function", "wrong-function"),
    Rule("other-function", "derivative-for-the-function", what="sigmoid(* -> sigmoid_prime(*"),
    # What a mean is taken of twice: a sum over examples that is divided by m.
    Rule("sum-to-mean", "averaged-twice", functions="*cost *_db* *fixed_E9 *fixed_E16 *linear_backward"),
    Rule("other-function", "missing-mean", what="compute_dW(* -> compute_dw(*"),
    Rule("drop-compute_db*", "not-summed"),
    Rule("other-function", "not-summed", what="compute_cost(* -> bce_loss(*"),
    # Where the activation's derivative stands.
    Rule(
        "left-of-times",
        "activation-derivative-missing",
        functions="*dZ1 *dz1 *_backward *fixed_E3 *fixed_E8 *proof_dW1",
        what="* -> d[Aa]*",
    ),
    Rule("left-of-times", "activation-derivative-missing", functions="*fixed_E3 *fixed_E8", what="W*.T @ * -> *"),
    Rule("left-of-times right-of-times", "activation-derivative-missing", "*proof_dW1", "*slope*"),
    Rule("left-of-minus", "activation-derivative-missing", "*proof_dW1", "1 - np.tanh(*"),
    Rule("other-function", "activation-derivative-missing", what="compute_dZ2(* -> compute_dA2(*"),
    Rule("name", "activation-derivative-missing", what="dZ1 -> dA1"),
    Rule("left-of-times", "activation-for-its-derivative", what="* * (1 - *) -> *"),
    Rule(
        "name key drop-tanh drop-sigmoid",
        "derivative-of-activation-taken-at-the-wrong-place",
        functions="*_prime *dZ1 *dz1 *_backward *fixed_E3 *fixed_E8 *backward_propagation *proof_dW1",
    ),
    # Corners and branches.
    Rule(
        "comparison negate",
        "branches-swapped",
        functions="*relu *relu_prime *relu_backward *activation_backward *L_model_*",
    ),
    Rule("comparison", "one-branch-only", functions="*relu *relu_prime *relu_backward", what="* -> * == 0"),
    Rule("constant", "corner-at-the-wrong-place", functions="*relu *relu_prime *relu_backward *L_model_*"),
    Rule("comparison", "comparison-reversed", functions="*gradient_check"),
    # Indices and layers.
    Rule("name", "wrong-index", functions="*dw_entry *proof_* *L_model_*"),
    Rule("zeros-to-ones", "every-path-counted", functions="*proof_*"),
    Rule("range index name constant comparison", "layer-left-out wrong-layer", functions="*L_model_*"),
    Rule("drop-statement", "layer-left-out", functions="*L_model_*", what="for *"),
    Rule("drop-statement", "wrong-layer wrong-argument", functions="*L_model_forward", what="A = *"),  # X for all
    Rule("exchange-arguments", "wrong-layer", functions="*L_model_forward"),  # W stands where A is kept
    Rule("if-* comparison name", "wrong-activation", functions="*L_model_forward"),
    # One function's own.
    Rule("other-function", "wrong-loss wrong-argument", functions="*compute_cost *propagate"),
    Rule("sign-to-abs", "function-for-its-derivative", functions="*mae_prime"),
    Rule("drop-sign", "wrong-loss", functions="*mae_prime"),
    Rule("name", "factor-missing", functions="*backward_propagation", what="dA1 -> dZ2"),
    Rule("name", "mean-over-wrong-axis", functions="*proof_db", what="m -> n"),
    Rule("name", "mean-over-wrong-axis", functions="*linear_backward", what="dZ -> W"),  # its columns are not m
    Rule("name", "mean-over-wrong-axis", functions="*proof_dW1", what="X -> *W*"),
    Rule("name", "mean-over-wrong-axis", functions="*fixed_E3", what="X -> W2"),
    Rule("name", "summed-too-early", functions="*proof_db", what="terms -> over_units"),
    Rule("name", "not-summed", functions="*proof_db", what="over_units -> terms"),
    Rule("name", "missing-mean", functions="*proof_db", what="over_units -> dZ"),
    Rule("name", "averaged-twice", functions="*proof_db", what="dZ -> over_units"),
    Rule("left-of-matmul", "not-summed", functions="*proof_db", what="* @ np.ones((m, 1)) -> dZ"),
    Rule("drop-sum", "wrong-argument", functions="*proof_db", what="terms.sum(* -> terms"),
    Rule("trace-to-sum drop-trace", "trace-missing"),
    Rule("right-of-minus", "wrong-argument", functions="*momentum_step *adam_step", what="1 - beta* -> beta*"),
    Rule("name", "term-missing", functions="*momentum_step *adam_step", what="[mv] -> grad"),
    Rule("name", "term-missing", functions="*momentum_step *adam_step", what="grad -> [mv]"),
    Rule("left-of-over left-of-minus", "bias-correction-missing", functions="*adam_step", what="*beta[12] ** t*"),
    Rule("name", "bias-correction-missing", functions="*adam_step", what="?_corrected -> ?"),
    Rule("left-of-plus right-of-plus plus-to-* negate", "wrong-denominator", functions="*relative_error"),
    Rule("drop-statement", "term-missing", functions="*momentum_step *adam_step", what="[mv] = *"),
    Rule("left-of-over", "absolute-error", functions="*relative_error"),
    Rule("if-one-branch constant comparison", "zero-by-zero", functions="*relative_error"),
    Rule("*", "one-sided-difference", functions="*numerical_gradient", what="up* -> *"),
    Rule("*", "one-sided-difference", functions="*numerical_gradient", what="down* -> *"),
    # What is judged by what holds of it: these ids say what was seen, whatever the change was.
    Rule("*", "always-true always-false", functions="*gradient_check"),
    Rule("*", "not-a-partition empty-batch pairs-torn-apart", functions="*random_mini_batches"),
    Rule("name", "seed-ignored", functions="*random_mini_batches", what="seed -> *"),
    Rule("*", "wrong-scale not-centred biases-not-zero wrong-shape", functions="*initialize_parameters"),
    Rule("swap-names", "axes-in-wrong-order", functions="*initialize_parameters"),
    Rule("name", "betas-swapped", what="beta[12] -> beta[12]"),
    Rule("name negate", "right-gradient-refused", functions="*gradient_check"),  # measured at another place
    Rule("drop-sqrt", "variance-for-deviation", functions="*initialize_parameters"),
    Rule("constant", "symmetry-not-broken", functions="*initialize_parameters", what="2 -> 0"),
    Rule("name", "wrong-layer layer-sizes-swapped", functions="*initialize_parameters", what="n_prev -> n"),
    # Numbers that two thoughts share, though no other change here gives them.
    Rule(  # 1 + exp(-z), as without the brackets
        "over-to-times right-of-over exchange-over", "wrong-bracket", what="1 / (1 + np.exp(-*"
    ),
    Rule("times-to-over", "wrong-bracket", functions="*numerical_gradient"),  # x / (2 / e) is x / 2 * e
    Rule(  # every weight shrinks to zero, as if it had started there
        "exchange-arguments", "symmetry-not-broken", functions="*train", what="gradient_descent_step(theta, grads*"
    ),
    Rule("add-transpose", "matmul-for-elementwise", functions="*dz1 ps1_neuron/*"),  # a column times a row, * or @
    Rule("exchange-matmul", "transpose-missing", functions="ps3_*"),  # the inner product of two columns
    Rule("times-to-plus", "activation-derivative-missing", functions="*fixed_E3 *fixed_E8"),  # a + (1 - a) is 1
    Rule("left-of-over left-of-plus constant", "wrong-activation", functions="*sigmoid_backward"),  # constant: no slope
    Rule("name", "activation-for-its-derivative", functions="*relu_backward", what="dA -> Z"),  # Z * (Z > 0) is ReLU
    Rule("constant right-of-times where-one-branch", "wrong-activation", functions="*relu *relu_prime"),  # the identity
)


def right_names(mutant: Mutant) -> frozenset[str]:
    """Return every id that names a change rightly."""
    right = {
        id
        for rule in RULES
        if any(fnmatchcase(mutant.kind, kind) for kind in rule.kinds.split())
        and any(fnmatchcase(f"{mutant.assignment}/{mutant.function}", f) for f in rule.functions.split())
        and fnmatchcase(mutant.what, rule.what)
        for id in rule.ids.split()
    }
    if mutant.unused:
        right.add("argument-not-used")
    if mutant.kind in ("name", "key") and len({_layer(name) for name in mutant.what.split(" -> ")}) == 2:
        right.add("wrong-layer")
    return frozenset(right)


def _layer(name: str) -> str:
    """Return the number of an array's layer, as its name has it; the input is layer 0."""
    return re.sub(r"\D", "", name) or ("0" if name.lower().strip("'\"") == "x" else "")


def names_rightly(ids: Iterable[str], right: frozenset[str], always_raised: bool) -> bool | None:
    """Return whether the names are right (True), wrong (False), or no names at all (None).

    Parameters
    ----------
    ids : what the judge named; the first is the verdict's own
    right : what names the change rightly
    always_raised : whether the function raised on every case
    """
    first, *others = ids
    true = right | ALWAYS_TRUE | ({"raised"} if always_raised else set())
    if any(id not in true | UNNAMED for id in (first, *others)):
        return False
    return True if first in true else None
