"""What the lead page and the timeline say of a walk: sets, deeds of rules, covers, variants."""

from datetime import timedelta
from typing import Any

import pytest

from apps.assignments.models import Decision
from apps.assignments.pages import reasons, timeline
from apps.leads.models import InterestGroup, Lead
from apps.rules.models import Destination
from apps.teams.models import Cover
from apps.teams.permissions import Role
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db


def told(world: World, lead: Lead) -> list[str]:
    boss = world.access(world.member("Henrike", role=Role.MANAGER))
    why = reasons.latest(lead, boss)
    assert why is not None
    return why.sentences


def lines(world: World, lead: Lead) -> list[tuple[str, str]]:
    boss = world.access(world.member("Henrike", role=Role.MANAGER))
    days = timeline.of(lead, boss, NOW, masked=False)
    return [(entry.title, entry.text) for day in days for entry in day.entries]


def test_sets_that_were_called_and_what_rules_did_are_told(world: World) -> None:
    mia, eva = world.member("Mia"), world.member("Eva")
    group = InterestGroup.objects.create(team=world.team, name="Depots")
    called = world.rules_for("called", {"pool": world.pool(mia, name="DACH"), "name": "Big ones"})
    world.rules({
        "destination": Destination.RULE_SET, "rule_set": called, "name": "Distribute",
        "group_ids": [group.pk], "priority": 5, "notify": [eva.pk],
    })  # fmt: skip

    lead = world.routed()

    assert told(world, lead)[:3] == [
        "Rule 1 “Distribute” matched (every lead).",
        f"In “{called.name}” rule 1 “Big ones” matched (every lead).",
        "Rule 1 “Distribute” put it into an interest group, set its priority to 5 and told Eva.",
    ]
    text = "Rule 1, Distribute. Interest groups: Depots. Priority 5. Told Eva."
    assert ("A rule changed the lead", text) in lines(world, lead)


def test_a_lead_that_was_sent_to_one_member_says_to_whom(world: World) -> None:
    mia = world.member("Mia")
    world.rules(mia)

    assert "It was sent to Mia." in told(world, world.routed())


def test_whoever_takes_a_lead_in_anothers_place_is_told_so(world: World) -> None:
    mia, jonas = world.member("Mia"), world.member("Jonas")
    Cover.objects.create(
        team=world.team, membership=mia, by_member=jonas, starts_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(hours=1), created_at=NOW, via="membership",
    )  # fmt: skip
    world.rules(world.pool(mia, name="DACH"))

    lead = world.routed()

    assert ("Assigned to Jonas", "Rule 1, DACH, pool DACH. In place of Mia.") in lines(world, lead)
    assert "Jonas was next, for Mia." in told(world, lead)


def test_a_lead_that_rules_left_as_it_was_still_says_how_it_got_there(world: World) -> None:
    world.rules(world.pool(world.member("Mia"), name="DACH"))
    lead = world.routed()
    trace: dict[str, Any] = {"rules": [], "steps": [], "end": "kept", "reason": None}
    Decision.objects.create(
        team=world.team, lead=lead, at=NOW + timedelta(hours=1), door="changed", outcome="kept",
        trace=trace, via="rule",
    )  # fmt: skip

    assert "Mia was next." in told(world, lead)


def test_a_lead_that_a_rule_stopped_says_so(world: World) -> None:
    world.rules({"destination": Destination.STOP, "name": "Students"})

    lead = world.routed()

    assert "It was left as it was: stopped by a rule." in told(world, lead)
    assert ("A rule stopped the lead", "Rule 1, Students") in lines(world, lead)
