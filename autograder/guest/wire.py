"""The data channel between a trusted process and a student's: plain numbers in a fixed structure, never pickle.

A message is a length, a JSON header, and the raw bytes of its arrays. Whoever reads checks every length before anything
is allocated, and admits only numbers: booleans, integers, floats and complex numbers of the native byte order.
"""

import json
import math
import socket
import struct
import time
from typing import Any

import numpy as np

from autograder.guest.evaluate import MAX_BYTES, MAX_ITEMS, Failure, Opaque, Outcome, ScalarFunction, clean

MAX_HEADER = 2**20
MAX_NESTING = 12
_LENGTHS = struct.Struct("<II")
_DTYPES = frozenset(
    np.dtype(name).str for name in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
)


class WireError(Exception):
    """What came over the channel is not a message of this protocol."""


class Closed(WireError):
    """The other side has gone."""


class TimedOut(WireError):
    """Nothing complete came within the time allowed."""


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
            return ["v", item if not isinstance(item, float) or math.isfinite(item) else repr(item)]
        if isinstance(item, np.ndarray):
            data = item.tobytes()
            buffers.append(data)
            offset += len(data)
            return ["a", item.dtype.str, list(item.shape), offset - len(data)]
        if isinstance(item, Opaque):
            return ["o", item.type_name]
        if isinstance(item, Failure):
            return ["f", item.name, item.text, item.line, item.function]
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
        parsed = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise WireError("the header is not JSON") from error
    count = 0

    def value(node: Any, depth: int) -> Any:
        nonlocal count
        count += 1
        if count > 20 * MAX_ITEMS or depth > MAX_NESTING:
            raise WireError("the structure is too large")
        match node:
            case ["v", None | bool() | int() | float() | str() as scalar]:
                return float(scalar) if scalar in ("nan", "inf", "-inf") else scalar
            case ["a", str() as dtype, list() as shape, int() as offset] if dtype in _DTYPES:
                return array(dtype, shape, offset)
            case ["o", str() as name]:
                return Opaque(clean(name, 80))
            case ["f", str() as name, str() as text, str() as line, str() as function]:
                return Failure(clean(name, 80), clean(text, 300), clean(line, 200), clean(function, 80))
            case ["s", *coefficients] if len(coefficients) == 4:
                arrays = [value(part, depth + 1) for part in coefficients]
                if not all(isinstance(part, np.ndarray) for part in arrays):
                    raise WireError("a function's coefficients are no arrays")
                return ScalarFunction(*arrays)
            case ["r", inner, failure, list() as changed, int() | float() as seconds]:
                failed = value(failure, depth + 1)
                if not (failed is None or isinstance(failed, Failure)) or not all(type(c) is str for c in changed):
                    raise WireError("an outcome is malformed")
                return Outcome(value(inner, depth + 1), failed, tuple(changed), float(seconds))
            case ["t", list() as items]:
                return tuple(value(item, depth + 1) for item in items)
            case ["l", list() as items]:
                return [value(item, depth + 1) for item in items]
            case ["d", list() as items]:
                return dict(pair(item, depth + 1) for item in items)
        raise WireError("the header holds an unknown node")

    def pair(node: Any, depth: int) -> tuple[str, Any]:
        match node:
            case [str() as key, inner]:
                return clean(key, 200), value(inner, depth)
        raise WireError("a dict's key is not a string")

    def array(dtype: str, shape: list[Any], offset: int) -> Any:
        if len(shape) > 32 or not all(type(n) is int and 0 <= n <= MAX_BYTES for n in shape) or offset < 0:
            raise WireError("an array's shape is malformed")
        kind = np.dtype(dtype)
        size = math.prod(shape) * kind.itemsize
        if offset + size > len(payload):
            raise WireError("an array is longer than the message")
        return np.frombuffer(payload, kind, math.prod(shape), offset).reshape(shape).copy()

    return value(parsed, 0)


def send(channel: socket.socket, value: Any, seconds: float | None = None) -> None:
    """Write one message.

    Parameters
    ----------
    channel : a stream socket
    value : what `pack` takes
    seconds : how long the other side may take to read all of it; None is for ever

    Raises
    ------
    TimedOut, Closed, WireError
    """
    message = pack(value)
    if seconds is not None and seconds <= 0:
        raise TimedOut
    try:
        channel.settimeout(seconds)
        channel.sendall(message)
    except TimeoutError as error:
        raise TimedOut from error
    except OSError as error:
        raise Closed from error


def receive(channel: socket.socket, seconds: float | None = None) -> Any:
    """Read one message.

    Parameters
    ----------
    channel : a stream socket
    seconds : how long to wait for all of it; None is for ever

    Raises
    ------
    TimedOut, Closed, WireError
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    header_length, payload_length = _LENGTHS.unpack(_read(channel, _LENGTHS.size, deadline))
    if header_length > MAX_HEADER or payload_length > MAX_BYTES:
        raise WireError(f"a message of {header_length} + {payload_length} bytes is too large")
    body = _read(channel, header_length + payload_length, deadline)
    return unpack(body[:header_length], body[header_length:])


def _read(channel: socket.socket, length: int, deadline: float | None) -> bytes:
    received = bytearray()
    while len(received) < length:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimedOut
            channel.settimeout(left)
        try:
            block = channel.recv(min(length - len(received), 2**16))
        except TimeoutError as error:
            raise TimedOut from error
        except OSError as error:
            raise Closed from error
        if not block:
            raise Closed
        received += block
    return bytes(received)
