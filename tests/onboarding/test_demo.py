"""The demo is made once, holds together, and tells all that one needs to use it."""

import json
from collections import Counter
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db.models import Count, F, Q, Sum
from django.test import Client

from apps.alerts.models import Alert
from apps.assignments.models import Assignment, Decision, Offer
from apps.assignments.services import expire_due
from apps.capture.models import Capture
from apps.leads.models import OPEN_KINDS, Attempt, FollowUp, Lead
from apps.onboarding.demonstration import acme, cast
from apps.rules.models import Mode, Pool, Seat, TurnEntry
from apps.teams.models import Membership, Team

pytestmark = pytest.mark.django_db


def demo(*options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("demo", "--json", *options, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def path_of(made: dict[str, Any], source: str) -> str:
    return urlsplit(made["sources"][source]["address"]).path


def send(client: Client, path: str, number: int) -> dict[str, Any]:
    body = {"name": f"Visitor {number}", "email": f"visitor{number}@example.com"}
    response = client.post(path, body, content_type="application/json")
    assert response.status_code == 201
    answer: dict[str, Any] = response.json()
    return answer


def test_a_second_run_makes_nothing_and_says_the_same() -> None:
    first = demo("--without-past")
    second = demo("--without-past")

    assert second == first
    assert Team.objects.filter(slug="acme").count() == 1


def test_it_names_everybody_with_the_role_and_a_password_that_works(client: Client) -> None:
    made = demo("--without-past")

    roles = Counter(member["role"] for member in made["members"])
    assert roles == {"salesperson": 12, "manager": 2, "admin": 1, "viewer": 1}
    assert set(made["sign_in"]) == set(roles)
    for email in made["sign_in"].values():
        assert client.login(username=email, email=email, password=made["password"])


def test_website_leads_go_round_all_twelve(client: Client) -> None:
    made = demo("--without-past")

    answers = [send(client, path_of(made, "website"), number) for number in range(12)]

    assert {answer["outcome"] for answer in answers} == {"assigned"}
    assert {answer["owner"] for answer in answers} == {p.email for p in cast.SALESPEOPLE}


def test_openhouse_leads_are_open_to_all_twelve(client: Client) -> None:
    made = demo("--without-past")

    answer = send(client, path_of(made, "openhouse"), 1)

    assert answer["outcome"] == "open"
    assert len(Offer.objects.get(pk=answer["offer"]).candidates) == 12


def test_pools_are_open_day_and_night_and_uncapped() -> None:
    demo("--without-past")

    pools = Pool.objects.filter(team__slug="acme")
    assert pools.count() > 5
    for pool in pools:
        assert (pool.is_always_open, pool.respects_hours) == (True, False)
        assert (pool.claims_per_day, pool.max_unworked) == (None, None)
    assert not Seat.objects.filter(cap_day__isnull=False).exists()
    assert not Membership.objects.filter(Q(capacity__isnull=False) | Q(is_paused=True)).exists()


def test_its_past_holds_together_and_every_page_has_something(client: Client) -> None:
    made = acme.make(now=datetime.now(UTC))

    team = Team.objects.get(slug="acme")
    for holds in (places_are_counted, credits_sum_to_zero, moments_are_in_order, owners_agree,
                  nothing_is_due_at_once, every_page_has_something):  # fmt: skip
        holds(team)
    # Nobody begins ahead of anybody: the next twelve website leads go to twelve people.
    assert len({send(client, path_of(made, "website"), n)["owner"] for n in range(12)}) == 12


def places_are_counted(team: Team) -> None:
    """A member's counter is her open leads and the offers that are hers alone."""
    for member in Membership.objects.filter(team=team):
        owned = Lead.objects.open().filter(owner=member, stage=Lead.Stage.OWNED).count()
        offered = Offer.objects.filter(member=member, state=Offer.State.OPEN).count()
        assert member.open_leads == owned + offered, member


def credits_sum_to_zero(team: Team) -> None:
    for pool in Pool.objects.filter(team=team):
        credits = dict(pool.seats.values_list("pk", "credit"))
        ledger: Counter[str] = Counter()
        for entry in TurnEntry.objects.filter(pool=pool):
            assert sum(entry.deltas.values()) == 0
            ledger.update(entry.deltas)
        assert sum(credits.values()) == 0
        assert {str(pk): credit for pk, credit in credits.items() if credit} == {
            seat: credit for seat, credit in ledger.items() if credit
        }


def moments_are_in_order(team: Team) -> None:
    leads = Lead.objects.filter(team=team)
    assert not leads.filter(first_attempt_at__lt=F("received_at")).exists()
    assert not leads.filter(assigned_at__lt=F("received_at")).exists()
    assert not leads.filter(closed_at__lt=F("received_at")).exists()
    assert not Offer.objects.filter(team=team, closed_at__lt=F("opened_at")).exists()
    ended = Assignment.objects.filter(team=team)
    assert not ended.filter(ended_at__lt=F("started_at")).exists()
    assert not ended.filter(responded_at__lt=F("started_at")).exists()
    now = datetime.now(UTC)
    assert not Offer.objects.filter(team=team, closed_at__gt=now).exists()


def owners_agree(team: Team) -> None:
    for lead in Lead.objects.filter(team=team).prefetch_related("assignments"):
        live = [one.member_id for one in lead.assignments.all() if one.ended_at is None]
        assert live == ([lead.owner_id] if lead.owner_id else [])
        assert (lead.closed_at is None) == (lead.status_kind in OPEN_KINDS)


def nothing_is_due_at_once(team: Team) -> None:
    """The timers find nothing of the past to do, and nobody is mailed about it."""
    done = expire_due()
    assert {name: count for name, count in done.items() if count and "warned" not in name} == {}
    assert not Alert.objects.filter(team=team, email_due=True).exists()


def every_page_has_something(team: Team) -> None:
    now = datetime.now(UTC)
    leads = Lead.objects.filter(team=team)
    stages = dict(leads.values_list("stage").annotate(Count("pk")))
    assert {"owned", "open", "offered", "hopper", "out"} <= stages.keys()
    kinds = dict(leads.values_list("status_kind").annotate(Count("pk")))
    assert {"new", "working", "qualified", "won", "lost", "disqualified"} <= kinds.keys()
    assert leads.count() > 250
    waiting = FollowUp.objects.filter(team=team, done_at=None, cancelled_at=None)
    assert waiting.filter(due_at__lt=now).exists()
    assert waiting.filter(due_at__gt=now).exists()
    doors = set(Decision.objects.filter(team=team).values_list("door", flat=True))
    assert {"webhook", "form", "take_back", "expiry"} <= doors
    outcomes = set(Capture.objects.filter(team=team).values_list("outcome", flat=True))
    assert {"assigned", "open", "offered", "hopper", "duplicate", "quarantined", "test"} <= outcomes
    attempts = Attempt.objects.filter(team=team).values("member").annotate(n=Count("pk"))
    assert len(attempts) == 12
    assert attempts.aggregate(all=Sum("n"))["all"] > 300
    assert {pool.mode for pool in Pool.objects.filter(team=team)} == set(Mode.values)
