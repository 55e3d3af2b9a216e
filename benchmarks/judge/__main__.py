"""Measure how far the judge can be trusted: `make bench-judge`.

Every solution of the assignments is changed in every way that `mutants` knows, one change at a time; the judge must
refuse each, and should name it. Every right answer of `variants` must be accepted. `--list unnamed`, `misnamed`,
`survivors` or `all` prints those mutants; names of assignments, or of functions, limit the campaign to them.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.assignments import ASSIGNMENTS
from benchmarks.judge import campaign
from benchmarks.judge.campaign import Judged
from benchmarks.judge.equivalents import EQUIVALENTS
from benchmarks.judge.mutants import Mutant
from benchmarks.judge.variants import Variant, all_variants

NAMED = 0.8
"""The share of the refused mutants that must go by their right name."""


@dataclass
class Tally:
    """What was counted of one function, of an assignment, or of all."""

    mutants: int = 0
    equivalent: int = 0
    refused: int = 0
    named: int = 0
    misnamed: int = 0
    variants: int = 0
    accepted: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def __add__(self, other: "Tally") -> "Tally":
        """Add up two of them."""
        return Tally(**{name: value + vars(other)[name] for name, value in vars(self).items()})

    def row(self, name: str) -> str:
        """Return it as a line of the table."""
        share = f"{self.named / self.refused:4.0%}" if self.refused else "   -"
        return (
            f"{name:30} {self.mutants:7} {self.refused:7} {share:>6} {self.misnamed:8} {self.equivalent:10} "
            f"{self.accepted:4} of {self.variants:<4} {self.median():6.1f}"
        )

    def median(self) -> float:
        """Return the median of the milliseconds."""
        return statistics.median(self.milliseconds) if self.milliseconds else 0.0


HEAD = (
    f"{'function':30} {'mutants':>7} {'refused':>7} {'named':>6} {'misnamed':>8} {'equivalent':>10} "
    f"{'variants':>12}     ms"
)


@dataclass
class Result:
    """Everything that the campaign found.

    Attributes
    ----------
    mutants, variants : what was judged
    found : what the judge said, by id
    first : milliseconds of the first check of each solution, by assignment and function
    listed : the mutants that were said to be equivalent
    """

    mutants: Sequence[Mutant]
    variants: Sequence[Variant]
    found: Mapping[str, Judged]
    first: Mapping[str, Mapping[str, float]]
    listed: frozenset[str]

    def survivors(self) -> list[Mutant]:
        """Return the mutants that were not refused, and are not known to be right."""
        return [m for m in self.mutants if self.found[m.id].passed is not False and m.id not in self.listed]

    def unnamed(self) -> list[Mutant]:
        """Return the refused mutants without a name."""
        return [m for m in self._refused() if self.found[m.id].named is None]

    def misnamed(self) -> list[Mutant]:
        """Return the refused mutants that go by a wrong name."""
        return [m for m in self._refused() if self.found[m.id].named is False]

    def refused_variants(self) -> list[Variant]:
        """Return the right answers that were not accepted."""
        return [v for v in self.variants if not self.found[v.id].passed]

    def stale(self) -> list[str]:
        """Return the entries of the list of equivalents that are refused, or no mutants of what was judged.

        What trains a network is judged by how well it answers, and may be refused where numbers are rounded otherwise.
        """
        judged = {(m.assignment, m.function) for m in self.mutants}
        ids = {m.id: m.function in campaign.TRAINING for m in self.mutants}
        return [
            id
            for id in sorted(self.listed)
            if tuple(id.split("/")[:2]) in judged
            and (id not in ids or (self.found[id].passed is False and not ids[id]))
        ]

    def _refused(self) -> list[Mutant]:
        return [m for m in self.mutants if self.found[m.id].passed is False]

    def tallies(self) -> dict[tuple[str, str], Tally]:
        """Count by assignment and function."""
        counted: dict[tuple[str, str], Tally] = {}
        for mutant in self.mutants:
            tally = counted.setdefault((mutant.assignment, mutant.function), Tally())
            one = self.found[mutant.id]
            if mutant.id in self.listed:
                tally.equivalent += 1
            else:
                tally.mutants += 1
                tally.refused += one.passed is False
                tally.named += one.named is True
                tally.misnamed += one.named is False
            tally.milliseconds.append(one.milliseconds)
        for variant in self.variants:
            tally = counted.setdefault((variant.assignment, variant.function), Tally())
            tally.variants += 1
            tally.accepted += bool(self.found[variant.id].passed)
        for assignment, checks in self.first.items():
            for function, milliseconds in checks.items():
                counted.setdefault((assignment, function), Tally()).milliseconds.append(milliseconds)
        return counted

    def complaints(self) -> list[str]:
        """Return, in words, everything that must not be."""
        total = sum(self.tallies().values(), Tally())
        found = [f"{m.id} was not refused: {m.before}  ->  {m.after}" for m in self.survivors()]
        found += [f"{id} is listed as equivalent, and is refused or no mutant any more" for id in self.stale()]
        found += [f"{v.id} was refused: {self.found[v.id].message}" for v in self.refused_variants()]
        found += [f"{m.id} was misnamed {', '.join(self.found[m.id].ids)}" for m in self.misnamed()]
        if total.refused and total.named < NAMED * total.refused:
            found.append(f"only {total.named} of {total.refused} refused mutants were named")
        return found


def limited(names: Iterable[str], of: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those (assignment, function) of which one is named; all where nothing is named."""
    chosen = set(names)
    return {(a, f) for a, f in of if not chosen or a in chosen or f in chosen}


