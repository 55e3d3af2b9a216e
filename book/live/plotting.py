"""Stands where `course_lib.plotting` would be: a browser has no matplotlib, so pictures are drawn in the notebook."""

from typing import Any, NoReturn


class _NotHere:
    """Can be imported and named, and says what to do when it is used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _refuse(self, *arguments: Any, **options: Any) -> NoReturn:
        raise RuntimeError(
            f"{self._name} draws a picture, which the browser's Python cannot; "
            "download the chapter as a notebook to run this cell"
        )

    __call__ = __getitem__ = __iter__ = __len__ = _refuse


def __getattr__(name: str) -> _NotHere:
    if name.startswith("__"):
        raise AttributeError(name)
    return _NotHere(name)
