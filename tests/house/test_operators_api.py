"""What operators write through the API: by a page's session, as the grant says; never by a key.

Every address × writing method × grant, masked and whole; whatever it did is undone.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from apps.teams import tokens
from apps.teams.access import Access
from apps.teams.models import ApiToken, ClientGrant
from apps.teams.permissions import LOOKS_AT_LEADS
from tests.factories.teams import NOW
from tests.house.addresses import Address, api_addresses
from tests.house.test_operators import COMBINATIONS, EVERYTHING, MARKERS, Visit, a_visit

pytestmark = pytest.mark.django_db

# Fewer than the pages have: each grant alone is asked there, and here what may write at all.
ASKED = (
    "figures alone", "see_leads, masked", "act_on_leads, masked", "act_on_leads, whole",
    "edit_routing, whole", "everything, whole",
)  # fmt: skip
WRITING = ("POST", "PUT", "PATCH", "DELETE")
REFUSED = frozenset({403, 404, 405})


def write(visit: Visit, method: str, address: Address) -> Any:
    """The answer to a body that names every object of the client; nothing of it stays."""
    ids = {name: str(visit.side.id_of(name)) for name in ("lead", "member", "pool", "status")}
    body = json.dumps({**ids, "owner": ids["member"], "note": "x", "text": "x", "reason": "x"})
    path = address.path(team="", ids=visit.side.ids_of(address.names))
    with transaction.atomic():
        answer = visit.client.generic(
            method, path, body, content_type="application/json",
            headers={"X-Team": visit.side.team.slug},
        )  # fmt: skip
        transaction.set_rollback(True)
    return answer


@pytest.mark.parametrize("grant", [COMBINATIONS[name] for name in ASKED], ids=ASKED)
def test_every_write_is_answered_as_the_grant_says(grant: tuple[list[str], bool]) -> None:
    allows, masked = grant
    visit, wrong = a_visit(*allows, masked=masked), []
    sees_nobody = masked or LOOKS_AT_LEADS.isdisjoint(allows)
    for address in api_addresses():
        for method in WRITING:
            answer = write(visit, method, address)
            if answer.status_code >= 500:
                wrong.append(f"{method} {address}: {answer.status_code}")
            if not visit.allowed(address, method) and answer.status_code not in REFUSED:
                wrong.append(f"{method} {address}: {answer.status_code}, is not granted")
            if sees_nobody and any(marker in answer.content for marker in MARKERS):
                wrong.append(f"{method} {address}: shows whom it hides")
    assert wrong == []


def test_a_grant_of_everything_does_write() -> None:
    """Without it, the test above would pass if nothing could ever be written."""
    visit = a_visit(*EVERYTHING)

    done = {
        f"{method} {address}"
        for address in api_addresses()
        for method in WRITING
        if write(visit, method, address).status_code in (200, 201, 204)
    }

    assert any(name.startswith("DELETE") for name in done), done
    assert any(name.startswith("POST") for name in done), done


def test_after_the_end_nothing_is_written() -> None:
    visit = a_visit(*EVERYTHING)
    ClientGrant.objects.filter(pk=visit.grant.pk).update(ended_at=NOW)

    answers = {
        write(visit, method, address).status_code
        for address in api_addresses()
        for method in WRITING
    }

    assert answers <= {404, 405}


def test_an_operator_has_no_key_and_makes_none() -> None:
    """Keys are of members: she can make none for herself, none for a member, and has no page."""
    visit = a_visit(*EVERYTHING)
    by = Access.of_grant(visit.grant, visit.operator.user)
    had = ApiToken.objects.count()

    with pytest.raises(PermissionDenied):
        tokens.create_token(visit.side.salesperson, name="Ours", by=by, now=NOW)
    where = f"/t/{visit.side.team.slug}/me/keys/"
    answer = visit.client.post(where, {"name": "Ours"})

    assert answer.status_code in REFUSED
    assert ApiToken.objects.count() == had
