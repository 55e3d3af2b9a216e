"""What to say to someone who asks for a name that does not exist."""

import difflib
from collections.abc import Collection


def suggestion(name: str, known: Collection[str]) -> str:
    """Return "did you mean 'x'?" with the known name that is nearest, or the list of the known ones.

    Parameters
    ----------
    name : what was asked for
    known : the names that there are

    Returns
    -------
    the end of an error's sentence

    >>> suggestion("dw2", ["dW2", "db2"])
    "did you mean 'dW2'?"
    >>> suggestion("gelu", ["relu_prime", "tanh"])
    'known are relu_prime, tanh.'
    """
    same_letters = [other for other in known if other.lower() == name.lower()]
    near = same_letters or difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}."
