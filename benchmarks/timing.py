"""Timing two or more sides of a comparison in turns.

Times on one machine mean little on another, so ratios count. The sides take turns; a ratio is the median over the
turns of what the two took in the same turn, so that whatever else the machine does falls on both. What it does can
be much: the half of the turns in which it disturbed the sides most is left out, for all sides alike. A side's part in
a turn begins with a pause, in which the threads of the side before go to sleep, and one call that does not count.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Side(NamedTuple):
    """What one side took: the seconds of one call, turn by turn."""

    turns: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median over the turns."""
        return statistics.median(self.turns)

    @property
    def spread(self) -> float:
        """Half of the distance between the slowest and the fastest turn, as a part of the median: the noise."""
        return (max(self.turns) - min(self.turns)) / 2 / self.median

    def over(self, other: "Side") -> float:
        """How many times as long as the other it took: the median over the turns."""
        return statistics.median(mine / its for mine, its in zip(self.turns, other.turns, strict=True))


def take_turns(
    sides: Mapping[str, Callable[[], Any]],
    turns: int = 15,
    seconds: float = 0.01,
    pause: float = 0.03,
    budget: float = 25,
) -> dict[str, Side]:
    """Time every side in every turn.

    Parameters
    ----------
    sides : what to call, by name
    turns : how many turns each side takes
    seconds : how long a side goes on calling in a turn, at least one call
    pause : how many seconds to wait before a turn
    budget : after so many seconds no new turn begins, once there were five

    Returns
    -------
    the times of each side in the quieter half of the turns, by its name
    """
    started = time.perf_counter()
    taken: dict[str, list[float]] = {name: [] for name in sides}
    calls = {name: _calls_in(work, seconds) for name, work in sides.items()}
    order = list(sides)
    for turn in range(turns):
        if turn >= 5 and time.perf_counter() - started > budget:
            break
        for name in order:
            time.sleep(pause)
            sides[name]()
            taken[name].append(_seconds_a_call(sides[name], calls[name]))
        order.append(order.pop(0))  # nobody is always first
    return quieter_half({name: Side(tuple(times)) for name, times in taken.items()})


def quieter_half(sides: Mapping[str, Side]) -> dict[str, Side]:
    """Keep the half of the turns in which the sides, each against its own best turn, were least disturbed together."""
    best = {name: min(side.turns) for name, side in sides.items()}
    turns = range(min(len(side.turns) for side in sides.values()))
    disturbed = sorted(turns, key=lambda turn: sum(side.turns[turn] / best[name] for name, side in sides.items()))
    kept = sorted(disturbed[: (len(turns) + 1) // 2])
    return {name: Side(tuple(side.turns[turn] for turn in kept)) for name, side in sides.items()}


def _seconds_a_call(work: Callable[[], Any], calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - started) / calls


def _calls_in(work: Callable[[], Any], seconds: float) -> int:
    """Return how many calls fill the time, after one that is not counted."""
    work()
    return max(1, round(seconds / max(min(_seconds_a_call(work, 1) for _ in range(3)), 1e-7)))
