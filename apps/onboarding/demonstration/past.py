"""Eight weeks of Acme, the last four of them busy: how every page of the demo comes to life."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from django.db.models import F
from django.db.models.functions import Now

from apps.alerts.models import LISTED, Alert
from apps.assignments.models import Assignment, Offer
from apps.leads.models import FollowUp, LeadEvent
from apps.onboarding.demonstration import cast, company, recipients
from apps.onboarding.demonstration.agenda import Agenda
from apps.onboarding.demonstration.company import Company
from apps.onboarding.demonstration.road import Body, Road
from apps.teams.models import Team

DAYS = 56
# Leads before today's last minutes. With those, the sales floor's turns are one more than a
# multiple of its twelve seats: the newest lead is Mia's, and the next twelve go to twelve people.
RECEIVED = {
    "website": 310, "openhouse": 84, "meta-lead-ads": 146, "partner-portal": 72,
    "trade-fair-form": 48,
}  # fmt: skip
# How many of them came today, of a whole working day that is over.
_TODAY = {
    "website": 24, "openhouse": 2, "meta-lead-ads": 4, "partner-portal": 1, "trade-fair-form": 1,
}  # fmt: skip
_SOON = timedelta(minutes=1)
_RECENT, _RECENT_SHARE, _COME_AGAIN = 28, 0.88, 12
_ODD: tuple[tuple[str, Body], ...] = (
    ("meta-lead-ads", {"name": "Walk-in visitor", "company": "Seefeld Hotels"}),
    ("meta-lead-ads", {"name": "Georg Pichler", "message": "Please call me back."}),
    ("partner-portal", '{"name": "Ida Frei", "email": "ida.frei@example.com"'),
    ("meta-lead-ads", {"name": "Test", "email": "test@meta.com"}),
    ("partner-portal", {"name": "Test", "email": "trial@example.com", "test": True}),
    ("meta-lead-ads", {"name": "Dana Cole", "email": "dana.cole@example.com", "country": "US"}),
    ("trade-fair-form", {"name": "Rui Costa", "email": "rui.costa@example.com", "country": "AU"}),
)
_LARGE = {"country": "DE", "city": "Munich", "employees": 640, "company": "Isarwerk Logistik",
          "product": "Depot charging", "charge_points": 40}  # fmt: skip
_SMALL = {"country": "AT", "city": "Graz", "employees": 60, "company": "Bergland Taxi",
          "product": "Workplace charging", "charge_points": 4, "language": "de"}  # fmt: skip
_NORTH = {**_LARGE, "company": "Elbtal Logistik", "city": "Hamburg"}
_BRITISH = {"country": "GB", "city": "Leeds", "employees": 240, "language": "en",
            "company": "Seefeld Hotels", "product": "Workplace charging"}  # fmt: skip
_TINY = {**_SMALL, "employees": 8, "timeline": "This year"}
# What has just come in when the demo is first looked at: how long ago, where, and what it says.
_JUST_NOW: tuple[tuple[float, str, dict[str, object]], ...] = (
    (130, "meta-lead-ads", {**_TINY, "company": "Talblick Bäckerei", "city": "Salzburg"}),
    (75, "meta-lead-ads", _SMALL),
    (47, "trade-fair-form", {**_TINY, "company": "Seefeld Handwerk", "city": "Linz"}),
    (38, "trade-fair-form", {**_SMALL, "company": "Lindenhof Hotels", "city": "Vienna"}),
    (21, "partner-portal", {**_SMALL, "company": "Nordhafen Hotels", "city": "Vienna"}),
    (9, "meta-lead-ads", {**_LARGE, "company": "Rheinkurier Logistik", "city": "Cologne"}),
    (2.5, "meta-lead-ads", _LARGE),
    (3.2, "website", {}),
    (1.4, "website", {}),
    (1.1, "openhouse", {}),
    (0.5, "website", {}),
    (0.4, "openhouse", {}),
    (17, "meta-lead-ads", _BRITISH),
    (6, "partner-portal", _NORTH),
)


def play(made: Company, partner: Company, *, now: datetime) -> None:
    """Let everything happen that happened until `now`, in the caller's transaction.

    Copies of leads are planned on the way, and only planned: see `sharing`.
    """
    agenda = Agenda(until=now, timezone=company.TIMEZONE)
    road = Road(made, agenda)
    for when, slug, body in _arrivals(agenda):
        agenda.at(when, partial(road.arrive, slug, body))
    for minutes, slug, body in _just_now(agenda):
        when = now - timedelta(minutes=minutes)
        agenda.at(when, partial(road.arrive, slug, body, is_worked=False))
    agenda.at(now - timedelta(days=20), lambda at: company.add_small_firms(made, now=at))
    recipients.plan(made, partner, agenda)
    agenda.at(now - timedelta(hours=12), lambda at: company.set_response_target(made, now=at))
    agenda.play()
    road.desk.plan_today()
    road.desk.book.write()
    settle(made.team, now)


def _arrivals(agenda: Agenda) -> Iterator[tuple[datetime, str, Body]]:
    written: list[tuple[datetime, Body]] = []
    for slug, count in RECEIVED.items():
        for number in range(count):
            when = _moment(agenda, is_today=number < _TODAY[slug] * agenda.part_of_today)
            body = cast.prospect(agenda.chance, slug, len(written))
            written.append((when, body))
            yield when, slug, body
    for slug, odd in _ODD:
        yield agenda.arrival(days=9, later_than=timedelta(hours=1)), slug, odd
    for first, again in agenda.chance.sample(written, _COME_AGAIN):
        when = first + (agenda.until - first) * agenda.chance.uniform(0.05, 0.9)
        yield when, "meta-lead-ads", again


def _moment(agenda: Agenda, *, is_today: bool) -> datetime:
    if is_today:
        return agenda.earlier_today()
    is_recent = agenda.chance.random() < _RECENT_SHARE
    return agenda.arrival(days=_RECENT if is_recent else DAYS - 1, later_than=agenda.today)


def _just_now(agenda: Agenda) -> Iterator[tuple[float, str, Body]]:
    for number, (minutes, slug, said) in enumerate(_JUST_NOW, sum(RECEIVED.values())):
        yield minutes, slug, {**cast.prospect(agenda.chance, slug, number), **said}


def settle(team: Team, now: datetime) -> None:
    """Nobody is mailed or reminded about the past, and what is old has been read."""
    told = Alert.objects.filter(team=team)
    told.exclude(kind__in=LISTED).delete()
    told.update(email_due=False)
    told.filter(created_at__lt=now - timedelta(hours=2)).update(read_at=F("created_at"))
    due = FollowUp.objects.filter(team=team, due_at__lte=now, reminded_at=None)
    due.update(reminded_at=F("due_at"))
    # No rules were asked about changes then.
    LeadEvent.objects.filter(team=team, handled_at=None).update(handled_at=F("at"))


def put_off(team: Team) -> None:
    """What ran out while the demo was made, or is about to, runs out a little later."""
    soon, later = Now() + _SOON, Now() + 2 * _SOON
    offers = Offer.objects.filter(team=team, state=Offer.State.OPEN, expires_at__lt=soon)
    offers.update(expires_at=later)
    awaited = Assignment.objects.filter(team=team, ended_at=None, responded_at=None)
    awaited.filter(respond_by__lt=soon).update(respond_by=later)
