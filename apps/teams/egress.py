"""Speaking to addresses that people typed in: never to our own network, never for long.

An address is judged twice: when it is saved (`check_url`), and again when we connect, by the very
IP address that the connection then goes to, so that a name that changed meanwhile helps nobody.
Redirects are not followed, proxies of the environment are not used, a body is cut at 64 kB.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from threading import Timer
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from django.conf import settings
from django.utils.translation import gettext as _
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import EXTRA_BLOCKED_NET_RANGES, InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

LONGEST = 15.0
LARGEST = 64 * 1024
LONGEST_URL = 500
SCHEMES = ("https", "http")
USER_AGENT = "Leadrelay"

_LABELS = re.compile(
    r"(?:[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?\.?"
)
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class EgressFailed(Exception):
    """There is no usable answer; the message says why, in words for the page."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever it says. A body of exactly LARGEST bytes may be cut."""

    status: int
    body: bytes


def check_url(url: str) -> str | None:
    """What is wrong with an address that we shall speak to, in words; None if nothing is.

    Looks its name up: call it outside of transactions.
    """
    try:
        parts = _parts(url)
        addresses = _looked_up(str(parts.hostname), parts.port or 443)
    except ValueError as error:
        return str(error)
    if not addresses:
        return _("This name can’t be found. Check how it is written.")
    if not all(is_allowed(address) for address in addresses):
        return _("This address lies in a private network. Use one that the internet reaches.")
    return None


def post_json(
    url: str, body: bytes, headers: Mapping[str, str] | None = None, *, timeout: float = LONGEST
) -> Answer:
    """POST a JSON document; as `post` in all else."""
    return post(url, body, {"Content-Type": "application/json", **(headers or {})}, timeout=timeout)


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout: float = LONGEST) -> Answer:
    """POST a body and read the answer, all within `timeout` seconds.

    EgressFailed if the address is refused, cannot be reached, redirects or is too slow.
    """
    try:
        _parts(url)
    except ValueError as error:
        raise EgressFailed(str(error)) from error
    sent = {"Accept-Encoding": "identity", **headers}
    deadline = _Deadline(timeout)
    with _session(deadline) as session, deadline:
        try:
            answer = _exchange(session, url, body, sent, timeout)
        except InvalidIPAddress as error:
            raise EgressFailed(_("The address leads into a private network.")) from error
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise EgressFailed(_in_words(error, deadline)) from error
    if deadline.has_passed:  # it was cut in the middle, which looks like an end
        raise EgressFailed(_too_slow(deadline))
    return answer


def is_allowed(address: IPAddress) -> bool:
    """Whether it is somewhere on the internet, however it is written."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_allowed(inner)
    if address.is_loopback:
        return bool(settings.EGRESS_TO_THIS_MACHINE)
    is_odd = address.is_multicast or address.is_reserved or address.is_unspecified
    is_local = getattr(address, "is_site_local", False)
    is_blocked = any(address in network for network in EXTRA_BLOCKED_NET_RANGES)
    return address.is_global and not (is_odd or is_local or is_blocked)


def _parts(url: str) -> SplitResult:
    """The parts of an address of the right shape; ValueError says what is wrong."""
    if len(url) > LONGEST_URL or any(ord(letter) <= 32 or letter in "\\\x7f" for letter in url):
        raise ValueError(_("This is no web address: it is too long, or holds a space."))
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise ValueError(_("This is no web address.")) from None
    if parts.scheme not in SCHEMES:
        raise ValueError(_("The address must begin with https:// or http://."))
    if parts.username is not None or parts.password is not None:
        raise ValueError(_("Leave name and password out of the address."))
    if not host or port == 0 or not _is_plain_host(host):
        raise ValueError(_("Write the host as a name, or as a plain IP address."))
    return parts


def _is_plain_host(host: str) -> bool:
    """A name that ends in letters, or an IP address as it is usually written.

    Decimal, octal and hexadecimal numbers mean IP addresses to some libraries.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        ascii_host = host.encode("idna").decode() if not host.isascii() else host
        return len(ascii_host) <= 253 and _LABELS.fullmatch(ascii_host) is not None
    return "%" not in host


def _looked_up(host: str, port: int) -> list[IPAddress]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [ipaddress.ip_address(str(where[0]).partition("%")[0]) for *_kind, where in found]


def _exchange(
    session: HTTPSession, url: str, body: bytes, headers: Mapping[str, str], timeout: float
) -> Answer:
    response = session.post(url, data=body, headers=dict(headers), timeout=timeout, stream=True)
    with closing(response):
        if response.is_redirect or 300 <= response.status_code < 400:
            raise ValueError(_("It answered with a redirect; give the address that it leads to."))
        return Answer(response.status_code, response.raw.read(LARGEST, decode_content=False))


def _in_words(error: Exception, deadline: _Deadline) -> str:
    if deadline.has_passed or isinstance(error, requests.Timeout):
        return _too_slow(deadline)
    if isinstance(error, requests.exceptions.SSLError):
        return _("Its certificate can’t be trusted.")
    if isinstance(error, requests.ConnectionError | HTTPError | OSError):
        return _("It can’t be reached.")
    return str(error)[:200]


def _too_slow(deadline: _Deadline) -> str:
    return _("No answer within %(seconds)g seconds.") % {"seconds": deadline.seconds}


class _Deadline:
    """Cuts the connection when the time is over: a body that drips never times out by itself."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.has_passed = False
        self.connection: HTTPConnection | None = None  # while it is being made
        self.socket: Any = None  # an answer that ends the connection takes this along
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self.has_passed = True
        connected: Any = self.socket or (self.connection.sock if self.connection else None)
        if connected is not None:
            with suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)


class _Adapter(IPFilterAdapter):
    """Connects to the IP address that was judged, and tells the deadline what to cut."""

    def __init__(self, deadline: _Deadline, *, is_https: bool) -> None:
        self._deadline = deadline
        super().__init__(is_https, allow_loopback=settings.EGRESS_TO_THIS_MACHINE)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._deadline)

    def build_connection_pool_key_attributes(self, *arguments: Any, **options: Any) -> Any:
        host, pool = super().build_connection_pool_key_attributes(*arguments, **options)
        address = ipaddress.ip_address(str(host["host"]).strip("[]").partition("%")[0])
        if not is_allowed(address):
            raise InvalidIPAddress(address)
        return host, pool


def _pools(deadline: _Deadline) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools whose connections the deadline knows."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            deadline.connection = self
            super().connect()
            deadline.socket = self.sock

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            deadline.connection = self
            super().connect()
            deadline.socket = self.sock

    http = type("Http", (HTTPConnectionPool,), {"ConnectionCls": Plain})
    https = type("Https", (HTTPSConnectionPool,), {"ConnectionCls": Secure})
    return {"http": http, "https": https}


def _session(deadline: _Deadline) -> HTTPSession:
    config = Config(
        ip_filter_enable=False,  # our adapters filter, and ask more
        ip_filter_allow_loopback_ips=False,
        never_redirect=True,
        default_timeout=(LONGEST, LONGEST),
        user_agent_override=USER_AGENT,
    )
    session = HTTPSession(config)
    session.trust_env = False
    session.mount("http://", _Adapter(deadline, is_https=False))
    session.mount("https://", _Adapter(deadline, is_https=True))
    return session
