"""A team that sends copies of its leads, with few words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from apps.deliveries.models import Delivery
from apps.leads.models import Lead
from apps.rules.models import (
    Agreement,
    Destination,
    Recipient,
    RecipientPool,
    RecipientSeat,
    RuleSet,
)
from apps.teams.models import Team
from tests.capture.inbox import Inbox

_numbers = count(1)


class Sender(Inbox):
    """An inbox whose leads go to recipients too."""

    def webhook_to(self, name: str = "", **settings: Any) -> Recipient:
        return self._recipient("webhook", name, url="https://partner.example/leads", **settings)

    def email_to(self, name: str = "", **settings: Any) -> Recipient:
        return self._recipient("email", name, **{"email": "partner@example.com", **settings})

    def team_to(self, other: Team, name: str = "", **settings: Any) -> Recipient:
        """A recipient team that agreed."""
        agreement, _made = Agreement.objects.get_or_create(
            team=self.team, to=other, state=Agreement.State.ACCEPTED,
            defaults={"asked_at": datetime.now(UTC), "via": "membership"},
        )  # fmt: skip
        return self._recipient("team", name, agreement=agreement, **settings)

    def _recipient(self, kind: str, name: str, **settings: Any) -> Recipient:
        number = next(_numbers)
        made: Recipient = Recipient.objects.create(
            team=self.team, kind=kind, name=name or f"Recipient {number}", **settings
        )
        return made

    def pool_of(
        self, *recipients: Recipient, way: str = "turn", weights: Sequence[int] = (),
        **settings: Any,
    ) -> RecipientPool:  # fmt: skip
        pool: RecipientPool = RecipientPool.objects.create(
            team=self.team, name=f"Partners {next(_numbers)}", way=way, **settings
        )
        for place, recipient in enumerate(recipients):
            weight = weights[place] if weights else 1
            RecipientSeat.objects.create(
                team=self.team, pool=pool, recipient=recipient, position=place, weight=weight
            )
        return pool

    def distribute(self, *targets: Recipient | RecipientPool | dict[str, Any]) -> None:
        """Publish distribution rules, one a target, in order; a dict gives a rule's columns."""
        rule_set, _made = RuleSet.objects.get_or_create(
            team=self.team, kind=RuleSet.Kind.DISTRIBUTION, trigger=RuleSet.Trigger.NEW,
            defaults={"name": "Distribution"},
        )  # fmt: skip
        rule_set.versions.filter(state="published").update(state="retired")
        self.world._publish(rule_set, *[_columns(target) for target in targets])
        self.team.refresh_from_db()

    def sent(self, **of: Any) -> list[Delivery]:
        return list(Delivery.objects.filter(team=self.team, **of).order_by("queued_at", "id"))

    def recipients_of(self, lead: Lead) -> list[str]:
        """The names of who gets this lead, in order."""
        rows = Delivery.objects.filter(lead=lead).order_by("id")
        return [row.recipient.name for row in rows.select_related("recipient")]


def to(*recipients: Recipient, **columns: Any) -> dict[str, Any]:
    """A rule that sends a copy to each of these."""
    ids = [each.pk for each in recipients]
    return {"destination": Destination.RECIPIENTS, "recipient_ids": ids, **columns}


def to_pool(pool: RecipientPool, **columns: Any) -> dict[str, Any]:
    return {"destination": Destination.RECIPIENT_POOL, "recipient_pool": pool, **columns}


def _columns(target: Recipient | RecipientPool | dict[str, Any]) -> dict[str, Any]:
    if isinstance(target, Recipient):
        return to(target)
    return to_pool(target) if isinstance(target, RecipientPool) else target
