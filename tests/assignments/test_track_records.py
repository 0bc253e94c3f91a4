"""Track records against a plain recount, lead by lead."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from apps.assignments.models import Assignment
from apps.assignments.seats import track_records
from apps.assignments.seats.measures import records
from apps.assignments.seats.track_records import Asked
from apps.leads.models import Lead
from apps.routing.values import fold
from apps.rules.models import Pool, TrackRecord
from apps.teams.models import Membership, Team
from tests import factories
from tests.factories.teams import NOW

pytestmark = pytest.mark.django_db
INDUSTRIES = ["Solar", "solar ", "Logistics", "Straße", "STRASSE", None]
ASKED = Asked((30, 90), ("city", "custom.plan", "industry", "source"))


@pytest.fixture
def team() -> Team:
    return factories.TeamFactory()


@pytest.fixture
def members(team: Team) -> list[Membership]:
    return [factories.MembershipFactory(team=team) for _ in range(3)]


def a_lead(team: Team, owner: Membership | None, dice: random.Random, **columns: Any) -> Lead:
    kind = dice.choice(["new", "won", "lost", "lost", "disqualified"])
    industry = dice.choice(INDUSTRIES)
    values: dict[str, Any] = {
        "stage": "owned" if owner else "hopper",
        "status": factories.StatusFactory(team=team, kind=kind),
        "status_kind": kind,
        "received_at": NOW - timedelta(days=dice.randrange(0, 120), minutes=1),
        "city": dice.choice(["Graz", "GRAZ", ""]),
        "facts": {"industry": industry} if industry else {},
        "custom": {"plan": dice.choice(["Gold", "gold", "7"])} if dice.random() < 0.7 else {},
    } | columns
    return factories.LeadFactory(team=team, owner=owner, **values)


def recounted(team: Team, days: int) -> dict[Any, dict[str, Any]]:
    since = NOW - timedelta(days=days)
    found: dict[Any, dict[str, Any]] = defaultdict(
        lambda: {"leads": 0, "closed": 0, "won": 0, "responses": 0, "response_seconds": 0.0,
                 "by": defaultdict(dict)}
    )  # fmt: skip
    for lead in Lead.objects.counted().filter(team=team).select_related("source"):
        if lead.owner_id is None or lead.received_at < since:
            continue
        figures = found[lead.owner_id]
        is_won, is_closed = lead.status_kind == "won", lead.status_kind in ("won", "lost")
        figures["leads"] += 1
        figures["closed"] += is_closed
        figures["won"] += is_won
        said = {
            "city": lead.city, "custom.plan": lead.custom.get("plan"),
            "industry": lead.facts.get("industry"), "source": lead.source.slug,
        }  # fmt: skip
        for field, value in said.items():
            if value and is_closed:
                counted = figures["by"][field].setdefault(fold(value), [0, 0])
                counted[0] += 1
                counted[1] += is_won
    for given in Assignment.objects.filter(team=team, responded_at__isnull=False):
        if given.started_at >= since:
            assert given.responded_at is not None
            seconds = (given.responded_at - given.started_at).total_seconds()
            found[given.member_id]["responses"] += 1
            found[given.member_id]["response_seconds"] += seconds
    return {member: {**figures, "by": dict(figures["by"])} for member, figures in found.items()}


@pytest.mark.parametrize("seed", range(4))
def test_every_figure_is_what_a_recount_finds(
    team: Team, members: list[Membership], seed: int
) -> None:
    dice = random.Random(seed)
    elsewhere = factories.MembershipFactory()
    a_lead(elsewhere.team, elsewhere, dice)
    for _ in range(60):
        owner = dice.choice([*members, None])
        lead = a_lead(team, owner, dice, is_spam=dice.random() < 0.1, is_test=dice.random() < 0.1)
        if owner and dice.random() < 0.7:
            started = lead.received_at
            factories.AssignmentFactory(
                team=team, lead=lead, member=owner, started_at=started,
                responded_at=dice.choice([None, started + timedelta(seconds=dice.randrange(900))]),
            )  # fmt: skip

    found = track_records.figures(team, ASKED, now=NOW)

    for days in ASKED.days:
        of_span = {member: figures for (member, span), figures in found.items() if span == days}
        assert of_span == recounted(team, days)
    assert found


def test_only_what_pools_ask_for_is_counted(team: Team, members: list[Membership]) -> None:
    plain = factories.PoolFactory(team=team)
    ranked = factories.PoolFactory(team=team, ranking="performance", performance={"days": 30})
    alike = factories.PoolFactory(
        team=team, ranking="fit", fit=[{"kind": "similar", "field": "industry", "weight": 1}]
    )

    assert Asked.of([plain]) == Asked()
    assert Asked.of([plain, ranked]) == Asked((30,))
    assert Asked.of([ranked, alike]) == Asked((30, 90), ("industry",))


def test_a_team_that_asks_for_nothing_keeps_no_records(
    team: Team, members: list[Membership]
) -> None:
    factories.TrackRecordFactory(team=team, membership=members[0])
    factories.PoolFactory(team=team)

    assert track_records.count_all(now=NOW) == 0
    assert not TrackRecord.objects.exists()


def test_counting_again_replaces_and_takes_away(team: Team, members: list[Membership]) -> None:
    dice = random.Random(1)
    pool: Pool = factories.PoolFactory(team=team, ranking="performance", performance={"days": 30})
    lead = a_lead(team, members[0], dice, received_at=NOW - timedelta(days=1))
    call_count = track_records.count_all(now=NOW)
    Lead.objects.filter(pk=lead.pk).update(owner=members[1])

    track_records.count_all(now=NOW + timedelta(minutes=10))

    assert call_count == 1
    kept = TrackRecord.objects.get(team=team)
    assert (kept.membership, kept.days, kept.figures["leads"]) == (members[1], 30, 1)
    assert kept.counted_at == NOW + timedelta(minutes=10)
    assert records(pool.team, 30).of.keys() == {members[1].pk}


def test_it_is_one_statement_a_team(
    team: Team, members: list[Membership], django_assert_num_queries: Any
) -> None:
    for member in members:
        a_lead(team, member, random.Random(3))

    with django_assert_num_queries(1):
        track_records.figures(team, ASKED, now=NOW)


def test_the_command_counts(team: Team, members: list[Membership], capsys: Any) -> None:
    factories.PoolFactory(team=team, ranking="performance")

    call_command("count_track_records")

    assert "0 track records" in capsys.readouterr().out
