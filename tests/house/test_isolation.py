"""Teams are sealed: made from the URLconf, address × method × role × foreign id.

A foreign id is answered byte for byte like an id of nothing, and nothing in the database moves.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.test import Client
from django.urls import path as url

from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.permissions import Permission, Role
from apps.teams.policy import team_page
from tests.house.addresses import Address, team_pages
from tests.house.world import OBJECTS, Side, a_side, fingerprint, random_ids

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST")
ANONYMOUS = "anonymous"
PAGES = list(team_pages())
WITH_OBJECTS = [address for address in PAGES if address.names]
REFUSED = frozenset({403, 404, 405})

# What differs with every answer: ids, random tokens, moments.
_PASSING = tuple(
    (re.compile(pattern), mask)
    for pattern, mask in (
        (rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", b"ID"),
        (rb"[A-Za-z0-9]{64}|[A-Za-z0-9_-]{43}", b"TOKEN"),
        (rb"\d{4}-\d\d-\d\dT[0-9:.+]+|\b\d{13}\b", b"MOMENT"),
        (rb"\b\d\d:\d\d(?::\d\d)?\b", b"TIME"),
    )
)
PASSING_HEADERS = frozenset({"Set-Cookie", "X-Request-ID", "X-Correlation-ID"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller sees, without the ids that she sent and what differs with every answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def ask(client: Client, method: str, path: str, body: bytes = b"") -> Answer:
    response = client.generic(method, path, body, content_type="application/x-www-form-urlencoded")
    return answer_of(response)


def answer_of(response: Any) -> Answer:
    headers = tuple(
        sorted(
            (name, _without_passing(value.encode()).decode())
            for name, value in response.headers.items()
            if name not in PASSING_HEADERS
        )
    )
    return Answer(response.status_code, headers, _without_passing(response.content))


def _without_passing(text: bytes) -> bytes:
    for pattern, mask in _PASSING:
        text = pattern.sub(mask, text)
    return text


def clients_of(side: Side) -> dict[str, Client]:
    """A browser for each caller of a team, signed in; and one that is not."""
    clients = {ANONYMOUS: Client()}
    for role, member in side.members.items():
        clients[role] = Client()
        clients[role].force_login(member.user)
    return clients


def crossings(address: Address, home: Side, away: Side) -> Iterator[dict[str, UUID]]:
    """Each object in turn from the other team and the rest from one's own; then all of them."""
    for name in address.names:
        yield {**home.ids_of(address.names), name: away.id_of(name)}
    if len(address.names) > 1:
        yield away.ids_of(address.names)


def leaks(address: Address) -> list[str]:
    """How callers of one team can tell that another team's objects exist, or move them."""
    home, away = a_side(address.pattern), a_side(address.pattern)
    everything = list(crossings(address, home, away))
    clients, before, found = clients_of(home), None, []
    before = fingerprint()
    for caller, client in clients.items():
        for method in METHODS:
            for ids in everything:
                nothing = {
                    name: value if value == home.id_of(name) else random_ids((name,))[name]
                    for name, value in ids.items()
                }
                foreign = ask(client, method, address.path(team=home.team.slug, ids=ids))
                missing = ask(client, method, address.path(team=home.team.slug, ids=nothing))
                found += _problems(caller, method, foreign, missing)
    if fingerprint() != before:
        found.append("the database moved")
    return found


def _problems(caller: str, method: str, foreign: Answer, missing: Answer) -> list[str]:
    problems = []
    expected = {302} if caller == ANONYMOUS else REFUSED
    if foreign.status not in expected:
        problems.append(f"{caller} {method}: answered {foreign.status}")
    if foreign != missing:
        problems.append(f"{caller} {method}: unlike an id of nothing")
    return problems


@pytest.mark.parametrize("address", WITH_OBJECTS, ids=str)
def test_an_object_of_another_team_does_not_exist(address: Address) -> None:
    assert leaks(address) == []


@pytest.mark.parametrize("address", PAGES, ids=str)
def test_another_team_does_not_exist(address: Address) -> None:
    home, away = a_side(address.pattern), a_side(address.pattern)
    ids = away.ids_of(address.names)
    clients = clients_of(home)
    before = fingerprint()

    for caller, client in clients.items():
        for method in METHODS:
            foreign = ask(client, method, address.path(team=away.team.slug, ids=ids))
            missing = ask(client, method, address.path(team="x" * len(away.team.slug), ids=ids))
            expected = 302 if caller == ANONYMOUS else 404
            assert foreign.status == expected, f"{caller} {method}"
            if caller != ANONYMOUS:
                assert foreign == missing, f"{caller} {method}"

    assert fingerprint() == before


