"""What went between the two teams: copies that came in, what was refused, returns, a campaign."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db.models import F, QuerySet

from apps.alerts.models import Alert, Kind
from apps.assignments.models import Door
from apps.capture import copies as inbox
from apps.capture import services as capture
from apps.deliveries import arrivals
from apps.deliveries.models import ARRIVED, Delivery, Dispute, Distribution
from apps.deliveries.plans import campaigns
from apps.deliveries.returns import disputes, giving_back, sending_back
from apps.deliveries.sending import progress
from apps.deliveries.telling import tell_managers
from apps.leads.models import Lead, LeadEvent, Source
from apps.onboarding.demonstration import cast, nordlicht, past
from apps.onboarding.demonstration import recipients as names
from apps.onboarding.demonstration.agenda import Agenda
from apps.onboarding.demonstration.company import TIMEZONE, Company
from apps.onboarding.demonstration.copies import Post
from apps.onboarding.demonstration.road import Road
from apps.rules.models import Recipient
from apps.teams.models import Team

QUOTA, SENT_ALREADY = 50, 44
# Who returns a lead, under which name, why, how many days ago, and what was decided.
_RETURNS = (
    (names.BRANDL, "Josef Brandl", "wrong_number", 9, "accepted", "Sorry, a typing error."),
    (names.SPARROW, "Lea Sperling", "out_of_area", 6, "refused", "All of Germany was agreed."),
    (names.BRANDL, "Josef Brandl", "duplicate", 1, "", ""),
    (names.LONDON, "Amara Hughes", "spam", 1, "", ""),
)
_SENT_BACK = (
    ("other", 8, "accepted", "True, our form asks for it now."),
    ("duplicate", 5, "refused", "They asked again in their own words."),
    ("out_of_area", 0, "", ""),
)
# What has just come in waits for whoever looks at the demo.
_JUST_NOW = timedelta(minutes=12)
State = Delivery.State


def play(acme: Company, partner: Company, *, now: datetime) -> None:
    """After Acme's past: everything that its copies led to until `now`."""
    agenda = Agenda(until=now, timezone=TIMEZONE, seed=11)
    Post(acme.team, agenda).settle()
    _refuse_some(acme.team, now)
    _deliver_to(partner, acme.team, agenda)
    _return_some(acme.team, now)
    _send_some_back(partner, now)
    _near_the_quota(acme.team, now)
    _tell_of_trouble(acme.team, now)
    settle(partner.team, now)
    past.settle(acme.team, now)


def _deliver_to(partner: Company, sender: Team, agenda: Agenda) -> None:
    """The other team gets its copies among leads of its own, and works on all of them."""
    road = Road(partner, agenda)
    source = Source.objects.get(team=partner.team, sender=sender)
    source.team = partner.team
    for delivery in _copies(sender, names.NORDLICHT).filter(state=State.QUEUED):
        at = delivery.queued_at + timedelta(seconds=agenda.chance.uniform(0.6, 3))
        agenda.at(at, partial(hand_over, road, source, delivery))
    for when, body in nordlicht.own_leads(agenda):
        agenda.at(when, partial(road.arrive, "website", body))
    agenda.play()
    road.desk.plan_today()
    road.desk.book.write()


def hand_over(road: Road, source: Source, delivery: Delivery, at: datetime) -> None:
    """As `capture.copies` does it, at a moment of the past."""
    arrivals.record(delivery, to=source.team_id, now=at)
    answer = capture.receive(
        source, body=json.dumps(delivery.payload).encode(), content_type=inbox.JSON,
        key=str(delivery.pk), door=Door.COPY, now=at,
    )  # fmt: skip
    progress.settle(delivery, inbox.IN_THE_INBOX, milliseconds=35, now=at)
    is_worked = at < road.until - _JUST_NOW and answer.payload["outcome"] != "duplicate"
    if answer.payload["lead"] and is_worked:
        road.follow(UUID(answer.payload["lead"]), at)


def _refuse_some(team: Team, now: datetime) -> None:
    """One that would have come a second time, one whose consent was ended."""
    first, second = list(_copies(team, names.NORDLICHT))[:2]
    again = "They have this lead already: it came another way."
    progress.refuse(first, again, now=first.queued_at + timedelta(seconds=2))
    former = Recipient.objects.get(team=team, name=names.SONNENWERK)
    ended = "They ended the agreement: they take no more leads."
    at = second.queued_at + timedelta(days=2)
    by_hand = Distribution.objects.create(
        team=team, lead=second.lead, at=at, trace=_by_hand(former)
    )
    Delivery.objects.create(
        team=team, distribution=by_hand, lead=second.lead, recipient=former,
        channel=former.kind, state=State.REFUSED, payload=second.payload, path=second.path,
        root_id=second.root_id, price_minor=former.price_minor, currency=second.currency,
        queued_at=at, ended_at=at + timedelta(days=1), reason=ended,
    )  # fmt: skip


