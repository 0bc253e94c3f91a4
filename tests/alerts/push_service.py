"""A push service and a browser that subscribed with it, as real as this machine can have them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02


@dataclass
class Got:
    """One push: its address, its headers by lower-case name, and the sealed body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_genuine(self) -> bool:
        """Whether the site's key signed it, for this service."""
        return bool(Vapid02.verify(self.headers["authorization"]))


class PushService:
    """Answers every push with `status`, and keeps what it took."""

    def __init__(self) -> None:
        self.status = 201
        self.got: list[Got] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{name}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                service.got.append(Got(self.path, headers, body))
                self.send_response(service.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                pass

        return Handler


@contextmanager
def serving() -> Iterator[PushService]:
    service = PushService()
    thread = Thread(target=service.server.serve_forever, daemon=True)
    thread.start()
    yield service
    service.server.shutdown()
    service.server.server_close()


@dataclass
class Browser:
    """What a browser keeps of its subscription: only it can read what comes."""

    endpoint: str
    secret: bytes = b"0123456789abcdef"
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def form(self) -> dict[str, str]:
        """What its page posts."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": self.endpoint, "p256dh": _text(point), "auth": _text(self.secret)}

    def read(self, got: Got) -> dict[str, Any]:
        text = http_ece.decrypt(
            got.body, private_key=self.key, auth_secret=self.secret, version="aes128gcm"
        )
        said: dict[str, Any] = json.loads(text)
        return said


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
