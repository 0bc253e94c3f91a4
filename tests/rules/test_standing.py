"""The pool's page says who would be next, and why the others would not, as routing would."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.rules.facts import lead_facts
from apps.rules.models import Pool, Seat
from apps.rules.pools import standing
from apps.rules.pools.seat_words import caps, reason
from apps.rules.registry import registry
from apps.teams import expertise
from apps.teams.access import Access
from apps.teams.models import Cover, Membership, Skill, Team
from tests.rules import makers
from tests.rules.makers import NOW, make_pool, make_seat

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


def said(pool: Pool, team: Team, lead: Any = None) -> dict[str, str]:
    facts = lead_facts(lead, registry(team)) if lead else None
    places = standing.places(pool, team=team, now=NOW, lead=facts)
    return {place.name: "next" if place.is_next else reason(place) for place in places}


def test_a_lead_brings_its_needs(team: Team, manager: Access) -> None:
    pool = make_pool(
        manager,
        respects_hours=False,
        filters={"match": "all", "items": [{"kind": "skill", "field": "product", "level": 3}]},
    )
    mia, jonas = (make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller"))
    solar = expertise.add_skill(name="Solar", kind=Skill.Kind.SKILL, by=manager, now=NOW)
    levels = {mia.membership_id: 2, jonas.membership_id: 5}
    expertise.set_levels(solar, levels=levels, by=manager, now=NOW)
    lead = makers.make_lead(team, makers.make_source(team), facts={"product": "SOLAR"})

    assert said(pool, team) == {"Mia Brandt": "next", "Jonas Keller": ""}
    assert said(pool, team, lead) == {
        "Mia Brandt": "SOLAR: needs level 3, has 2",
        "Jonas Keller": "next",
    }


def test_how_well_each_member_fits_is_shown(team: Team, manager: Access) -> None:
    pool = make_pool(
        manager, respects_hours=False, ranking="fit", fit=({"kind": "language", "weight": 1},)
    )
    _mia, jonas = (make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller"))
    german = expertise.add_skill(name="Deutsch", kind=Skill.Kind.LANGUAGE, by=manager, now=NOW)
    expertise.set_levels(german, levels={jonas.membership_id: 5}, by=manager, now=NOW)
    lead = makers.make_lead(team, makers.make_source(team), language="de-AT", name="Rosa")
    client = Client()
    assert manager.user is not None
    client.force_login(manager.user)

    page = client.get(f"/t/{team.slug}/pools/{pool.pk}/", {"lead": str(lead.pk)})

    assert {place.name: place.fit for place in page.context["places"]} == {
        "Mia Brandt": 0, "Jonas Keller": 100,
    }  # fmt: skip
    assert "100 %" in page.text
    for other in ("x", "\x00", str(pool.pk)):
        assert client.get(f"/t/{team.slug}/pools/{pool.pk}/", {"lead": other}).status_code == 200


def test_caps_say_how_much_of_them_is_used(team: Team, manager: Access) -> None:
    pool = make_pool(manager, respects_hours=False)
    seat = make_seat(pool, "Mia Brandt", manager, cap_day=5, cap_hour=1)
    Seat.objects.filter(pk=seat.pk).update(placed_at=[NOW, NOW - 2 * HOUR], capped_at=None)

    (place,) = standing.places(pool, team=team, now=NOW)

    assert caps(place) == "1 of 1 this hour, 2 of 5 today"
    assert reason(place) == "at the limit of 1 an hour"


def test_who_is_covered_says_by_whom(team: Team, manager: Access) -> None:
    pool = make_pool(manager, respects_hours=False)
    seat = make_seat(pool, "Mia Brandt", manager)
    jonas = makers.make_member(team, "Jonas Keller")
    Cover.objects.create(
        team=team, membership=seat.membership, by_member=jonas, starts_at=NOW - HOUR,
        ends_at=NOW + HOUR, created_at=NOW, via="membership",
    )  # fmt: skip

    (place,) = standing.places(pool, team=team, now=NOW)

    assert place.covered_by == "Jonas Keller"
    assert place.is_next


def test_reading_a_pool_for_its_page_locks_nothing(
    team: Team, manager: Access, django_assert_max_num_queries: Any
) -> None:
    pool = make_pool(manager)
    for letter in "ABC":
        make_seat(pool, f"Member {letter}", manager)

    with django_assert_max_num_queries(4) as queries:
        standing.places(pool, team=team, now=NOW)

    assert not [each for each in queries.captured_queries if "FOR " in each["sql"]]
    assert Membership.objects.filter(team=team).count() == 4
