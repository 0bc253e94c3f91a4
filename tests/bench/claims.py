"""Row 7: 200 claimers at once against as many no-op selects, over SQL and over HTTP."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import psycopg

from tests.bench.crowd import make_crowd
from tests.bench.figures import Figure, Options, alternate
from tests.sender import Line, at_once
from tests.stand import Stand

CLAIMERS = 200


def measure(stand: Stand, options: Options) -> list[Figure]:
    race = Race(stand)
    if "web" not in stand.site.running:
        stand.site.start("web")
    with asyncio.Runner() as runner:
        runner.run(race.connect())
        for _warm in range(2):  # 200 new connections have read no catalogue yet
            runner.run(race.claim_at_once())
            runner.run(race.http_at_once(claim=True))
        times = alternate(
            options,
            selects=lambda: runner.run(race.select_at_once()),
            claims=lambda: runner.run(race.claim_at_once()),
            health=lambda: runner.run(race.http_at_once(claim=False)),
            http=lambda: runner.run(race.http_at_once(claim=True)),
        )
        runner.run(race.close())
    return [
        Figure(
            7, f"{CLAIMERS} claims at once, SQL, until all know", "ms", times["claims"],
            f"{CLAIMERS} × SELECT 1", times["selects"], goal=1.5, is_ceiling=True,
        ),
        Figure(
            7, f"{CLAIMERS} claims at once, HTTP, until all know", "ms", times["http"],
            f"{CLAIMERS} × /healthz", times["health"], is_ceiling=True,
        ),
    ]  # fmt: skip


class Race:
    """Members of one claim pool, with a database connection and an HTTP connection each."""

    def __init__(self, stand: Stand) -> None:
        from apps.leads.models import Source
        from tests.bench.crowd import SEATS

        self._url = stand.postgres.url()
        self._port = stand.site.port
        crowd = make_crowd("claims", pools=1, sources=1, mode="claim")
        self._team = crowd.team
        self._members = list(crowd.pools[0].seats.values_list("membership_id", flat=True))
        assert len(self._members) == SEATS
        self._keys = self._make_keys()
        self._source = Source.objects.get(team=crowd.team, slug="website")

    def _make_keys(self) -> list[str]:
        """Ten keys each, as if she tapped on ten screens."""
        from django.utils import timezone

        from apps.teams.models import ApiToken
        from apps.teams.secrets import token_hash

        now = timezone.now()
        each = CLAIMERS // len(self._members)
        keys = {f"lr_{member}-{n}": member for member in self._members for n in range(each)}
        ApiToken.objects.bulk_create(
            ApiToken(
                team=self._team, membership_id=member, name="bench", hint=key[:8],
                token_hash=token_hash(key), created_at=now, last_used_at=now,
            )
            for key, member in keys.items()
        )  # fmt: skip
        return list(keys)

    async def connect(self) -> None:
        self._connections: list[Any] = []
        for _claimer in range(CLAIMERS):
            one = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
            self._connections.append(one)
        self._lines = [Line(self._port) for _ in range(CLAIMERS)]

    async def close(self) -> None:
        for connection in self._connections:
            await connection.close()
        for line in self._lines:
            await line.close()

    async def select_at_once(self) -> float:
        return await self._ask_at_once("SELECT 1", [[]] * CLAIMERS)

    async def claim_at_once(self) -> float:
        """Our own conditional UPDATE with its counters; exactly one may find the offer open."""
        from django.utils import timezone

        from apps.assignments.moves.claiming import taking_open
        from apps.assignments.seats import limits
        from apps.teams.models import Membership

        offer = await asyncio.to_thread(self._open_offer)
        allowed = limits.of(offer.pool, self._team, timezone.now())
        statements = [
            taking_open(offer, Membership(pk=self._members[n % len(self._members)]), allowed)
            for n in range(CLAIMERS)
        ]
        took = await self._ask_at_once(statements[0][0], [values for _, values in statements])
        taken = sum(row[0] for row in self._answers)
        assert taken == 1, f"{taken} claimers won."
        return took

    async def _ask_at_once(self, sql: str, values: list[Any]) -> float:
        started = time.perf_counter()
        pairs = zip(self._connections, values, strict=True)
        self._answers = await asyncio.gather(*(_ask(one, sql, each) for one, each in pairs))
        return 1000 * (time.perf_counter() - started)

    async def http_at_once(self, *, claim: bool) -> float:
        path = "/healthz"
        if claim:
            offer = await asyncio.to_thread(self._open_offer)
            path = f"/api/v1/offers/{offer.pk}/claim/"

        async def ask(number: int, line: Line) -> int:
            if not claim:
                return (await line.get(path)).status
            headers = {"Authorization": f"Bearer {self._keys[number]}"}
            return (await line.post(path, b"", headers)).status

        await asyncio.gather(*(line.open() for line in self._lines))
        started = time.perf_counter()
        statuses = await at_once(self._lines, ask)
        took = 1000 * (time.perf_counter() - started)
        self._check(statuses, claim=claim)
        return took

    def _check(self, statuses: list[int], *, claim: bool) -> None:
        won = statuses.count(200)
        expected = CLAIMERS // len(self._members) if claim else CLAIMERS
        # The winner has ten screens: each of them reads that it is hers.
        assert won == expected, statuses
        assert statuses.count(409) == CLAIMERS - won, statuses

    def _open_offer(self) -> Any:
        """A fresh open offer, read in a thread of its own."""
        from django.db import connection, transaction
        from django.utils import timezone

        from apps.assignments import services
        from apps.assignments.models import Door, Offer
        from apps.leads.models import Lead, Status
        from apps.teams.access import Access

        now = timezone.now()
        status = Status.objects.get(team=self._team, kind="new")
        with transaction.atomic():
            lead = Lead.objects.create(
                team=self._team, source=self._source, status=status, received_at=now,
                campaign="campaign-0",
            )  # fmt: skip
            services.route(lead, door=Door.API, by=Access.system(self._team), now=now)
        offer = Offer.objects.select_related("pool").get(lead=lead)
        connection.close()
        return offer


async def _ask(connection: Any, sql: str, values: list[Any]) -> Any:
    cursor = await connection.execute(sql, values, prepare=True)  # as web's connections do
    return await cursor.fetchone()
