"""An operator's open page, and the client who ends her agency's work meanwhile."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from apps.teams.models import ClientGrant
from apps.teams.permissions import Grant
from tests import factories
from tests.browser import SignIn, assert_accessible
from tests.teams.people import a_team

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("LEADRELAY_SHOTS")


def test_a_client_changes_and_ends_what_an_agency_may_do(sign_in: SignIn) -> None:
    company = a_team()
    agency = factories.AgencyFactory(name="Fieldnote Media")
    operator = factories.OperatorFactory(agency=agency, role="owner")
    factories.ClientInvitationFactory(
        agency=factories.AgencyFactory(name="Northlight"), email=company.admin.user.email,
        expires_at=company.team.created_at.replace(year=2090), allows=[Grant.SEE_LEADS.value],
    )  # fmt: skip
    grant = factories.ClientGrantFactory(
        team=company.team, agency=agency, allows=[Grant.SEE_LEADS.value], is_masked=True
    )
    visitor = sign_in(operator.user, expected=["404"])
    visitor.goto(f"/t/{company.team.slug}/leads/")
    visitor.get_by_text("They see every step you take").wait_for()
    assert_accessible(visitor)
    _shot(visitor, "visitor")
    visitor.locator(".live:not(.live--wait)").first.wait_for()

    admin = sign_in(company.admin.user)
    admin.goto(f"/t/{company.team.slug}/settings/agencies/")
    assert_accessible(admin)
    _shot(admin, "consents")
    admin.get_by_role("button", name="End: Fieldnote Media").click()
    admin.get_by_text("Fieldnote Media can not come in any more").first.wait_for()

    # Within five seconds, and a little for the browser.
    expect(visitor.locator(".visitor-bar")).to_have_count(0, timeout=8_000)
    assert not ClientGrant.objects.get(pk=grant.pk).is_live
    for name in ("operators", "settings", "invitations", "new-client"):
        visitor.goto(f"/agency/{agency.slug}/{name}/")
        assert_accessible(visitor)
        _shot(visitor, name)


def _shot(page: object, name: str) -> None:
    """Pictures for whoever wants to look: LEADRELAY_SHOTS names a folder."""
    if SHOTS:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})  # type: ignore[attr-defined]
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)  # type: ignore[attr-defined]
        page.set_viewport_size({"width": 1280, "height": 900})  # type: ignore[attr-defined]