# Names under which a body may speak of an object of the team, and its kind.
IN_BODIES = {
    **{kind: kind for kind in OBJECTS},
    "owner": "member",
    "assignee": "member",
    "members": "member",
    "to": "member",
    "into": "group",
    "overflow_member": "member",
    "overflow_pool": "pool",
}


def _body(ids: dict[str, UUID]) -> bytes:
    """A form that names every kind of object, each by the id given for its kind."""
    fields = {name: ids[kind] for name, kind in IN_BODIES.items()}
    fields |= {f"{name}_id": value for name, value in fields.items()}
    return urlencode({**fields, "destination": "pool", "overflow": "pool"}).encode()


@pytest.mark.parametrize("address", PAGES, ids=str)
def test_a_foreign_id_in_a_body_is_like_an_id_of_nothing(address: Address) -> None:
    home, away = a_side(address.pattern), a_side(address.pattern)
    path = address.path(team=home.team.slug, ids=home.ids_of(address.names))
    admin = clients_of(home)[Role.ADMIN]
    kinds = tuple(OBJECTS)
    foreign_ids, before = away.ids_of(kinds), fingerprint(away.team)

    foreign = _ask_and_undo(admin, "POST", path, _body(foreign_ids), away)
    missing = _ask_and_undo(admin, "POST", path, _body(random_ids(kinds)), away)

    assert foreign[0].status == missing[0].status
    assert foreign[0].body == missing[0].body
    assert foreign[1] == missing[1] == before


def _ask_and_undo(
    client: Client, method: str, path: str, body: bytes, other: Side
) -> tuple[Answer, dict[str, str]]:
    """The answer to a form, and how the other team stood after it."""
    with transaction.atomic():
        answer = ask(client, method, path, body)
        after = fingerprint(other.team)
        transaction.set_rollback(True)
    return answer, after


@pytest.mark.parametrize("address", WITH_OBJECTS, ids=str)
def test_an_object_of_ones_own_team_does_exist(address: Address) -> None:
    """Without it, an address that answers 404 to everything would pass the tests above."""
    home = a_side(address.pattern)
    path = address.path(team=home.team.slug, ids=home.ids_of(address.names))
    body = _body(home.ids_of(tuple(OBJECTS)))
    clients = clients_of(home)

    statuses = {
        _ask_and_undo(clients[role], method, path, body, home)[0].status
        for role in (Role.SALESPERSON, Role.ADMIN)
        for method in METHODS
    }

    assert statuses - REFUSED


def test_whatever_an_address_names_can_be_made() -> None:
    unknown = {name for address in PAGES for name in address.names} - OBJECTS.keys()

    assert unknown == set(), "give it a line in tests/house/world.py"


@team_page(Permission.SEE_TEAM)
def _forgetful(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """A view that forgets the team."""
    return HttpResponse(get_object_or_404(Lead, pk=lead).city)


@team_page(Permission.SEE_TEAM)
def _talkative(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """A view that tells apart what is foreign and what is not there."""
    is_somewhere = Lead.objects.filter(pk=lead).exists()
    return HttpResponse("not yours" if is_somewhere else "", status=404)


@team_page(Permission.SEE_TEAM)
def _meddling(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """A view that writes before it looks."""
    Lead.objects.filter(pk=lead).update(city="Linz")
    return HttpResponse(status=404)


class _Planted:
    handler404 = "django.views.defaults.page_not_found"

    def __init__(self, view: object) -> None:
        from config.urls import urlpatterns

        self.urlpatterns = [url("t/<slug:team>/planted/<uuid:lead>/", view), *urlpatterns]  # type: ignore[call-overload]


@pytest.mark.parametrize("view", [_forgetful, _talkative, _meddling])
def test_a_leak_is_seen(view: object, settings: object) -> None:
    settings.ROOT_URLCONF = _Planted(view)  # type: ignore[attr-defined]

    assert leaks(Address("t/<slug:team>/planted/<uuid:lead>/", view)) != []
