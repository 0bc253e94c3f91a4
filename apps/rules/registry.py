"""The fields that a team's rules may ask for: the standard ones and its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from apps.leads.models import CustomField, InterestGroup, Status
from apps.routing.fields import STANDARD_FIELDS, Field, FieldType, Registry
from apps.teams.models import Team
from apps.teams.remembered import Remembered
from apps.teams.team_settings import routing_moved

__all__ = ["STANDARD", "TeamRegistry", "registries", "registry", "routing_moved"]

STANDARD = Registry()


class TeamRegistry(Registry):
    """A team's fields, and what its statuses and interest groups are called.

    `groups` gives each group every name that it ever had, the present one first; `active_groups`
    the present one of those in use.
    """

    def __init__(
        self, own: Iterable[Field], statuses: Iterable[Status], groups: Iterable[InterestGroup]
    ) -> None:
        self.statuses: Mapping[UUID, str] = {each.pk: each.name for each in statuses}
        listed = list(groups)
        self.groups: Mapping[UUID, tuple[str, ...]] = {
            each.pk: (each.name, *map(str, each.former_names)) for each in listed
        }
        self.active_groups = {each.pk: each.name for each in listed if each.is_active}
        names = tuple(dict.fromkeys(self.statuses.values()))
        standard = (
            replace(field, options=names) if field.key == "status" else field
            for field in STANDARD_FIELDS
        )
        super().__init__(Registry(standard).with_custom(own))


def registry(team: Team) -> TeamRegistry:
    """The team's fields; no query while its routing version stands still."""
    return _registries.of(team)


def registries(teams: Iterable[Team]) -> dict[UUID, TeamRegistry]:
    """The fields of many teams at once: three statements for all, none of them remembered."""
    wanted = [team.pk for team in teams]
    own, statuses, groups = (
        _by_team(model.objects.filter(team__in=wanted))
        for model in (CustomField, Status, InterestGroup)
    )
    return {
        pk: TeamRegistry([_field(each) for each in own[pk]], statuses[pk], groups[pk])
        for pk in wanted
    }


def _by_team(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.team_id].append(row)
    return found


def _load(team: Team) -> TeamRegistry:
    own = [_field(custom) for custom in CustomField.objects.filter(team=team)]
    statuses = Status.objects.filter(team=team)
    return TeamRegistry(own, statuses, InterestGroup.objects.filter(team=team))


def _field(custom: CustomField) -> Field:
    options = tuple(str(option) for option in custom.options)
    return Field(custom.key, custom.label, FieldType(custom.type), options, custom.is_personal)


_registries: Remembered[TeamRegistry] = Remembered(_load)
