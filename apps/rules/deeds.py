"""What rules do to leads beside sending them on, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _

from apps.rules.models import Destination, Rule
from apps.rules.registry import TeamRegistry
from apps.teams.models import Membership

# Where a lead that has an owner may go from her to somebody else.
WITH_OWNER = (
    Destination.POOL, Destination.MEMBER, Destination.RULE_SET, Destination.HOPPER,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids in rules are called; those that left are still known."""

    groups: Mapping[UUID, str]
    members: Mapping[UUID, str]
    recipients: Mapping[UUID, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        everyone: Iterable[Membership],
        registry: TeamRegistry,
        recipients: Mapping[UUID, str] | None = None,
    ) -> Names:
        groups = {pk: names[0] for pk, names in registry.groups.items()}
        members = {member.pk: str(member) for member in everyone}
        return cls(groups, members, recipients or {})


def priority_words(priority: int) -> str:
    """A priority as people say it; any other as a number with its sign."""
    words = {72: _("urgent"), 24: _("high"), 0: _("as usual"), -24: _("low")}
    return words.get(priority, f"{priority:+d}".replace("-", "−"))


def deed_words(rule: Rule, names: Names) -> list[str]:
    """What a rule does to leads beside sending them on, each in a few words."""
    done = []
    if rule.group_ids:
        groups = ", ".join(names.groups.get(each, "?") for each in rule.group_ids)
        done.append(_("joins %(groups)s") % {"groups": groups})
    if rule.priority is not None:
        done.append(_("priority %(level)s") % {"level": priority_words(rule.priority)})
    if rule.notify:
        told = ", ".join(names.members.get(each, "?") for each in rule.notify)
        done.append(_("tells %(names)s") % {"names": told})
    if rule.keeps_out:
        done.append(_("keeps it out of the team"))
    if rule.stops:
        done.append(_("then stops here"))
    return done


def owner_words(rule: Rule) -> str:
    """What becomes of the owner of a lead that the rule sends to somebody else."""
    if rule.destination not in WITH_OWNER:
        return ""
    return _("the owner gives way") if rule.replaces_owner else _("the owner keeps it")
