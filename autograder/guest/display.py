"""The outputs of a notebook, collected in order and sent on in small pieces.

Everything here is the student's side. It is honest with an honest notebook; whoever receives it checks it again.
"""

import base64
import contextlib
import io
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

MAX_CELL_BYTES = 4 * 2**20
MAX_CELL_TEXT = 200_000
MAX_CELL_OUTPUTS = 200
_PIECE = 2**15
_SECONDS = 0.02
_PROMPT_PIECES = 1000


def _sent_as_text(value: Any) -> Any:
    """Return a value of a MIME bundle as Jupyter stores it: bytes become base64."""
    return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value


class Outputs(contextlib.AbstractContextManager[None]):
    """The outputs of the running cell, waiting to be sent.

    A forked copy of the process has no outputs: two writers would garble one channel.
    """

    def __init__(self, send: Callable[[bytes], None]) -> None:
        """Send pieces, JSON lists of outputs, by this function."""
        self._send = send
        self._owner = os.getpid()
        self._lock = threading.RLock()
        self._waiting: list[dict[str, Any]] = []
        self._waiting_bytes = 0
        self._sent_at = 0.0
        self._left = {"bytes": 0, "text": 0, "outputs": 0}
        self._cut = True
        self._pieces = 0

    def __enter__(self) -> None:
        """Start a cell: from here on there is room for outputs."""
        self._left = {"bytes": MAX_CELL_BYTES, "text": MAX_CELL_TEXT, "outputs": MAX_CELL_OUTPUTS}
        self._cut = False
        self._pieces = 0

    def __exit__(self, *error: object) -> None:
        """End a cell: flush, and drop later outputs."""
        self.flush()
        self._cut = True

    def stream(self, name: str, text: str) -> None:
        """Collect printed text."""
        with self._lock:
            if self._cut or os.getpid() != self._owner:
                return
            kept = text[: self._left["text"]]
            self._left["text"] -= len(kept)
            last = self._waiting[-1] if self._waiting else {}
            if last.get("output_type") == "stream" and last["name"] == name:
                last["text"] += kept
                self._waiting_bytes += len(kept)
                self._flush_if_due()
            else:
                self._add({"output_type": "stream", "name": name, "text": kept}, len(kept))
            if len(kept) < len(text):
                self._cut_here()

    def rich(self, kind: str, data: Mapping[str, Any], metadata: Mapping[str, Any], **more: Any) -> None:
        """Collect a displayed MIME bundle."""
        bundle = {str(name): _sent_as_text(value) for name, value in data.items()}
        self._take({"output_type": kind, "data": bundle, "metadata": dict(metadata), **more})

    def error(self, name: str, text: str, lines: list[str]) -> None:
        """Collect an exception as it is shown below a cell."""
        self._take({"output_type": "error", "ename": name, "evalue": text, "traceback": lines})

    def clear(self, wait: bool) -> None:
        """Collect a request to clear the outputs so far."""
        self._take({"output_type": "clear", "wait": wait})

    def _take(self, output: dict[str, Any]) -> None:
        with self._lock:
            if self._cut or os.getpid() != self._owner:
                return
            try:
                size = len(json.dumps(output))
            except (TypeError, ValueError, RecursionError):
                # Of a bundle with values that JSON does not know, the plain text is kept.
                text = str(output.get("data", {}).get("text/plain", ""))
                output = {**output, "data": {"text/plain": text[:MAX_CELL_TEXT]}, "metadata": {}}
                size = len(text)
            if size > self._left["bytes"]:
                self._cut_here()
            else:
                self._add(output, size)

    def _add(self, output: dict[str, Any], size: int) -> None:
        if self._left["outputs"] <= 0:
            self._cut_here()
            return
        self._left["outputs"] -= 1
        self._left["bytes"] -= size
        self._waiting.append(output)
        self._waiting_bytes += size
        self._flush_if_due()

    def _cut_here(self) -> None:
        self._cut = True
        self._waiting.append({"output_type": "cut"})

    def _flush_if_due(self) -> None:
        if self._waiting_bytes > _PIECE or time.monotonic() - self._sent_at > _SECONDS:
            self.flush()

    def flush(self) -> None:
        """Send the outputs that wait."""
        with self._lock:
            if self._waiting and os.getpid() == self._owner:
                waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
                self._send(json.dumps(waiting).encode("utf-8", "backslashreplace"))
                self._sent_at = time.monotonic()
                self._pieces += 1

    def flush_if_few(self) -> None:
        """Flush at a notebook's request; ignore most requests of one that asks all the time."""
        if self._pieces < _PROMPT_PIECES:
            self.flush()


class Stream(io.TextIOBase):
    """The stream that stands for `sys.stdout` or `sys.stderr` while cells run."""

    encoding = "UTF-8"
    errors = "replace"

    def __init__(self, name: str, descriptor: int) -> None:
        """Name the stream; `fileno` returns the descriptor."""
        self.name = name
        self._descriptor = descriptor
        self.outputs: Outputs | None = None

    def fileno(self) -> int:
        """Return a descriptor that leads nowhere."""
        return self._descriptor

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Collect printed text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text and self.outputs is not None:
            self.outputs.stream(self.name, text)
        return len(text)

    def flush(self) -> None:
        """Flush the printed text."""
        if self.outputs is not None:
            self.outputs.flush_if_few()
