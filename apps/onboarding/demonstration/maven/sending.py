"""Sending captures to a running server as fast as it takes them, over kept connections."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from apps.onboarding.demonstration.maven.files import Opportunity

CONNECTIONS = 8
_TIMEOUT, _TRIES, _PAUSE = 60.0, 8, 0.5
_COME_BACK = (429, 503)


class NotTaken(Exception):
    """The server did not take a capture, however often it was sent."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the server answered, and when (seconds since 1970)."""

    opportunity: str
    status: int
    answer: dict[str, Any]
    answered_at: float


@dataclass(frozen=True, slots=True)
class Sending:
    """All answers, and how long they took together."""

    sent: Sequence[Sent]
    seconds: float

    @property
    def per_second(self) -> float:
        return len(self.sent) / self.seconds if self.seconds else 0.0


def send(opportunities: Sequence[Opportunity], *, address: str) -> Sending:
    """Send each as one capture with its id as the key, so that sending again makes nothing new."""
    lines = threading.local()
    opened: list[_Line] = []

    def post(opportunity: Opportunity) -> Sent:
        if not hasattr(lines, "own"):
            lines.own = _Line(address)
            opened.append(lines.own)
        sent: Sent = lines.own.post(opportunity)
        return sent

    began = time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        sent = list(pool.map(post, opportunities))
    seconds = time.monotonic() - began
    for line in opened:
        line.close()
    return Sending(sent, seconds)


class _Line:
    """One kept connection."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else None
        self._path = parts.path
        self._connection = (kind or http.client.HTTPConnection)(parts.netloc, timeout=_TIMEOUT)

    def post(self, opportunity: Opportunity) -> Sent:
        """Send it, again when the server asks for patience or the connection broke."""
        last = ""
        for _try in range(_TRIES):
            try:
                status, text = self._once(opportunity)
            except (http.client.HTTPException, OSError) as error:
                self._connection.close()
                status, text = 503, str(error)
            if status not in _COME_BACK:
                return Sent(opportunity.id, status, json.loads(text), time.time())
            last = text
            time.sleep(_PAUSE)
        raise NotTaken(f"{opportunity.id} was not taken: {last}")

    def _once(self, opportunity: Opportunity) -> tuple[int, str]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": opportunity.id}
        self._connection.request("POST", self._path, json.dumps(opportunity.body()), headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode()

    def close(self) -> None:
        self._connection.close()
