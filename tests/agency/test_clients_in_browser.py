"""The clients of an agency in a browser: looked through, ticked and compared."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.deliveries.models import Delivery
from apps.teams.models import ClientGrant
from apps.teams.permissions import Grant
from tests import factories
from tests.browser import SignIn, assert_accessible

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("LEADRELAY_SHOTS")
NAMES = ("Casa Verde Pools", "Marlow Physio", "Nordlys Windows",
         "Pinecrest Dental and Orthodontics of Upper Austria")  # fmt: skip


def _client(place: int, name: str, agency: Any) -> ClientGrant:
    now = timezone.now()
    team = factories.TeamFactory(name=name)
    source = factories.SourceFactory(team=team, name="Website")
    new = factories.StatusFactory(team=team)
    for n in range(14 + place):
        received = now - timedelta(hours=17 * n + 1)
        is_done = n > 8 - 4 * place
        factories.LeadFactory(
            team=team, source=source, status=new, received_at=received,
            campaign="Spring" if n % 2 else "",
            first_attempt_at=received + timedelta(minutes=3 * n) if is_done else None,
            first_contact_at=received + timedelta(hours=1) if is_done and n % 3 else None,
            status_kind="won" if is_done and n % 5 == 0 else "new",
        )  # fmt: skip
    warned = {f"silent:{source.pk}": now.isoformat()} if place == 1 else {}
    return factories.ClientGrantFactory(
        team=team, agency=agency, is_masked=place % 2 == 1, group="South" if place else "",
        tags=["vip", "meta"] if place == 2 else [],
        allows=[Grant.SEE_LEADS.value, Grant.EDIT_ROUTING.value] if place != 3 else [],
        warned={"slow": now.isoformat()} if place == 0 else warned,
    )  # fmt: skip


def _sent(grant: ClientGrant) -> None:
    sender = grant.agency.sending_team
    agreement = factories.AgreementFactory(team=sender, to=grant.team)
    recipient = factories.RecipientFactory(team=sender, kind="team", agreement=agreement)
    lead = factories.LeadFactory(team=sender, campaign="Spring")
    delivery = factories.DeliveryFactory(
        team=sender, lead=lead, recipient=recipient, state=Delivery.State.DELIVERED,
        queued_at=timezone.now(),
    )  # fmt: skip
    theirs = factories.LeadFactory(team=grant.team, status_kind="won", received_at=timezone.now())
    factories.ArrivalFactory(team=grant.team, sender=sender, lead=theirs, delivery_id=delivery.pk)


def test_an_operator_looks_through_her_clients_and_compares_some(sign_in: SignIn) -> None:
    agency = factories.AgencyFactory(
        name="Fieldnote Media", sending_team=factories.TeamFactory(name="Fieldnote Leads")
    )
    operator = factories.OperatorFactory(agency=agency)
    grants = [_client(place, name, agency) for place, name in enumerate(NAMES)]
    _sent(grants[0])
    page = sign_in(operator.user)

    page.goto(f"/agency/{agency.slug}/")
    assert_accessible(page)
    _shot(page, "clients")
    page.get_by_label("Compare Casa Verde Pools").check()
    page.get_by_label("Compare Marlow Physio").check()
    page.get_by_role("button", name="Compare those ticked").click()
    page.get_by_role("columnheader", name="Marlow Physio").wait_for()
    assert_accessible(page)
    _shot(page, "compare")
    page.get_by_role("link", name="Casa Verde Pools").click()
    page.get_by_text("What became of your leads").wait_for()
    assert_accessible(page)
    _shot(page, "client")


def _shot(page: Any, name: str) -> None:
    """Pictures for whoever wants to look: LEADRELAY_SHOTS names a folder."""
    for width, theme in ((1440, "light"), (390, "light"), (1440, "dark")) if SHOTS else ():
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(200)
        page.screenshot(path=f"{SHOTS}/{name}-{width}-{theme}.png", full_page=True)
    if SHOTS:
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light")
