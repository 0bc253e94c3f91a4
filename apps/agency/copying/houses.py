"""What clients have of their own: their rules, pools and names, read for many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.leads.models import CustomField, Source
from apps.routing.values import fold
from apps.rules.models import Pool, Recipient, RecipientPool, Rule, RuleSet, Version
from apps.rules.registry import TeamRegistry, registries
from apps.teams.models import Membership, Skill, Team
from apps.teams.permissions import Role


@dataclass(frozen=True, slots=True)
class House:
    """One client. Names are folded; of two things of one name the first counts."""

    team: Team
    registry: TeamRegistry
    sets: Sequence[RuleSet] = ()
    versions: Mapping[UUID, Mapping[str, Version]] = field(default_factory=dict)
    rules: Mapping[UUID, Sequence[Rule]] = field(default_factory=dict)
    pools: Sequence[Pool] = ()
    people: Mapping[str, UUID] = field(default_factory=dict)  # user → membership
    fields: Sequence[CustomField] = ()
    source_slugs: frozenset[str] = frozenset()
    source_names: Mapping[str, str] = field(default_factory=dict)  # name → slug
    skills: Sequence[str] = ()
    recipients: Mapping[str, UUID] = field(default_factory=dict)
    recipient_pools: Mapping[str, UUID] = field(default_factory=dict)

    def pool(self, name: str) -> Pool | None:
        wanted = fold(name)
        return next((each for each in self.pools if fold(each.name) == wanted), None)

    def set_named(self, name: str) -> RuleSet | None:
        wanted = fold(name)
        return next((each for each in self.sets if fold(each.name) == wanted), None)

    def group(self, name: str) -> UUID | None:
        """The interest group in use that has this name, or had it once."""
        wanted = fold(name)
        for pk, names in self.registry.groups.items():
            if pk in self.registry.active_groups and wanted in map(fold, names):
                return pk
        return None

    def has_group(self, name: str) -> bool:
        wanted = fold(name)
        return any(wanted in map(fold, names) for names in self.registry.groups.values())

    def version(self, rule_set: RuleSet, state: str) -> Version | None:
        return self.versions.get(rule_set.pk, {}).get(state)


def load(teams: Collection[Team], *, people: Iterable[str]) -> dict[UUID, House]:
    """The houses of these teams in the same few statements for one and for hundreds.

    Of members only these people are looked for.
    """
    ids = [team.pk for team in teams]
    registry = registries(teams)
    sets = _by_team(RuleSet.objects.filter(team__in=ids))
    versions = _by_team(Version.objects.filter(team__in=ids).exclude(state=Version.State.RETIRED))
    rules = _rules(ids)
    pools = _by_team(Pool.objects.filter(team__in=ids).order_by("name", "pk"))
    members = _members(ids, people)
    fields = _by_team(CustomField.objects.filter(team__in=ids))
    sources = _by_team(Source.objects.filter(team__in=ids).only("team_id", "slug", "name"))
    skills = _by_team(Skill.objects.filter(team__in=ids, kind=Skill.Kind.SKILL))
    recipients = _by_team(_in_use(Recipient, ids).only("team_id", "name"))
    recipient_pools = _by_team(_in_use(RecipientPool, ids))
    return {
        team.pk: House(
            team=team,
            registry=registry[team.pk],
            sets=sets[team.pk],
            versions=_states(versions[team.pk]),
            rules=rules,
            pools=pools[team.pk],
            people=members[team.pk],
            fields=fields[team.pk],
            source_slugs=frozenset(fold(each.slug) for each in sources[team.pk]),
            source_names={fold(each.name): each.slug for each in reversed(sources[team.pk])},
            skills=[skill.name for skill in skills[team.pk]],
            recipients=_named(recipients[team.pk]),
            recipient_pools=_named(recipient_pools[team.pk]),
        )
        for team in teams
    }


def _in_use(model: Any, teams: Sequence[UUID]) -> Any:
    return model.objects.filter(team__in=teams, is_active=True)


def _by_team(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.team_id].append(row)
    return found


def _states(versions: Iterable[Version]) -> dict[UUID, dict[str, Version]]:
    """By set, the draft and the live version of one team."""
    found: dict[UUID, dict[str, Version]] = defaultdict(dict)
    for version in versions:
        found[version.rule_set_id][version.state] = version
    return found


def _rules(teams: Sequence[UUID]) -> dict[UUID, list[Rule]]:
    """Of drafts and of what is live, by version and in order."""
    rows = Rule.objects.filter(team__in=teams).exclude(version__state=Version.State.RETIRED)
    found: dict[UUID, list[Rule]] = defaultdict(list)
    for rule in rows.order_by("position"):
        found[rule.version_id].append(rule)
    return found


def _members(teams: Sequence[UUID], people: Iterable[str]) -> dict[UUID, dict[str, UUID]]:
    rows = Membership.objects.active().filter(team__in=teams, user__in=list(people))
    found: dict[UUID, dict[str, UUID]] = defaultdict(dict)
    for team, user, pk in rows.exclude(role=Role.VIEWER).values_list("team", "user", "pk"):
        found[team][str(user)] = pk
    return found


def _named(rows: Sequence[Any]) -> dict[str, UUID]:
    return {fold(row.name): row.pk for row in reversed(rows)}
