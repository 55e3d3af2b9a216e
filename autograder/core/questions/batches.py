"""The question on mini-batches (ps7): judged by whether they are a partition of the examples, shuffled by the seed."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.core.layout import described
from autograder.core.question import Finding
from autograder.protocol.values import Outcome
from course_lib.arrays import Array


@lru_cache(maxsize=16)
def batch_calls(seed: int) -> list[dict[str, Any]]:
    """Ask for batches of which the last is short, twice with one seed and once with another, and at every edge.

    The columns of X are all different, and so are those of Y, so that each can be found again.
    """
    rng = np.random.default_rng([seed, 702])

    def call(n0: int, n_L: int, m: int, batch_size: int, seed: int) -> dict[str, Any]:
        X, Y = rng.standard_normal((n0, m)), rng.standard_normal((n_L, m))
        return {"X": X, "Y": Y, "batch_size": batch_size, "seed": seed}

    first = call(3, 2, 23, 5, seed)
    others = (call(2, 1, 12, 4, seed), call(4, 2, 6, 9, seed), call(3, 1, 1, 2, seed), call(1, 2, 5, 1, seed))
    return [first, first, {**first, "seed": seed + 1}, *others]


def _found_in(batch: Array, whole: Array) -> Any:
    """Return for each column of a batch which column of the whole it is, -1 where it is none."""
    distances = np.max(np.abs(batch[:, :, np.newaxis] - whole[:, np.newaxis, :]), axis=0, initial=0.0)
    nearest = np.argmin(distances, axis=1)
    return np.where(distances[np.arange(len(nearest)), nearest] < 1e-5, nearest, -1)


def _wrong_batch(batch: Any, call: Mapping[str, Any]) -> Finding | None:
    """Return the fault of one batch by itself, before its columns are looked up, or None."""
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        return Finding("wrong-type", f"A batch is a pair (X_b, Y_b), and there is {described(batch)}.")
    rows = [len(part) for part in batch if isinstance(part, np.ndarray) and part.ndim == 2]
    if rows == [len(call["Y"]), len(call["X"])] and rows[0] != rows[1]:
        return Finding("results-swapped", "A batch is a pair (X_b, Y_b), and here Y_b comes first.")
    for name, part, whole in (("X_b", batch[0], call["X"]), ("Y_b", batch[1], call["Y"])):
        if not isinstance(part, np.ndarray) or part.dtype.kind not in "iuf":
            return Finding("wrong-type", f"{name} is {described(part)}; an array of numbers is expected.")
        if part.ndim == 2 and part.shape[0] != len(whole) and part.shape[1] == len(whole):
            return Finding(
                "axes-in-wrong-order", f"{name} has shape {part.shape}; examples are columns, of {len(whole)} rows."
            )
        if part.ndim != 2 or part.shape[0] != len(whole):
            return Finding("wrong-shape", f"{name} has shape {part.shape}, and should have {len(whole)} rows.")
        if not bool(np.all(np.isfinite(part))):
            return Finding("not-finite", f"{name} has entries that are not finite numbers.")
    if batch[0].shape[1] != batch[1].shape[1]:
        return Finding(
            "pairs-torn-apart", f"A batch has {batch[0].shape[1]} columns of X and {batch[1].shape[1]} of Y."
        )
    if not batch[0].shape[1]:
        return Finding("empty-batch", "One of the batches has no examples.")
    return None


def _wrong_batches(call: Mapping[str, Any], value: Any) -> Finding | list[Any]:
    """Return the fault of the batches of one call, or the examples that each of them holds."""
    X, Y, size = call["X"], call["Y"], call["batch_size"]
    if value is None:
        return Finding("returned-nothing", "It returned None: is there a `return`?")
    if not isinstance(value, tuple | list):
        return Finding("wrong-type", f"It returned {described(value)}; a list of pairs (X_b, Y_b) is expected.")
    for batch in value:
        wrong = _wrong_batch(batch, call)
        if wrong:
            return wrong
    held = [_found_in(X_b, X) for X_b, _ in value]
    dealt = np.concatenate([np.zeros(0, int), *held])
    if np.any(dealt == -1):
        return Finding("not-a-partition", "There is a column in X_b that is none of X.")
    missing, twice = X.shape[1] - len(set(dealt.tolist())), len(dealt) - len(set(dealt.tolist()))
    if missing or twice:
        seen = f"{missing} examples are in no batch, and {twice} are dealt out once too often."
        if missing == X.shape[1] % size and not twice:
            seen = f"The last {missing} examples, which make a short batch, are in no batch."
        return Finding("not-a-partition", seen)
    if any(np.any(_found_in(Y_b, Y) != columns) for (_, Y_b), columns in zip(value, held, strict=True)):
        return Finding("pairs-torn-apart", "A column of Y_b does not belong to the column of X_b at its place.")
    sizes = [len(columns) for columns in held]
    if sizes[:-1] != [size] * (len(sizes) - 1) or not 1 <= sizes[-1] <= size:
        return Finding("wrong-batch-size", f"The batches have {', '.join(map(str, sizes))} examples.")
    return held


def _is_shuffled(held: Sequence[Any]) -> bool:
    """Return whether most neighbours have been parted and the batches are no blocks of the given order."""
    order = np.concatenate(held)
    side_by_side = float(np.mean(np.abs(np.diff(order)) == 1))
    blocks = all(np.ptp(columns) == len(columns) - 1 for columns in held)
    return side_by_side < 0.5 and not blocks


def inspect_batches(calls: Sequence[Mapping[str, Any]], outcomes: Sequence[Outcome]) -> Finding:
    """Ask whether every call gives a partition with its pairs together, shuffled as the seed says."""
    dealt = []
    for call, outcome in zip(calls, outcomes, strict=True):
        found = _wrong_batches(call, outcome.value)
        if isinstance(found, Finding):
            sizes = f"With m = {call['X'].shape[1]} and batch_size = {call['batch_size']}"
            return found._replace(seen=f"{sizes}: {found.seen}")
        dealt.append(found)
    first, again, other = (np.concatenate(held) for held in dealt[:3])
    if not _is_shuffled(dealt[0]) and not _is_shuffled(dealt[2]):
        return Finding("not-shuffled", "The examples come in the order in which they were given, or in blocks of it.")
    if not np.array_equal(first, again):
        return Finding("not-reproducible", "Called twice with the same seed, it gives different batches.")
    if np.array_equal(first, other):
        return Finding("seed-ignored", "With another seed it gives the same batches.")
    return Finding(None)
