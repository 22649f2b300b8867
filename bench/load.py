"""A load generator that costs little beside what it measures: raw sockets in one process, requests made beforehand.

A connection is used again if the server keeps it; gunicorn's sync workers close it with each answer.
"""

import re
import selectors
import socket
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

CONNECTIONS = 16
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection:\s*close", re.IGNORECASE)


def get(path: str, headers: Mapping[str, str] | None = None) -> bytes:
    return _request("GET", path, b"", headers or {})


def post(path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    kind = {"Content-Type": "application/json"} if body else {}
    return _request("POST", path, body, {**kind, "Content-Length": str(len(body)), **(headers or {})})


def put(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    fixed = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return _request("PUT", path, body, {**fixed, **headers})


def _request(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode() + body


@dataclass
class Outcome:
    """What a run gave: answers, seconds, milliseconds of each, and answers by status; bodies in the requests' order."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    bodies: dict[int, bytes] = field(default_factory=dict)
    cpu_ms: float = 0.0  # the processor's time of each answer, where the caller has measured it

    @property
    def answers(self) -> int:
        return len(self.times)

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds if self.seconds else 0.0

    @property
    def failed(self) -> int:
        return sum(count for status, count in self.statuses.items() if not 200 <= status < 300)

    def percentile(self, percent: int) -> float:
        return percentile(self.times, percent)


def percentile(times: list[float], percent: int) -> float:
    """The value that `percent` of the times do not exceed; of few times the nearest one."""
    if len(times) < 2:
        return times[0] if times else 0.0
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


class _Slot:
    """One of the connections: what it asked, when, and what has come back so far."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address, self.number = address, -1
        self.socket: socket.socket | None = None
        self.began, self.buffer, self.need = 0.0, bytearray(), -1

    def send(self, number: int, request: bytes) -> socket.socket | None:
        """Sends; returns the socket if it is a new one."""
        made = None
        if self.socket is None:
            made = self.socket = socket.create_connection(self.address, timeout=60)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number, self.buffer, self.need = number, bytearray(), -1
        self.began = time.perf_counter()
        self.socket.sendall(request)
        return made

    def take(self) -> bool:
        """Reads what is there; whether the answer is whole."""
        assert self.socket is not None
        part = self.socket.recv(1 << 18)
        self.buffer += part
        if self.need < 0 and (head := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self.buffer, 0, head)
            self.need = head + 4 + int(length[1]) if length else 1 << 60
        return not part or len(self.buffer) >= self.need

    def closes(self) -> bool:
        head = self.buffer.find(b"\r\n\r\n")
        return head < 0 or _CLOSES.search(self.buffer, 0, head + 2) is not None or len(self.buffer) != self.need


def run(
    port: int, requests: Iterator[bytes], seconds: float = 0.0, connections: int = CONNECTIONS, *, keep: bool = False
) -> Outcome:
    """Sends until `seconds` are over or the requests are at an end; `keep` holds the bodies, by the request's place."""
    outcome = Outcome()
    address = ("127.0.0.1", port)
    began = time.perf_counter()
    until = began + seconds if seconds else float("inf")
    numbered = enumerate(requests)
    busy = 0
    with selectors.DefaultSelector() as selector:

        def start(slot: _Slot) -> bool:
            following = next(numbered, None) if time.perf_counter() < until else None
            if following is None:
                return False
            made = slot.send(*following)
            if made is not None:
                selector.register(made, selectors.EVENT_READ, slot)
            return True

        slots = [_Slot(address) for _ in range(connections)]
        busy = sum(start(slot) for slot in slots)
        while busy:
            for key, _events in selector.select():
                slot: _Slot = key.data
                if not slot.take():
                    continue
                outcome.times.append((time.perf_counter() - slot.began) * 1000)
                status = int(slot.buffer[9:12] or 0)
                outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
                if keep:
                    outcome.bodies[slot.number] = bytes(slot.buffer.partition(b"\r\n\r\n")[2])
                if slot.socket is not None and slot.closes():
                    selector.unregister(slot.socket)
                    slot.socket.close()
                    slot.socket = None
                busy -= not start(slot)
        for slot in slots:
            if slot.socket is not None:
                slot.socket.close()
    outcome.seconds = time.perf_counter() - began
    return outcome
