"""The Django admin shows configuration, keeps secrets, and never goes round a service."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.accounts.models import User
from apps.rules.models import Pool
from apps.teams.models import AuditEntry, Membership, Team
from apps.teams.operators import ReadOnly
from apps.teams.permissions import Role
from apps.teams.scope import TeamRow
from tests import factories

pytestmark = pytest.mark.django_db

SITE: dict[Any, Any] = admin.site._registry
# What only services write.
GUARDED = {
    "Lead", "Activity", "Attempt", "FollowUp", "Offer", "Assignment", "Decision", "Hold",
    "HopperEntry", "Capture", "Import", "ImportRow", "TurnEntry", "Pool", "PoolRevision",
    "Version", "RuleSet", "AuditEntry", "Alert", "AvailabilityChange", "TimeOff", "Invitation",
    "ApiToken", "Recipient", "RecipientPool", "RecipientTurn", "Agreement",
    "Distribution", "Delivery", "DeliveryAttempt", "Dispute", "Arrival", "Operator", "ClientGrant",
}  # fmt: skip
SECRET = ("hash", "encrypted", "password", "secret")
FACTORIES = {
    getattr(factories, name)._meta.model: getattr(factories, name) for name in factories.__all__
}


@pytest.fixture
def operator() -> User:
    return User.objects.create_superuser("operator@example.com", None, name="Olga Operator")


@pytest.fixture
def browser(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def request_of(operator: User) -> HttpRequest:
    request = RequestFactory().get("/admin/")
    request.user = operator
    return request


def _page(model: Any, name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def _row(model: Any) -> Any:
    return FACTORIES[model]() if model in FACTORIES else None


@pytest.mark.parametrize("model", SITE, ids=lambda model: model.__name__)
def test_every_list_and_row_opens(browser: Client, model: Any) -> None:
    row = _row(model)

    listed = browser.get(_page(model, "changelist"), {"q": "x"})
    pages = [listed]
    if row is not None:
        pages.append(browser.get(_page(model, "change", row.pk)))

    assert {page.status_code for page in pages} == {200}


def test_what_services_write_is_read_only(request_of: HttpRequest) -> None:
    loose = [
        model.__name__
        for model, page in SITE.items()
        if model.__name__ in GUARDED
        and (
            not isinstance(page, ReadOnly)
            or page.has_add_permission(request_of)
            or page.has_change_permission(request_of)
            or page.has_delete_permission(request_of)
        )
    ]

    assert loose == []
    assert {model.__name__ for model in SITE} >= GUARDED


def test_no_page_has_a_field_for_a_secret(request_of: HttpRequest) -> None:
    shown = [
        f"{model.__name__}.{name}"
        for model, page in SITE.items()
        for name in flatten_fieldsets(page.get_fieldsets(request_of, _row(model)))
        if any(word in name for word in SECRET)
    ]

    assert shown == []


def test_rows_of_a_team_are_never_moved_to_another(browser: Client) -> None:
    for model, page in SITE.items():
        if issubclass(model, TeamRow) and not isinstance(page, ReadOnly):
            row = FACTORIES[model]()
            assert "team" in page.get_readonly_fields(RequestFactory().get("/"), row), model


def test_the_admin_is_behind_the_one_sign_in() -> None:
    answer = Client().get("/admin/", follow=True)

    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))


def test_who_is_no_staff_stays_out() -> None:
    client = Client()
    client.force_login(factories.UserFactory())

    assert client.get("/admin/", follow=True).status_code == 403


def test_a_new_team_comes_with_all_it_needs(browser: Client, operator: User) -> None:
    answer = browser.post(
        _page(Team, "add"),
        {"name": "North", "slug": "north", "timezone": "Europe/Vienna", "country": "AT",
         "currency": "EUR", "owner": operator.pk},
    )  # fmt: skip

    assert answer.status_code == 302
    team = Team.objects.get(slug="north")
    assert Membership.objects.get(team=team, user=operator).role == Role.ADMIN
    assert Pool.objects.filter(team=team).exists()


def test_a_reserved_address_is_refused(browser: Client, operator: User) -> None:
    answer = browser.post(
        _page(Team, "add"),
        {"name": "New", "slug": "new", "timezone": "UTC", "currency": "EUR", "owner": operator.pk},
    )

    assert answer.status_code == 200
    assert not Team.objects.filter(slug="new").exists()


def test_the_last_admin_stays_one(browser: Client) -> None:
    last = factories.MembershipFactory(role=Role.ADMIN)

    browser.post(
        _page(Membership, "change", last.pk),
        {"role": "manager", "is_active": "on", "title": "", "experience": "0",
         "memberskill_set-TOTAL_FORMS": "0", "memberskill_set-INITIAL_FORMS": "0",
         "memberterritory_set-TOTAL_FORMS": "0", "memberterritory_set-INITIAL_FORMS": "0"},
    )  # fmt: skip

    last.refresh_from_db()
    assert last.role == Role.ADMIN


def test_a_change_is_in_the_teams_audit_log(browser: Client, operator: User) -> None:
    status = factories.StatusFactory(name="New")

    browser.post(
        _page(type(status), "change", status.pk),
        {"name": "Fresh", "kind": "new", "position": "0", "is_active": "on"},
    )

    entry = AuditEntry.objects.get(team=status.team)
    assert (entry.action, entry.actor) == ("admin.status_changed", operator)
    assert entry.detail == {"fields": ["name"]}


def test_a_new_person_has_no_password_yet(browser: Client) -> None:
    browser.post(
        _page(User, "add"), {"email": "Nora@Example.com", "name": "Nora", "timezone": "UTC"}
    )

    nora = User.objects.get(email="nora@example.com")
    assert not nora.has_usable_password()
    assert EmailAddress.objects.get(user=nora).verified
