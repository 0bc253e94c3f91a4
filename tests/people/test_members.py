"""The list of members, and one member with everything about her."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.people import activity
from apps.rules.models import Pool, Seat, TurnEntry
from apps.teams.models import Membership
from apps.teams.permissions import Role
from tests import factories
from tests.teams.people import People, a_team

pytestmark = pytest.mark.django_db
HOSTILE = ["\x00", "9" * 5_000, "' OR 1=1 --", "<script>", "-1", "ünï¢ode"]


@pytest.fixture
def people() -> People:
    return a_team()


@pytest.fixture
def pool(people: People) -> Pool:
    return factories.PoolFactory(team=people.team, name="North")


def browser(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def listed(people: People, **asked: Any) -> set[str]:
    page = browser(people.manager).get(f"/t/{people.team.slug}/members/", asked)
    assert page.status_code == 200
    return {row.member.user.email for row in page.context["rows"]}


def test_it_is_searched_and_filtered(people: People, pool: Pool) -> None:
    paused = factories.MembershipFactory(
        team=people.team, title="Closer", is_paused=True, user__name="Zoë Quill"
    )
    factories.SeatFactory(team=people.team, pool=pool, membership=paused)
    full = factories.MembershipFactory(team=people.team, capacity=2, open_leads=2)

    zoe = {paused.user.email}
    for asked in ({"q": "zoë"}, {"q": "QUILL closer"}, {"q": paused.user.email},
                  {"pool": str(pool.pk)}):  # fmt: skip
        assert listed(people, **asked) == zoe, asked
    assert listed(people, state="full") == {full.user.email}
    assert listed(people, role="viewer") == {people.viewer.user.email}
    assert zoe <= listed(people, state="away")
    assert listed(people, state="seatless") >= {full.user.email, people.salesperson.user.email}
    assert not listed(people, state="seatless") & zoe


@pytest.mark.parametrize("said", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_filters_break_nothing(people: People, said: str) -> None:
    for name in ("q", "role", "state", "pool"):
        listed(people, **{name: said})


def test_a_pool_of_another_team_filters_nobody_of_ours(people: People) -> None:
    theirs = factories.SeatFactory()

    assert listed(people, pool=str(theirs.pool_id)) == set()


def test_two_hundred_members_need_no_more_statements(people: People, pool: Pool) -> None:
    client, where = browser(people.manager), f"/t/{people.team.slug}/members/"
    client.get(where)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(where)
    team = people.team
    users = [factories.UserFactory.build(email=f"m{n}@example.com") for n in range(200)]
    skill = factories.SkillFactory(team=team)
    type(users[0]).objects.bulk_create(users)
    made = Membership.objects.bulk_create(Membership(team=team, user=user) for user in users)
    Seat.objects.bulk_create(
        Seat(team=team, pool=pool, membership=member, position=n) for n, member in enumerate(made)
    )
    skill.memberskill_set.model.objects.bulk_create(
        skill.memberskill_set.model(team=team, membership=member, skill=skill) for member in made
    )

    with CaptureQueriesContext(connection) as many:
        page = client.get(where)

    assert len(page.context["rows"]) == 204
    assert page.content.count(b"North") >= 200
    assert len(many) <= len(few) + 1  # whether anybody is invited is asked in either case
    assert len(many) <= 30


def test_a_members_page_has_everything_for_managers(people: People, pool: Pool) -> None:
    mia = people.salesperson
    factories.SeatFactory(team=people.team, pool=pool, membership=mia, weight=7)

    page = browser(people.manager).get(f"/t/{people.team.slug}/members/{mia.pk}/")

    text = page.content.decode()
    for said in ("Last 30 days", "Availability", "Working hours", "Time off", "North", "× 7"):
        assert said in text, said
    assert "Sign out everywhere" not in text  # an admin's
    assert "Sign out everywhere" in (
        browser(people.admin).get(f"/t/{people.team.slug}/members/{mia.pk}/").content.decode()
    )


def test_pools_are_set_on_her_page_and_credit_is_shared_out(people: People, pool: Pool) -> None:
    mia = people.salesperson
    other = factories.SeatFactory(team=people.team, pool=pool, credit=-500)
    seat = factories.SeatFactory(team=people.team, pool=pool, membership=mia, credit=500)
    south = factories.PoolFactory(team=people.team, name="South")
    where = f"/t/{people.team.slug}/members/{mia.pk}/pools/"

    answer = browser(people.manager).post(
        where, {f"weight_{south.pk}": "4", f"weight_{pool.pk}": ""}
    )

    assert answer.status_code == 302
    assert list(mia.seats.values_list("pool", "weight")) == [(south.pk, 4)]
    other.refresh_from_db()
    assert other.credit == 0
    assert TurnEntry.objects.get(pool=pool).deltas[str(seat.pk)] == -500


@pytest.mark.parametrize("said", [*HOSTILE, "1001"], ids=range(len(HOSTILE) + 1))
def test_hostile_weights_change_no_seat(people: People, pool: Pool, said: str) -> None:
    mia = people.salesperson
    factories.SeatFactory(team=people.team, pool=pool, membership=mia, weight=2)

    answer = browser(people.manager).post(
        f"/t/{people.team.slug}/members/{mia.pk}/pools/", {f"weight_{pool.pk}": said}
    )

    assert answer.status_code == 422
    assert mia.seats.get().weight == 2


def test_her_month_counts_each_lead_once_and_nothing_older(people: People) -> None:
    mia, now = people.salesperson, timezone.now()
    lead = factories.LeadFactory(
        team=people.team, received_at=now - timedelta(days=3), first_contact_at=now
    )
    for n, days in enumerate((2, 3)):
        factories.AssignmentFactory(
            team=people.team, member=mia, lead=lead, generation=n + 1,
            started_at=now - timedelta(days=days), responded_at=now - timedelta(days=days),
            ended_at=now - timedelta(days=1), end_reason="released",
        )  # fmt: skip
    factories.AssignmentFactory(
        team=people.team, member=mia, started_at=now - timedelta(days=31),
        lead=factories.LeadFactory(team=people.team),
    )  # fmt: skip

    month = activity.month_of(mia, now=now)

    assert (month.leads, month.answered, month.contacted, month.won) == (1, 1, 1, 0)


def test_a_salesperson_sees_neither_list_nor_page(people: People) -> None:
    client = browser(people.salesperson)

    assert client.get(f"/t/{people.team.slug}/members/").status_code == 403
    mia = f"/t/{people.team.slug}/members/{people.salesperson.pk}/"
    assert client.get(mia).status_code == 403
    assert client.post(f"{mia}pools/").status_code == 403
    assert people.salesperson.role == Role.SALESPERSON