def _by_hand(recipient: Recipient) -> dict[str, object]:
    considered = [{"id": str(recipient.pk), "name": recipient.name, "skip": None}]
    chosen = [str(recipient.pk)]
    step = {"by_hand": True, "pool": None, "way": None, "recipients": considered, "chosen": chosen}
    return {"rules": [], "ruled_out": 0, "facts": {}, "steps": [step]}


def _return_some(team: Team, now: datetime) -> None:
    """Those who have no account say so by their link."""
    for name, who, reason, days, decided, answer in _RETURNS:
        at = now - timedelta(days=days, hours=2)
        delivery = _last_before(_copies(team, name), at)
        if delivery is not None:
            made = disputes.open_dispute(
                delivery, reason=reason, note=cast.RETURN_NOTES[reason], by_name=who, now=at
            )
            _decide(made, decided, answer, at + timedelta(hours=1))


def _send_some_back(partner: Company, now: datetime) -> None:
    """Nordlicht's manager does it from the pages of the leads."""
    for reason, days, decided, answer in _SENT_BACK:
        at = now - timedelta(days=days, minutes=50)
        sent = Lead.objects.filter(team=partner.team, arrivals__arrived_at__lt=at)
        lead = sent.exclude(activities__kind="disputed").order_by("-received_at").first()
        arrival = arrivals.of(lead) if lead else None
        if lead is not None and arrival is not None:
            note = cast.RETURN_NOTES[reason]
            made = sending_back.send_back(
                lead, arrival.pk, reason=reason, note=note, by=partner.manager, now=at
            )
            _decide(made, decided, answer, at + timedelta(minutes=40))


def _last_before(rows: QuerySet[Delivery], at: datetime) -> Delivery | None:
    """The last copy that had arrived by then and that nobody returned."""
    there = rows.filter(state__in=ARRIVED, sent_at__lt=at, dispute=None)
    return there.exclude(distribution__keeps_out=True, state=State.DELIVERED).last()


def _decide(made: Dispute, decided: str, answer: str, at: datetime) -> None:
    """As `disputes` does, but for its mail: nobody is written to."""
    if not decided:
        return
    gave_back = decided == Dispute.State.ACCEPTED and giving_back.of(made.delivery, now=at)
    manager = made.recipient.created_by
    Dispute.objects.filter(pk=made.pk).update(
        state=decided, answer=answer, decided_at=at, decided_by=manager, gave_back=gave_back
    )


def _near_the_quota(team: Team, now: datetime) -> None:
    """The campaign began so that most of its leads were sent by now."""
    brandl = Recipient.objects.get(team=team, name=names.BRANDL)
    counted = _copies(team, names.BRANDL).exclude(dispute__gave_back=True)
    moments = list(counted.values_list("queued_at", flat=True))[-SENT_ALREADY:]
    brandl.quota, brandl.campaign_count = QUOTA, len(moments)
    brandl.campaign_since = moments[0] if moments else now
    brandl.warned = ["quota_80"]
    brandl.save(update_fields=["quota", "campaign_count", "campaign_since", "warned"])
    told = campaigns.alerts_of([(brandl, "quota_80")], team=team, now=now - timedelta(days=1))
    Alert.objects.bulk_create(told)


def _tell_of_trouble(team: Team, now: datetime) -> None:
    """What the managers heard of the webhook that is away."""
    off = Recipient.objects.get(team=team, name=names.VOLTWERK)
    tell_managers(
        team, Kind.RECIPIENT_OFF, title=off.name, page="recipient", page_id=off.pk,
        reason=off.disabled_reason, now=now - names.OFF_FOR,
    )  # fmt: skip


def settle(team: Team, now: datetime) -> None:
    """Nothing of the past is due, and nobody is mailed about it."""
    past.settle(team, now)
    Lead.objects.filter(team=team).update(look_up_at=None, enriched_at=F("received_at"))
    LeadEvent.objects.filter(team=team, handled_at=None).update(handled_at=F("at"))


def _copies(team: Team, name: str) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(team=team, recipient__name=name)
    rows = rows.select_related("recipient", "team", "lead", "distribution")
    return rows.order_by("queued_at", "pk")
