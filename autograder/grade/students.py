"""Students' ids: which names of folders are graded, and which two names are one person's.

An id becomes a folder, the name of a file, a row of nbgrader's gradebook, and a word on formgrader's pages. It may hold
what people's names are made of, in any script: letters, marks, numbers, punctuation, symbols, and spaces within. Upper
and lower case make two names, as they do for nbgrader and on the disks of Linux.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import zip_longest

KINDS = frozenset("LMNPS")
"""The first letters of their categories in Unicode."""
JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
LAST_UNJOINED = "\u058f"
"""The end of Latin, Greek, Cyrillic and Armenian, in whose words no joiner stands."""
APART = {
    "/": "parts folders",
    "\\": "parts folders",
    "<": "begins HTML on the pages of formgrader",
    ">": "ends HTML on the pages of formgrader",
    '"': "ends a text on the pages of formgrader",
}
"""Punctuation and symbols that a name cannot have, and what each does."""
MAX_CHARACTERS, MAX_BYTES = 128, 250
"""Of an id in nbgrader's gradebook; of a file's name on Linux and macOS, less the ending of its record."""
UNNAMED = {"Cc": "a control character", "Co": "a character for private use", "Cn": "no character of Unicode"}


def printable(character: str) -> bool:
    """Return whether a character may be shown; unlike `str.isprintable`, also a joiner, and a space of any width."""
    return character.isprintable() or character in JOINERS or unicodedata.category(character) == "Zs"


def code_point(character: str) -> str:
    """Return the number of a character, and its name in Unicode.

    >>> code_point("é")
    'U+00E9 LATIN SMALL LETTER E WITH ACUTE'
    """
    if "\udc80" <= character <= "\udcff":  # as Python reads a folder's name that is in another encoding
        return f"the byte {ord(character) & 0xFF:02X}, which is not in UTF-8"
    name = unicodedata.name(character, "") or UNNAMED.get(unicodedata.category(character), "half a character")
    return f"U+{ord(character):04X} {name}"


def _fault(name: str) -> str:
    """Return what keeps a folder's name from being an id, or ""."""
    kinds = [unicodedata.category(character) for character in name]
    if name.startswith("."):
        return f"begins with {code_point('.')}"
    if not name or kinds[0] == "Zs":
        return f"begins with {code_point(name[0])}" if name else "is empty"
    for at, (character, kind) in enumerate(zip(name, kinds, strict=True)):
        before = unicodedata.normalize("NFD", name[:at])[-1:]
        joins = character in JOINERS and before > LAST_UNJOINED and unicodedata.category(before)[0] in "LMS"
        if character in APART:
            return f"holds {code_point(character)}, which {APART[character]}"
        if kind[0] not in KINDS and kind != "Zs" and not joins:
            return f"holds {code_point(character)}"
    if kinds[-1] == "Zs":
        return f"ends with {code_point(name[-1])}"
    if len(name) > MAX_CHARACTERS:
        return f"has {len(name)} characters, of which the gradebook takes {MAX_CHARACTERS}"
    if len(name.encode()) > MAX_BYTES:
        return f"has {len(name.encode())} bytes, of which a file's name takes {MAX_BYTES}"
    return ""


def refusal(name: str) -> str:
    """Return why a folder's name is no student's id, and what to do; "" where it is one.

    >>> refusal("Zoë O’Brien, Jr."), refusal("नमिता शर्मा [1234]")
    ('', '')
    >>> refusal("..")
    "The folder '..' has no student's id for a name, since it begins with U+002E FULL STOP: rename it, and grade again."
    """
    fault = _fault(name)
    shown = f"The folder {shown_name(name)!r} has no student's id for a name"
    return f"{shown}, since it {fault}: rename it, and grade again." if fault else ""


def shown_name(name: str) -> str:
    """Return the name of any file in printable characters, cut to 60."""
    kept = "".join(c if c.isprintable() else "?" for c in name.encode("utf-8", "replace").decode("utf-8"))
    return kept if len(kept) <= 60 else f"{kept[:59]}…"


def composed(name: str) -> str:
    """Return a name in the spelling of Unicode by which it is told whether two are one person's."""
    return unicodedata.normalize("NFC", name)


def spelled_as(name: str, known: Collection[str]) -> str:
    """Return an id that was typed as it is known, in whatever spelling of Unicode that is."""
    alike = (each for each in known if composed(each) == composed(name))
    return name if name in known else next(alike, name)


def spelled_alike(names: Iterable[str]) -> dict[str, str]:
    """Return, for each id that is there in several spellings of Unicode, that a person has to decide.

    >>> twice = ["Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}", "Zoe\N{COMBINING DIAERESIS}"]
    >>> print(spelled_alike(["Ada", *twice])[twice[0]].partition(", which")[0])
    There are 2 folders for one person, 'Zoë': where one has U+00EB, another has U+0065 U+0308
    """
    spellings = defaultdict[str, list[str]](list)
    for name in names:
        spellings[composed(name)].append(name)
    found = dict[str, str]()
    for whole, several in spellings.items():
        if len(several) > 1:
            at = next(at for at, same in enumerate(zip_longest(*several)) if len(set(same)) > 1)
            codes = (" ".join(f"U+{ord(c):04X}" for c in name[at : at + 2]) for name in several)
            found |= dict.fromkeys(
                several,
                f"There are {len(several)} folders for one person, {whole!r}: where one has "
                f"{', another has '.join(codes)}, which Unicode takes for the same. Leave the work that counts in one "
                "of them, take the others away, and grade again.",
            )
    return found
