"""What stands in for the parts of the course's library that an assignment asks for, and therefore withholds."""

from typing import Any, NoReturn


class Withheld:
    """A function or table that can be imported and named, and not used."""

    def __init__(self, name: str) -> None:
        """Take its full name."""
        self.__name__ = name

    def _refuse(self, *arguments: Any, **options: Any) -> NoReturn:
        raise RuntimeError(f"{self.__name__} is withheld while a notebook is graded")

    __call__ = __getitem__ = __iter__ = __len__ = __contains__ = _refuse

    def __or__(self, other: Any) -> "Withheld":
        return self  # it may stand in an annotation, `str | Activation`

    __ror__ = __or__

    def __repr__(self) -> str:
        return f"<{self.__name__}, withheld>"


def attribute(module: str, name: str) -> Withheld:
    """Answer a module's `__getattr__`."""
    if name.startswith("__"):
        raise AttributeError(name)
    return Withheld(f"{module}.{name}")
