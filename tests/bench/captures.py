"""Routed captures over HTTP, as many connections as one likes, beside pgbench on the same server.

Row 1: 64 pools against the least statement that routes a lead. Row 3: all into one pool.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from tests.bench.crowd import Crowd, make_crowd
from tests.bench.figures import Figure, Options, alternate
from tests.sender import Line
from tests.stand import Stand

HERE = Path(__file__).parent
CONNECTIONS = 16
TEAMS = 4
_numbers = count(1)


def measure(stand: Stand, options: Options) -> list[Figure]:
    crowds = _crowds(stand, "team")
    limit = Limit(stand)
    rates = alternate(
        options,
        limit=lambda: limit.rate(64, options.seconds),
        spread=lambda: counted(stand, crowds, options.seconds, one_pool=False),
        one_pool=lambda: counted(stand, crowds, options.seconds, one_pool=True),
    )
    return [
        Figure(
            1, "routed captures over HTTP, 64 pools", "leads/s", rates["spread"],
            "pgbench, one statement a lead", rates["limit"], goal=0.10,
        ),
        Figure(
            3, "all captures into one pool", "leads/s", rates["one_pool"],
            "64 pools", rates["spread"], goal=0.5,
        ),
    ]  # fmt: skip


def single(stand: Stand, options: Options) -> Callable[[], float]:
    """A measure of single routed captures, for other rows to be held against."""
    crowds = _crowds(stand, "single")
    return lambda: counted(stand, crowds, options.seconds, one_pool=False)


def _crowds(stand: Stand, name: str) -> list[Crowd]:
    """Teams to send to, and a site that has seen each of them."""
    crowds = [make_crowd(f"{name}-{n}", pools=16, sources=4) for n in range(TEAMS)]
    for process in ("web", "relay"):
        if process not in stand.site.running:
            stand.site.start(process)
    asyncio.run(_send(stand.site.port, crowds, seconds=1.0, one_pool=False))
    return crowds


class Limit:
    """pgbench with the least rows that one routed lead can be."""

    def __init__(self, stand: Stand) -> None:
        self._postgres = stand.postgres
        self._postgres.create_database("limit")
        schema = (HERE / "limit_schema.sql").read_text()
        self._postgres.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-c", schema, database="limit")
        # PostgreSQL's programs run as an account that may not enter this folder.
        self._script = stand.folder / "limit.sql"
        self._script.write_text((HERE / "limit.sql").read_text())

    def rate(self, pools: int, seconds: float) -> float:
        """Leads a second, by the rows that are there afterwards."""
        before = self._rows()
        arguments = ["-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2"]
        arguments += ["-T", str(max(1, round(seconds))), "-D", f"pools={pools}"]
        output = self._postgres.run(
            "pgbench", *arguments, "-f", str(self._script), database="limit"
        )
        done = int(re.search(r"actually processed: (\d+)", output)[1])  # type: ignore[index]
        assert self._rows() - before == done, "pgbench counted what is not there."
        return float(re.search(r"tps = ([\d.]+)", output)[1])  # type: ignore[index]

    def _rows(self) -> int:
        query = "SELECT count(*) FROM assignment"
        return int(self._postgres.run("psql", "-Atc", query, database="limit"))


def counted(stand: Stand, crowds: list[Crowd], seconds: float, *, one_pool: bool) -> float:
    """Leads a second. Every 201 must have its lead, decision, owner and alert in the database."""
    before = rows()
    sent, took = asyncio.run(_send(stand.site.port, crowds, seconds=seconds, one_pool=one_pool))
    added = {table: number - before[table] for table, number in rows().items()}
    assert set(added.values()) == {sent}, f"{sent} were answered 201, but there are {added}."
    return sent / took


def rows() -> dict[str, int]:
    from apps.alerts.models import Alert
    from apps.assignments.models import Assignment, Decision
    from apps.capture.models import Capture
    from apps.leads.models import Lead
    from apps.rules.models import TurnEntry

    tables: list[Any] = [Alert, Assignment, Capture, Decision, Lead, TurnEntry]
    return {table.__name__: table.objects.count() for table in tables}


async def _send(
    port: int, crowds: list[Crowd], *, seconds: float, one_pool: bool
) -> tuple[int, float]:
    lines = [Line(port) for _ in range(CONNECTIONS)]
    for line in lines:  # one after the other, as real senders come, so that both workers get some
        await line.get("/healthz")
    until = time.perf_counter() + seconds
    started = time.perf_counter()

    async def keep_sending(place: int, line: Line) -> int:
        crowd = crowds[0] if one_pool else crowds[place % len(crowds)]
        path = crowd.paths[(place // len(crowds)) % len(crowd.paths)]
        done = 0
        while time.perf_counter() < until:
            campaign = crowd.campaigns[0 if one_pool else done % len(crowd.campaigns)]
            reply = await line.post(path, lead(campaign), {"Content-Type": "application/json"})
            assert reply.status == 201, reply.body
            assert b'"assigned"' in reply.body, reply.body
            done += 1
        return done

    sent = await asyncio.gather(*(keep_sending(n, line) for n, line in enumerate(lines)))
    took = time.perf_counter() - started
    for line in lines:
        await line.close()
    return sum(sent), took


def lead(campaign: str) -> bytes:
    """A person who was never seen before."""
    number = next(_numbers)
    return json.dumps({
        "name": "Rosa Steiner", "email": f"rosa{number}@example.com",
        "phone": f"+43664{1_000_000 + number}", "company": "Steiner GmbH", "country": "AT",
        "campaign": campaign, "message": "Please call me about the enterprise plan",
        "employees": 40, "budget": "5000",
    }).encode()  # fmt: skip
