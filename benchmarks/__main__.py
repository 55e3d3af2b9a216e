"""Measure what the course claims about speed: `make bench`.

First the claims of the chapters; then a full step of training and a full gradient check, ours beside PyTorch's,
scikit-learn's and the matrix products alone. The last line has the worst ratios. `--quick` takes few turns: for a look.
"""

import importlib.util
import inspect
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import gradcheck, steps
from benchmarks.ratios import CLAIMS
from benchmarks.timing import Side, take_turns

PEERS = {"torch": "PyTorch", "sklearn": "scikit-learn"}


def machine() -> list[str]:
    """Describe the machine: processor, cores, and the versions of what is compared."""
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), processor)
    blas: Any = np.show_config(mode="dicts")
    blas = blas["Build Dependencies"]["blas"]
    described = [
        f"{processor}, {os.cpu_count()} cores; {platform.system()}, Python {platform.python_version()}",
        f"numpy {np.__version__} with {blas['name']} {blas['version']}",
    ]
    if present("torch"):
        import torch

        # numpy's library for linear algebra takes its number of threads from the same variable, or takes all cores.
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
        described.append(f"PyTorch {torch.__version__}, threads: {torch.get_num_threads()}")
    if present("sklearn"):
        import sklearn

        described.append(f"scikit-learn {sklearn.__version__}")
    return described


def present(module: str) -> bool:
    """Return whether a peer is installed."""
    return importlib.util.find_spec(module) is not None


def _time(side: Side | None) -> str:
    if side is None:
        return "-"
    microseconds = side.median * 1e6
    return f"{microseconds:.1f} µs" if microseconds < 1000 else f"{microseconds / 1000:.2f} ms"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def measure_steps(turns: int) -> tuple[float | None, float, float]:
    """Print the table of steps, and return the worst ratios to PyTorch and to the floor of large and small sizes."""
    heads = ("step", "ours", "noise", "ours with cost", "PyTorch", "scikit-learn", "floor")
    heads += ("with cost / PyTorch", "with cost / scikit-learn", "ours / floor")
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    against_torch, floors = [], {True: 0.0, False: 0.0}
    for size in steps.SIZES:
        for dtype in (np.float64, np.float32):
            sides: dict[str, Callable[[], Any]] = {
                "ours": steps.ours(size, dtype),
                "floor": steps.floor(size, dtype),
                "cost": steps.ours_with_cost(size, dtype),
            }
            if present("torch"):
                sides["torch"] = steps.pytorch(size, dtype)
            if present("sklearn"):
                sides["sklearn"] = steps.scikit_learn(size, dtype)
            taken = take_turns(sides, turns if size.layers[0] > 1000 else 3 * turns)
            ratios = {peer: taken["cost"].over(taken[peer]) if peer in taken else None for peer in PEERS}
            over_floor = taken["ours"].over(taken["floor"])
            floors[size.large] = max(floors[size.large], over_floor)
            if ratios["torch"] is not None:
                against_torch.append(ratios["torch"])
            times = [_time(taken.get(side)) for side in ("ours", "cost", "torch", "sklearn", "floor")]
            times.insert(1, f"{taken['ours'].spread:.0%}")
            cells = [*times, _ratio(ratios["torch"]), _ratio(ratios["sklearn"]), _ratio(over_floor)]
            print(f"| {size} {np.dtype(dtype).name} | " + " | ".join(cells) + " |", flush=True)
    return max(against_torch, default=None), floors[True], floors[False]


def measure_gradient_check(turns: int) -> tuple[float | None, float]:
    """Print the gradient check, and return how many times faster ours is, and the error of its numerical gradient."""
    error = gradcheck.our_error()
    if not present("torch"):
        ours = take_turns({"ours": gradcheck.ours()}, turns)["ours"]
        print(f"gradient check of {gradcheck.SIZE}: ours {_time(ours)}, error {error:.1e}; PyTorch is not installed")
        return None, error
    taken = take_turns({"ours": gradcheck.ours(), "torch": gradcheck.pytorch()}, turns)
    faster, their_error = taken["torch"].over(taken["ours"]), gradcheck.pytorch_error()
    print(
        f"gradient check of {gradcheck.SIZE}: ours {_time(taken['ours'])}, PyTorch {_time(taken['torch'])},"
        f" {faster:.1f} times as long; error of the numerical gradient: ours {error:.1e}, PyTorch {their_error:.1e},"
        f" {their_error / error:.1e} times as large"
    )
    return faster, error


def main(arguments: list[str]) -> None:
    """Print the claims, the table, the gradient check, and the worst ratios."""
    turns = 3 if "--quick" in arguments else 15
    print(*machine(), sep="\n", end="\n\n")
    for claim in CLAIMS:
        size = next(iter(inspect.signature(claim).parameters.values()))
        print(f"{claim(turns=turns):8.1f} times, {size.name} = {size.default}: {inspect.getdoc(claim)}", flush=True)
    print()
    for module, name in PEERS.items():
        if not present(module):
            print(f"{name} is not installed (pip install '.[crosscheck]'): its columns stay empty.")
    worst, large, small = measure_steps(turns)
    print()
    faster, error = measure_gradient_check(turns)
    speed = "-" if faster is None else f"{faster:.1f}"
    print(
        f"BENCH torch={_ratio(worst)} floor_large={large:.2f} floor_small={small:.2f}"
        f" gradcheck_speed={speed} gradcheck_error={error:.1e}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
