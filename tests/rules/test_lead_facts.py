"""What rules know of a lead beside what it said: its state, and what it did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.leads.models import Lead, Status
from apps.routing.conditions import compile_condition
from apps.rules.facts import lead_facts
from apps.rules.registry import registry, routing_moved
from apps.teams.models import Team
from tests.rules import makers
from tests.rules.makers import NOW, leaf

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return makers.make_team()


def matches(lead: Lead, condition: dict[str, Any]) -> bool:
    fields = registry(lead.team)
    return compile_condition(condition, fields).matches(lead_facts(lead, fields, now=NOW))


def make(team: Team, **values: Any) -> Lead:
    return makers.make_lead(team, makers.make_source(team), **values)


def test_a_new_lead_has_done_nothing_yet(team: Team) -> None:
    lead = make(team)

    facts = lead_facts(lead, registry(team), now=NOW).values

    assert {key: facts[key] for key in ("status", "status_kind", "came_again", "silent_days")} == {
        "status": "New", "status_kind": "new", "came_again": 0, "silent_days": 0,
    }  # fmt: skip
    assert (facts["replied"], facts["opened_content"], facts["priority"]) == (False, False, 0)
    assert "band" not in facts


@pytest.mark.parametrize(
    ("values", "condition"),
    [
        ({"first_contact_at": NOW}, leaf("replied", "is", True)),
        ({"opened_content_at": NOW}, leaf("opened_content", "is", True)),
        ({"came_again": 2}, leaf("came_again", "gte", 2)),
        ({"band": "B", "score": 55}, leaf("band", "is_one_of", ["A", "B"])),
        ({"priority": 24}, leaf("priority", "gt", 0)),
        ({"status_kind": "working"}, leaf("status_kind", "is", "working")),
        ({"last_heard_at": NOW - timedelta(days=3, hours=1)}, leaf("silent_days", "gte", 3)),
    ],
)
def test_rules_ask_for_what_a_lead_did(
    team: Team, values: dict[str, Any], condition: dict[str, Any]
) -> None:
    lead = make(team, **values)

    assert matches(lead, condition)
    assert not matches(lead, {"not": condition})


def test_a_lead_never_heard_of_again_is_silent_since_it_came(team: Team) -> None:
    lead = make(team, minutes_ago=5 * 24 * 60)

    assert matches(lead, leaf("silent_days", "is", 5))


def test_the_status_is_asked_for_by_the_team_s_own_name(team: Team) -> None:
    lead = make(team)
    routing_moved(team)  # the status was made with the lead

    assert matches(lead, leaf("status", "is", "new"))
    assert registry(team).get("status").options == ("New",)  # type: ignore[union-attr]
    status = Status.objects.get(team=team)
    status.name = "Fresh"
    status.save()
    routing_moved(team)
    assert matches(lead, leaf("status", "is", "Fresh"))


def test_interest_groups_are_found_by_every_name_they_had(team: Team) -> None:
    group = makers.make_group(team, "Solar", former_names=["Photovoltaics"])
    routing_moved(team)
    lead = make(team, group_ids=[group.pk], facts={"interest_group": ["Batteries"]})

    for name in ("solar", "Photovoltaics", "batteries"):
        assert matches(lead, leaf("interest_group", "has_any_of", [name])), name
    assert not matches(lead, leaf("interest_group", "has_any_of", ["Wind"]))


def test_nobody_sends_what_follows_from_what_happened(team: Team) -> None:
    lead = make(team, facts={"replied": True, "status": "Won", "priority": 99})

    facts = lead_facts(lead, registry(team), now=NOW).values

    assert (facts["replied"], facts["priority"]) == (False, 0)
    assert facts.get("status") != "Won"


def test_money_of_a_team_s_own_field_is_read_in_its_currency(team: Team) -> None:
    makers.make_field(team, "deposit", "money")
    yen = make(team, custom={"deposit": 5000, "deposit_currency": "JPY"})

    assert matches(yen, leaf("custom.deposit", "is", 5000))


def test_facts_are_read_without_a_query(team: Team, django_assert_num_queries: Any) -> None:
    lead = make(team)
    fields = registry(team)
    lead = Lead.objects.select_related("source").get(pk=lead.pk)

    with django_assert_num_queries(0):
        lead_facts(lead, fields, now=NOW)
