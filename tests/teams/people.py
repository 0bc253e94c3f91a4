"""The people of the tests: a team with one of each role."""

from dataclasses import dataclass

from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role
from tests.factories import MembershipFactory, TeamFactory


@dataclass(frozen=True, slots=True)
class People:
    team: Team
    salesperson: Membership
    manager: Membership
    admin: Membership
    viewer: Membership


def a_team() -> People:
    """A new team with one member of each role."""
    team = TeamFactory()
    of_role = {role: MembershipFactory(team=team, role=role) for role in Role}
    return People(
        team=team,
        salesperson=of_role[Role.SALESPERSON],
        manager=of_role[Role.MANAGER],
        admin=of_role[Role.ADMIN],
        viewer=of_role[Role.VIEWER],
    )


def access(member: Membership) -> Access:
    return Access.of(member)
