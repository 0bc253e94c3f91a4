"""A tested lead shows the copies that it would make, and none is made."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from apps.deliveries.models import Delivery
from apps.rules.models import Destination, Pool, Recipient, RecipientPool
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access
from apps.teams.permissions import Role
from tests import factories
from tests.assignments.world import World
from tests.house.world import fingerprint
from tests.simulator.acts import Go, text

pytestmark = pytest.mark.django_db
GERMAN = {"field": "country", "op": "is", "value": "DE"}


def recipient(world: World, name: str, **columns: object) -> Recipient:
    made: Recipient = factories.RecipientFactory(team=world.team, name=name, **columns)
    return made


def send(world: World, *rules: RuleFields) -> None:
    """Publish these distribution rules."""
    by, now = Access.of(world.member("Rita", Role.MANAGER)), timezone.now()
    rule_set = versions.distribution_set(world.team)
    for fields in rules:
        versions.add_rule(rule_set, fields, by=by, now=now)
    versions.publish(rule_set, by=by, now=now)


def to(*recipients: Recipient, name: str = "Copies", **given: bool) -> RuleFields:
    ids = tuple(each.pk for each in recipients)
    return RuleFields(name, Destination.RECIPIENTS, GERMAN, recipient_ids=ids, **given)  # type: ignore[arg-type]


def test_who_would_get_a_copy_and_who_not_is_said(
    world: World, desk: Client, pool: Pool, go: Go
) -> None:
    nord, alpen = recipient(world, "Nord"), recipient(world, "Alpen", is_paused=True)
    send(world, to(nord, alpen, name="German", stops=True), to(nord, name="Too late"))

    page = text(desk.post(go("test_lead"), {"version": "live", "country": "DE"}))
    other = text(desk.post(go("test_lead"), {"version": "live", "country": "FR"}))

    assert "gets a copy" in page
    assert "is paused" in page
    assert "Stops here" in page
    assert "Too late" not in page
    assert "nobody gets a copy" in other


def test_by_turn_one_of_a_pool_gets_it_and_its_turn_is_not_used(
    world: World, desk: Client, pool: Pool, go: Go
) -> None:
    partners: RecipientPool = factories.RecipientPoolFactory(team=world.team, name="Partners")
    for name in ("Nord", "Alpen"):
        seated = recipient(world, name)
        factories.RecipientSeatFactory(team=world.team, pool=partners, recipient=seated)
    by_turn = RuleFields("Turn", "recipient_pool", {}, recipient_pool_id=partners.pk)
    send(world, by_turn)
    before = fingerprint()

    page = text(desk.post(go("test_lead"), {"version": "live", "country": "DE"}))

    assert page.count("gets a copy") == 1
    assert page.count("not its turn") == 1
    assert fingerprint() == before
    assert not Delivery.objects.exists()


def test_a_lead_that_would_stay_out_says_so_first(
    world: World, desk: Client, pool: Pool, go: Go
) -> None:
    send(world, to(recipient(world, "Nord"), keeps_out=True))

    page = text(desk.post(go("test_lead"), {"version": "live", "country": "DE"}))

    assert "would keep this lead out of the team" in page
    Recipient.objects.update(is_paused=True)
    page = text(desk.post(go("test_lead"), {"version": "live", "country": "DE"}))
    assert "would keep this lead out of the team" not in page


def test_a_team_without_distribution_rules_reads_nothing_of_copies(
    desk: Client, pool: Pool, go: Go
) -> None:
    page = text(desk.post(go("test_lead"), {"version": "live", "country": "DE"}))

    assert "Copies for others" not in page