def judge_all(names: Sequence[str]) -> Result:
    """Run the campaign."""
    wanted = limited(names, [(a.name, e.function) for a in ASSIGNMENTS.values() for e in a.exercises])
    assignments = [name for name in ASSIGNMENTS if any(a == name for a, _ in wanted)]
    first = {}
    for name in assignments:
        checks = campaign.first_checks_in_a_fresh_process(name)
        first[name] = {function: ms for function, ms in checks.items() if (name, function) in wanted}
    mutants = [m for name in assignments for m in campaign.mutants_of(name) if (m.assignment, m.function) in wanted]
    variants = [v for v in all_variants() if (v.assignment, v.function) in wanted]
    found = {**campaign.judge_mutants(mutants), **campaign.judge_variants(variants)}
    return Result(mutants, variants, found, first, frozenset(id for ids in EQUIVALENTS.values() for id in ids))


def print_table(result: Result) -> None:
    """Print what was counted, by assignment and function."""
    tallies = result.tallies()
    for name in dict.fromkeys(assignment for assignment, _ in tallies):
        print(f"\n{name}\n{HEAD}")
        own = {function: tally for (assignment, function), tally in tallies.items() if assignment == name}
        for function, tally in own.items():
            print(tally.row(function))
        if len(own) > 1:
            print(sum(own.values(), Tally()).row("all"))
    print()
    for name, checks in result.first.items():
        print(f"{name}: the first check of all {len(checks)} solutions takes {sum(checks.values()):.0f} ms")
    print("Milliseconds are the judge's own; what a function takes itself, above all nn_model and train, is left out.")


def print_mutants(result: Result, mutants: Iterable[Mutant]) -> None:
    """Print mutants, each with the name that it was given."""
    for mutant in mutants:
        one = result.found[mutant.id]
        given = "NOT REFUSED" if one.passed is not False else ", ".join(one.ids)
        print(f"{mutant.id}  [{given}]\n    {mutant.before}\n    {mutant.after}")


def last_line(result: Result) -> str:
    """Return the figures in one line, of a form that programs read."""
    total = sum(result.tallies().values(), Tally())
    return (
        f"JUDGE mutants={total.refused}/{total.mutants} variants={total.accepted}/{total.variants} "
        f"named={total.named}/{total.refused} misnamed={total.misnamed} median_ms={total.median():.1f}"
    )


def main(arguments: list[str]) -> int:
    """Run the campaign, print what was found, and return the exit code: 1 where something must not be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="assignments or functions; all where none is named")
    parser.add_argument("--list", choices=("unnamed", "misnamed", "survivors", "all"), help="print these mutants")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    result = judge_all(options.names)
    print_table(result)
    if options.list:
        lists = {"unnamed": result.unnamed, "misnamed": result.misnamed, "survivors": result.survivors}
        print_mutants(result, lists[options.list]() if options.list in lists else result.mutants)
    complaints = result.complaints()
    print(*complaints, sep="\n")
    print(f"Took {time.perf_counter() - started:.0f} seconds.")
    print(last_line(result))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
