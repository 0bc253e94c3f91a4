"""The clients' last weeks: leads of their own, leads that the agency sent, and the work on all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial

from apps.deliveries.models import Delivery
from apps.leads.models import Source
from apps.onboarding.demonstration import sharing
from apps.onboarding.demonstration.agenda import Agenda
from apps.onboarding.demonstration.company import Company
from apps.onboarding.demonstration.northstar import cast
from apps.onboarding.demonstration.northstar.cast import ClientTeam
from apps.onboarding.demonstration.road import Road
from apps.teams.models import Team

DAYS = 42
_WEEK = timedelta(days=7)
_SHARES = {"website": 5, "meta-lead-ads": 3, "search-ads": 2}
# How many came this week: too few to be judged by, but for a client that grows slow; and how much
# longer its leads wait.
_FEW, _MANY, _TIMES = 6, 15, 6
_WAITING = (timedelta(minutes=25), timedelta(minutes=64), timedelta(minutes=97))


def play(
    client: ClientTeam, company: Company, sent: Iterable[Delivery], *, seed: int, now: datetime
) -> None:
    """Everything until `now`, in the caller's transaction; copies come in among its own leads."""
    agenda = Agenda(until=now, timezone=cast.TIMEZONE, seed=seed)
    road = Road(company, agenda)
    road.desk.work_at(client.pace, slower_from=now - _WEEK if client.grows_slow else None,
                      times=_TIMES)  # fmt: skip
    bodies = (cast.enquiry(client, agenda.chance, number) for number in range(1_000))
    for slug, when in _moments(client, agenda):
        agenda.at(when, partial(road.arrive, slug, next(bodies)))
    # Some have a lead that has just come, and they do not all have it at once.
    later = timedelta(minutes=4 * (seed % 5))
    for ago in _WAITING if client.grows_slow else _WAITING[: seed % 2]:
        agenda.at(now - ago - later, partial(road.arrive, "website", next(bodies), is_worked=False))
    _expect(road, agenda, company.team, sent)
    agenda.play()
    road.desk.plan_today()
    road.desk.book.write()
    sharing.settle(company.team, now)


def _moments(client: ClientTeam, agenda: Agenda) -> Iterator[tuple[str, datetime]]:
    """By which source each lead comes, and when. Whatever is not silent brought one this week."""
    silent = client.silent.casefold().replace(" ", "-")
    heard = [slug for slug in _SHARES if slug != silent]
    for number in range(client.leads):
        slug = agenda.chance.choices(tuple(_SHARES), tuple(_SHARES.values()))[0]
        if number < len(heard):
            yield heard[number], agenda.arrival(days=5, later_than=timedelta(hours=3))
        elif silent and number % 3 == 0:
            yield silent, agenda.until - _WEEK - timedelta(hours=5 + 3 * number)
        elif number < (_MANY if client.grows_slow else _FEW):
            yield _but(slug, silent), agenda.arrival(days=6, later_than=timedelta(hours=3))
        else:
            later = _WEEK + timedelta(hours=2)
            yield _but(slug, silent), agenda.arrival(days=DAYS - 8, later_than=later)


def _but(slug: str, silent: str) -> str:
    return "website" if slug == silent else slug


def _expect(road: Road, agenda: Agenda, team: Team, sent: Iterable[Delivery]) -> None:
    source = Source.objects.filter(team=team).exclude(sender=None).first()
    for delivery in sent:
        assert source is not None  # it agreed before it was sent anything
        source.team = team
        at = delivery.queued_at + timedelta(seconds=agenda.chance.uniform(0.6, 3))
        agenda.at(at, partial(sharing.hand_over, road, source, delivery))
