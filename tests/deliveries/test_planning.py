"""Which copies of a lead go to whom, and what becomes of the lead itself."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.alerts.models import Alert, Kind
from apps.assignments.models import Assignment, Door
from apps.capture.drafts import LeadDraft
from apps.capture.intake import intake
from apps.deliveries.models import Delivery, Dispute, Distribution
from apps.deliveries.plans import planning
from apps.deliveries.returns import coming_back, giving_back
from apps.leads.models import Activity, Lead
from apps.leads.normalise import Email
from apps.routing.facts import LeadFacts
from apps.rules.models import Recipient, RecipientSeat, RecipientTurn, Rule
from apps.teams.access import Access
from apps.teams.models import Team
from tests import factories
from tests.capture.inbox import ROSA, answer, now
from tests.deliveries.sender import Sender, to, to_pool

State = Delivery.State
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


# Keeping leads out ----------------------------------------------------------------------------


def test_a_lead_that_is_kept_out_is_nobodys_lead_here(sender: Sender) -> None:
    sender.distribute(to(sender.webhook_to(), keeps_out=True))

    said = answer(sender.post(ROSA))

    lead = sender.only_lead()
    assert said["outcome"] == "distributed"
    assert (lead.stage, lead.owner_id) == (Lead.Stage.AWAY, None)
    everyone = Access.of(sender.manager)
    assert not Lead.objects.visible_to(everyone).exists()
    assert not Lead.objects.counted().exists()
    assert not Lead.objects.unplaced().exists()
    assert not Assignment.objects.exists()
    assert len(sender.sent()) == 1


def test_it_stays_in_if_no_copy_could_be_queued(sender: Sender) -> None:
    sender.distribute(to(sender.webhook_to(is_paused=True), keeps_out=True))

    said = answer(sender.post(ROSA))

    assert said["outcome"] == "assigned"
    assert sender.only_lead().owner_id == sender.seller.pk
    assert Distribution.objects.get().keeps_out is False


def test_a_double_click_on_a_form_is_one_kept_out_lead(sender: Sender) -> None:
    sender.distribute(to(sender.webhook_to(), keeps_out=True))

    sender.post(ROSA)
    again = answer(sender.post(ROSA))

    assert again["outcome"] == "duplicate"
    assert (sender.leads, len(sender.sent())) == (1, 1)


def test_whoever_comes_again_later_is_sent_again(sender: Sender) -> None:
    sender.distribute(to(sender.webhook_to(), keeps_out=True))
    sender.post(ROSA)
    long_ago = now() - timedelta(days=2)
    Lead.objects.update(received_at=long_ago, last_heard_at=long_ago)

    sender.post(ROSA)

    assert (sender.leads, len(sender.sent())) == (2, 2)


def test_a_kept_out_lead_can_be_neither_opened_nor_restored(sender: Sender) -> None:
    sender.distribute(to(sender.webhook_to(), keeps_out=True))
    sender.post(ROSA)
    admin = sender.world.member("Ada", role="admin")
    client, lead = sender.signed_in(admin), sender.only_lead()

    for page in ("", "deleted/"):
        assert client.get(f"/t/acme/leads/{lead.pk}/{page}").status_code == 404
    assert client.post(f"/t/acme/leads/{lead.pk}/restore/").status_code in (404, 405)
    assert sender.only_lead().stage == Lead.Stage.AWAY


@pytest.mark.parametrize("ended", [State.DEAD, State.REFUSED, State.WITHDRAWN])
def test_it_comes_back_when_its_last_copy_ended(sender: Sender, ended: str) -> None:
    sender.distribute(to(sender.webhook_to(), sender.webhook_to(), keeps_out=True))
    sender.post(ROSA)
    first, second = sender.sent()

    Delivery.objects.filter(pk=first.pk).update(state=ended)
    assert coming_back.consider(first.distribution_id, now=now()) is False
    Delivery.objects.filter(pk=second.pk).update(state=ended)
    assert coming_back.consider(first.distribution_id, now=now()) is True

    lead = sender.only_lead()
    assert (lead.stage, lead.owner_id) == (Lead.Stage.OWNED, sender.seller.pk)
    assert lead.deleted_at is None
    assert lead.decisions.get().door == Door.RETURNED
    told = Alert.objects.filter(user=sender.manager.user, kind=Kind.RETURNED)
    assert told.count() == 1
    assert coming_back.consider(first.distribution_id, now=now()) is False


def test_the_sweep_finds_what_nobody_looked_at(sender: Sender) -> None:
    sender.distribute(to(sender.webhook_to(), keeps_out=True))
    sender.post(ROSA)
    sender.post(person(2))
    Delivery.objects.filter(lead__name="Person 2").update(state=State.DEAD)

    assert coming_back.sweep(now=now()) == 1

    assert Lead.objects.get(name="Person 2").owner_id == sender.seller.pk
    assert Lead.objects.get(name="Rosa Steiner").stage == Lead.Stage.AWAY


@pytest.mark.parametrize(("reason", "back"), [("out_of_area", True), ("wrong_number", False)])
def test_a_lead_that_was_returned_comes_back_if_it_is_still_good(
    sender: Sender, reason: str, back: bool
) -> None:
    sender.distribute(to(sender.webhook_to(), keeps_out=True))
    sender.post(ROSA)
    (copy,) = sender.sent()
    Delivery.objects.update(state=State.DELIVERED)
    Dispute.objects.create(
        team=sender.team, delivery=copy, recipient=copy.recipient, reason=reason,
        at=now(), state=Dispute.State.ACCEPTED,
    )  # fmt: skip

    assert coming_back.consider(copy.distribution_id, now=now()) is back


# One at a time --------------------------------------------------------------------------------


def test_weights_decide_how_many_each_gets(sender: Sender) -> None:
    big, small = sender.webhook_to("Big"), sender.webhook_to("Small")
    sender.distribute(sender.pool_of(big, small, weights=[3, 1]))

    for number in range(8):
        sender.post(person(number))

    got = Counter(delivery.recipient_id for delivery in sender.sent())
    assert got == {big.pk: 6, small.pk: 2}
    assert sum(seat.credit for seat in RecipientSeat.objects.all()) == 0


def test_two_rules_that_share_a_pool_take_two_turns_of_one_lead(sender: Sender) -> None:
    first, second, third = (sender.webhook_to() for _ in range(3))
    pool = sender.pool_of(first, second, third)
    sender.distribute(to_pool(pool), to_pool(pool))

    sender.post(ROSA)

    assert [each.recipient_id for each in sender.sent()] == [first.pk, second.pk]
    assert list(RecipientTurn.objects.order_by("turn_no").values_list("turn_no", flat=True)) == [
        1,
        2,
    ]
    seats = RecipientSeat.objects.order_by("position")
    assert sum(seat.credit for seat in seats) == 0
    assert [seat.last_turn_no for seat in seats] == [1, 2, 0]


def test_a_pool_passes_over_whoever_is_closed_and_waits_when_all_are(sender: Sender) -> None:
    first = sender.webhook_to("Closed", hours={})  # no hour of the week
    second = sender.webhook_to("Open")
    sender.distribute(sender.pool_of(first, second))
    sender.post(person(1))
    sender.post(person(2))
    Recipient.objects.filter(pk=second.pk).update(hours={})

    sender.post(person(3))

    names = [each.recipient.name for each in sender.sent()]
    assert names == ["Open", "Open", "Closed"]


def test_a_broadcast_waits_for_the_opening_of_a_recipient(sender: Sender) -> None:
    always_tomorrow = timezone.now() + timedelta(days=1)
    weekday = always_tomorrow.weekday()
    sender.distribute(sender.webhook_to(hours={str(weekday): [["09:00", "17:00"]]}, timezone="UTC"))

    sender.post(ROSA)

    (copy,) = sender.sent()
    opening = always_tomorrow.replace(hour=9, minute=0, second=0, microsecond=0)
    assert (copy.state, copy.next_attempt_at) == (State.QUEUED, opening)


def test_caps_and_quotas_hold_and_managers_hear_of_a_full_campaign(sender: Sender) -> None:
    capped = sender.webhook_to("Capped", cap_day=2)
    campaign = sender.webhook_to("Campaign", quota=5, campaign="Spring")
    sender.distribute(to(capped, campaign))

    for number in range(7):
        sender.post(person(number))

    got = Counter(delivery.recipient.name for delivery in sender.sent())
    assert got == {"Capped": 2, "Campaign": 5}
    told = Alert.objects.filter(kind=Kind.CAMPAIGN, user=sender.manager.user).order_by("created_at")
    assert [each.data["reason"] for each in told] == ["quota_80", "quota_100"]
    last = Distribution.objects.order_by("-at").first()
    assert last is not None
    assert [each["skip"] for each in last.trace["steps"][0]["recipients"]] == [
        "cap_day", "campaign_full",
    ]  # fmt: skip


def test_caps_that_were_set_a_moment_ago_count_what_was_sent_before(sender: Sender) -> None:
    busy = sender.webhook_to("Busy")
    sender.distribute(busy)
    for number in range(3):
        sender.post(person(number))
    Recipient.objects.filter(pk=busy.pk).update(cap_day=4, capped_at=timezone.now())

    for number in range(3, 6):
        sender.post(person(number))

    assert len(sender.sent()) == 4


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("is_active", False, "off"),
        ("disabled_at", "2026-01-01T00:00Z", "switched_off"),
        ("is_paused", True, "paused"),
        ("ends_at", "2026-01-01T00:00Z", "campaign_over"),
    ],
)
def test_a_recipient_that_takes_no_leads_gets_none_and_the_trace_says_why(
    sender: Sender, column: str, value: object, why: str
) -> None:
    recipient = sender.webhook_to()
    Recipient.objects.filter(pk=recipient.pk).update(**{column: value})
    sender.distribute(recipient)

    sender.post(ROSA)

    assert sender.sent() == []
    (step,) = Distribution.objects.get().trace["steps"]
    assert step["recipients"][0]["skip"] == why


def test_those_who_keep_more_of_their_leads_get_more_within_the_bound(sender: Sender) -> None:
    good, bad = sender.webhook_to("Good"), sender.webhook_to("Bad")
    for number in range(60):
        for recipient in (good, bad):
            sent = factories.DeliveryFactory(
                team=sender.team, recipient=recipient, state=State.DELIVERED,
                queued_at=now() - timedelta(days=3), next_attempt_at=None,
            )  # fmt: skip
            if recipient == bad and number % 2:
                factories.DisputeFactory(
                    team=sender.team, delivery=sent, state=Dispute.State.ACCEPTED
                )
    pool = sender.pool_of(good, bad, way="performance", performance={"most_percent": 25})
    sender.distribute(pool)

    for number in range(24):
        sender.post(person(number))

    got = Counter(sender.sent(pool=pool)[n].recipient.name for n in range(24))
    assert got["Good"] > got["Bad"] >= 8


# First to accept ------------------------------------------------------------------------------


def test_an_offer_goes_to_all_who_may_have_it_and_counts_for_nobody_yet(sender: Sender) -> None:
    first, second = sender.email_to("First", quota=5), sender.email_to("Second")
    full = sender.email_to("Full", quota=0)
    pool = sender.pool_of(first, second, full, way="first", window_seconds=600)
    sender.distribute(to_pool(pool, keeps_out=True))

    sender.post(ROSA)

    offers = sender.sent()
    assert [each.recipient.name for each in offers] == ["First", "Second"]
    assert {each.state for each in offers} == {State.OFFERED}
    assert all(each.offered_until == each.queued_at + timedelta(minutes=10) for each in offers)
    assert Recipient.objects.get(pk=first.pk).campaign_count == 0
    assert sender.only_lead().stage == Lead.Stage.AWAY


# Loops ----------------------------------------------------------------------------------------


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


# By hand, and trying out ----------------------------------------------------------------------


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


# Giving back ----------------------------------------------------------------------------------


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


# What it costs, and what is never sent --------------------------------------------------------


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
