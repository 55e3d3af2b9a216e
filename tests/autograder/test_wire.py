"""The data channel carries plain numbers, and nothing else."""

import json
import socket
import struct
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograder.protocol import wire
from autograder.protocol.values import Failure, Opaque, Outcome


def there_and_back(value):
    message = wire.pack(value)
    header, _ = struct.unpack("<II", message[:8])
    return wire.unpack(message[8 : 8 + header], message[8 + header :])


arrays = npst.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_, np.complex128]),
    npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@given(arrays)
def test_an_array_arrives_as_it_was_sent(array):
    arrived = there_and_back(array)
    assert (arrived.dtype, arrived.shape) == (array.dtype, array.shape)
    assert arrived.tobytes() == array.tobytes()


def test_every_structure_of_the_protocol_arrives_as_it_was_sent():
    value = (
        "evaluate",
        [{"X": 1.5, "n": 3, "flag": True, "nothing": None}],
        Outcome(None, Failure("ValueError", "text", "line", "f", "g", "g()"), ("X",), 0.25),
        Outcome(Opaque("generator"), None, (), 0.5),
    )
    assert there_and_back(value) == value
    assert np.isnan(there_and_back(float("nan")))
    assert there_and_back(["inf", float("inf"), "nan", -float("inf")]) == ["inf", float("inf"), "nan", -float("inf")]


@pytest.mark.parametrize(
    "header",
    [
        b"not json",
        b"[" * 100_000,
        b'["x", 1]',
        b'["a", "|O", [1], 0]',
        b'["a", "<M8[s]", [1], 0]',
        b'["a", "<f8", [-1], 0]',
        b'["a", "<f8", [1000000000], 0]',
        b'["a", "<f8", [2], 1]',
        b'["a", "<f8", [true], 0]',
        b'["a", "<f8", [1], -8]',
        b'["d", [[1, ["v", 1]]]]',
        b'["d", [["k"]]]',
        b'["n", "1e400"]',
        b'["r", ["n", "nan"], ["v", null], [], 0]',
        b'["r", ["v", 1], ["v", 1], [], 0]',
        json.dumps(["t", [["v", 0]] * 30_000]).encode(),
        b'["r", ["v", null], ["v", null], [], 1' + b"0" * 400 + b"]",
        b'["r", ["v", null], ["v", null], [], NaN]',
        b'["r", ["v", null], ["v", null], [], Infinity]',
        b'["r", ["v", null], ["v", null], [], -1]',
        b'["r", ["v", null], ["v", null], [1], 0]',
        b'["r", ["v", 1], ["v", null], [], 0]',
        b'["r", ["t", [["v", "text"]]], ["v", null], [], 0]',
        b'["r", ["d", [["dW1", ["v", 1.5]]]], ["v", null], [], 0]',
        b'["r", ["f", "E", "", "", ""], ["v", null], [], 0]',
        b'["v", 1' + b"0" * 400 + b"]",
        b'["a", "<f8", [0, 16777216, 16777216, 16777216], 0]',
        b'["a", "<f8", [0, 16777217], 0]',
        b'["a", "<f8", [' + b"1," * 40 + b"1], 0]",
        b'["a", "<f8", [0], 17]',
        b'["a", "<f8", [1], false]',
        b'["a", "<f8", [1], 1000000000000000000000]',
        b'["t", [["a", "<f8", [2], 0], ["a", "<f8", [2], 0]]]',
    ],
)
def test_a_malformed_header_is_refused(header):
    with pytest.raises(wire.WireError):
        wire.unpack(header, bytes(16))


def test_what_a_message_holds_is_no_larger_than_the_message():
    many = json.dumps(["l", [["a", "<f8", [2], 0]] * 10_000]).encode()
    with pytest.raises(wire.WireError, match="does not begin where the one before it ends"):
        wire.unpack(many, bytes(16))
    assert wire.unpack(b'["t", [["a", "<f8", [0, 3], 0], ["a", "|u1", [16], 0]]]', bytes(16))[0].shape == (0, 3)


def test_nothing_but_plain_values_can_be_sent():
    with pytest.raises(wire.WireError, match="does not cross"):
        wire.pack({"function": print})
    with pytest.raises(wire.WireError, match="too large"):
        wire.pack(np.zeros(wire.MAX_BYTES // 8 + 1))


def test_a_length_beyond_the_limit_is_refused_before_anything_is_allocated():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack("<II", 2, 2**32 - 1))
        with pytest.raises(wire.WireError, match="too large"):
            wire.receive(ours, wire.Deadline(1))


def test_a_message_that_does_not_come_to_its_end_is_a_timeout():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack("<II", 100, 0) + b"{")
        with pytest.raises(wire.TimedOut):
            wire.receive(ours, wire.Deadline(0.05))


def test_a_closed_channel_says_so():
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        with pytest.raises(wire.Closed):
            wire.receive(ours, wire.Deadline(1))


def test_large_messages_come_through_in_pieces():
    ours, theirs = socket.socketpair()
    array = np.arange(500_000.0)
    with ours, theirs:
        sender = threading.Thread(target=wire.send, args=(theirs, array))
        sender.start()
        np.testing.assert_array_equal(wire.receive(ours, wire.Deadline(10)), array)
        sender.join()
