"""What the mail of Monday says, to whom it goes, and that each gets it once."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import unescape
from threading import Barrier, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.dashboards.figures import metrics
from apps.dashboards.models import WeeklyMail
from apps.dashboards.weekly import content, letters
from apps.leads.models import Lead
from apps.teams.models import Membership, Team
from tests.assignments.world import NOW, World
from tests.dashboards.recounting import counted, nearest_rank, seed
from tests.deliveries.post_office import PostOffice, body, subject

pytestmark = pytest.mark.django_db
# The week that ended today, whichever day it is: a Monday is only a day to count back from.
MONDAY = NOW.date()


@pytest.fixture
def world() -> World:
    return World(response_seconds=300)


@pytest.fixture
def manager(world: World) -> Membership:
    return world.member("Henrike", role="manager")


def due(member: Membership) -> WeeklyMail:
    return WeeklyMail.objects.create(
        team=member.team, membership=member, week=MONDAY, try_at=NOW - timedelta(minutes=1)
    )


def lead(world: World, days: float, wait: int | None = None, **columns: Any) -> Lead:
    at = datetime.combine(MONDAY, datetime.min.time(), NOW.tzinfo) - timedelta(days=days)
    tried = at + timedelta(seconds=wait) if wait is not None else None
    return world.lead(received_at=at, first_attempt_at=tried, **columns)


def test_its_figures_are_those_of_the_dashboard_and_right(
    world: World, manager: Membership
) -> None:
    leads = seed(world)
    told = content.week(MONDAY, access=world.access(manager), now=NOW)
    period = told.figures.question.period
    these = [one for one in counted(leads) if period.start <= one.received_at <= period.end]

    assert told.figures == metrics.figures(told.figures.question, access=world.access(manager))
    assert (told.first_day, told.last_day) == (
        MONDAY - timedelta(days=7), MONDAY - timedelta(days=1),
    )  # fmt: skip
    assert told.figures.now.received == len(these) > 10
    assert told.figures.now.median.seconds == nearest_rank(these, 50)


def test_it_says_what_went_well_what_went_wrong_and_who_needs_help(
    world: World, manager: Membership
) -> None:
    mia = world.member("Mia Ortner")
    for number in range(12):
        lead(world, 8 + number / 4, wait=900)
        lead(world, 1 + number / 4, wait=60, first_contact_at=None)
    lead(world, 8, wait=10, first_contact_at=NOW)
    for number in range(2):
        lead(world, 2 + number, owner=mia, stage="owned")
    lead(world, 40)

    told = content.week(MONDAY, access=world.access(manager), now=NOW)

    assert told.head.text == "14 leads came in last week; 13 the week before."
    well = [finding.text for finding in told.well]
    assert "Half of the leads were answered within 1:00; the week before, 15:00." in well
    wrong = [finding.text for finding in told.wrong]
    assert "2 leads of last week have no attempt yet." in wrong
    assert "0 % replied or were talked to; the week before, 8 %." in wrong
    assert told.attention[0].text.startswith("Mia Ortner has 2 untouched leads")
    assert told.attention[1].text == "1 more untouched lead."


def test_every_link_leads_to_the_leads_that_it_speaks_of(world: World, manager: Membership) -> None:
    mia = world.member("Mia Ortner")
    for number in range(3):
        lead(world, 2 + number, owner=mia, stage="owned")
    lead(world, 2, wait=30, status_kind="won")
    client = Client()
    client.force_login(manager.user, backend="allauth.account.auth_backends.AuthenticationBackend")

    told = content.week(MONDAY, access=world.access(manager), now=NOW)

    for finding in (told.head, *told.well, *told.wrong, *told.attention):
        assert client.get(finding.link).status_code == 200
    assert len(client.get(told.head.link).context["rows"]) == 4
    assert len(client.get(told.attention[0].link).context["rows"]) == 3


def test_it_comes_once_with_both_parts_and_a_way_to_stop_it(
    world: World, manager: Membership, post: PostOffice
) -> None:
    lead(world, 2, wait=30)
    due(manager)

    assert [letters.run() for _time in range(2)] == [1, 0]

    mail = post.only
    assert mail["To"] == manager.user.email
    assert subject(mail) == "Acme: 1 lead last week"
    for kind in ("plain", "html"):
        assert "1 lead came in last week" in body(mail, kind)
        assert "https://relay.example/t/acme/leads/?" in unescape(body(mail, kind))
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = urlsplit(str(mail["List-Unsubscribe"]).strip(" <>")).path
    Client().get(path)
    assert User.objects.get(pk=manager.user_id).wants_weekly is True
    Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})
    assert User.objects.get(pk=manager.user_id).wants_weekly is False


def test_a_team_without_leads_gets_nothing(manager: Membership, post: PostOffice) -> None:
    mail = due(manager)

    letters.run()

    mail.refresh_from_db()
    assert (post.taken, mail.state) == ([], "nothing")


def test_a_week_without_leads_after_one_with_some_is_one_honest_line(
    world: World, manager: Membership, post: PostOffice
) -> None:
    lead(world, 9, wait=10)
    due(manager)

    letters.run()

    text = body(post.only, "plain")
    assert "No lead came in last week; 1 the week before." in text
    assert "What went" not in text


def _left(member: Membership) -> None:
    Membership.objects.filter(pk=member.pk).update(is_active=False)


def _locked_out(member: Membership) -> None:
    User.objects.filter(pk=member.user_id).update(is_active=False)


def _opted_out(member: Membership) -> None:
    User.objects.filter(pk=member.user_id).update(wants_weekly=False)


def _closed(member: Membership) -> None:
    Team.objects.filter(pk=member.team_id).update(is_active=False)


@pytest.mark.parametrize("change", [_left, _locked_out, _opted_out, _closed])
def test_whoever_left_or_does_not_want_it_gets_none(
    world: World, manager: Membership, post: PostOffice, change: Any
) -> None:
    lead(world, 2)
    due(manager)
    change(manager)

    letters.run()

    assert post.taken == []


@pytest.mark.django_db(transaction=True)
def test_of_two_beats_at_once_one_sends(
    world: World, manager: Membership, post: PostOffice
) -> None:
    lead(world, 2)
    due(manager)
    barrier = Barrier(3)

    def beat() -> None:
        barrier.wait()
        try:
            letters.run()
        finally:
            connection.close()

    beats = [Thread(target=beat) for _n in range(3)]
    for thread in beats:
        thread.start()
    for thread in beats:
        thread.join(timeout=60)

    assert len(post.taken) == 1


def test_names_stay_text(world: World, manager: Membership, post: PostOffice) -> None:
    mia = world.member("Mia")
    User.objects.filter(pk=mia.user_id).update(name="<img src=x onerror=alert(1)>")
    Team.objects.filter(pk=world.team.pk).update(name="Acme\r\nBcc: x@example.com <b>")
    lead(world, 2, owner=mia, stage="owned")
    due(Membership.objects.get(pk=manager.pk))

    letters.run()

    assert "<img" not in body(post.only, "html")
    assert post.only["Bcc"] is None
    assert timezone.get_current_timezone_name() == "UTC"
