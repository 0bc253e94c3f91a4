"""Who sits in a pool, as routing sees it: abilities, loads, records, covers, permissions."""

from datetime import timedelta
from typing import Any

import pytest

from apps.assignments import services
from apps.assignments.models import Assignment, Decision, Offer
from apps.assignments.seats.seating import lock_pool
from apps.assignments.services import expire_due
from apps.leads.models import Activity, Lead, StatusKind
from apps.routing.facts import PoolFacts, SeatFacts
from apps.rules.models import Mode, Pool, Ranking, Seat, TrackRecord
from apps.teams.models import (
    Cover,
    Membership,
    MemberSkill,
    MemberTerritory,
    Skill,
    Territory,
    TimeOff,
)
from apps.teams.permissions import Role
from tests.assignments.world import NOW, World, overdue_assignment

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def facts_of(world: World, pool: Pool) -> PoolFacts:
    return lock_pool(pool.pk, team=world.team, now=NOW, lock=False).facts


def seat_of(world: World, pool: Pool) -> SeatFacts:
    (seat,) = facts_of(world, pool).seats
    return seat


def cover(world: World, mia: Membership, jonas: Membership, **fields: Any) -> Cover:
    given = {"starts_at": NOW - HOUR, "ends_at": NOW + HOUR, "created_at": NOW, **fields}
    cover: Cover = Cover.objects.create(
        team=world.team, membership=mia, by_member=jonas, via="membership", **given
    )
    return cover


def can(world: World, member: Membership) -> None:
    for name, kind, level in (("Depots", "skill", 4), ("Français", "language", 2)):
        skill = Skill.objects.create(team=world.team, name=name, kind=kind)
        MemberSkill.objects.create(team=world.team, membership=member, skill=skill, level=level)
    for name, area in (("South", {"countries": ["AT"], "postcodes": ["80"]}), ("None", {})):
        territory = Territory.objects.create(team=world.team, name=name, area=area)
        MemberTerritory.objects.create(team=world.team, membership=member, territory=territory)


# --- abilities ---


def test_a_pool_that_asks_for_abilities_reads_them(world: World) -> None:
    mia = world.member("Mia", experience=7)
    can(world, mia)
    items = [{"kind": "skill", "skill": "Depots", "level": 3}, {"kind": "territory"}]
    seat = seat_of(world, world.pool(mia, filters={"match": "all", "items": items}))

    assert (seat.skills, seat.languages, seat.years) == ({"depots": 4}, {"français": 2}, 7)
    assert seat.territories == ({"countries": ("at",), "postcodes": ("80",)},)


def test_a_pool_that_asks_for_none_does_not(world: World) -> None:
    mia = world.member("Mia")
    can(world, mia)

    assert seat_of(world, world.pool(mia)).skills == {}


def test_only_who_has_the_skill_gets_the_lead(world: World) -> None:
    ann, mia = world.member("Ann"), world.member("Mia")
    can(world, mia)
    filters = {"match": "all", "items": [{"kind": "skill", "field": "product", "level": 2}]}
    world.rules(world.pool(ann, mia, filters=filters))

    assert world.routed(facts={"product": "DEPOTS"}).owner_id == mia.pk
    assert world.routed().owner_id == ann.pk


def test_who_only_looks_on_gets_no_lead(world: World) -> None:
    viewer, mia = world.member("Vera", role=Role.VIEWER), world.member("Mia")
    world.rules(world.pool(viewer, mia))

    lead = world.routed()

    assert lead.owner_id == mia.pk
    candidates = Decision.objects.get(lead=lead).trace["steps"][0]["candidates"]
    assert [one["skip"] for one in candidates] == [None, "not_permitted"]


# --- loads ---


