"""Roles, switches, skills; and that a team keeps an admin."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied

from apps.teams import members
from apps.teams.access import Access
from apps.teams.members import MemberRefused
from apps.teams.models import AuditEntry, AvailabilityChange, Membership
from apps.teams.permissions import Permission, Role, Switch
from tests.factories import MembershipFactory, SkillFactory, TerritoryFactory
from tests.factories.teams import NOW
from tests.teams.people import People, a_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    return a_team()


def _step_down(admin: Membership) -> Membership:
    return members.change_role(admin, role=Role.MANAGER, by=Access.of(admin), now=NOW)


def _leave(admin: Membership) -> Membership:
    return members.set_active(admin, is_active=False, by=Access.of(admin), now=NOW)


@pytest.mark.parametrize("go", [_step_down, _leave])
def test_the_last_admin_stays(people: People, go: Callable[[Membership], Membership]) -> None:
    with pytest.raises(MemberRefused, match="at least one admin"):
        go(people.admin)

    people.admin.refresh_from_db()
    assert (people.admin.role, people.admin.is_active) == (Role.ADMIN, True)


@pytest.mark.parametrize("go", [_step_down, _leave])
def test_an_admin_may_go_while_another_stays(
    people: People, go: Callable[[Membership], Membership]
) -> None:
    MembershipFactory(team=people.team, role=Role.ADMIN)

    gone = go(people.admin)

    assert gone.role == Role.MANAGER or not gone.is_active


@pytest.mark.parametrize("absent", [{"is_active": False}, {"user__is_active": False}])
def test_an_admin_who_cannot_come_in_does_not_count(
    people: People, absent: dict[str, bool]
) -> None:
    MembershipFactory(team=people.team, role=Role.ADMIN, **absent)

    with pytest.raises(MemberRefused):
        _step_down(people.admin)


def test_an_admin_of_another_team_does_not_count(people: People) -> None:
    MembershipFactory(role=Role.ADMIN)

    with pytest.raises(MemberRefused):
        _step_down(people.admin)


def test_a_role_is_changed_and_audited(people: People) -> None:
    by = Access.of(people.admin)

    promoted = members.change_role(people.salesperson, role=Role.MANAGER, by=by, now=NOW)

    assert Access.of(promoted).can(Permission.EDIT_ROUTING)
    entry = AuditEntry.objects.get(action="member.role")
    assert entry.detail == {"before": "salesperson", "after": "manager"}
    assert (entry.actor, entry.target_id) == (people.admin.user, people.salesperson.pk)


def test_a_switch_gives_what_the_role_does_not(people: People) -> None:
    by = Access.of(people.admin)

    trusted = members.change_switches(
        people.salesperson, switches=[Switch.SEE_UNASSIGNED], by=by, now=NOW
    )

    assert Access.of(trusted).can(Permission.SEE_UNASSIGNED)
    assert not Access.of(trusted).can(Permission.SEE_OTHERS)


def test_a_manager_changes_no_roles(people: People) -> None:
    with pytest.raises(PermissionDenied):
        members.change_role(
            people.salesperson, role=Role.ADMIN, by=Access.of(people.manager), now=NOW
        )


def test_no_reach_into_another_team(people: People) -> None:
    stranger = MembershipFactory()

    with pytest.raises(Membership.DoesNotExist):
        members.change_role(stranger, role=Role.ADMIN, by=Access.of(people.admin), now=NOW)


def test_going_and_coming_is_kept_in_the_history(people: People) -> None:
    by = Access.of(people.admin)

    members.set_active(people.salesperson, is_active=False, by=by, now=NOW)
    members.set_active(people.salesperson, is_active=True, by=by, now=NOW)

    kinds = AvailabilityChange.objects.values_list("kind", flat=True)
    assert list(kinds) == ["inactive", "active"]


def test_skills_are_exactly_those_given_and_of_the_team(people: People) -> None:
    by = Access.of(people.manager)
    german, french, foreign = (
        SkillFactory(team=people.team),
        SkillFactory(team=people.team),
        SkillFactory(),
    )
    members.set_skills(people.salesperson, levels={german.pk: 2}, by=by, now=NOW)

    members.set_skills(people.salesperson, levels={french.pk: 5, foreign.pk: 5}, by=by, now=NOW)

    levels = people.salesperson.memberskill_set.values_list("skill", "level")
    assert list(levels) == [(french.pk, 5)]


def test_territories_are_exactly_those_given_and_of_the_team(people: People) -> None:
    by = Access.of(people.manager)
    south, foreign = TerritoryFactory(team=people.team), TerritoryFactory()

    members.set_territories(people.salesperson, territories=[south.pk, foreign.pk], by=by, now=NOW)

    assert list(people.salesperson.territories.all()) == [south]
