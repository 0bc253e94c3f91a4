"""Which copies of a lead go to whom, and what becomes of the lead itself."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.assignments.models import Door
from apps.capture.drafts import LeadDraft
from apps.capture.intake import intake
from apps.deliveries.models import Distribution
from apps.deliveries.plans import planning
from apps.deliveries.returns import giving_back
from apps.leads.models import Activity, Lead
from apps.leads.normalise import Email
from apps.routing.facts import LeadFacts
from apps.rules.models import Recipient, RecipientSeat, RecipientTurn, Rule
from apps.teams.access import Access
from apps.teams.models import Team
from tests import factories
from tests.capture.inbox import ROSA, answer, now
from tests.deliveries.sender import Sender, to, to_pool

AUSTRIA = {"all": [{"field": "country", "op": "is", "value": "AT"}]}
GERMANY = {"all": [{"field": "country", "op": "is", "value": "DE"}]}


def person(number: int, **fields: str) -> dict[str, str]:
    return {"name": f"Person {number}", "email": f"person{number}@example.com", **fields}


def test_every_rule_that_matches_sends_and_the_lead_stays_with_the_team(sender: Sender) -> None:
    alps, north, other = (sender.webhook_to(name) for name in ("Alps", "North", "Other"))
    sender.distribute(
        to(alps, conditions=AUSTRIA), to(other, conditions=GERMANY), to(north, conditions=AUSTRIA)
    )

    said = answer(sender.post(ROSA))

    lead = sender.only_lead()
    assert sender.recipients_of(lead) == ["Alps", "North"]
    assert (said["outcome"], lead.owner_id) == ("assigned", sender.seller.pk)
    line = Activity.objects.get(lead=lead, kind=Activity.Kind.COPIED)
    assert line.data["recipients"] == ["Alps", "North"]


def test_a_rule_may_stop_the_list(sender: Sender) -> None:
    first, second = sender.webhook_to("First"), sender.webhook_to("Second")
    sender.distribute(to(first, stops=True), to(second))

    sender.post(ROSA)

    assert sender.recipients_of(sender.only_lead()) == ["First"]


def test_a_rule_that_sends_to_nobody_stops_the_list(sender: Sender) -> None:
    sender.distribute({"destination": "stop", "conditions": AUSTRIA}, to(sender.webhook_to()))

    sender.post(ROSA)

    assert sender.sent() == []


def test_one_recipient_gets_one_copy_however_many_rules_name_it(sender: Sender) -> None:
    once = sender.webhook_to("Once")
    sender.distribute(to(once), to(once, sender.webhook_to("Too")))

    sender.post(ROSA)

    assert sender.recipients_of(sender.only_lead()) == ["Once", "Too"]
    steps = Distribution.objects.get().trace["steps"]
    assert steps[1]["recipients"][0]["skip"] == "has_it"


def test_somebody_who_comes_again_is_not_copied_again(sender: Sender) -> None:
    sender.distribute(sender.webhook_to())

    sender.post(ROSA)
    sender.post(ROSA)

    assert len(sender.sent()) == 1


def test_test_leads_are_not_copied(sender: Sender) -> None:
    sender.distribute(sender.webhook_to())

    sender.post({**ROSA, "test": True})

    assert sender.sent() == []


def test_a_copy_holds_the_fields_that_were_chosen_under_the_names_of_the_recipient(
    sender: Sender,
) -> None:
    fields = ["name", "phone", "budget"]
    sender.distribute(sender.webhook_to(fields=fields, renames={"phone": "tel"}))

    sender.post({**ROSA, "budget": "1250.50"})

    (copy,) = sender.sent()
    assert copy.payload == {
        "name": "Rosa Steiner", "tel": "+4930123456", "budget": "1250.50",
        "budget_currency": "EUR",
    }  # fmt: skip


def test_what_the_team_made_of_a_lead_is_in_no_copy(sender: Sender) -> None:
    sender.distribute(sender.webhook_to())

    sender.post({**ROSA, "score": 90})

    (copy,) = sender.sent()
    assert not {"score", "status", "band", "priority", "silent_days"} & copy.payload.keys()
    assert {"name", "email", "source", "received_at"} <= copy.payload.keys()


def arrived(sender: Sender, *path: Team, root: Lead | None = None) -> Lead:
    """A lead of the sender that came from the last of these teams."""
    source = factories.SourceFactory(
        team=sender.team, kind="copy", sender=path[-1], slug=f"from-{path[-1].slug}"
    )
    lead = sender.world.lead()
    lead.source = source
    lead.save(update_fields=["source"])
    factories.ArrivalFactory(
        team=sender.team, lead=lead, sender=path[-1], path=[team.pk for team in path]
    )
    return lead


def planned(sender: Sender, lead: Lead) -> planning.Planned | None:
    with transaction.atomic():
        return planning.plan(lead, by=Access.system(sender.team), now=now())


def test_a_copy_never_goes_back_to_a_team_that_had_the_lead(sender: Sender) -> None:
    first, second = factories.TeamFactory(), factories.TeamFactory()
    sender.distribute(to(sender.team_to(first, "Origin"), sender.team_to(second, "Next")))

    made = planned(sender, arrived(sender, first))

    assert made is not None
    assert [each.recipient.name for each in sender.sent()] == ["Next"]
    (copy,) = sender.sent()
    assert copy.path == [first.pk, sender.team.pk]
    assert made.distribution.trace["steps"][0]["recipients"][0]["skip"] == "had_it"


def test_a_lead_goes_through_so_many_teams_and_no_more(sender: Sender) -> None:
    sender.distribute(sender.team_to(factories.TeamFactory()))
    teams = factories.TeamFactory.create_batch(5)

    made = planned(sender, arrived(sender, *teams))

    assert made is not None
    assert sender.sent() == []
    assert made.distribution.trace["steps"][0]["recipients"][0]["skip"] == "too_far"


def test_the_first_team_of_a_lead_is_the_root_of_all_its_copies(sender: Sender) -> None:
    sender.distribute(sender.webhook_to())
    lead = sender.world.lead()

    planned(sender, lead)

    (copy,) = sender.sent()
    assert (copy.root_id, copy.path) == (lead.pk, [sender.team.pk])


def test_a_lead_is_sent_by_hand_to_whoever_has_it_not(sender: Sender) -> None:
    first, second = sender.webhook_to("First"), sender.webhook_to("Second")
    sender.distribute(first)
    sender.post(ROSA)
    lead, by = sender.only_lead(), Access.of(sender.manager)

    with transaction.atomic():
        made = planning.send_by_hand(lead, [first, second], by=by, now=now())

    assert [each.recipient_id for each in made.deliveries] == [second.pk]
    assert made.distribution.actor_id == sender.manager.user_id


def test_trying_out_says_what_would_happen_and_writes_nothing(sender: Sender) -> None:
    pool = sender.pool_of(sender.webhook_to("First"), sender.webhook_to("Off", is_paused=True))
    sender.distribute(to_pool(pool, stops=True, name="Partners"), to(sender.webhook_to()))
    facts = LeadFacts(id=pool.pk, received_at=now(), values={"country": "AT"})

    (step,) = planning.preview(facts, sender.team, now=now())

    assert (step.rule, step.stops, step.chosen) == ("Partners", True, ["First"])
    assert step.recipients == [("First", None), ("Off", "paused")]
    assert not Distribution.objects.exists()
    assert RecipientSeat.objects.filter(last_turn_no=0).count() == 2


def test_a_return_gives_turn_cap_and_quota_back_once(sender: Sender) -> None:
    first, second = sender.webhook_to("First", quota=9, cap_day=9), sender.webhook_to("Second")
    sender.distribute(sender.pool_of(first, second))
    sender.post(ROSA)
    (copy,) = sender.sent()

    with transaction.atomic():
        assert giving_back.of(copy, now=now()) is True
    with transaction.atomic():
        giving_back.of(copy, now=now())

    assert {seat.credit for seat in RecipientSeat.objects.all()} == {0}
    recipient = Recipient.objects.get(pk=first.pk)
    assert (recipient.campaign_count, recipient.placed_at) == (0, [])
    assert RecipientTurn.objects.filter(reason="give_back").count() == 1


def statements(sender: Sender, number: int) -> int:
    with CaptureQueriesContext(connection) as queries:
        sender.post(person(number))
    return len([each for each in queries if "SAVEPOINT" not in each["sql"]])


def test_a_team_without_distribution_rules_pays_nothing_for_them(sender: Sender) -> None:
    sender.post(person(0))
    before = statements(sender, 1)
    sender.distribute(to(sender.webhook_to(), conditions=GERMANY))
    sender.post(person(2))

    assert statements(sender, 3) == before, "rules that don't match cost no statement"


def test_a_broadcast_costs_two_statements_and_a_turn_three_more(sender: Sender) -> None:
    sender.post(person(0))
    before = statements(sender, 1)
    sender.distribute(to(*[sender.webhook_to() for _ in range(5)]))
    sender.post(person(2))
    broadcast = statements(sender, 3)
    sender.distribute(sender.pool_of(sender.webhook_to(), sender.webhook_to()))
    sender.post(person(4))

    assert broadcast == before + 2
    assert statements(sender, 5) == broadcast + 3


class Broken(Exception):
    pass


def taken_in_and_rolled_back(sender: Sender, number: int) -> None:
    key = f"rolled{number}@example.com"
    draft = LeadDraft(name=f"Lead {number}", email=Email(shown=key, key=key))
    by, source = Access.system(sender.team), sender.webhook.source
    with transaction.atomic():
        intake(draft, source=source, door=Door.WEBHOOK, by=by, now=now())
        raise Broken


def test_what_is_rolled_back_sends_nothing(sender: Sender) -> None:
    pool = sender.pool_of(sender.webhook_to(quota=300), sender.webhook_to())
    sender.distribute(to_pool(pool, keeps_out=True))

    for number in range(200):
        with pytest.raises(Broken):
            taken_in_and_rolled_back(sender, number)

    assert sender.sent() == []
    assert not RecipientTurn.objects.exists()
    assert {each.campaign_count for each in Recipient.objects.all()} == {0}


def test_published_distribution_rules_never_change(sender: Sender) -> None:
    sender.distribute(sender.webhook_to())
    rule = Rule.objects.get(version__rule_set__kind="distribution")

    with pytest.raises(Exception, match="published"), transaction.atomic():
        Rule.objects.filter(pk=rule.pk).update(recipient_ids=[])
