"""A report in a browser: read, stepped through, and as it lies on paper."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.deliveries.models import Delivery
from apps.teams.models import ClientGrant, Team
from apps.teams.permissions import Grant
from tests import factories
from tests.browser import SignIn, assert_accessible

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("LEADRELAY_SHOTS")


def _leads(team: Team) -> None:
    now = timezone.now()
    names = ("Website", "Meta lead form", "Spring fair in Upper Austria", "Referral")
    sources = [factories.SourceFactory(team=team, name=name) for name in names]
    people = [factories.MembershipFactory(team=team, user__name=name)
              for name in ("Mia Ortner", "Jonas Feld", "東京 花子")]  # fmt: skip
    factories.MembershipFactory(team=team, role="manager")
    status = factories.StatusFactory(team=team)
    for n in range(90):
        received = now - timedelta(hours=15 * n + 1)
        is_done, took = n % 9 > 0, timedelta(seconds=40 + 37 * n * (n % 5))
        lead = factories.LeadFactory(
            team=team, source=sources[n % 7 % 4], status=status, received_at=received,
            campaign=("Spring", "Heat pumps – retargeting, all of Austria", "")[n % 3],
            owner=people[n % 3], status_kind="won" if is_done and n % 8 == 0 else "new",
            first_attempt_at=received + took if is_done else None,
            first_contact_at=received + timedelta(hours=2) if is_done and n % 3 else None,
        )  # fmt: skip
        factories.AssignmentFactory(
            team=team, lead=lead, member=people[n % 3], started_at=received,
            responded_at=lead.first_attempt_at,
        )  # fmt: skip
    factories.CostFactory(
        team=team, source=sources[0], amount_minor=123_400,
        starts_on=now.date() - timedelta(days=40), ends_on=now.date(),
    )  # fmt: skip


def _client() -> ClientGrant:
    agency = factories.AgencyFactory(
        name="Fieldnote Media", sending_team=factories.TeamFactory(name="Fieldnote Leads")
    )
    team = factories.TeamFactory(
        name="Pinecrest Dental and Orthodontics", timezone="Europe/Vienna", response_seconds=300
    )
    _leads(team)
    sender = agency.sending_team
    agreement = factories.AgreementFactory(team=sender, to=team)
    recipient = factories.RecipientFactory(team=sender, kind="team", agreement=agreement)
    for n in range(6):
        lead = factories.LeadFactory(team=sender, campaign="Spring" if n % 2 else "")
        factories.DeliveryFactory(
            team=sender, lead=lead, recipient=recipient, state=Delivery.State.DELIVERED,
            queued_at=timezone.now() - timedelta(days=n),
        )  # fmt: skip
    grant: ClientGrant = factories.ClientGrantFactory(
        team=team, agency=agency, allows=[Grant.EDIT_MEMBERS.value, Grant.SEE_LEADS.value]
    )
    return grant


def test_an_operator_reads_a_report_prints_it_and_orders_it(
    sign_in: SignIn, tmp_path: Path
) -> None:
    grant = _client()
    operator = factories.OperatorFactory(agency=grant.agency)
    page: Any = sign_in(operator.user)
    today = timezone.localdate()
    asked = f"kind=days&from={today - timedelta(days=27)}&to={today}"

    page.goto(f"/agency/{grant.agency.slug}/clients/{grant.pk}/report/?{asked}")
    expect(page.get_by_role("heading", name="By campaign")).to_be_visible()
    assert_accessible(page)
    for width, theme in ((1440, "light"), (768, "light"), (390, "light"), (1440, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS:
            page.wait_for_timeout(200)
            page.screenshot(path=f"{SHOTS}/report-{width}-{theme}.png", full_page=True)

    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator(".rail")).to_be_hidden()
    expect(page.locator(".report-ask")).to_be_hidden()
    expect(page.get_by_role("heading", name="What is counted")).to_be_visible()
    assert_accessible(page)
    paper = Path(SHOTS or tmp_path) / "printed.pdf"
    page.pdf(path=paper, format="A4", print_background=True, prefer_css_page_size=True)
    assert paper.read_bytes().count(b"/Type /Page\n") <= 4

    page.emulate_media(media="screen", color_scheme="light")
    page.goto(f"/agency/{grant.agency.slug}/reports/")
    assert_accessible(page)
    page.get_by_label("Client", exact=False).first.select_option(label=grant.team.name)
    page.get_by_label("Its managers and admins").check()
    _shots(page, "order")
    page.get_by_role("button", name="Order it").click()
    _shots(page, "ordered")
    page.get_by_role("link", name=grant.team.name).click()
    expect(page.get_by_role("button", name="Send me one now")).to_be_visible()
    assert_accessible(page)
    _shots(page, "plan")


def _shots(page: Any, name: str) -> None:
    """Pictures for whoever wants to look: LEADRELAY_SHOTS names a folder."""
    for width, theme in ((1440, "light"), (390, "light"), (1440, "dark")) if SHOTS else ():
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.wait_for_timeout(200)
        page.screenshot(path=f"{SHOTS}/{name}-{width}-{theme}.png", full_page=True)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
