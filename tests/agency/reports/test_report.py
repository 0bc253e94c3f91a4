"""A report of one team: the figures of its dashboard, counted again, and who may read it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.agency.reports import content, parts
from apps.agency.reports.content import Report
from apps.agency.reports.sentences import sentences
from apps.agency.reports.spans import Span, today_in
from apps.dashboards.figures import metrics
from apps.dashboards.figures.periods import Period
from apps.dashboards.figures.questions import Question
from apps.deliveries.models import Delivery
from apps.leads.models import Lead, StatusKind
from apps.leads.speed import Clock
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant, Operator, Team
from apps.teams.permissions import Grant
from tests import factories
from tests.assignments.world import NOW, World
from tests.dashboards.recounting import TARGET, counted, nearest_rank, seed, wait

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
WEEK = Span.between(TODAY - timedelta(days=6), TODAY)
ASKED = {"kind": "days", "from": str(WEEK.first), "to": str(WEEK.last)}


@pytest.fixture
def world() -> World:
    return World(response_seconds=TARGET)


@pytest.fixture
def leads(world: World) -> list[Lead]:
    return seed(world)


def operator_of(world: World, *allows: Grant, **agency: Any) -> tuple[AgencyAccess, ClientGrant]:
    grant = factories.ClientGrantFactory(
        team=world.team, agency=factories.AgencyFactory(**agency), allows=[g.value for g in allows]
    )
    operator: Operator = factories.OperatorFactory(agency=grant.agency)
    return AgencyAccess(grant.agency, operator.user, operator), grant


def manager(world: World) -> Any:
    return world.access(world.member("Henrike", role="manager"))


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def received_within(leads: list[Lead], period: Period, *, before: bool = False) -> list[Lead]:
    if before:
        start, end = period.previous_start, period.previous_end - timedelta(microseconds=1)
    else:
        start, end = period.start, period.end
    return [lead for lead in counted(leads) if start <= lead.received_at <= end]


def test_its_figures_are_those_of_the_dashboard(world: World, leads: list[Lead]) -> None:
    access = manager(world)
    period = Period.ending(NOW, key="7", timezone=world.team.timezone)
    question = Question(period=period, clock=Clock.REAL, source_id=None, now=NOW)

    ours = content.report(WEEK, access=access, now=NOW).figures
    theirs = metrics.figures(question, access=access)

    assert (ours.now, ours.before) == (theirs.now, theirs.before)
    assert (ours.bins, ours.untouched, ours.members) == (
        theirs.bins, theirs.untouched, theirs.members,
    )  # fmt: skip


def test_its_figures_are_right(world: World, leads: list[Lead]) -> None:
    report = content.report(WEEK, access=manager(world), now=NOW)
    now, before = report.figures.now, report.figures.before
    these = received_within(leads, report.period)

    assert now.received == len(these) > 10
    assert before.received == len(received_within(leads, report.period, before=True))
    assert now.attempted == sum(lead.first_attempt_at is not None for lead in these)
    assert now.contacted == sum(lead.first_contact_at is not None for lead in these)
    assert now.won == sum(lead.status_kind == StatusKind.WON for lead in these)
    assert now.within == sum(wait(lead) <= TARGET for lead in these)
    ever = (StatusKind.QUALIFIED, StatusKind.WON)
    assert now.ever_qualified == sum(
        lead.qualified_at is not None or lead.status_kind in ever for lead in these
    )
    assert (now.median.seconds, now.p90.seconds) == (
        nearest_rank(these, 50), nearest_rank(these, 90),
    )  # fmt: skip
    for part in report.campaign_parts:
        assert part.now.received == sum(lead.campaign == part.key for lead in these)
    assert sum(part.now.received for part in report.source_parts) == len(these)


def test_under_ten_leads_no_percentile_is_shown(world: World) -> None:
    world.lead(received_at=NOW - timedelta(hours=1), first_attempt_at=NOW)
    report = content.report(WEEK, access=manager(world), now=NOW)

    shown = {figure.name: figure.value for figure in parts.figures(report)}
    assert (shown["Received"], shown["Median speed to lead"], shown["P90"]) == ("1", "–", "–")
    assert "Too few leads" in " ".join(sentences(report))


def test_an_empty_period_is_said_to_be_empty(world: World) -> None:
    report = content.report(WEEK, access=manager(world), now=NOW)

    assert sentences(report) == ["No leads came in."]
    assert report.costs is None


def test_p90_is_not_reached_while_too_many_wait(world: World) -> None:
    for number in range(12):
        at = NOW - timedelta(hours=number + 1)
        tried = at + timedelta(minutes=1) if number > 3 else None
        world.lead(received_at=at, first_attempt_at=tried)
    shown = {f.name: f.value for f in parts.figures(_report(world))}

    assert (shown["Median speed to lead"], shown["P90"]) == ("1:00", "not reached")


def _report(world: World) -> Report:
    return content.report(WEEK, access=manager(world), now=NOW)


def test_costs_stand_there_where_somebody_entered_them(world: World, leads: list[Lead]) -> None:
    factories.CostFactory(
        team=world.team, source=world.source, starts_on=WEEK.first, ends_on=WEEK.last,
        amount_minor=100_000,
    )  # fmt: skip
    by, grant = operator_of(world)

    seen = content.report(WEEK, access=by.inside(grant), now=NOW, agency=by.agency)

    assert seen.costs is not None
    assert seen.costs.total.spent_minor == 100_000
    assert seen.costs.total.per_contacted == round(100_000 / seen.figures.now.contacted)
    assert "Spent" in {figure.name for figure in parts.figures(seen)}


def test_what_an_agency_delivered_is_followed_to_its_end(world: World) -> None:
    sender: Team = factories.TeamFactory()
    by, grant = operator_of(world, name="Fieldnote", sending_team=sender)
    agreement = factories.AgreementFactory(team=sender, to=world.team)
    recipient = factories.RecipientFactory(team=sender, kind="team", agreement=agreement)
    lead = factories.LeadFactory(team=sender, campaign="Spring")
    delivery = factories.DeliveryFactory(
        team=sender, recipient=recipient, lead=lead, state=Delivery.State.DELIVERED, queued_at=NOW
    )
    theirs = factories.LeadFactory(team=world.team, status_kind="won", first_attempt_at=NOW)
    factories.ArrivalFactory(team=world.team, sender=sender, lead=theirs, delivery_id=delivery.pk)
    other, _grant = operator_of(world)

    of_agency = content.report(WEEK, access=by.inside(grant), now=NOW, agency=by.agency)
    of_team = content.report(WEEK, access=manager(world), now=NOW)
    of_other = content.report(WEEK, access=manager(world), now=NOW, agency=other.agency)

    assert [sent.total.won for sent in of_agency.sent] == [1]
    assert [sent.agency.name for sent in of_team.sent] == ["Fieldnote"]
    assert of_other.sent == []
    assert "Of 1 lead that Fieldnote delivered" in " ".join(sentences(of_team))


@pytest.mark.parametrize("allows", [[], [Grant.EDIT_MEMBERS]], ids=["figures", "members"])
def test_members_stand_there_only_where_they_are_granted(
    world: World, leads: list[Lead], allows: list[Grant]
) -> None:
    by, grant = operator_of(world, *allows)
    path = f"/agency/{by.agency.slug}/clients/{grant.pk}/report/"

    page = signed_in(by.user).get(path, ASKED)

    assert page.status_code == 200
    assert (b"Jonas" in page.content) is bool(allows)
    assert page.context["report"].figures.now.received > 10


def test_client_and_agency_read_the_same(world: World, leads: list[Lead]) -> None:
    by, grant = operator_of(world, Grant.EDIT_MEMBERS)
    agency_page = f"/agency/{by.agency.slug}/clients/{grant.pk}/report/"
    access = manager(world)

    theirs = signed_in(access.user).get(f"/t/{world.team.slug}/report/", ASKED)
    ours = signed_in(by.user).get(agency_page, ASKED)

    for name in ("sentences", "key_figures"):
        assert theirs.context[name] == ours.context[name]
    assert len(theirs.context["tables"]) == len(ours.context["tables"]) == 3


@pytest.mark.parametrize("end", ["report/", "report/pdf/"])
def test_who_has_no_right_finds_no_report(world: World, end: str) -> None:
    by, grant = operator_of(world)
    path = f"/agency/{by.agency.slug}/clients/{grant.pk}/{end}"
    salesperson = world.member("Mia")

    assert signed_in(by.user).get(path).status_code == 200
    assert signed_in(salesperson.user).get(path).status_code == 404
    assert signed_in(salesperson.user).get(f"/t/{world.team.slug}/{end}").status_code == 403
    ClientGrant.objects.filter(pk=grant.pk).update(ended_at=NOW)
    assert signed_in(by.user).get(path).status_code == 404


def test_the_days_are_those_of_the_clients_zone(world: World) -> None:
    Team.objects.filter(pk=world.team.pk).update(timezone="Pacific/Kiritimati")
    world.team.refresh_from_db()
    today = today_in("Pacific/Kiritimati", now=NOW)
    report = content.report(Span.between(today, today), access=manager(world), now=NOW)

    assert report.period.start <= NOW <= report.period.end
    assert report.period.start.utcoffset() == timedelta(hours=14)
