"""Operators of agencies: every address × method × grant, masked and whole.

What a client does not grant is answered with 403, whatever has ended with 404, and a masked grant
shows nobody's name, e-mail, phone number or message on any page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from apps.capture.models import Capture, Import, ImportRow
from apps.deliveries.models import Delivery
from apps.leads.models import Activity, Attempt, FollowUp, Lead
from apps.teams.checks import policy_of
from apps.teams.models import Agency, AuditEntry, ClientGrant, Operator
from apps.teams.permissions import LOOKS_AT_LEADS, Grant, granted
from apps.teams.visits import ENTERED, LISTED, REVEALED
from tests import factories
from tests.house.addresses import Address, api_addresses, team_pages
from tests.house.world import OBJECTS, Side, a_side, random_ids

pytestmark = pytest.mark.django_db

PAGES = list(team_pages())
METHODS = ("GET", "POST")
EVERYTHING = [grant.value for grant in Grant]
NAME, EMAIL, PHONE, MESSAGE = "Zyxname Qwvuson", "zyx@marker.example", "+436609998877", "zyxmessage"
MARKERS = (
    b"Zyxname",
    b"Qwvuson",
    b"zyx@marker",
    b"9998877",
    b"999 8877",
    b"99 98877",
    b"zyxmessage",
)


@dataclass
class Visit:
    """A client with everything in it, and an operator of its agency at the door."""

    side: Side
    grant: ClientGrant
    operator: Operator
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    @property
    def agency(self) -> Agency:
        return self.grant.agency

    def allowed(self, address: Address, method: str) -> bool:
        policy = policy_of(address.view)
        return policy.needed(method) in granted(self.grant.allows)

    def ask(self, method: str, address: Address, ids: Any = None) -> Any:
        """The answer; whatever it did is undone."""
        path = address.path(team=self.side.team.slug, ids=ids or self.side.ids_of(address.names))
        with transaction.atomic():
            answer: Any = self.client.generic(
                method, path, content_type="application/x-www-form-urlencoded"
            )
            body = b"".join(answer) if answer.streaming else answer.content
            transaction.set_rollback(True)
        answer.body = body
        return answer


def a_visit(*allows: str, masked: bool = False) -> Visit:
    side = a_side()
    for name in OBJECTS:
        side.id_of(name)
    _mark(side)
    grant = factories.ClientGrantFactory(team=side.team, allows=list(allows), is_masked=masked)
    operator = factories.OperatorFactory(agency=grant.agency)
    visit = Visit(side, grant, operator)
    visit.client.force_login(operator.user)
    return visit


def _mark(side: Side) -> None:
    """Personal values that are easily found, wherever a lead leaves any."""
    Lead.objects.filter(team=side.team).update(
        name=NAME, email=EMAIL, phone=PHONE, message=MESSAGE, company=NAME, campaign=MESSAGE
    )
    body = json.dumps({"name": NAME, "email": EMAIL, "phone": PHONE, "text": MESSAGE}).encode()
    Capture.objects.filter(team=side.team).update(body=body)
    Import.objects.filter(team=side.team).update(body=f"name,email\n{NAME},{EMAIL}\n".encode())
    ImportRow.objects.filter(team=side.team).update(cells={"name": NAME, "email": EMAIL})
    Delivery.objects.filter(team=side.team).update(payload=json.loads(body))
    FollowUp.objects.filter(team=side.team).update(note=MESSAGE)
    lead = Lead.objects.get(pk=side.id_of("lead"))
    factories.ActivityFactory(
        team=side.team, lead=lead, kind=Activity.Kind.NOTE, data={"text": MESSAGE}
    )
    assert Attempt.objects.filter(team=side.team).exists()


COMBINATIONS: dict[str, tuple[list[str], bool]] = {
    "figures alone": ([], False),
    **{f"{grant.value}, whole": ([grant.value], False) for grant in Grant},
    "see_leads, masked": ([Grant.SEE_LEADS.value], True),
    "act_on_leads, masked": ([Grant.ACT_ON_LEADS.value], True),
    "everything, masked": (EVERYTHING, True),
    "everything, whole": (EVERYTHING, False),
}


@pytest.fixture(params=list(COMBINATIONS.values()), ids=list(COMBINATIONS))
def visit(request: pytest.FixtureRequest) -> Visit:
    allows, masked = request.param
    return a_visit(*allows, masked=masked)


def _asked(visit: Visit) -> Iterator[tuple[Address, str, Any]]:
    for address in PAGES:
        for method in METHODS:
            yield address, method, visit.ask(method, address)


def test_every_address_answers_as_the_grant_says(visit: Visit) -> None:
    wrong = []
    sees_nobody = visit.grant.is_masked or LOOKS_AT_LEADS.isdisjoint(visit.grant.allows)
    for address, method, answer in _asked(visit):
        if not visit.allowed(address, method):
            if answer.status_code != 403:
                wrong.append(f"{method} {address}: {answer.status_code}, is not granted")
        elif answer.status_code >= 500:
            wrong.append(f"{method} {address}: {answer.status_code}")
        if sees_nobody and any(marker in answer.body for marker in MARKERS):
            wrong.append(f"{method} {address}: shows whom it hides")
    assert wrong == []


def test_the_api_by_session_asks_the_grant_too(visit: Visit) -> None:
    """Reading by the session of a page; keys belong to members."""
    wrong = []
    sees_nobody = visit.grant.is_masked or LOOKS_AT_LEADS.isdisjoint(visit.grant.allows)
    for address in api_addresses():
        path = address.path(team="", ids=visit.side.ids_of(address.names))
        answer = visit.client.get(path, headers={"X-Team": visit.side.team.slug})
        if answer.status_code >= 500:
            wrong.append(f"{path}: {answer.status_code}")
        if answer.status_code == 200 and not visit.allowed(address, "GET"):
            wrong.append(f"{path}: is not granted")
        if sees_nobody and any(marker in answer.content for marker in MARKERS):
            wrong.append(f"{path}: shows whom it hides")
    assert wrong == []


def test_a_whole_grant_does_show_people() -> None:
    """Without it, the test above would pass if nothing were ever shown."""
    visit = a_visit(*EVERYTHING)

    shown = {str(address) for address in PAGES if EMAIL.encode() in visit.ask("GET", address).body}

    assert {"t/<slug:team>/leads/<uuid:lead>/", "t/<slug:team>/captures/<uuid:capture>/"} <= shown


def test_an_operator_without_leads_finds_no_lead() -> None:
    others = [grant for grant in EVERYTHING if grant not in LOOKS_AT_LEADS]
    visit = a_visit(*others)
    lead = next(page for page in PAGES if str(page) == "t/<slug:team>/leads/<uuid:lead>/")

    assert visit.ask("GET", lead).status_code == 404


def test_objects_of_another_team_do_not_exist() -> None:
    visit, away = a_visit(*EVERYTHING), a_side()
    found = []
    for address in (page for page in PAGES if page.names):
        for method in METHODS:
            foreign = visit.ask(method, address, away.ids_of(address.names))
            missing = visit.ask(method, address, random_ids(address.names))
            # Who is no member is sent back from a claim before it is looked for.
            alike = (foreign.status_code, foreign.get("Location")) == (
                missing.status_code, missing.get("Location"),
            )  # fmt: skip
            if not alike or foreign.status_code not in (302, 403, 404, 405):
                found.append(f"{method} {address}: {foreign.status_code}")
    assert found == []


def _end(visit: Visit) -> None:
    ClientGrant.objects.filter(pk=visit.grant.pk).update(ended_at=timezone.now())


def _keep_out(visit: Visit) -> None:
    Operator.objects.filter(pk=visit.operator.pk).update(is_active=False)


def _close(visit: Visit) -> None:
    Agency.objects.filter(pk=visit.agency.pk).update(is_active=False)


def _change_places(visit: Visit) -> None:
    """She works at another agency, which has clients of its own."""
    other = factories.ClientGrantFactory(allows=EVERYTHING)
    Operator.objects.filter(pk=visit.operator.pk).update(agency=other.agency)


@pytest.mark.parametrize("lose", [_end, _keep_out, _close, _change_places])
def test_without_a_live_grant_no_page_exists(lose: Any) -> None:
    visit = a_visit(*EVERYTHING)
    lose(visit)

    answers = {(method, answer.status_code) for _page, method, answer in _asked(visit)}

    assert answers == {("GET", 404), ("POST", 404)}


def test_a_day_of_visits_is_one_line_in_the_clients_log() -> None:
    visit = a_visit()
    for _time in range(3):
        visit.client.get(f"/t/{visit.side.team.slug}/dashboard/")

    (line,) = AuditEntry.objects.filter(team=visit.side.team, action=ENTERED)
    assert (line.actor, line.via, line.agency_id) == (
        visit.operator.user, "grant", visit.grant.agency_id,
    )  # fmt: skip


def test_whose_contact_details_an_operator_saw_stands_in_the_clients_log() -> None:
    visit = a_visit(Grant.SEE_LEADS.value)
    team, lead = visit.side.team, Lead.objects.get(pk=visit.side.id_of("lead"))
    for _time in range(2):
        page = visit.client.get(f"/t/{team.slug}/leads/{lead.pk}/")
        told = visit.client.get(f"/api/v1/leads/{lead.pk}/", headers={"X-Team": team.slug})
        listed = visit.client.get("/api/v1/leads/", headers={"X-Team": team.slug})
        assert {page.status_code, told.status_code, listed.status_code} == {200}

    lines = AuditEntry.objects.filter(team=team, action__in=(REVEALED, LISTED))
    assert {(line.action, line.target_id) for line in lines} == {
        (REVEALED, lead.pk), (LISTED, None),
    }  # fmt: skip
    assert {line.actor_id for line in lines} == {visit.operator.user_id}
    assert len(lines) == 2


def test_where_details_are_hidden_none_are_said_to_have_been_seen() -> None:
    visit = a_visit(Grant.SEE_LEADS.value, masked=True)

    page = visit.client.get(f"/t/{visit.side.team.slug}/leads/{visit.side.id_of('lead')}/")

    assert page.status_code == 200
    assert not AuditEntry.objects.filter(action=REVEALED).exists()


def test_the_dashboard_counts_leads_that_are_not_shown() -> None:
    visit = a_visit()
    Lead.objects.filter(team=visit.side.team).update(
        received_at=timezone.now(), is_test=False, is_spam=False, deleted_at=None
    )

    page = visit.client.get(f"/t/{visit.side.team.slug}/dashboard/")

    assert page.context["figures"].now.received > 0
