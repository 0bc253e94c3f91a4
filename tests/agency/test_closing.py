"""An operator who is kept out and an agency that is closed: every client's log says so."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.agency import closing, people
from apps.agency.agencies import AgencyRefused
from apps.alerts.models import Alert, Kind
from apps.teams.agency_access import AgencyAccess, grant_in
from apps.teams.models import AuditEntry, ClientGrant, Operator
from apps.teams.permissions import Role
from tests import factories
from tests.factories.teams import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Operator:
    return factories.OperatorFactory(role=Operator.Role.OWNER, agency__name="Fieldnote Media")


@pytest.fixture
def by(owner: Operator) -> AgencyAccess:
    return AgencyAccess(owner.agency, owner.user, owner)


def clients(owner: Operator, number: int) -> list[ClientGrant]:
    return [factories.ClientGrantFactory(agency=owner.agency) for _n in range(number)]


def test_who_is_kept_out_and_let_in_again_stands_in_every_clients_log(
    owner: Operator, by: AgencyAccess
) -> None:
    colleague = factories.OperatorFactory(agency=owner.agency)
    grants = clients(owner, 2)
    ended = factories.ClientGrantFactory(agency=owner.agency, ended_at=NOW)
    other = factories.ClientGrantFactory()

    for is_active in (False, False, True):
        people.change_operator(
            colleague.pk, role="operator", is_active=is_active, by=by, now=NOW
        )  # fmt: skip

    for grant in grants:
        lines = AuditEntry.objects.filter(team=grant.team).order_by("id")
        assert [line.action for line in lines] == ["agency.operator_out", "agency.operator_in"]
        assert {line.target_label for line in lines} == {str(colleague)}
        assert {(line.actor, line.agency_id, line.via) for line in lines} == {
            (owner.user, owner.agency_id, "grant")
        }
    assert not AuditEntry.objects.filter(team__in=[ended.team_id, other.team_id]).exists()


def test_a_new_role_alone_is_no_line_for_clients(owner: Operator, by: AgencyAccess) -> None:
    colleague = factories.OperatorFactory(agency=owner.agency)
    clients(owner, 1)

    people.change_operator(colleague.pk, role="owner", is_active=True, by=by, now=NOW)

    assert not AuditEntry.objects.exists()


def test_a_closed_agency_ends_every_grant_and_says_so(owner: Operator, by: AgencyAccess) -> None:
    grants = clients(owner, 2)
    admin = factories.MembershipFactory(team=grants[0].team, role=Role.ADMIN)
    asked = factories.ClientInvitationFactory(agency=owner.agency)

    assert closing.close_agency(name=" fieldnote  media ", by=by, now=NOW) == 2

    for grant in grants:
        grant.refresh_from_db()
        assert (grant.ended_at, grant.ended_side) == (NOW, "agency")
        assert AuditEntry.objects.get(team=grant.team).action == "agency.closed"
        assert grant_in(owner.user, grant.team.slug) is None
    alert = Alert.objects.get()
    assert (alert.user, alert.team, alert.kind) == (admin.user, grants[0].team, Kind.GRANT)
    asked.refresh_from_db()
    assert asked.revoked_at == NOW
    owner.agency.refresh_from_db()
    assert not owner.agency.is_active


@pytest.mark.parametrize("name", ["", "\x00", "Fieldnote", "x" * 5_000])
def test_without_its_name_nothing_is_closed(name: str, owner: Operator, by: AgencyAccess) -> None:
    (grant,) = clients(owner, 1)
    with pytest.raises(AgencyRefused):
        closing.close_agency(name=name, by=by, now=NOW)
    browser = Client()
    browser.force_login(owner.user)

    answer = browser.post(f"/agency/{owner.agency.slug}/settings/close/", {"name": name})

    assert answer.status_code == 422
    grant.refresh_from_db()
    assert grant.is_live


def test_its_page_closes_it_once(owner: Operator) -> None:
    clients(owner, 1)
    browser, page = Client(), f"/agency/{owner.agency.slug}/settings/close/"
    browser.force_login(owner.user)

    statuses = [browser.post(page, {"name": "Fieldnote Media"}).status_code for _n in range(2)]

    assert statuses == [302, 404]
    assert AuditEntry.objects.filter(action="agency.closed").count() == 1


def test_hundreds_of_clients_take_no_more_statements(owner: Operator, by: AgencyAccess) -> None:
    counted = []
    for number in (2, 10):
        colleague = factories.OperatorFactory(agency=owner.agency)
        clients(owner, number)
        with CaptureQueriesContext(connection) as asked:
            people.change_operator(
                colleague.pk, role="operator", is_active=False, by=by, now=NOW
            )  # fmt: skip
        counted.append(len(asked))
    assert counted[0] == counted[1]
