"""Setting a site up from nothing, and the people's pages on a phone and on a wide screen."""

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.onboarding.services import found_team
from apps.teams.models import Membership
from tests.browser import SignIn, assert_accessible
from tests.factories import (
    HolidayFactory,
    InvitationFactory,
    MembershipFactory,
    SkillFactory,
    TerritoryFactory,
    TimeOffFactory,
    UserFactory,
)

pytestmark = pytest.mark.browser

SCREENS = {"phone": {"width": 390, "height": 844}, "wide": {"width": 1440, "height": 900}}


def test_a_new_site_is_set_up_until_its_first_lead_arrives(sign_in: SignIn) -> None:
    page = sign_in(None)

    page.goto("/")
    assert_accessible(page)
    page.get_by_label("Your name").fill("Ada Admin")
    page.get_by_label("Your e-mail").fill("ada@example.com")
    page.get_by_label("Choose a password").fill("a quiet green door")
    page.get_by_label("Your team").fill("North Star")
    page.get_by_role("button", name="Create the team").click()
    page.get_by_label("What do you call it?").fill("Our website")
    page.get_by_role("button", name="Connect").click()
    page.get_by_text("curl -X POST").first.wait_for()
    assert_accessible(page)
    page.get_by_role("link", name="Next: invite people").click()
    page.get_by_label("E-mail addresses").fill("nora@example.com")
    page.get_by_role("button", name="Invite and go on").click()
    page.get_by_text("Nothing yet").wait_for()
    page.get_by_role("button", name="Send a test lead").click()
    page.get_by_text("Rosa Steiner", exact=True).wait_for()
    assert_accessible(page)
    page.get_by_role("link", name="It works: go to Today").click()

    page.wait_for_url("**/t/north-star/")
    assert User.objects.get().email == "ada@example.com"


@pytest.fixture
def admin(transactional_db: None) -> Membership:
    now = timezone.now()
    owner = UserFactory(name="Ada Admin", email="ada@example.com")
    team = found_team(
        name="North Star", slug="north-star", timezone="Europe/Vienna", country="AT", owner=owner,
        now=now,
    )  # fmt: skip
    for name in ("Mia Huber", "Jonas Weber", "Lena Fischer"):
        MembershipFactory(team=team, user__name=name, title="Account executive", open_leads=4)
    paused = MembershipFactory(team=team, user__name="Theo Braun", is_paused=True)
    TimeOffFactory(team=team, membership=paused, starts_at=now, ends_at=now.replace(year=2099))
    InvitationFactory(team=team, expires_at=now.replace(year=2099))
    SkillFactory(team=team, name="German")
    TerritoryFactory(team=team, name="South")
    HolidayFactory(team=team)
    return Membership.objects.get(team=team, user=owner)


@pytest.mark.parametrize("screen", SCREENS)
def test_the_peoples_pages_are_accessible_and_fit(
    sign_in: SignIn, admin: Membership, screen: str
) -> None:
    page = sign_in(admin.user, viewport=SCREENS[screen])

    for path in ("members/", f"members/{admin.pk}/", "me/", "settings/"):
        page.goto(f"/t/north-star/{path}")
        assert_accessible(page)
        overhang = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overhang <= 0, path


def test_pausing_is_two_presses_and_resuming_one(sign_in: SignIn, admin: Membership) -> None:
    page = sign_in(admin.user, viewport=SCREENS["phone"])

    page.goto("/t/north-star/me/")
    page.get_by_role("radio", name="4 hours").check()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("You get no new leads for now.").wait_for()
    page.get_by_role("button", name="Take new leads again").click()

    page.get_by_text("You take new leads again.").wait_for()
    admin.refresh_from_db()
    assert not admin.is_paused
