"""A provider of company facts on this machine, for tests: answers as it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


class Provider:
    """`asked` holds each question with its headers; `answer` may be any object or raw bytes."""

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.answer: Any = {}
        self.status = 200
        self.hangs = Event()
        self.wakes = Event()
        self.url = ""

    @property
    def questions(self) -> list[dict[str, str]]:
        return [json.loads(body) for _headers, body in self.asked]

    def reply(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        self.asked.append((dict(request.headers), body))
        if self.hangs.is_set():
            self.wakes.wait(15)
        raw = self.answer if isinstance(self.answer, bytes) else json.dumps(self.answer).encode()
        with suppress(OSError):
            request.send_response(self.status)
            request.send_header("Content-Length", str(len(raw)))
            request.end_headers()
            request.wfile.write(raw)


@contextmanager
def running() -> Iterator[Provider]:
    """A provider that listens until the end of the block."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            provider.reply(self)

        def log_message(self, *_words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.url = f"http://127.0.0.1:{server.server_port}/companies"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        provider.wakes.set()
        server.shutdown()
        server.server_close()
