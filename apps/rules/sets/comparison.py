"""What a draft changes, in words, rule by rule."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext as _

from apps.routing.wording import in_words
from apps.rules.deeds import Names, deed_words, owner_words
from apps.rules.models import Destination, Recipient, Rule, RuleSet
from apps.rules.registry import TeamRegistry, registry
from apps.rules.wording import destination_words, response_words
from apps.teams.models import Membership

WITH_DEADLINE = (
    Destination.POOL, Destination.MEMBER, Destination.MANAGER, Destination.RULE_SET,
)  # fmt: skip


class Kind(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing about a rule: how it was and how it will be; either may be empty."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one rule. `number` is its place in the draft, or where it was."""

    key: UUID
    kind: Kind
    number: int
    name: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the ids and keys in a set's rules are called, and whether leads may have owners."""

    registry: TeamRegistry
    names: Names
    has_owners: bool

    @classmethod
    def of(
        cls,
        rule_set: RuleSet,
        everyone: Iterable[Membership] | None = None,
        recipients: Mapping[UUID, str] | None = None,
    ) -> Known:
        """Of the set's team; `everyone` are its members, if they were read already, and so on."""
        if everyone is None:
            members = Membership.objects.filter(team=rule_set.team_id)
            everyone = members.select_related("user")
        fields = registry(rule_set.team)
        has_owners = rule_set.trigger != RuleSet.Trigger.NEW
        recipients = _recipients(rule_set) if recipients is None else recipients
        return cls(fields, Names.of(everyone, fields, recipients), has_owners)


def _recipients(rule_set: RuleSet) -> dict[UUID, str]:
    """All that the team ever had by name, for rules that send copies."""
    if not rule_set.sends_copies:
        return {}
    return dict(Recipient.objects.filter(team=rule_set.team_id).values_list("pk", "name"))


def compare(draft: Sequence[Rule], live: Sequence[Rule], *, known: Known) -> list[Change]:
    """Every rule that is new, different, elsewhere or gone, in the draft's order."""
    before = {rule.key: rule for rule in live}
    moved = _moved(draft, before)
    changes = [
        change
        for rule in draft
        if (change := _change(rule, before.get(rule.key), rule.key in moved, known))
    ]
    kept = {rule.key for rule in draft}
    return changes + [_removed(rule, known) for rule in live if rule.key not in kept]


def _change(rule: Rule, was: Rule | None, is_moved: bool, known: Known) -> Change | None:
    if was is None:
        whole = tuple(_whole(rule, known, is_new=True))
        return Change(rule.key, Kind.ADDED, rule.position, rule.name, whole)
    differences = list(_differences(rule, was, known))
    kind = Kind.CHANGED if differences else Kind.MOVED
    if is_moved:
        differences.append(Difference(_("Place"), str(was.position), str(rule.position)))
    if not differences:
        return None
    return Change(rule.key, kind, rule.position, rule.name, tuple(differences))


def _removed(rule: Rule, known: Known) -> Change:
    whole = tuple(_whole(rule, known, is_new=False))
    return Change(rule.key, Kind.REMOVED, rule.position, rule.name, whole)


def _whole(rule: Rule, known: Known, *, is_new: bool) -> Iterator[Difference]:
    usual = {_("Name"), *([_("Switched")] if rule.is_active else ())}
    for label, words in _aspects(rule, known).items():
        if words and label not in usual:
            yield Difference(label, "" if is_new else words, words if is_new else "")


def _differences(rule: Rule, was: Rule, known: Known) -> Iterator[Difference]:
    before, after = _aspects(was, known), _aspects(rule, known)
    for label, words in after.items():
        if words != before[label]:
            yield Difference(label, before[label], words)


def _aspects(rule: Rule, known: Known) -> dict[str, str]:
    """Everything about a rule that decides, in words."""
    has_deadline = rule.destination in WITH_DEADLINE
    return {
        _("Name"): rule.name,
        _("When"): in_words(rule.conditions, known.registry),
        _("Send to"): destination_words(rule, known.names),
        _("First attempt"): response_words(rule.response_seconds) if has_deadline else "",
        _("Reason"): rule.reason,
        _("Owned leads"): owner_words(rule) if known.has_owners else "",
        _("Also"): "; ".join(deed_words(rule, known.names)),
        _("Switched"): _("on") if rule.is_active else _("off"),
    }


def _moved(draft: Sequence[Rule], before: Mapping[UUID, Rule]) -> set[UUID]:
    """The fewest rules that must have been moved: all but a longest run still in order."""
    common = [rule.key for rule in draft if rule.key in before]
    places = [before[key].position for key in common]
    return {key for key, stays in zip(common, _in_order(places), strict=True) if not stays}


def _in_order(places: Sequence[int]) -> list[bool]:
    """Marks one longest increasing subsequence."""
    tails: list[int] = []
    ranks = []
    for place in places:
        rank = bisect_left(tails, place)
        tails[rank : rank + 1] = [place]
        ranks.append(rank)
    wanted, marks = len(tails) - 1, [False] * len(places)
    for index in range(len(places) - 1, -1, -1):
        if ranks[index] == wanted:
            marks[index], wanted = True, wanted - 1
    return marks
