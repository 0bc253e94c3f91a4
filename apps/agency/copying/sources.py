"""Whose rules somebody of an agency may copy, and what there is to be copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from apps.rules.models import Pool, RuleSet, Version
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import Membership, Team
from apps.teams.permissions import Grant, Permission


@dataclass(frozen=True, slots=True)
class Offered:
    """A rule set with its versions that may be copied: what is live, then the draft."""

    rule_set: RuleSet
    versions: Sequence[Version]


def teams(by: AgencyAccess) -> list[Team]:
    """The teams whose rules she may read: the sending team, then clients that grant rules."""
    sending = _sending(by)
    rows = by.clients().filter(allows__contains=[Grant.EDIT_ROUTING.value])
    listed = [grant.team for grant in rows]
    if sending is None:
        return listed
    return [sending.team, *(team for team in listed if team.pk != sending.team.pk)]


def first(by: AgencyAccess) -> Access | None:
    """The first of them that has rules, else the first; None without any."""
    listed = teams(by)
    rows = Version.objects.filter(team__in=listed).exclude(state=Version.State.RETIRED)
    with_rules = set(rows.values_list("team_id", flat=True))
    listed.sort(key=lambda team: team.pk not in with_rules)
    return readable(listed[0].pk, by=by) if listed else None


def readable(team_id: UUID, *, by: AgencyAccess) -> Access | None:
    """Her right in a team whose rules she may read; None if she may not."""
    sending = _sending(by)
    if sending is not None and sending.team.pk == team_id:
        return sending
    grant = by.clients().filter(team=team_id).first()
    access = by.inside(grant) if grant else None
    return access if access and access.can(Permission.SEE_ROUTING) else None


def _sending(by: AgencyAccess) -> Access | None:
    """Her own right in the agency's sending team, if she is a member who sees its rules."""
    team = by.agency.sending_team_id
    rows = Membership.objects.active().filter(team=team, user=by.user, team__is_active=True)
    member = rows.select_related("team", "user").first() if team else None
    access = Access.of(member) if member else None
    return access if access and access.can(Permission.SEE_ROUTING) else None


def offered(source: Access) -> list[Offered]:
    """Every rule set of a team that has rules, the one for new leads first."""
    rows = Version.objects.visible_to(source).exclude(state=Version.State.RETIRED)
    by_set: dict[UUID, list[Version]] = {}
    for version in rows.annotate(size=Count("rules")).order_by("-state"):
        by_set.setdefault(version.rule_set_id, []).append(version)
    sets = RuleSet.objects.visible_to(source).filter(pk__in=by_set)
    order = sorted(sets, key=lambda each: (each.trigger != RuleSet.Trigger.NEW, each.sends_copies))
    return [Offered(each, by_set[each.pk]) for each in order]


def pools(source: Access) -> list[Pool]:
    return list(Pool.objects.visible_to(source).order_by("-is_active", "name", "pk"))
