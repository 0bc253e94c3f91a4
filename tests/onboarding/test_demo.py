"""The demo is made once, holds together, and tells all that one needs to use it."""

import json
from collections import Counter
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.management import call_command
from django.db.models import Count, F, Q, Sum
from django.test import Client

from apps.agency import warning_finder
from apps.alerts.models import Alert
from apps.assignments.models import Assignment, Decision, Offer
from apps.assignments.services import expire_due
from apps.capture.copies import take_due
from apps.capture.models import Capture
from apps.dashboards.models import Cost
from apps.deliveries.models import ARRIVED, WAITING, Arrival, Delivery, DeliveryAttempt, Dispute
from apps.deliveries.plans import offers
from apps.deliveries.returns import coming_back
from apps.leads.models import OPEN_KINDS, Attempt, FollowUp, Lead
from apps.onboarding.demonstration import acme, cast
from apps.rules.models import (
    Mode,
    Pool,
    Recipient,
    RecipientPool,
    RecipientTurn,
    Seat,
    TurnEntry,
)
from apps.teams.models import Agency, ClientGrant, ClientInvitation, Membership, Team
from apps.teams.permissions import Grant

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
                  nothing_is_due_at_once, every_page_has_something, copies_are_in_every_state,
                  copies_hold_together, turns_of_recipients_sum_to_zero,
                  no_copy_goes_out):  # fmt: skip
        holds(team)
    partner = Team.objects.get(slug=made["partners"][0]["slug"])
    for holds in (places_are_counted, credits_sum_to_zero, moments_are_in_order, owners_agree,
                  nothing_is_due_at_once, the_partner_got_its_copies):  # fmt: skip
        holds(partner)
    the_agency_holds_together()
    for email in (*made["partners"][0]["sign_in"].values(),
                  *made["agencies"][0]["sign_in"].values()):  # fmt: skip
        assert client.login(username=email, email=email, password=made["password"])
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


def copies_are_in_every_state(team: Team) -> None:
    """But queued: whether one waits depends on the hour."""
    sent = Delivery.objects.filter(team=team)
    assert {*sent.values_list("state", flat=True), "queued"} == set(Delivery.State.values)
    assert set(sent.values_list("channel", flat=True)) == set(Recipient.Kind.values)
    disputes = Dispute.objects.filter(team=team)
    assert set(disputes.values_list("state", flat=True)) == set(Dispute.State.values)
    near = Recipient.objects.get(team=team, quota__isnull=False)
    assert 0 < near.campaign_count < (near.quota or 0)
    assert near.deliveries.filter(queued_at__gte=near.campaign_since).count() >= near.campaign_count
    assert Lead.objects.filter(team=team, stage=Lead.Stage.AWAY).exists()


def copies_hold_together(team: Team) -> None:
    """Each row says of itself what the services would have written."""
    now = datetime.now(UTC)
    for each in Delivery.objects.filter(team=team).prefetch_related("attempts"):
        tries = list(each.attempts.all())
        assert [one.number for one in tries] == list(range(1, len(tries) + 1)), each
        moments = [each.queued_at, *(one.at for one in tries), now]
        assert moments == sorted(moments), each
        assert (each.state in WAITING) == (each.ended_at is None and each.state not in ARRIVED)
        if each.state in ARRIVED:
            assert tries[-1].is_success, each
            assert (each.next_attempt_at, each.sent_at is None) == (None, False), each
        if each.opened_at:
            assert (each.sent_at or now) < each.opened_at <= now, each
        if each.state == Delivery.State.DEAD:
            assert [one.is_success for one in tries] == [False] * 8


def turns_of_recipients_sum_to_zero(team: Team) -> None:
    pools = RecipientPool.objects.filter(team=team)
    assert {pool.way for pool in pools} == {"turn", "first"}
    for pool in pools:
        ledger: Counter[str] = Counter()
        for turn in RecipientTurn.objects.filter(pool=pool):
            assert sum(turn.deltas.values()) == 0
            ledger.update(turn.deltas)
        credits = {str(pk): credit for pk, credit in pool.seats.values_list("pk", "credit")}
        assert sum(credits.values()) == 0
        assert {pk: n for pk, n in credits.items() if n} == {pk: n for pk, n in ledger.items() if n}


def no_copy_goes_out(team: Team) -> None:
    """The process that delivers finds nothing to do, and no webhook may be called at all."""
    tried = DeliveryAttempt.objects.count()
    now = datetime.now(UTC)
    assert take_due() == 0
    assert offers.expire_due(now=now) == 0
    assert coming_back.sweep(now=now) == 0
    due = Delivery.objects.filter(state__in=WAITING, next_attempt_at__lte=now)
    assert not due.exists()
    assert DeliveryAttempt.objects.count() == tried
    webhooks = Recipient.objects.filter(kind=Recipient.Kind.WEBHOOK)
    assert {each.disabled_at is None for each in webhooks} == {False}
    assert not mail.outbox


def the_partner_got_its_copies(team: Team) -> None:
    arrivals = Arrival.objects.filter(team=team)
    sent = Delivery.objects.filter(
        team__slug="acme", channel=Recipient.Kind.TEAM, state=Delivery.State.DELIVERED
    )
    assert set(arrivals.values_list("delivery_id", flat=True)) == set(
        sent.values_list("pk", flat=True)
    )
    assert not arrivals.filter(lead=None).exists()
    assert Offer.objects.filter(team=team, state=Offer.State.OPEN).exists()
    by_source = Lead.objects.filter(team=team).values_list("source__kind")
    assert {kind for kind, _n in by_source.annotate(Count("pk"))} == {"copy", "json"}


def the_agency_holds_together() -> None:
    """Every grant there is, warnings as the finder finds them, and copies with an outcome."""
    agency = Agency.objects.get()
    live = ClientGrant.objects.filter(agency=agency, ended_at=None).select_related("team")
    assert len(live) == 8
    assert {grant for each in live for grant in each.allows} == set(Grant.values)
    assert {each.is_masked for each in live} == {True, False}
    assert [each.allows for each in live].count([]) == 1
    assert ClientGrant.objects.filter(agency=agency).exclude(ended_at=None).count() == 1
    assert ClientInvitation.objects.filter(agency=agency, accepted_at=None).count() == 1
    for each in live:
        assert Lead.objects.filter(team=each.team).count() >= 15
        for holds in (places_are_counted, credits_sum_to_zero, moments_are_in_order, owners_agree,
                      nothing_is_due_at_once):  # fmt: skip
            holds(each.team)
        assert Cost.objects.filter(team=each.team).count() == 6
    warned = {each.pk: set(each.warned) - {"told"} for each in live}
    assert warning_finder.find(now=datetime.now(UTC)) == 0
    found = {each.pk: set(each.warned) - {"told"} for each in live.all()}
    assert found == warned
    assert sorted(len(kinds) for kinds in warned.values()) == [0] * 6 + [1, 1]
    sent = Delivery.objects.filter(team=agency.sending_team)
    assert {each.state for each in sent} == {Delivery.State.DELIVERED}
    became = Lead.objects.filter(source__sender=agency.sending_team)
    assert became.count() == sent.count() == 30
    assert became.filter(first_contact_at__isnull=False).exists()
    assert not Lead.objects.filter(team=agency.sending_team, deleted_at=None).exists()
