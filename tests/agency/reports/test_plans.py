"""When a report is due by a client's own clock, and who may say so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.agency.models import ReportMail, ReportPlan, ReportSchedule
from apps.agency.reports import plans
from apps.teams.models import AuditEntry, ClientGrant, Operator
from tests import factories

pytestmark = pytest.mark.django_db


def plan_of(**columns: Any) -> ReportPlan:
    plan: ReportPlan = factories.ReportPlanFactory.build(**columns)
    return plan


@pytest.mark.parametrize(
    ("zone", "columns", "after", "due"),
    [
        # Monday at eight, before and after the clocks change.
        ("Europe/Vienna", {"rhythm": "weekly", "day": 1}, "2026-03-23T07:00Z", "2026-03-30T06:00Z"),
        ("Europe/Vienna", {"rhythm": "weekly", "day": 1}, "2026-10-19T06:00Z", "2026-10-26T07:00Z"),
        ("Europe/Vienna", {"rhythm": "weekly", "day": 1}, "2026-10-19T05:59Z", "2026-10-19T06:00Z"),
        # An hour that clocks leap over, and one that comes twice: once all the same.
        ("Europe/Vienna", {"rhythm": "weekly", "day": 7, "hour": 2}, "2026-03-28T00:00Z",
         "2026-03-29T01:00Z"),
        ("Europe/Vienna", {"rhythm": "weekly", "day": 7, "hour": 2}, "2026-10-24T12:00Z",
         "2026-10-25T00:00Z"),
        ("Europe/Vienna", {"rhythm": "weekly", "day": 7, "hour": 2}, "2026-10-25T00:00Z",
         "2026-11-01T01:00Z"),
        ("Pacific/Kiritimati", {"rhythm": "monthly", "day": 1}, "2026-03-31T17:00Z",
         "2026-03-31T18:00Z"),
        ("America/Los_Angeles", {"rhythm": "monthly", "day": 28}, "2026-02-28T17:00Z",
         "2026-03-28T15:00Z"),
        ("UTC", {"rhythm": "monthly", "day": 1}, "2025-12-01T08:00Z", "2026-01-01T08:00Z"),
    ],
    ids=["spring", "autumn", "soon", "leapt", "twice", "once", "east", "west", "year"],
)  # fmt: skip
def test_it_is_due_by_the_clock_of_the_client(
    zone: str, columns: dict[str, Any], after: str, due: str
) -> None:
    found = plans.next_due(plan_of(**columns), zone, datetime.fromisoformat(after))

    assert found == datetime.fromisoformat(due)


def test_it_covers_what_was_whole_there() -> None:
    new_year = datetime(2025, 12, 31, 18, tzinfo=UTC)  # already January on Kiritimati

    month = plans.span_at(plan_of(rhythm="monthly"), new_year, "Pacific/Kiritimati")
    week = plans.span_at(plan_of(rhythm="weekly"), new_year, "UTC")

    assert (str(month.first), str(month.last)) == ("2025-12-01", "2025-12-31")
    assert (str(week.first), str(week.last)) == ("2025-12-22", "2025-12-28")


# Pages


@pytest.fixture
def operator() -> Operator:
    found: Operator = factories.OperatorFactory()
    return found


@pytest.fixture
def grant(operator: Operator) -> ClientGrant:
    found: ClientGrant = factories.ClientGrantFactory(agency=operator.agency)
    return found


def signed_in(user: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def asked(operator: Operator, **changes: Any) -> dict[str, Any]:
    values = {"client": "all", "when": "weekly-1", "hour": "8", "operators": [str(operator.pk)],
              "to_client": "nobody", "is_active": "on"}  # fmt: skip
    return {**values, **changes}


def test_an_operator_orders_a_report_of_one_client(operator: Operator, grant: ClientGrant) -> None:
    factories.ClientGrantFactory(agency=operator.agency)
    client, base = signed_in(operator.user), f"/agency/{operator.agency.slug}/reports/"

    answer = client.post(f"{base}add/", asked(operator, client=str(grant.pk), to_client="admins"))

    assert answer.status_code == 302
    schedule = ReportSchedule.objects.get()
    assert (schedule.grant, schedule.plan.to_client) == (grant, "admins")
    assert schedule.next_at is not None
    assert schedule.next_at > timezone.now()
    assert grant.team.name in client.get(base).content.decode()
    page = client.get(f"{base}{schedule.plan_id}/").content.decode()
    assert "Send me one now" in page


def test_a_report_of_all_clients_takes_in_who_comes_later(
    operator: Operator, grant: ClientGrant
) -> None:
    client, base = signed_in(operator.user), f"/agency/{operator.agency.slug}/reports/"
    client.post(f"{base}add/", asked(operator))
    later = factories.ClientGrantFactory(agency=operator.agency)
    foreign = factories.ClientGrantFactory()

    plans.keep_up(ReportPlan.objects.get(), now=timezone.now())
    plans.keep_up(ReportPlan.objects.get(), now=timezone.now())

    grants = set(ReportSchedule.objects.values_list("grant", flat=True))
    assert grants == {grant.pk, later.pk}
    assert foreign.pk not in grants


def test_a_changed_day_is_counted_anew_and_a_removed_plan_is_gone(
    operator: Operator, grant: ClientGrant
) -> None:
    client, base = signed_in(operator.user), f"/agency/{operator.agency.slug}/reports/"
    client.post(f"{base}add/", asked(operator))
    plan = ReportPlan.objects.get()
    before = ReportSchedule.objects.get().next_at

    client.post(f"{base}{plan.pk}/", asked(operator, when="monthly-28"))

    assert ReportSchedule.objects.get().next_at != before
    client.post(f"{base}{plan.pk}/remove/")
    assert not ReportPlan.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"client": ""},
        {"when": "weekly-8"},
        {"when": "monthly-31"},
        {"when": "\x00"},
        {"hour": "24"},
        {"hour": "x" * 10_000},
        {"client": "00000000-0000-0000-0000-000000000000"},
        {"client": "nobody@example.com"},
        {"operators": ["somebody@example.com"]},
        {"operators": []},
        {"to_client": "everybody"},
    ],
    ids=range(11),
)
def test_what_can_not_be_ordered_is_refused(
    operator: Operator, grant: ClientGrant, changes: dict[str, Any]
) -> None:
    path = f"/agency/{operator.agency.slug}/reports/add/"

    answer = signed_in(operator.user).post(path, asked(operator, **changes))

    assert answer.status_code == 422
    assert not ReportPlan.objects.exists()


def test_plans_of_another_agency_do_not_exist(operator: Operator, grant: ClientGrant) -> None:
    other = factories.ReportScheduleFactory()
    client, base = signed_in(operator.user), f"/agency/{operator.agency.slug}/reports/"
    mine = factories.ReportPlanFactory(agency=operator.agency)

    answers = [
        client.get(f"{base}{other.plan_id}/"),
        client.post(f"{base}{other.plan_id}/", asked(operator)),
        client.post(f"{base}{other.plan_id}/remove/"),
        client.post(f"{base}{other.plan_id}/send/{other.pk}/"),
        client.post(f"{base}{mine.pk}/send/{other.pk}/"),
        client.post(f"{base}add/", asked(operator, client=str(other.grant_id))),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 404, 404, 422]
    assert ReportPlan.objects.filter(pk=other.plan_id).exists()
    assert not ReportMail.objects.exists()


def test_pressed_twice_one_report_is_sent_now(operator: Operator, grant: ClientGrant) -> None:
    plan = factories.ReportPlanFactory(agency=operator.agency)
    row = factories.ReportScheduleFactory(team=grant.team, grant=grant, plan=plan)
    path = f"/agency/{operator.agency.slug}/reports/{plan.pk}/send/{row.pk}/"
    client = signed_in(operator.user)

    client.post(path)
    client.post(path)

    (mail,) = ReportMail.objects.all()
    assert (mail.user, mail.is_asked) == (operator.user, True)


def test_the_client_sees_what_is_sent_to_its_people_and_stops_it() -> None:
    row = factories.ReportScheduleFactory(next_at=timezone.now() + timedelta(days=1))
    admin = factories.MembershipFactory(team=row.team, role="admin")
    manager = factories.MembershipFactory(team=row.team, role="manager")
    base = f"/t/{row.team.slug}/settings/agencies/"
    client = signed_in(admin.user)

    assert row.grant.agency.name in client.get(base).content.decode()
    assert signed_in(manager.user).post(f"{base}reports/{row.pk}/stop/").status_code == 403
    client.post(f"{base}reports/{row.pk}/stop/")

    row.refresh_from_db()
    assert row.stopped_by == admin.user
    assert AuditEntry.objects.filter(team=row.team, action="reports.stopped").exists()
    client.post(f"{base}reports/{row.pk}/stop/", {"again": "1"})
    row.refresh_from_db()
    assert row.stopped_at is None
