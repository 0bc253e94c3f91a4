"""Addresses that people typed in are spoken to safely: refused when saved and when connecting."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from apps.teams import egress
from apps.teams.egress import EgressFailed

PUBLIC = "93.184.216.34"


class _Handler(BaseHTTPRequestHandler):
    """Answers as its path says."""

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        self.server.seen.append((self.path, dict(self.headers), self.rfile.read(size)))  # type: ignore[attr-defined]
        getattr(self, "_" + self.path.strip("/"))()

    def _ok(self) -> None:
        self._send(200, b'{"employees": 40}')

    def _redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", "/ok")
        self.end_headers()

    def _huge(self) -> None:
        self._send(200, b"x" * 1_000_000)

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self._drop_by_drop()

    def _never(self) -> None:
        self._drop_by_drop()  # not even a status line that ends

    def _drop_by_drop(self) -> None:
        with suppress(OSError):
            for _ in range(200):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_words: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    """A real web server on this machine; `seen` holds what reached it."""
    made: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    made.daemon_threads = True
    made.seen = []
    made.url = f"http://127.0.0.1:{made.server_port}"
    Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def reachable(server: Any, settings: Any) -> Any:
    settings.EGRESS_TO_THIS_MACHINE = True
    return server


Names = Callable[..., None]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """`names(host, address, …)`: what a name resolves to, one address for each time of asking."""

    real = socket.getaddrinfo

    def say(host: str, *addresses: str) -> None:
        left = list(addresses)

        def answer(asked: Any, port: Any, *a: Any, **k: Any) -> Any:
            if asked != host:
                return real(asked, port, *a, **k)
            address = left.pop(0) if len(left) > 1 else left[0]
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(socket, "getaddrinfo", answer)

    return say


def test_an_address_of_the_internet_is_fine(names: Names) -> None:
    names("crm.example", PUBLIC)

    assert egress.check_url("https://crm.example/companies?x=1") is None


@pytest.mark.parametrize(
    "url",
    [
        "", "crm.example", "//crm.example/", "ftp://crm.example/", "file:///etc/passwd",
        "gopher://crm.example/", "javascript:alert(1)", "https://", "https:///path",
        "https://user@crm.example/", "https://user:secret@crm.example/", "https://@crm.example/",
        "https://crm.example:0/", "https://crm.example:99999/", "https://crm.example:x/",
        "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/",
        "https://[::1", "https://[fe80::1%25eth0]/", "https://crm .example/", "https://crm.example\x00/",
        "https://crm.example\\@evil.example/", "https://crm.example/\r\nX-Evil: 1", "https://a..b/",
        "https://" + "a" * 600 + ".example/",
    ],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused_in_words(url: str, names: Names) -> None:
    names("crm.example", PUBLIC)

    assert egress.check_url(url)
    with pytest.raises(EgressFailed):
        egress.post_json(url, b"{}")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.0.0.5", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.0.8", "198.18.0.1",
        "::1", "::", "fe80::1", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.5", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_a_name_in_a_private_network_is_refused_when_saved_and_when_connecting(
    address: str, names: Names
) -> None:
    names("crm.example", address)

    assert "private network" in str(egress.check_url("https://crm.example/"))
    with pytest.raises(EgressFailed, match="private network"):
        egress.post_json("http://crm.example/", b"{}")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.1.2.3", "localhost"]
)
def test_a_private_address_as_such_is_refused(host: str) -> None:
    assert "private network" in str(egress.check_url(f"http://{host}/"))


def test_a_name_that_one_of_its_addresses_makes_private_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in (PUBLIC, "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: both)

    assert "private network" in str(egress.check_url("https://crm.example/"))


def test_a_name_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_a: Any, **_k: Any) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert "can’t be found" in str(egress.check_url("https://crm.example/"))


def test_a_name_that_moves_home_after_it_was_saved_reaches_nothing(
    server: Any, names: Names
) -> None:
    names("crm.example", PUBLIC, "127.0.0.1")
    url = f"http://crm.example:{server.server_port}/ok"

    saved = egress.check_url(url)

    assert saved is None
    with pytest.raises(EgressFailed, match="private network"):
        egress.post_json(url, b"{}")
    assert server.seen == []


def test_the_connection_goes_to_the_address_that_was_judged(reachable: Any, names: Names) -> None:
    # Were the name looked up again to connect, it would lead elsewhere.
    names("crm.example", "127.0.0.1", "10.0.0.1")

    answer = egress.post_json(f"http://crm.example:{reachable.server_port}/ok", b"{}")

    assert answer.status == 200
    assert reachable.seen[0][1]["Host"] == f"crm.example:{reachable.server_port}"


def test_an_answer_comes_back_with_what_was_sent(reachable: Any) -> None:
    answer = egress.post_json(f"{reachable.url}/ok", b'{"a": 1}', {"X-Mark": "7"})

    path, headers, body = reachable.seen[0]
    assert (answer.status, answer.body) == (200, b'{"employees": 40}')
    assert (path, body, headers["X-Mark"]) == ("/ok", b'{"a": 1}', "7")
    assert headers["Content-Type"] == "application/json"


def test_a_redirect_is_not_followed(reachable: Any) -> None:
    with pytest.raises(EgressFailed, match="redirect"):
        egress.post_json(f"{reachable.url}/redirect", b"{}")

    assert [path for path, *_ in reachable.seen] == ["/redirect"]


def test_a_body_is_cut(reachable: Any) -> None:
    answer = egress.post_json(f"{reachable.url}/huge", b"{}")

    assert len(answer.body) == egress.LARGEST


@pytest.mark.parametrize("path", ["drip", "never"])
def test_an_answer_that_drips_is_cut_off_in_time(reachable: Any, path: str) -> None:
    began = time.monotonic()

    with pytest.raises(EgressFailed, match="No answer within"):
        egress.post_json(f"{reachable.url}/{path}", b"{}", timeout=0.5)

    assert time.monotonic() - began < 3


def test_a_server_that_is_not_there_is_said_in_words(settings: Any) -> None:
    settings.EGRESS_TO_THIS_MACHINE = True
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

    with pytest.raises(EgressFailed, match="can’t be reached"):
        egress.post_json(f"http://127.0.0.1:{port}/", b"{}")


def test_a_proxy_of_the_environment_is_not_used(
    reachable: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://10.0.0.9:3128")
    monkeypatch.setenv("http_proxy", "http://10.0.0.9:3128")

    assert egress.post_json(f"{reachable.url}/ok", b"{}").status == 200
