"""The Django admin in a real browser, under our Content-Security-Policy."""

import pytest
from django.apps import apps
from django.urls import reverse

from apps.accounts.models import User
from tests import factories
from tests.browser import SignIn

pytestmark = pytest.mark.browser


def test_the_admin_breaks_no_rule_of_the_policy(sign_in: SignIn) -> None:
    """Lists, forms, the date picker, the search for related rows: each violation is an error."""
    olga = User.objects.create_superuser("olga@example.com", None, name="Olga Operator")
    team = factories.TeamFactory()
    member = factories.MembershipFactory(team=team)
    script = factories.ScriptFactory(team=team)
    page = sign_in(olga)

    page.goto("/admin/")
    for model in ("teams.Team", "teams.Membership", "content.Script", "assignments.Decision"):
        meta = apps.get_model(model)._meta
        page.goto(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"))
    page.goto(reverse("admin:teams_membership_change", args=[member.pk]))
    page.goto(reverse("admin:content_script_change", args=[script.pk]))
    page.goto(reverse("admin:teams_holiday_add"))
    page.get_by_role("link", name="Today").click()
    page.locator(".select2-selection").click()
    page.get_by_role("searchbox").last.fill(team.name)
    page.get_by_role("option", name=team.name).click()
    page.get_by_label("Name").fill("Founders’ Day")
    page.get_by_role("button", name="Save", exact=True).click()

    page.get_by_text("was added successfully").wait_for()
