"""Who keeps a lead because of what was before: its person, its company, a named account."""

from datetime import timedelta
from typing import Any

import pytest

from apps.assignments.models import Decision
from apps.leads.companies import company_key
from apps.leads.models import Lead, StatusKind
from apps.rules.models import Mode, NamedAccount, Pool, Seat, TurnEntry
from apps.teams.models import Membership
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db

BEFORE = NOW - timedelta(days=30)


class Circle:
    """Three members, of whom Cem is the last in turn: nobody gets him by chance."""

    def __init__(self, world: World, *sticky: str, **settings: Any) -> None:
        self.world = world
        self.ann, self.ben, self.cem = (world.member(name) for name in ("Ann", "Ben", "Cem"))
        self.pool: Pool = world.pool(self.ann, self.ben, self.cem, sticky=list(sticky), **settings)
        world.rules(self.pool)

    def had(self, owner: Membership, kind: str = StatusKind.WORKING, **fields: Any) -> Lead:
        """A lead that the owner got some time ago."""
        values = {"received_at": BEFORE, "stage": Lead.Stage.OWNED, "owner": owner,
                  "status_kind": kind, **fields}  # fmt: skip
        lead = self.world.lead(**values)
        Lead.objects.filter(pk=lead.pk).update(status=self.world.statuses[StatusKind(kind)])
        return lead


PERSON: dict[str, Any] = {"email_key": "rosa@example.com"}


@pytest.mark.parametrize("key", [{"email_key": "rosa@example.com"}, {"phone_key": "+4930123456"}])
@pytest.mark.parametrize("kind", [StatusKind.WORKING, StatusKind.LOST])
def test_a_person_who_comes_again_goes_to_whoever_had_her(
    world: World, key: dict[str, Any], kind: str
) -> None:
    circle = Circle(world, "contact")
    circle.had(circle.cem, kind, **key)

    assert world.routed(**key).owner_id == circle.cem.pk
    assert world.routed(email_key="other@example.com").owner_id == circle.ann.pk


def test_the_lead_that_this_one_is_linked_to_counts_as_the_same_person(world: World) -> None:
    circle = Circle(world, "contact")
    earlier = circle.had(circle.cem, email_key="old@example.com")

    assert world.routed(linked_to=earlier).owner_id == circle.cem.pk


def test_the_newest_owner_of_a_person_keeps_her(world: World) -> None:
    circle = Circle(world, "contact")
    circle.had(circle.ben, received_at=BEFORE - timedelta(days=1), **PERSON)
    circle.had(circle.cem, **PERSON)

    assert world.routed(**PERSON).owner_id == circle.cem.pk


def test_a_deleted_lead_and_another_teams_say_nothing(world: World) -> None:
    circle = Circle(world, "contact")
    circle.had(circle.cem, deleted_at=NOW, **PERSON)
    other = World("other")
    Circle(other, "contact").had(other.member("Eva"), **PERSON)

    assert world.routed(**PERSON).owner_id == circle.ann.pk


@pytest.mark.parametrize("key", [{"company_key": "nordwind"}, {"domain": "nordwind.example"}])
def test_a_company_goes_to_whoever_has_it(world: World, key: dict[str, Any]) -> None:
    circle = Circle(world, "company")
    circle.had(circle.cem, StatusKind.WON, **key)

    assert world.routed(**key).owner_id == circle.cem.pk


def test_a_company_that_was_lost_is_anybodys(world: World) -> None:
    circle = Circle(world, "company")
    circle.had(circle.cem, StatusKind.LOST, company_key="nordwind")

    assert world.routed(company_key="nordwind").owner_id == circle.ann.pk


def test_leads_without_a_company_have_none_in_common(world: World) -> None:
    circle = Circle(world, "company")
    circle.had(circle.cem)

    assert world.routed().owner_id == circle.ann.pk


@pytest.mark.parametrize("key", [{"company_key": "nordwind"}, {"domain": "nordwind.example"}])
def test_a_named_account_goes_to_its_keeper(world: World, key: dict[str, Any]) -> None:
    circle = Circle(world, "named")
    NamedAccount.objects.create(
        team=world.team, name="Nordwind", company_key=company_key("Nordwind"),
        domain="nordwind.example", keeper=circle.cem,
    )  # fmt: skip

    assert world.routed(**key).owner_id == circle.cem.pk


def test_the_keeper_of_the_account_comes_before_whoever_had_the_person(world: World) -> None:
    circle = Circle(world, "contact", "company", "named")
    circle.had(circle.ben, company_key="nordwind", **PERSON)
    NamedAccount.objects.create(
        team=world.team, name="Nordwind", company_key="nordwind", keeper=circle.cem
    )

    assert world.routed(company_key="nordwind", **PERSON).owner_id == circle.cem.pk


def test_a_pool_asks_only_for_what_it_keeps(world: World) -> None:
    circle = Circle(world, "company")
    circle.had(circle.cem, **PERSON)

    assert world.routed(**PERSON).owner_id == circle.ann.pk


def test_who_keeps_a_lead_is_charged_no_turn(world: World) -> None:
    circle = Circle(world, "contact")
    circle.had(circle.cem, **PERSON)

    kept = world.routed(**PERSON)
    following = [world.routed().owner_id for _ in range(3)]

    assert following == [circle.ann.pk, circle.ben.pk, circle.cem.pk]
    assert not TurnEntry.objects.filter(lead=kept).exists()
    assert Seat.objects.get(membership=circle.cem).last_turn_no == 4
    decision = Decision.objects.get(lead=kept)
    assert decision.trace["steps"][0]["by"] == "sticky:contact"


def test_an_owner_who_is_not_eligible_loses_it_to_the_next(world: World) -> None:
    circle = Circle(world, "contact")
    circle.had(circle.cem, **PERSON)
    Membership.objects.filter(pk=circle.cem.pk).update(is_paused=True)

    assert world.routed(**PERSON).owner_id == circle.ann.pk


def test_an_owner_keeps_her_lead_where_others_would_have_to_claim_it(world: World) -> None:
    circle = Circle(world, "contact", mode=Mode.CLAIM)
    circle.had(circle.cem, **PERSON)

    assert world.routed(**PERSON).owner_id == circle.cem.pk
    assert world.routed().stage == Lead.Stage.OPEN


def test_a_pool_that_keeps_owners_asks_one_statement_more(
    world: World, django_assert_num_queries: Any
) -> None:
    Circle(world, "contact", "company", "named")
    world.routed()
    lead = world.lead(company_key="nordwind", **PERSON)

    with django_assert_num_queries(5 + 2):
        world.route(lead)