def test_a_seat_is_full_when_its_member_has_as_many_open_leads(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    pool, other = world.pool(mia, jonas), world.pool(mia)
    Seat.objects.filter(pool=pool, membership=mia).update(capacity=2)
    world.rules(
        {"pool": other, "conditions": {"field": "country", "op": "is", "value": "AT"}}, pool
    )

    owners = [world.routed(country=country).owner_id for country in ("AT", "DE", "DE", "DE")]

    assert owners == [mia.pk, mia.pk, jonas.pk, jonas.pk]


def test_a_pool_counts_only_leads_of_the_kinds_that_it_names(world: World) -> None:
    mia = world.member("Mia")
    pool = world.pool(mia, load_kinds=["new"])
    Seat.objects.filter(pool=pool).update(capacity=1)
    world.rules(pool)
    first = world.routed()
    assert world.routed().stage == Lead.Stage.HELD

    services.change_status(
        first, status=world.statuses[StatusKind.WORKING], by=world.access(mia), now=NOW
    )

    assert world.routed().owner_id == mia.pk
    assert seat_of(world, pool).load == 1
    assert seat_of(world, pool).open_leads == 2


def test_a_lead_that_is_offered_to_her_alone_counts_as_load(world: World) -> None:
    mia = world.member("Mia")
    pool = world.pool(mia, mode=Mode.OFFER, load_kinds=["new"])
    world.rules(pool)
    world.routed()

    assert seat_of(world, pool).load == 1


def test_all_open_kinds_need_no_count(world: World, django_assert_num_queries: Any) -> None:
    pool = world.pool(world.member("Mia"), load_kinds=["new", "working", "qualified"])

    with django_assert_num_queries(2):
        facts_of(world, pool)


def test_the_least_busy_is_told_by_what_the_pool_counts(world: World) -> None:
    ann, ben = world.member("Ann", open_leads=9), world.member("Ben", open_leads=1)
    pool = world.pool(ann, ben, ranking=Ranking.LOAD, load_kinds=["new"])
    world.lead(owner=ben, stage=Lead.Stage.OWNED)
    world.rules(pool)

    assert world.routed().owner_id == ann.pk


# --- records ---


def record(world: World, member: Membership, won: int, days: int = 90) -> None:
    TrackRecord.objects.create(
        team=world.team, membership=member, days=days, counted_at=NOW,
        figures={"leads": 50, "closed": 40, "won": won,
                 "by": {"industry": {"retail": [10, won]}}},
    )  # fmt: skip


def test_a_pool_that_ranks_by_performance_reads_what_was_measured(world: World) -> None:
    mia, jonas, elsewhere = world.member("Mia"), world.member("Jonas"), world.member("Eva")
    for member, won in ((mia, 5), (jonas, 1), (elsewhere, 4)):
        record(world, member, won, days=30)
    record(world, mia, 9)
    pool = world.pool(mia, jonas, ranking=Ranking.PERFORMANCE, performance={"days": 30})

    facts = facts_of(world, pool)

    assert [seat.record.won for seat in facts.seats if seat.record] == [5, 1]
    assert facts.team_record is not None
    assert (facts.team_record.won, facts.team_record.closed) == (10, 120)
    assert facts.team_record.by == {"industry": {"retail": (30, 10)}}


def test_records_that_were_counted_anew_are_read_anew(world: World) -> None:
    mia = world.member("Mia")
    pool = world.pool(
        mia, ranking=Ranking.FIT, fit=[{"kind": "similar", "field": "industry", "weight": 1}]
    )
    record(world, mia, 5)
    before = seat_of(world, pool).record
    TrackRecord.objects.update(figures={"won": 6}, counted_at=NOW + HOUR)

    after = seat_of(world, pool).record

    assert before is not None
    assert after is not None
    assert (before.won, after.won) == (5, 6)


def test_a_pool_that_compares_nobody_reads_no_records(
    world: World, django_assert_num_queries: Any
) -> None:
    mia = world.member("Mia")
    record(world, mia, 5)
    pool = world.pool(mia)

    with django_assert_num_queries(2):
        assert seat_of(world, pool).record is None


# --- covers ---


def test_who_covers_a_colleague_gets_her_leads_on_her_seat(world: World) -> None:
    mia, jonas, eva = (world.member(name) for name in ("Mia", "Jonas", "Eva"))
    TimeOff.objects.create(
        team=world.team, membership=mia, starts_at=NOW - HOUR, ends_at=NOW + HOUR
    )
    cover(world, mia, jonas)
    pool = world.pool(mia, eva)
    Seat.objects.filter(pool=pool, membership=mia).update(cap_day=5)
    world.rules(pool)

    lead = world.routed()

    seat = Seat.objects.get(pool=pool, membership=mia)
    assignment = Assignment.objects.get(lead=lead)
    assert (lead.owner_id, assignment.seat_id) == (jonas.pk, seat.pk)
    assert (seat.last_turn_no, seat.placed_at) == (1, [NOW])
    assert seat.credit < 0
    assert Activity.objects.get(lead=lead, kind=Activity.Kind.ASSIGNED).data["for"] == "Mia"
    jonas.refresh_from_db()
    mia.refresh_from_db()
    assert (jonas.open_leads, mia.open_leads) == (1, 0)


def test_whether_the_colleague_is_there_and_has_room_counts_not_whether_she_is(
    world: World,
) -> None:
    mia, jonas, eva = world.member("Mia"), world.member("Jonas", capacity=1), world.member("Eva")
    cover(world, mia, jonas)
    world.rules(world.pool(mia, eva))

    owners = [world.routed().owner_id for _ in range(3)]

    assert owners == [jonas.pk, eva.pk, eva.pk]
    Membership.objects.filter(pk=jonas.pk).update(is_paused=True, capacity=None)
    assert world.routed().owner_id == eva.pk


@pytest.mark.parametrize(
    "over",
    [{"ended_at": NOW}, {"ends_at": NOW}, {"starts_at": NOW + HOUR, "ends_at": NOW + 2 * HOUR}],
)
def test_a_cover_that_is_over_or_ahead_changes_nothing(
    world: World, over: dict[str, Any], django_assert_num_queries: Any
) -> None:
    mia = world.member("Mia")
    cover(world, mia, world.member("Jonas"), **over)
    pool = world.pool(mia)

    with django_assert_num_queries(2):
        assert seat_of(world, pool).covered_by is None


def test_an_open_lead_is_put_to_the_colleague_once(world: World) -> None:
    mia, eva, jonas = (world.member(name) for name in ("Mia", "Eva", "Jonas"))
    cover(world, mia, jonas)
    cover(world, eva, jonas)
    world.rules(world.pool(mia, eva, mode=Mode.CLAIM))

    lead = world.routed()

    assert Offer.objects.get(lead=lead).candidates == [jonas.pk]


def test_a_lead_that_the_colleague_lost_does_not_come_back_to_her(world: World) -> None:
    mia, eva, jonas = (world.member(name) for name in ("Mia", "Eva", "Jonas"))
    cover(world, mia, jonas)
    world.rules(world.pool(mia, eva))
    lead = world.routed()
    assert lead.owner_id == jonas.pk

    overdue_assignment(lead)
    expire_due()

    lead.refresh_from_db()
    assert lead.owner_id == eva.pk


def test_an_offer_that_a_colleague_declined_does_not_count_against_the_covered_seat(
    world: World,
) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    cover(world, mia, jonas)
    pool = world.pool(mia, mode=Mode.OFFER)
    Seat.objects.filter(pool=pool).update(cap_day=1)
    world.rules(pool)
    lead = world.routed()
    assert len(Seat.objects.get(pool=pool).placed_at) == 1

    services.decline(Offer.objects.get(lead=lead).pk, by=world.access(jonas), now=NOW)

    assert Seat.objects.get(pool=pool).placed_at == []
