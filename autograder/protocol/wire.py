"""The data channel between a trusted process and a student's: plain numbers in a fixed structure, never pickle.

A message is a length, a JSON header, and the raw bytes of its arrays, one after the other. Whoever reads checks every
length before anything is allocated, and admits only numbers: booleans, integers, floats and complex numbers of the
native byte order. What a function returned is arrays in tuples, lists and dicts, and nothing else.
"""

import contextlib
import json
import math
import socket
import struct
import time
from typing import Any, NoReturn, Protocol

import numpy as np

from autograder.protocol.values import MAX_BYTES, MAX_ITEMS, Failure, Opaque, Outcome, ScalarFunction, clean

MAX_HEADER = 2**20
MAX_NESTING = 12
MAX_DIGITS = 80
MAX_DIMENSIONS = 32
MAX_SECONDS = 1e6
_LENGTHS = struct.Struct("<II")
_BLOCK = 2**16
_TEXTS = (80, 300, 200, 80, 80, 200)
"""How long the texts of a Failure may be, in order."""
_DTYPES = frozenset(
    np.dtype(name).str for name in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
)


class WireError(Exception):
    """An error of the channel: its bytes are no message of this protocol."""


class Closed(WireError):
    """The end of the channel: the other side has closed it."""


class TimedOut(WireError):
    """The end of the time allowed, before a message was complete."""


class Patience(Protocol):
    """A limit on the time to wait for the other side."""

    def left(self) -> float:
        """Return for how many seconds to wait before asking again.

        Raises
        ------
        TimedOut
            If the time is used up.
        """


class Deadline:
    """A patience that ends at a time of the wall clock."""

    def __init__(self, seconds: float) -> None:
        """Start the clock."""
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds until it ends.

        Raises
        ------
        TimedOut
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimedOut
        return left


def pack(value: Any) -> bytes:
    """Turn a structure of plain values into a message.

    Parameters
    ----------
    value : None, bool, int, float, str, numpy arrays, Opaque, Failure, ScalarFunction, Outcome, and lists, tuples and
        dicts of these

    Returns
    -------
    the message

    Raises
    ------
    WireError
        If it is too large, or holds anything else.
    """
    buffers: list[bytes] = []
    offset = 0

    def tree(item: Any) -> Any:
        nonlocal offset
        if item is None or isinstance(item, bool | int | float | str):
            return ["v", item] if not isinstance(item, float) or math.isfinite(item) else ["n", repr(item)]
        if isinstance(item, np.ndarray):
            data = item.tobytes()
            buffers.append(data)
            offset += len(data)
            return ["a", item.dtype.str, list(item.shape), offset - len(data)]
        if isinstance(item, Opaque):
            return ["o", item.type_name]
        if isinstance(item, Failure):
            return ["f", item.name, item.text, item.line, item.function, item.within, item.called]
        if isinstance(item, ScalarFunction):
            return ["s", *(tree(part) for part in (item.a, item.b, item.c, item.d))]
        if isinstance(item, Outcome):
            return ["r", tree(item.value), tree(item.failure), list(item.changed), item.seconds]
        if isinstance(item, tuple | list):
            return ["t" if isinstance(item, tuple) else "l", [tree(inner) for inner in item]]
        if isinstance(item, dict):
            return ["d", [[key, tree(inner)] for key, inner in item.items()]]
        raise WireError(f"{type(item).__name__} does not cross the channel")

    header = json.dumps(tree(value)).encode()
    if len(header) > MAX_HEADER or offset > MAX_BYTES:
        raise WireError(f"a message of {len(header)} + {offset} bytes is too large")
    return b"".join([_LENGTHS.pack(len(header), offset), header, *buffers])


