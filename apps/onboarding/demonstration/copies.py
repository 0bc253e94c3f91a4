"""What became of the copies that the demo's rules planned, gathered and written at once.

It writes what the channels and `deliveries.progress` would have written one by one; nothing is
sent. Copies for the other team come in there: see `sharing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from django.db.models import QuerySet

from apps.deliveries.models import Delivery, DeliveryAttempt
from apps.deliveries.plans import offers, turns_after_offers
from apps.deliveries.sending import retries
from apps.onboarding.demonstration import recipients as names
from apps.onboarding.demonstration.agenda import Agenda
from apps.rules.models import Recipient
from apps.teams.models import Team

State, Kind = Delivery.State, Recipient.Kind
_OPENED, _ACCEPTED, _HICCUP = 0.72, 0.8, 0.06
_TRIED_FOR = timedelta(hours=28)
_OFF_AFTER = timedelta(days=3, hours=2)
_DEAD = 2
_MOVED = (
    "state", "attempts_made", "first_attempt_at", "sent_at", "delivered_at", "opened_at",
    "ended_at", "accepted_at", "next_attempt_at", "reason",
)  # fmt: skip
_REFUSED_CONNECTION = "Nothing answers at this address."


class Post:
    """Everything on its way to mailboxes, members and the webhook."""

    def __init__(self, team: Team, agenda: Agenda) -> None:
        self._team, self._agenda, self._now = team, agenda, agenda.until
        self._moved: list[Delivery] = []
        self._attempts: list[DeliveryAttempt] = []

    def settle(self) -> None:
        """Offers first: some become copies. Then every copy, the oldest first."""
        offered = _rows(self._team).filter(state=State.OFFERED).order_by("distribution", "pk")
        for _distribution, group in groupby(offered, attrgetter("distribution_id")):
            self._offered(list(group))
        rows = _rows(self._team).filter(state=State.QUEUED, offered_until=None)
        waiting = list(rows.exclude(channel=Kind.TEAM))
        self._to_people([each for each in waiting if each.channel != Kind.WEBHOOK])
        self._to_webhook([each for each in waiting if each.channel == Kind.WEBHOOK])
        Delivery.objects.bulk_update(self._moved, _MOVED, batch_size=200)
        DeliveryAttempt.objects.bulk_create(self._attempts, batch_size=200)

    def _offered(self, group: list[Delivery]) -> None:
        """Somebody accepts, or the time runs out; the latest are still open."""
        for each in group:
            self._try(each, each.queued_at + self._seconds(), counts=False)
            each.next_attempt_at = None
        self._moved += group
        until = group[0].offered_until
        if until is None or until > self._now:
            return
        if self._agenda.chance.random() < _ACCEPTED:
            winner = self._agenda.chance.choice(group)
            ended = min(winner.queued_at + self._agenda.minutes(25), until)
            reason, winner.accepted_at = offers.TAKEN, ended
        else:
            ended, reason = until, offers.BY_TURN
            pool = group[0].pool
            given = turns_after_offers.give(group, pool, now=ended) if pool else None
            winner = given or group[0]
        self._hand_over(winner, ended)
        for each in group:
            if each is not winner:
                each.state, each.ended_at, each.reason = State.WITHDRAWN, ended, reason

    def _to_people(self, waiting: Iterable[Delivery]) -> None:
        """What waits for somebody's hours goes on waiting; the last mail has just failed."""
        due = [
            each for each in waiting if each.next_attempt_at and each.next_attempt_at < self._now
        ]
        for each in due:
            self._hand_over(each, each.next_attempt_at or each.queued_at)
        self._moved += due
        mailed = [each for each in due if each.channel == Kind.EMAIL]
        if mailed:
            self._fail(mailed[-1], "The mail server answered 452: the mailbox is full.", tries=3)

    def _hand_over(self, delivery: Delivery, due: datetime) -> None:
        """A mail or an alert goes out, and is mostly opened."""
        at = due + self._seconds()
        if delivery.channel == Kind.EMAIL and self._agenda.chance.random() < _HICCUP:
            error = "The mail server can't be reached: timed out"
            self._try(delivery, at, error=error, milliseconds=10_000)
            at += timedelta(seconds=15)
        self._try(delivery, at)
        delivery.state, delivery.sent_at, delivery.next_attempt_at = State.SENT, at, None
        if delivery.channel != Kind.EMAIL:
            delivery.state, delivery.delivered_at = State.DELIVERED, at
        opened_at = at + self._agenda.minutes(35)
        if opened_at < self._now and self._agenda.chance.random() < _OPENED:
            delivery.state, delivery.opened_at = State.OPENED, opened_at

    def _to_webhook(self, waiting: list[Delivery]) -> None:
        """It took what it got until three days ago; since then nothing answers there."""
        self._moved += waiting
        tried_out = [each for each in waiting if each.queued_at < self._now - _TRIED_FOR]
        since = self._now - _OFF_AFTER
        if tried_out:
            since = min(since, tried_out[-_DEAD:][0].queued_at)
        for each in waiting:
            if each.queued_at >= since:
                self._fail(each, _REFUSED_CONNECTION)
                continue
            at = each.queued_at + self._seconds()
            self._try(
                each, at, status_code=200, milliseconds=self._agenda.chance.randrange(90, 600)
            )
            each.state, each.sent_at, each.delivered_at = State.DELIVERED, at, at
            each.next_attempt_at = None
        failed = sum(each.attempts_made for each in waiting if each.queued_at >= since)
        Recipient.objects.filter(team=self._team, name=names.VOLTWERK).update(
            failures=failed, failing_since=since, slowed_until=None,
            disabled_reason=f"Every delivery failed since {since:%Y-%m-%d %H:%M} UTC. "
            + _REFUSED_CONNECTION,
        )  # fmt: skip

    def _fail(self, delivery: Delivery, error: str, tries: int = retries.MOST_TRIES) -> None:
        """As many tries as fitted in until now; given up after the last of them."""
        self._attempts = [each for each in self._attempts if each.delivery_id != delivery.pk]
        delivery.state, delivery.attempts_made, delivery.first_attempt_at = State.FAILED, 0, None
        delivery.sent_at = delivery.opened_at = None
        delivery.reason, at = error, delivery.queued_at
        for pause in retries.SCHEDULE[:tries]:
            if at + pause >= self._now - names.OFF_FOR * bool(delivery.channel == Kind.WEBHOOK):
                break
            at += pause
            self._try(delivery, at + self._seconds(), error=error, milliseconds=2_000)
        if delivery.attempts_made == retries.MOST_TRIES:
            delivery.state, delivery.ended_at, delivery.next_attempt_at = State.DEAD, at, None
        else:
            delivery.next_attempt_at = self._now + timedelta(minutes=30)

    def _try(
        self, delivery: Delivery, at: datetime, *, error: str = "", milliseconds: int = 240,
        status_code: int | None = None, counts: bool = True,
    ) -> None:  # fmt: skip
        """One line of its history. The try of an offer does not count for the copy."""
        number = delivery.attempts_made + 1 + bool(counts and delivery.offered_until)
        self._attempts.append(DeliveryAttempt(
            team_id=delivery.team_id, delivery=delivery, number=number, at=at,
            milliseconds=milliseconds, status_code=status_code, is_success=not error, error=error,
            answer="ok" if status_code == 200 else "",
        ))  # fmt: skip
        delivery.first_attempt_at = delivery.first_attempt_at or at
        delivery.attempts_made += counts
        if not counts:
            delivery.sent_at = at

    def _seconds(self) -> timedelta:
        return timedelta(seconds=self._agenda.chance.uniform(0.4, 2.5))


def _rows(team: Team) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(team=team).select_related("recipient", "pool", "team", "lead")
    return rows.order_by("queued_at", "pk")
