"""From the commit to the open page: 1,000 sockets at one web process, beside raw Redis.

    python -m tests.bench.alerts [--sockets 1000] [--rounds 5] [--each 400] [--rate 100]

The limit is the same number of plain subscriptions, one connection each, in the same reading
process. Rounds alternate; milliseconds are medians over the rounds; what arrived is counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

OPENED_AT_ONCE = 25
SETTLE = 1.0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--each", type=int, default=400, help="messages a round")
    parser.add_argument("--rate", type=float, default=100, help="messages a second")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="leadrelay-bench-") as folder:
        Path(folder).chmod(0o755)
        servers = _start_servers(Path(folder))
        try:
            figures = measure(options, Path(folder))
        finally:
            for server in servers:
                server.stop(at_once=True)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 0


def _start_servers(folder: Path) -> list[Any]:
    """A durable PostgreSQL and a Valkey, unless they are given; then Django on them."""
    from ops import embedded
    from tests import servers

    os.environ.update(servers.TEST_ENVIRONMENT)
    started: list[Any] = []
    if not ("DATABASE_URL" in os.environ and "REDIS_URL" in os.environ):
        postgres = embedded.Postgres(folder / "postgres", password=embedded.new_password())
        valkey = embedded.Valkey(folder / "valkey", password=embedded.new_password())
        for server in (postgres, valkey):
            server.start()
            started.append(server)
        postgres.create_database()
        os.environ.update(DATABASE_URL=postgres.url(), REDIS_URL=valkey.url())
    os.environ["CHANNEL_PREFIX"] = f"bench-{os.getpid()}"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    return started


def measure(options: Any, folder: Path) -> dict[str, Any]:
    """Alternate raw and whole rounds against one web process and one reading process."""
    from tests.site import Site

    members = _people(options.sockets)
    site = Site(dict(os.environ), folder)
    site.manage("collectstatic", "--noinput", "--verbosity=0")
    site.start("web")
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    cookies = [_session(member) for member in members]
    reader = context.Process(
        target=read_all, args=(theirs, site.url, cookies, os.environ["REDIS_URL"])
    )
    reader.start()
    try:
        if ours.recv() != "ready":
            raise RuntimeError("The reading process did not start.")
        return _rounds(options, members, ours)
    finally:
        ours.send("stop")
        reader.join(30)
        site.stop()


def _rounds(options: Any, members: list[Any], reader: Any) -> dict[str, Any]:
    from apps.alerts import announcer

    ways: dict[str, Callable[[int, str], float]] = {"raw": _raw_sender(), "whole": _alert(members)}
    seen: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for number in range(options.rounds):
        for way, send in ways.items():
            sent = _send_all(send, options, f"{way}-{number}")
            time.sleep(SETTLE)
            reader.send("collect")
            seen[way].append(_latencies(sent, reader.recv()))
    announcer.stop()
    figures = {
        way: {
            key: round(statistics.median(each[key] for each in rounds), 2)
            for key in ("p50", "p99", "missing")
        }
        for way, rounds in seen.items()
    }
    ratio = {key: round(figures["whole"][key] / figures["raw"][key], 2) for key in ("p50", "p99")}
    return {
        "what": "commit → websocket client, against raw Redis publish → subscribe, ms",
        "sockets": options.sockets,
        "messages": options.rounds * options.each,
        **figures,
        "ratio": ratio,
        "goal": {"p50": 7, "p99": 5},
        "in_database": _count(),
    }


def _send_all(send: Callable[[int, str], float], options: Any, name: str) -> dict[str, float]:
    """Send at a steady rate to people at random; when each one left."""
    chance = random.Random(name)
    sent = {}
    start = time.monotonic()
    for n in range(options.each):
        time.sleep(max(0.0, start + n / options.rate - time.monotonic()))
        mark = f"{name}-{n}"
        sent[mark] = send(chance.randrange(options.sockets), mark)
    return sent


def _raw_sender() -> Callable[[int, str], float]:
    from redis import Redis

    client = Redis.from_url(os.environ["REDIS_URL"])

    def send(place: int, mark: str) -> float:
        left_at = time.monotonic()
        client.publish(f"raw-{place}", f"#{mark}")
        return left_at

    return send


def _alert(members: list[Any]) -> Callable[[int, str], float]:
    from django.db import transaction
    from django.utils import timezone

    from apps.alerts.models import Kind
    from apps.alerts.services import NewAlert, raise_alerts

    def send(place: int, mark: str) -> float:
        committed: list[float] = []
        with transaction.atomic():
            transaction.on_commit(lambda: committed.append(time.monotonic()))
            new = NewAlert(members[place].user_id, Kind.CLAIMED, data={"title": f"#{mark}"})
            raise_alerts([new], team=members[place].team, now=timezone.now())
        return committed[0]

    return send


def _latencies(sent: dict[str, float], received: dict[str, float]) -> dict[str, float]:
    waits = sorted((received[mark] - at) * 1000 for mark, at in sent.items() if mark in received)
    return {
        "p50": waits[math.ceil(0.50 * len(waits)) - 1],
        "p99": waits[math.ceil(0.99 * len(waits)) - 1],
        "missing": len(sent) - len(waits),
    }


def _people(number: int) -> list[Any]:
    from apps.accounts.models import User
    from apps.teams.models import Membership, Team

    tag = os.getpid()
    team = Team.objects.create(name="Bench", slug=f"bench-{tag}")
    users = User.objects.bulk_create(
        User(email=f"bench-{tag}-{n}@example.com", name=f"Person {n}", password="!")
        for n in range(number)
    )
    return list(Membership.objects.bulk_create(Membership(team=team, user=user) for user in users))


def _session(member: Any) -> str:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(member.user_id)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = member.user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def _count() -> int:
    from apps.alerts.models import Alert

    return Alert.objects.filter(seq__isnull=False, team__slug=f"bench-{os.getpid()}").count()


# --- The reading process ---


def read_all(control: Any, url: str, cookies: list[str], redis_url: str) -> None:
    """Hold a websocket and a raw subscription for each person; answer with what arrived when."""
    asyncio.run(_read_all(control, url, cookies, redis_url))


async def _read_all(control: Any, url: str, cookies: list[str], redis_url: str) -> None:
    arrived: dict[str, float] = {}
    gate = asyncio.Semaphore(OPENED_AT_ONCE)
    ready: asyncio.Queue[None] = asyncio.Queue()
    readers = [
        *(_read_socket(url, cookie, gate, ready, arrived) for cookie in cookies),
        *(_read_raw(redis_url, n, gate, ready, arrived) for n in range(len(cookies))),
    ]
    tasks = [asyncio.create_task(reader) for reader in readers]
    for _ in tasks:
        await ready.get()
    control.send("ready")
    while await asyncio.to_thread(control.recv) == "collect":
        control.send(dict(arrived))
        arrived.clear()
    for task in tasks:
        task.cancel()


async def _read_socket(
    url: str, cookie: str, gate: asyncio.Semaphore, ready: Any, arrived: dict[str, float]
) -> None:
    from websockets.asyncio.client import connect
    from websockets.typing import Origin

    address = f"{url.replace('http', 'ws')}/ws/alerts/"
    async with gate:
        page = await connect(
            address,
            origin=Origin(url),
            additional_headers={"Cookie": cookie},
            open_timeout=60,
            ping_interval=None,
        )
        await page.send('{"type": "resume", "after": 0}')
        await page.recv()
    ready.put_nowait(None)
    async for frame in page:
        at = time.monotonic()
        said = json.loads(frame)
        if said["type"] == "alert":
            arrived[said["data"]["title"].removeprefix("#")] = at


async def _read_raw(
    redis_url: str, place: int, gate: asyncio.Semaphore, ready: Any, arrived: dict[str, float]
) -> None:
    server = urlsplit(redis_url)
    async with gate:
        reader, writer = await asyncio.open_connection(server.hostname, server.port)
        if server.password:
            writer.write(f"AUTH {server.username or 'default'} {server.password}\r\n".encode())
        writer.write(f"SUBSCRIBE raw-{place}\r\n".encode())
        await reader.readuntil(b":1\r\n")
    ready.put_nowait(None)
    while line := await reader.readline():
        if line.startswith(b"#"):
            arrived[line[1:].strip().decode()] = time.monotonic()


if __name__ == "__main__":
    sys.exit(main())
