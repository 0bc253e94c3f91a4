"""What members, pools and outcomes are called on the simulator's pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.assignments.models import Decision
from apps.rules.models import Pool
from apps.teams.access import Access
from apps.teams.models import Membership

OUTCOMES = dict(Decision.Outcome.choices)


@dataclass(frozen=True, slots=True)
class Names:
    """Members and pools by id, as far as the reader may see them."""

    members: Mapping[str, str]
    pools: Mapping[str, str]

    @classmethod
    def of(cls, access: Access) -> Names:
        members = Membership.objects.visible_to(access).select_related("user")
        pools = Pool.objects.visible_to(access).values_list("pk", "name")
        return cls(
            {str(each.pk): str(each) for each in members}, {str(pk): name for pk, name in pools}
        )

    def member(self, pk: object) -> str:
        return self.members.get(str(pk), _("A former member"))

    def end(self, outcome: str, member: object, pool: object) -> str:
        """Where a lead ended, in a few words."""
        if member:
            return self.member(member)
        words = str(OUTCOMES.get(outcome, outcome)).capitalize()
        return f"{words} · {self.pools[str(pool)]}" if str(pool) in self.pools else words
