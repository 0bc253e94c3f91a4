"""Everyone to whom distribution rules may send copies, for the builder and what it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.rules.models import Recipient, RecipientPool, RecipientSeat
from apps.teams.access import Access


@dataclass(frozen=True, slots=True)
class Addressees:
    """A team's recipients and pools of them, archived ones too; `seated` is who sits where."""

    recipients: Mapping[UUID, Recipient]
    pools: Mapping[UUID, RecipientPool]
    seated: Mapping[UUID, Sequence[Recipient]]

    @classmethod
    def of(cls, access: Access) -> Addressees:
        rows = Recipient.objects.visible_to(access).select_related("agreement", "membership")
        recipients = {each.pk: each for each in rows.order_by("name", "pk")}
        seated: dict[UUID, list[Recipient]] = {}
        seats = RecipientSeat.objects.visible_to(access).filter(is_active=True)
        for pool, recipient in seats.order_by("position", "pk").values_list("pool", "recipient"):
            seated.setdefault(pool, []).append(recipients[recipient])
        pools = RecipientPool.objects.visible_to(access).order_by("name", "pk")
        return cls(recipients, {pool.pk: pool for pool in pools}, seated)

    @property
    def names(self) -> dict[UUID, str]:
        return {pk: each.name for pk, each in self.recipients.items()}

    @classmethod
    def nobody(cls) -> Addressees:
        """For rules that send no copies."""
        return cls({}, {}, {})