def unpack(header: bytes, payload: bytes) -> Any:
    """Turn a message back into the structure.

    Raises
    ------
    WireError
        If it does not hold to the protocol.
    """
    try:
        parsed = json.loads(header, parse_int=_integer, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise WireError("the header is not JSON") from error
    count = taken = 0

    def value(node: Any, depth: int, answer: bool = False) -> Any:
        """Decode a node; in an `answer` allow only the values that `evaluate.plain` makes."""
        nonlocal count
        count += 1
        if count > 20 * MAX_ITEMS or depth > MAX_NESTING:
            raise WireError("the structure is too large")
        match node:
            case ["v", None]:
                return None
            case ["v", bool() | int() | float() | str() as scalar] if not answer:
                return scalar
            case ["n", "nan" | "inf" | "-inf" as name] if not answer:
                return float(name)
            case ["a", str() as dtype, list() as shape, int() as offset] if dtype in _DTYPES:
                return array(dtype, shape, offset)
            case ["o", str() as name]:
                return Opaque(clean(name, 80))
            case ["f", *texts] if not answer and list(map(type, texts)) == [str] * len(_TEXTS):
                return Failure(*map(clean, texts, _TEXTS))
            case ["s", *coefficients] if len(coefficients) == 4:
                arrays = [value(part, depth + 1) for part in coefficients]
                if not all(isinstance(part, np.ndarray) for part in arrays):
                    raise WireError("a function's coefficients are no arrays")
                return ScalarFunction(*arrays)
            case ["r", inner, failure, list() as changed, int() | float() as seconds] if not answer:
                return outcome(inner, failure, changed, seconds, depth + 1)
            case ["t", list() as items]:
                return tuple(value(item, depth + 1, answer) for item in items)
            case ["l", list() as items]:
                return [value(item, depth + 1, answer) for item in items]
            case ["d", list() as items]:
                return dict(pair(item, depth + 1, answer) for item in items)
        raise WireError("the header holds an unknown node")

    def outcome(inner: Any, failure: Any, changed: list[Any], seconds: float, depth: int) -> Outcome:
        failed = value(failure, depth)
        if not (failed is None or isinstance(failed, Failure)):
            raise WireError("an outcome's failure is none")
        if len(changed) > MAX_ITEMS or not all(type(name) is str for name in changed):
            raise WireError("an outcome's changed arguments are no names")
        if not 0 <= seconds <= MAX_SECONDS:
            raise WireError("an outcome's seconds are no time")
        names = tuple(clean(name, 80) for name in changed)
        return Outcome(value(inner, depth, answer=True), failed, names, float(seconds))

    def pair(node: Any, depth: int, answer: bool) -> tuple[str, Any]:
        match node:
            case [str() as key, inner]:
                return clean(key, 200), value(inner, depth, answer)
        raise WireError("a dict's key is not a string")

    def array(dtype: str, shape: list[Any], offset: int) -> Any:
        nonlocal taken
        if len(shape) > MAX_DIMENSIONS or not all(type(n) is int and 0 <= n <= MAX_BYTES for n in shape):
            raise WireError("an array's shape is malformed")
        if math.prod(n or 1 for n in shape) > MAX_BYTES:  # where one is 0, the others are bounded all the same
            raise WireError("an array's shape is too large")
        kind, size = np.dtype(dtype), math.prod(shape)
        if type(offset) is not int or offset != taken:
            raise WireError("an array does not begin where the one before it ends")
        taken += size * kind.itemsize
        if taken > len(payload):
            raise WireError("an array is longer than the message")
        return np.ndarray(shape, kind, payload, offset).copy() if size else np.empty(shape, kind)

    return value(parsed, 0)


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= MAX_DIGITS else _refuse(digits)


def _refuse(text: str) -> NoReturn:
    """Refuse numbers outside the protocol: NaN, Infinity, a thousand digits."""
    raise ValueError(text[:80])


def send(channel: socket.socket, value: Any, patience: Patience | None = None) -> None:
    """Write one message.

    Parameters
    ----------
    channel : a stream socket
    value : what `pack` takes
    patience : how long the other side may take to read all of it; None is for ever

    Raises
    ------
    TimedOut, Closed, WireError
    """
    message = memoryview(pack(value))
    try:
        while message:
            channel.settimeout(patience.left() if patience else None)
            with contextlib.suppress(TimeoutError):
                message = message[channel.send(message[:_BLOCK]) :]
    except OSError as error:
        raise Closed from error


def receive(channel: socket.socket, patience: Patience | None = None) -> Any:
    """Read one message.

    Parameters
    ----------
    channel : a stream socket
    patience : how long to wait for all of it; None is for ever

    Raises
    ------
    TimedOut, Closed, WireError
    """
    header_length, payload_length = _LENGTHS.unpack(_read(channel, _LENGTHS.size, patience))
    if header_length > MAX_HEADER or payload_length > MAX_BYTES:
        raise WireError(f"a message of {header_length} + {payload_length} bytes is too large")
    body = _read(channel, header_length + payload_length, patience)
    return unpack(body[:header_length], body[header_length:])


def _read(channel: socket.socket, length: int, patience: Patience | None) -> bytes:
    received = bytearray()
    while len(received) < length:
        channel.settimeout(patience.left() if patience else None)
        try:
            block = channel.recv(min(length - len(received), _BLOCK))
        except TimeoutError:
            continue
        except OSError as error:
            raise Closed from error
        if not block:
            raise Closed
        received += block
    return bytes(received)
