"""Each request is answered in one thread, which keeps its connection; downloads have their own."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from itertools import count
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from config.handler import OneThreadHandler
from tests.assignments.world import World
from tests.site import Site

pytestmark = pytest.mark.django_db(transaction=True)


def _connections_of_web() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'web'")
        (number,) = cursor.fetchone()
    return int(number)


def test_many_requests_share_a_few_connections(live_site: Site) -> None:
    for _request in range(5 * settings.WEB_THREADS):
        with urllib.request.urlopen(f"{live_site.url}/healthz") as page:
            assert page.status == 200
        try:
            urllib.request.urlopen(f"{live_site.url}/readyz").close()
        except urllib.error.HTTPError as not_ready:
            not_ready.close()

    assert 1 <= _connections_of_web() <= settings.WEB_THREADS + 4


def test_a_download_arrives_whole_and_leaves_no_connection_behind(live_site: Site) -> None:
    world = World()
    manager = world.member("Henrike", role="admin")
    for _lead in range(300):
        world.lead()
    client = Client()
    client.force_login(manager.user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    request = urllib.request.Request(
        f"{live_site.url}/t/{world.team.slug}/leads.csv",
        headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"},
    )

    with urllib.request.urlopen(request) as download:
        lines = download.read().decode().splitlines()

    assert len(lines) == 301
    assert _connections_of_web() <= settings.WEB_THREADS + 4


def test_a_body_larger_than_anything_taken_is_refused_before_it_is_read_to_the_end() -> None:
    block, sent, answers = b"x" * 1024 * 1024, count(1), []

    async def receive() -> dict[str, Any]:
        assert next(sent) < 20, "it went on reading"
        return {"type": "http.request", "body": block, "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    asyncio.run(OneThreadHandler()({"type": "http", "path": "/"}, receive, send))

    assert [message.get("status") for message in answers] == [413, None]
