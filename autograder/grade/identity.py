"""Which cell of a release each cell of a submission is: what it holds decides, and ids only where that says nothing.

Editors drop ids and metadata, or give new ones; people copy cells, split and merge them. So a cell with the text of a
released one is that one, whatever its id says; an answer is known by the function that it defines; what is left is
known by its id, or by where it stands between cells that are known.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from autograder.protocol.notebook import Cell
from autograder.recognise import functions_defined_in


def text_of(cell: Cell) -> str:
    """Return a cell's text without what white space does to it."""
    return " ".join(cell.source.split())


def unchanged(cell: Cell, given: Cell) -> bool:
    """Return whether a cell holds what was handed out: the same text, and no picture more."""
    return text_of(cell) == text_of(given) and cell.attachments == given.attachments


class Identities:
    """The released cells in a submission.

    Attributes
    ----------
    of : for each cell of the submission the name of the released cell that it is, or None for one of the student's own
    place : where each released cell stands; where several cells are the same one, the answer that was written counts,
        or the locked cell that was not changed, then the one that has its id, then the first
    """

    def __init__(self, cells: Sequence[Cell], given: Sequence[Cell]) -> None:
        """Identify each cell.

        Parameters
        ----------
        cells : of the submission
        given : those of the release in its order, as they were handed out, each with a name
        """
        self._cells = cells
        self._given: Mapping[str, Cell] = {cell.name: cell for cell in given}
        self._order = {name: number for number, name in enumerate(self._given)}
        self.of: list[str | None] = [None] * len(cells)
        self._by_text()
        self._by_function()
        for place, cell in enumerate(cells):
            if self.of[place] is None:
                self.of[place] = next((name for name in cell.names if self._is_nbgraders(name)), None)
        self.place = self._places()
        self._by_place()

    def _is_nbgraders(self, name: str) -> bool:
        return name in self._given and self._given[name].flags is not None

    def _by_text(self) -> None:
        known: dict[str, list[str]] = defaultdict(list)
        for name, cell in self._given.items():
            known[text_of(cell)].append(name)
        known.pop("", None)
        fitting = [known.get(text_of(cell), []) for cell in self._cells]
        for place, names in enumerate(fitting):
            own = next((name for name in self._cells[place].names if name in names), None)
            self.of[place] = names[0] if len(names) == 1 else own
        taken, above = set(self.of), -1
        for place, names in enumerate(fitting):  # of several with one text, the next below what stands above
            if names and self.of[place] is None:
                free = [name for name in names if name not in taken] or names
                self.of[place] = next((name for name in free if self._order[name] > above), free[0])
                taken.add(self.of[place])
            if stands := self.of[place]:
                above = self._order[stands]

    def _by_function(self) -> None:
        answers = {
            function: name
            for name, cell in self._given.items()
            if cell.has("solution") and cell.kind == "code"
            for function in functions_defined_in(cell)
        }
        for place, cell in enumerate(self._cells):
            if self.of[place] is None and cell.kind == "code":
                found = [answers[function] for function in functions_defined_in(cell) if function in answers]
                own = next((name for name in cell.names if name in found), None)
                self.of[place] = own or min(found, key=self._order.__getitem__, default=None)

    def _places(self) -> dict[str, int]:
        found: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(self.of):
            if name:
                found[name].append(place)

        def rank(name: str, place: int) -> tuple[bool, bool, int]:
            cell, given = self._cells[place], self._given[name]
            as_given = unchanged(cell, given) or (given.has("solution") and not text_of(cell))
            return as_given == given.has("solution"), name not in cell.names, place

        return {name: min(places, key=lambda place: rank(name, place)) for name, places in found.items()}

    def _by_place(self) -> None:
        """Take the first unknown cell of its kind that stands where an answer stood for that answer."""
        if not self.place:
            return
        for name, given in self._given.items():
            if given.has("solution") and name not in self.place:
                own = (place for place in self.beside(name) if self._cells[place].kind == given.kind)
                if (place := next(own, None)) is not None:
                    self.of[place], self.place[name] = name, place

    def beside(self, name: str) -> Iterator[int]:
        """Yield the places of the student's own cells that stand at a released cell, or where it stood."""
        if name in self.place:
            first = last = self.place[name]
            while first and self.of[first - 1] in (None, name):
                first -= 1
            while last + 1 < len(self.of) and self.of[last + 1] in (None, name):
                last += 1
        else:
            order = list(self._given)
            at = self._order[name]
            above = next((self.place[each] for each in reversed(order[:at]) if each in self.place), -1)
            below = (self.place[each] for each in order[at:] if self.place.get(each, -1) > above)
            first, last = above + 1, next(below, len(self.of)) - 1
        for place in range(first, last + 1):
            if self.of[place] is None and text_of(self._cells[place]):
                yield place
