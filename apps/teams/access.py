"""Access: who is acting, in which team, by which right.

Every page, socket action, API call and task on behalf of someone starts with one.
Querysets take it (`visible_to(access)`), services take it as `by=`, and every write
stores its actor and `via`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import PermissionDenied

from apps.teams.permissions import LOOKS_AT_LEADS, OPERATOR, Permission, allowed, granted

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.teams.models import ClientGrant, Membership, Team


class Via(StrEnum):
    MEMBERSHIP = "membership"
    GRANT = "grant"
    TOKEN = "token"  # noqa: S105  (a word, not a password)
    SYSTEM = "system"
    RULE = "rule"  # the application, carrying out what a rule says


@dataclass(frozen=True, slots=True)
class Access:
    """A right to act in one team. `masked` hides contact details everywhere."""

    team: Team
    user: User | None = None
    membership: Membership | None = None
    role: str = ""
    switches: frozenset[str] = frozenset()
    via: Via = Via.MEMBERSHIP
    masked: bool = False
    agency_id: UUID | None = None
    # Of an operator of an agency: what the client granted. Its agency and team are loaded.
    grant: ClientGrant | None = None
    token_id: UUID | None = None
    _permissions: frozenset[Permission] = field(default=frozenset(), repr=False)

    @classmethod
    def of(
        cls,
        membership: Membership,
        *,
        via: Via = Via.MEMBERSHIP,
        token_id: UUID | None = None,
    ) -> Access:
        """The right of a member, directly or through one of her tokens."""
        switches = frozenset(membership.switches)
        return cls(
            team=membership.team,
            user=membership.user,
            membership=membership,
            role=membership.role,
            switches=switches,
            via=via,
            masked=membership.role == "viewer",
            token_id=token_id,
            _permissions=allowed(membership.role, switches),
        )

    @classmethod
    def of_grant(cls, grant: ClientGrant, user: User) -> Access:
        """The right of an agency's operator in a client: what the client grants, and no more.

        She is no member. Contact details are hidden unless the client shows leads, and shows them
        whole. Whether the grant is live and she works there is the caller's to know.
        """
        return cls(
            team=grant.team,
            user=user,
            role=OPERATOR,
            via=Via.GRANT,
            masked=grant.is_masked or LOOKS_AT_LEADS.isdisjoint(grant.allows),
            agency_id=grant.agency_id,
            grant=grant,
            _permissions=granted(grant.allows),
        )

    @classmethod
    def system(cls, team: Team) -> Access:
        """The application itself: captures, timers, drains, commands."""
        return cls(team=team, role="system", via=Via.SYSTEM, _permissions=frozenset(Permission))

    @classmethod
    def rule(cls, team: Team) -> Access:
        """The application as it carries out a rule: what it changes asks no rule again."""
        return cls(team=team, role="system", via=Via.RULE, _permissions=frozenset(Permission))

    @property
    def member_id(self) -> UUID | None:
        return self.membership.pk if self.membership else None

    @property
    def actor_id(self) -> UUID | None:
        return self.user.pk if self.user else None

    @property
    def is_operator(self) -> bool:
        """Somebody of an agency, in one of its clients."""
        return self.via == Via.GRANT

    @property
    def is_system(self) -> bool:
        return self.via in (Via.SYSTEM, Via.RULE)

    def can(self, permission: Permission) -> bool:
        return permission in self._permissions

    def require(self, permission: Permission) -> None:
        """Raise PermissionDenied, naming what is missing, unless it is allowed."""
        if not self.can(permission):
            raise PermissionDenied(f"This needs the permission “{permission.value}”.")
