"""AgencyAccess: somebody at work in an agency, outside of any client."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet, Subquery

from apps.accounts.models import User
from apps.teams.access import Access
from apps.teams.models import Agency, ClientGrant, Operator


@dataclass(frozen=True, slots=True)
class AgencyAccess:
    """The right of an active operator in her agency. What she may do in a client says its grant."""

    agency: Agency
    user: User
    operator: Operator

    @property
    def is_owner(self) -> bool:
        return self.operator.role == Operator.Role.OWNER

    def require_owner(self) -> None:
        """Raise PermissionDenied unless she runs the agency."""
        if not self.is_owner:
            raise PermissionDenied("Only owners of the agency may do this.")

    def clients(self) -> QuerySet[ClientGrant]:
        """The grants that are live now, with their teams, by name; whatever has ended is missing.

        Every page of an agency begins here: a team that is not among them does not exist for it.
        """
        rows: QuerySet[ClientGrant] = live_grants().filter(agency=self.agency)
        return rows.select_related("team").order_by("team__name", "team_id")

    def client(self, team_slug: str) -> ClientGrant:
        """The live grant of one client. ClientGrant.DoesNotExist: none, whatever the reason."""
        return self.clients().get(team__slug=team_slug)

    def inside(self, grant: ClientGrant) -> Access:
        """Her right in this client, as its pages would give it to her."""
        grant.agency = self.agency
        return Access.of_grant(grant, self.user)


def live_grants() -> QuerySet[ClientGrant]:
    """Grants that give a right: not ended, of an agency and of a team that are in use."""
    rows: QuerySet[ClientGrant] = ClientGrant.objects.filter(
        ended_at__isnull=True, agency__is_active=True, team__is_active=True
    )
    return rows


def agency_name() -> Subquery:
    """For `annotate` on rows with a Deed: the name of the agency that did it, if one did."""
    return Subquery(Agency.objects.filter(pk=OuterRef("agency_id")).values("name")[:1])


def works_at() -> Q:
    """The condition, on agencies' operators, that somebody works there now."""
    return Q(is_active=True, user__is_active=True, agency__is_active=True)


def agencies_of(user: User) -> list[Operator]:
    """Where this user works, by name, each with its agency."""
    rows = Operator.objects.filter(works_at(), user=user).select_related("agency", "user")
    return list(rows.order_by("agency__name", "agency_id"))


def agency_of(user: User, slug: str) -> AgencyAccess | None:
    """Her right in the agency of this address; None if she has none, whatever the reason."""
    rows = Operator.objects.filter(works_at(), user=user, agency__slug=slug)
    operator = rows.select_related("agency", "user").first()
    return AgencyAccess(operator.agency, user, operator) if operator else None


def grant_in(user: User, team_slug: str) -> tuple[ClientGrant, UUID] | None:
    """The live grant by which this user may enter a team, and the operator she enters as.

    Of several agencies at which she works, the one that may do most.
    """
    places = dict(Operator.objects.filter(works_at(), user=user).values_list("agency_id", "pk"))
    if not places:
        return None
    rows = live_grants().filter(team__slug=team_slug, agency_id__in=list(places))
    grants = list(rows.select_related("team", "agency"))
    best = max(grants, key=_worth, default=None)
    return (best, places[best.agency_id]) if best else None


def _worth(grant: ClientGrant) -> tuple[int, bool, UUID]:
    return (len(grant.allows), not grant.is_masked, grant.pk)
