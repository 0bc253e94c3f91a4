"""What a client grants: asked, chosen, changed and ended, and told to both sides."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.agency import agencies, consent, invitations, people
from apps.agency.invitations import InvitationRefused
from apps.alerts.models import Alert, Kind
from apps.leads.models import Lead
from apps.onboarding import clients
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import AuditEntry, ClientGrant, ClientInvitation, Membership, Team
from apps.teams.permissions import Grant, Permission, Role
from tests import factories
from tests.factories.teams import NOW
from tests.teams.people import People, a_team

pytestmark = pytest.mark.django_db

SEE, ACT = Grant.SEE_LEADS.value, Grant.ACT_ON_LEADS.value


@pytest.fixture
def company() -> People:
    return a_team()


@pytest.fixture
def owner() -> AgencyAccess:
    user = factories.UserFactory(name="Ola Adeyemi")
    return agencies.create_agency(
        name="Fieldnote Media", timezone="UTC", currency="EUR", owner=user, now=NOW
    )


def _ask(owner: AgencyAccess, email: str, **more: Any) -> ClientInvitation:
    now = timezone.now()
    sent = invitations.invite_client(
        name="Casa Verde", email=email, allows=[SEE], is_masked=True, by=owner, now=now, **more
    )
    found = invitations.find(sent.link.rstrip("/").rsplit("/", 1)[1], now=now)
    assert found is not None
    return found


def _granted(company: People, owner: AgencyAccess) -> ClientGrant:
    asked = _ask(owner, company.admin.user.email)
    by = Access.of(company.admin)
    return consent.accept_client(asked, allows=[SEE], is_masked=True, by=by, now=timezone.now())


def _of_lead(name: str, lead: Lead) -> str:
    return reverse(f"assignments:{name}", kwargs={"team": lead.team.slug, "lead": lead.pk})


def test_an_agency_has_no_right_before_the_client_agrees(
    company: People, owner: AgencyAccess
) -> None:
    asked = _ask(owner, company.admin.user.email)
    assert not owner.clients().exists()

    by = Access.of(company.admin)
    grant = consent.accept_client(asked, allows=[SEE], is_masked=True, by=by, now=timezone.now())

    assert [one.pk for one in owner.clients()] == [grant.pk]
    inside = owner.inside(owner.client(company.team.slug))
    assert inside.can(Permission.SEE_OTHERS)
    assert inside.masked
    assert not inside.can(Permission.WORK_LEADS)


def test_the_client_may_grant_less_than_was_asked(company: People, owner: AgencyAccess) -> None:
    asked = _ask(owner, company.admin.user.email)

    grant = consent.accept_client(
        asked, allows=[], is_masked=False, by=Access.of(company.admin), now=timezone.now()
    )

    assert grant.allows == []
    assert Access.of_grant(grant, owner.user).masked


def test_only_who_may_edit_the_team_grants(company: People, owner: AgencyAccess) -> None:
    asked = _ask(owner, company.manager.user.email)

    with pytest.raises(PermissionDenied):
        consent.accept_client(
            asked, allows=[SEE], is_masked=True, by=Access.of(company.manager), now=timezone.now()
        )
    assert not ClientGrant.objects.exists()


def test_a_question_is_answered_once(company: People, owner: AgencyAccess) -> None:
    asked = _ask(owner, company.admin.user.email)
    by = Access.of(company.admin)
    consent.accept_client(asked, allows=[SEE], is_masked=True, by=by, now=timezone.now())

    with pytest.raises(InvitationRefused):
        consent.accept_client(asked, allows=[ACT], is_masked=False, by=by, now=timezone.now())
    with pytest.raises(InvitationRefused):
        invitations.decline(asked, now=timezone.now())


def test_a_second_grant_to_the_same_agency_is_refused(company: People, owner: AgencyAccess) -> None:
    _granted(company, owner)

    with pytest.raises(InvitationRefused, match="already"):
        _granted(company, owner)


def test_a_change_holds_at_once_and_stands_in_the_log(
    company: People, owner: AgencyAccess, django_capture_on_commit_callbacks: Any
) -> None:
    grant = _granted(company, owner)
    colleague = factories.MembershipFactory(team=company.team, role=Role.ADMIN)

    with django_capture_on_commit_callbacks(execute=True):
        consent.change_grant(
            grant.pk, allows=[ACT], is_masked=False, by=Access.of(company.admin),
            now=timezone.now(),
        )  # fmt: skip

    inside = owner.inside(owner.client(company.team.slug))
    assert inside.can(Permission.REASSIGN)
    assert not inside.masked
    line = AuditEntry.objects.get(team=company.team, action="agency.grant_changed")
    assert line.detail == {"allows": [ACT], "is_masked": False}
    told = Alert.objects.filter(kind=Kind.GRANT, user=colleague.user)
    assert told.count() == 1
    assert mail.outbox[-1].to == [owner.user.email]
    assert "Act on leads" in mail.outbox[-1].body


@pytest.mark.parametrize("side", ["client", "agency"])
def test_either_side_ends_it_at_once(company: People, owner: AgencyAccess, side: str) -> None:
    grant = _granted(company, owner)
    browser = Client()
    browser.force_login(owner.user)
    address = f"/t/{company.team.slug}/dashboard/"
    assert browser.get(address).status_code == 200

    if side == "client":
        consent.end_grant(grant.pk, by=Access.of(company.admin), now=timezone.now())
    else:
        consent.leave_client(company.team.slug, by=owner, now=timezone.now())

    assert browser.get(address).status_code == 404
    grant.refresh_from_db()
    assert grant.ended_side == side
    assert AuditEntry.objects.filter(team=company.team, action="agency.ended").exists()


def test_an_admin_answers_in_her_settings(company: People, owner: AgencyAccess) -> None:
    asked = _ask(owner, company.admin.user.email.upper())
    browser = Client()
    browser.force_login(company.admin.user)
    page = f"/t/{company.team.slug}/settings/agencies/"
    assert "Fieldnote Media" in browser.get(page).content.decode()

    answer = browser.post(f"{page}asked/{asked.pk}/accept/", {"allows": [SEE], "details": "masked"})

    assert answer.status_code == 302
    grant = ClientGrant.objects.get(team=company.team)
    assert (grant.allows, grant.is_masked) == ([SEE], True)
    browser.post(f"{page}{grant.pk}/", {"allows": [SEE, ACT], "details": "whole"})
    grant.refresh_from_db()
    assert (grant.allows, grant.is_masked) == ([SEE, ACT], False)
    browser.post(f"{page}{grant.pk}/end/")
    grant.refresh_from_db()
    assert not grant.is_live


@pytest.mark.parametrize(
    "form",
    [
        {"allows": ["everything"], "details": "masked"},
        {"allows": [SEE]},
        {"allows": [SEE], "details": "\x00"},
        {"allows": [SEE] * 500, "details": "x" * 10_000},
    ],
)
def test_a_hostile_form_grants_nothing(
    company: People, owner: AgencyAccess, form: dict[str, Any]
) -> None:
    asked = _ask(owner, company.admin.user.email)
    browser = Client()
    browser.force_login(company.admin.user)

    answer = browser.post(
        f"/t/{company.team.slug}/settings/agencies/asked/{asked.pk}/accept/", form
    )

    assert answer.status_code == 422
    assert not ClientGrant.objects.exists()


def test_a_team_made_for_a_client_waits_for_its_admin(
    owner: AgencyAccess, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        sent = clients.make_client_team(
            name="Marlow Physio", timezone="Europe/London", country="GB",
            email="jo@marlow.example", allows=[SEE], is_masked=True, by=owner, now=timezone.now(),
        )  # fmt: skip
    team = Team.objects.get(name="Marlow Physio")
    assert not Membership.objects.filter(team=team).exists()
    browser = Client()
    path = sent.link[sent.link.index("/clients/") :]
    assert browser.get(path).status_code == 200

    answer = browser.post(
        path,
        {"name": "Jo Marlow", "password": "a quiet green door", "allows": [SEE],
         "details": "masked"},
    )  # fmt: skip

    assert answer.status_code == 302
    admin = Membership.objects.get(team=team)
    assert (admin.role, admin.user.email) == (Role.ADMIN, "jo@marlow.example")
    assert owner.client(team.slug).allows == [SEE]
    assert browser.get(answer["Location"]).status_code == 200
    assert browser.get(path).status_code == 404


def test_a_company_answers_by_the_link(company: People, owner: AgencyAccess) -> None:
    now = timezone.now()
    sent = invitations.invite_client(
        name="Casa", email=company.admin.user.email, allows=[SEE], is_masked=True, by=owner, now=now
    )
    path = sent.link[sent.link.index("/clients/") :]
    browser = Client()
    assert browser.get(path).status_code == 200
    form = {"allows": [SEE], "details": "masked", "team": str(company.team.pk)}
    assert browser.post(path, form).status_code == 403
    browser.force_login(company.manager.user)
    assert browser.post(path, form).status_code == 422
    browser.force_login(company.admin.user)

    answer = browser.post(path, form)

    assert answer.status_code == 302
    assert owner.client(company.team.slug).is_masked


def test_who_was_here_is_shown_to_the_client(company: People, owner: AgencyAccess) -> None:
    _granted(company, owner)
    visitor, admin = Client(), Client()
    visitor.force_login(owner.user)
    admin.force_login(company.admin.user)

    page = visitor.get(f"/t/{company.team.slug}/leads/").content.decode()
    shown = admin.get(f"/t/{company.team.slug}/settings/agencies/").content.decode()

    assert "for Fieldnote Media" in page
    assert "Who was here lately" in shown
    assert "Ola Adeyemi" in shown


def test_a_note_of_an_operator_says_who_of_which_agency(
    company: People, owner: AgencyAccess
) -> None:
    grant = _granted(company, owner)
    ClientGrant.objects.filter(pk=grant.pk).update(allows=[ACT], is_masked=False)
    lead = factories.LeadFactory(team=company.team, owner=company.salesperson)
    visitor, member = Client(), Client()
    visitor.force_login(owner.user)
    member.force_login(company.salesperson.user)

    visitor.post(_of_lead("note", lead), {"note": "Call after six."})

    page = member.get(_of_lead("lead", lead)).content.decode()
    assert "Ola Adeyemi of Fieldnote Media" in page
    assert "Call after six." in page
    (line,) = lead.activities.filter(kind="note")
    assert (line.via, line.agency_id) == ("grant", owner.agency.pk)


def test_an_operator_can_not_own_a_lead_or_log_an_attempt(
    company: People, owner: AgencyAccess
) -> None:
    grant = _granted(company, owner)
    ClientGrant.objects.filter(pk=grant.pk).update(allows=[ACT], is_masked=False)
    lead = factories.LeadFactory(team=company.team, owner=company.salesperson)
    visitor = Client()
    visitor.force_login(owner.user)

    answer = visitor.post(_of_lead("attempt", lead), {"channel": "call"})

    assert answer.status_code == 403
    assert not lead.attempts.exists()


def test_the_last_owner_stays(owner: AgencyAccess) -> None:
    with pytest.raises(people.OperatorRefused):
        people.change_operator(
            owner.operator.pk, role="operator", is_active=True, by=owner, now=NOW
        )


def test_a_colleague_joins_by_the_link_and_is_kept_out_at_once(
    company: People, owner: AgencyAccess
) -> None:
    _granted(company, owner)
    now = timezone.now()
    sent = people.invite_operator(email="pip@field.example", role="operator", by=owner, now=now)
    path = sent.link[sent.link.index("/operators/") :]
    browser = Client()
    assert browser.get(path).status_code == 200
    joined = browser.post(path, {"name": "Pip", "password": "a quiet green door"})
    assert joined.status_code == 302
    address = f"/t/{company.team.slug}/dashboard/"
    assert browser.get(address).status_code == 200
    assert browser.get(f"/agency/{owner.agency.slug}/settings/").status_code == 403

    operator = people.colleagues(owner).get(user__email="pip@field.example")
    people.change_operator(operator.pk, role="operator", is_active=False, by=owner, now=now)

    assert browser.get(address).status_code == 404
    assert browser.get(path).status_code == 404
