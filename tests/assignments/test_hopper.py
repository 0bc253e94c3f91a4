"""The hopper as each member has it: filters keep leads from her, and the best comes first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.assignments.models import HopperEntry
from apps.assignments.pages import picking
from apps.assignments.pages.picking import NothingToPick, best_first, pick_best
from apps.assignments.services import ClaimRefused, pick
from apps.leads.models import Lead
from apps.rules.models import Mode, Pool, Ranking
from apps.teams.models import Membership, MemberSkill, Skill
from apps.teams.permissions import Role, Switch
from tests.assignments.test_pages import at, browser_of
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db

BY_PRODUCT = {"kind": "skill", "field": "product", "level": 4}


def skilled(world: World, name: str, **skills: int) -> Membership:
    member = world.member(name)
    for product, level in skills.items():
        skill, _made = Skill.objects.get_or_create(team=world.team, name=product)
        MemberSkill.objects.create(team=world.team, membership=member, skill=skill, level=level)
    return member


def in_hopper(world: World, pool: Pool, *, hours: float = 0, **fields: Any) -> Lead:
    world.rules(pool)
    lead = world.routed(**fields)
    entered_at = NOW - timedelta(hours=hours)
    HopperEntry.objects.filter(lead=lead).update(entered_at=entered_at)
    return lead


def names(world: World, member: Membership) -> list[str]:
    return [entry.lead.name for entry in best_first(world.access(member), NOW)]


def test_priority_and_waiting_then_band_then_age(world: World) -> None:
    mia = world.member("Mia")
    pool = world.pool(mia, mode=Mode.HOPPER)
    for name, hours, fields in (
        ("young", 0.1, {}), ("good", 0.2, {"band": "A"}), ("fair", 0.3, {"band": "B"}),
        ("old", 2.5, {}), ("pressing", 0, {"priority": 3}), ("promoted", 3.5, {"priority": 1}),
        ("older", 0.9, {}),
    ):  # fmt: skip
        in_hopper(world, pool, hours=hours, name=name, **fields)

    order = names(world, mia)

    assert order == ["promoted", "pressing", "old", "good", "fair", "older", "young"]


def test_in_a_pool_that_ranks_by_fit_the_best_match_comes_first(world: World) -> None:
    mia = skilled(world, "Mia", Solar=4, Roofs=1)
    pool = world.pool(mia, mode=Mode.HOPPER, ranking=Ranking.FIT, fit=[{**BY_PRODUCT, "weight": 1}])
    in_hopper(world, pool, hours=5, name="Poor", facts={"product": "Roofs"})
    in_hopper(world, pool, name="Fine", facts={"product": "Solar"})

    assert names(world, mia) == ["Fine", "Poor"]


def test_between_pools_the_most_urgent_of_their_best_wins(world: World) -> None:
    mia = skilled(world, "Mia", Solar=4)
    by_fit = world.pool(
        mia, mode=Mode.HOPPER, ranking=Ranking.FIT, fit=[{**BY_PRODUCT, "weight": 1}]
    )
    plain = world.pool(mia, mode=Mode.HOPPER)
    in_hopper(world, by_fit, name="Fits", facts={"product": "Solar"})
    in_hopper(world, plain, name="Pressing", priority=4)

    assert names(world, mia) == ["Pressing", "Fits"]


def test_what_filters_keep_from_her_she_neither_sees_nor_picks(world: World) -> None:
    mia, sol = skilled(world, "Mia", Roofs=5), skilled(world, "Sol", Solar=5)
    filters = {"match": "all", "items": [BY_PRODUCT]}
    pool = world.pool(mia, sol, mode=Mode.HOPPER, filters=filters)
    lead = in_hopper(world, pool, city="Graz", facts={"product": "Solar"})

    assert names(world, mia) == []
    with pytest.raises(HopperEntry.DoesNotExist):
        pick(lead.pk, by=world.access(mia), now=NOW)
    with pytest.raises(NothingToPick):
        pick_best(by=world.access(mia), now=NOW)
    assert "Graz" not in browser_of(mia).get(at(world, "hopper")).content.decode()
    assert "Graz" in browser_of(sol).get(at(world, "hopper")).content.decode()
    assert pick_best(by=world.access(sol), now=NOW).lead.owner_id == sol.pk


def test_who_has_no_seat_but_sees_unassigned_leads_is_not_filtered(world: World) -> None:
    sol = skilled(world, "Sol", Solar=5)
    filters = {"match": "all", "items": [BY_PRODUCT]}
    lead = in_hopper(
        world, world.pool(sol, mode=Mode.HOPPER, filters=filters), facts={"product": "Solar"}
    )
    other = world.member("Other", switches=[Switch.SEE_UNASSIGNED])

    assert pick(lead.pk, by=world.access(other), now=NOW).lead.owner_id == other.pk


def test_leads_that_many_filters_hide_do_not_hide_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picking, "PAGE", 2)
    mia = skilled(world, "Mia", Solar=5)
    filters = {"match": "all", "items": [BY_PRODUCT]}
    pool = world.pool(mia, mode=Mode.HOPPER, filters=filters)
    for _ in range(5):
        in_hopper(world, pool, hours=9, facts={"product": "Roofs"})
    mine = in_hopper(world, pool, facts={"product": "Solar"})

    found = picking.for_member(world.access(mia), NOW, most=51)

    assert [entry.lead_id for entry in found] == [mine.pk]


def test_whoever_is_quicker_gets_it_and_she_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    pool = world.pool(mia, jonas, mode=Mode.HOPPER)
    first = in_hopper(world, pool, priority=2)
    second = in_hopper(world, pool)
    look = best_first

    def jonas_is_quicker(by: Any, now: Any) -> Any:
        seen = list(look(by, now))
        pick(first.pk, by=world.access(jonas), now=NOW)
        return iter(seen)

    monkeypatch.setattr(picking, "best_first", jonas_is_quicker)

    assert pick_best(by=world.access(mia), now=NOW).lead.pk == second.pk


def test_limits_hold_for_the_next_best_too(world: World) -> None:
    mia = world.member("Mia")
    pool = world.pool(mia, mode=Mode.HOPPER, claims_per_day=1)
    for _ in range(2):
        in_hopper(world, pool)
    pick_best(by=world.access(mia), now=NOW)

    with pytest.raises(ClaimRefused):
        pick_best(by=world.access(mia), now=NOW)


def test_the_button_leads_to_the_lead_or_says_why_not(world: World) -> None:
    mia = world.member("Mia")
    in_hopper(world, world.pool(mia, mode=Mode.HOPPER), name="Rosa Steiner")
    client = browser_of(mia)

    won = client.post(at(world, "hopper_next"), follow=True).content.decode()
    none = client.post(at(world, "hopper_next"), follow=True).content.decode()

    assert "Rosa Steiner" in won
    assert "Nothing in the hopper for you just now." in none


def test_who_only_looks_on_can_not_press_it(world: World) -> None:
    viewer = world.member("Vera", Role.VIEWER)

    assert browser_of(viewer).post(at(world, "hopper_next")).status_code == 403


def test_pools_without_filters_ask_nothing_more(
    world: World, django_assert_num_queries: Any
) -> None:
    mia = world.member("Mia")
    pool = world.pool(mia, mode=Mode.HOPPER)
    for _ in range(3):
        in_hopper(world, pool)
    access = world.access(mia)

    with django_assert_num_queries(1):
        assert len(picking.for_member(access, NOW, most=51)) == 3
