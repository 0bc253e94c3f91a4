"""Teams are sealed in the API too: address × method × role × foreign id, in path and in body."""

import json
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client

from apps.teams import tokens
from apps.teams.access import Access
from apps.teams.permissions import Role
from tests.factories.teams import NOW
from tests.house.addresses import Address, api_addresses
from tests.house.test_isolation import ANONYMOUS, Answer, answer_of, crossings
from tests.house.world import OBJECTS, Side, a_side, fingerprint, random_ids

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REFUSED = frozenset({403, 404, 405})
ALL = list(api_addresses())
WITH_OBJECTS = [address for address in ALL if address.names]
# Names under which a body may speak of an object of the team, and its kind.
IN_BODIES = {**{kind: kind for kind in OBJECTS}, "owner": "member", "assignee": "member"}


def keys_of(side: Side) -> dict[str, str]:
    """The Authorization header of each caller."""
    headers = {ANONYMOUS: ""}
    for role, member in side.members.items():
        made = tokens.create_token(member, name="Test", by=Access.of(member), now=NOW)
        tokens.authenticate(made.secret, now=NOW)
        headers[role] = f"Bearer {made.secret}"
    return headers


def ask(key: str, method: str, path: str, body: object = None) -> Answer:
    headers = {"Authorization": key} if key else {}
    text = json.dumps({} if body is None else body)
    response = Client().generic(
        method, path, text, content_type="application/json", headers=headers
    )
    return answer_of(response)


@pytest.fixture(autouse=True)
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys were used at NOW: their use is not noted again, so that nothing has to move."""
    monkeypatch.setattr("apps.api.auth.timezone.now", lambda: NOW)


def _pairs(address: Address, home: Side, away: Side) -> Iterator[tuple[str, str]]:
    """Paths of foreign ids beside paths of ids of nothing."""
    for ids in crossings(address, home, away):
        nothing = {
            name: value if value == home.id_of(name) else random_ids((name,))[name]
            for name, value in ids.items()
        }
        yield address.path(team="", ids=ids), address.path(team="", ids=nothing)


@pytest.mark.parametrize("address", WITH_OBJECTS, ids=str)
def test_an_object_of_another_team_does_not_exist(address: Address) -> None:
    home, away = a_side(address.pattern), a_side(address.pattern)
    keys, pairs = keys_of(home), list(_pairs(address, home, away))
    before = fingerprint()

    for caller, key in keys.items():
        for method in METHODS:
            for foreign_path, missing_path in pairs:
                foreign, missing = ask(key, method, foreign_path), ask(key, method, missing_path)
                expected = {401} if caller == ANONYMOUS else REFUSED
                assert foreign.status in expected, f"{caller} {method}"
                assert foreign == missing, f"{caller} {method}"

    assert fingerprint() == before


@pytest.mark.parametrize("address", ALL, ids=str)
def test_a_foreign_id_in_a_body_is_like_an_id_of_nothing(address: Address) -> None:
    home, away = a_side(address.pattern), a_side(address.pattern)
    key = keys_of(home)[Role.ADMIN]
    path = address.path(team="", ids=home.ids_of(address.names))
    kinds = tuple(OBJECTS)
    foreign_ids, before = away.ids_of(kinds), fingerprint(away.team)

    for method in ("POST", "PUT", "PATCH"):
        foreign = _ask_and_undo(key, method, path, _body(foreign_ids), away)
        missing = _ask_and_undo(key, method, path, _body(random_ids(kinds)), away)

        assert foreign[0].status == missing[0].status, method
        assert foreign[0].body == missing[0].body, method
        assert foreign[1] == missing[1] == before, method


@pytest.mark.parametrize("address", ALL, ids=str)
def test_a_list_holds_nothing_of_another_team(address: Address) -> None:
    home, away = a_side(address.pattern), a_side(address.pattern)
    foreign_ids = away.ids_of(tuple(OBJECTS))
    path = address.path(team="", ids=home.ids_of(address.names))

    for key in keys_of(home).values():
        response = Client().get(path, headers={"Authorization": key} if key else {})
        shown = response.content.decode()
        assert not [name for name, value in foreign_ids.items() if str(value) in shown]


@pytest.mark.parametrize("address", WITH_OBJECTS, ids=str)
def test_an_object_of_ones_own_team_does_exist(address: Address) -> None:
    """Without it, an address that answers 404 to everything would pass the tests above."""
    home = a_side(address.pattern)
    path = address.path(team="", ids=home.ids_of(address.names))
    body = _body(home.ids_of(tuple(OBJECTS)))
    keys = keys_of(home)

    statuses = {
        _ask_and_undo(keys[role], method, path, body, home)[0].status
        for role in (Role.SALESPERSON, Role.ADMIN)
        for method in METHODS
    }

    assert statuses - REFUSED


def _body(ids: dict[str, UUID]) -> dict[str, str]:
    return {name: str(ids[kind]) for name, kind in IN_BODIES.items()}


def _ask_and_undo(
    key: str, method: str, path: str, body: object, other: Side
) -> tuple[Answer, dict[str, str]]:
    """The answer, and how the other team stood after it."""
    with transaction.atomic():
        answer = ask(key, method, path, body)
        after = fingerprint(other.team)
        transaction.set_rollback(True)
    return answer, after


def test_whatever_an_address_names_can_be_made() -> None:
    unknown = {name for address in ALL for name in address.names} - OBJECTS.keys()

    assert unknown == set(), "give it a line in tests/house/world.py"


def test_the_api_is_there() -> None:
    assert len(WITH_OBJECTS) > 5
