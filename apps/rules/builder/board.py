"""The rules page as data: every rule of the draft with what it catches and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from apps.leads.models import Source
from apps.routing.wording import Group, describe
from apps.rules.builder import probe, sample
from apps.rules.builder.probe import SPARK, Trial
from apps.rules.builder.sample import Sample
from apps.rules.deeds import deed_words
from apps.rules.lint import copies
from apps.rules.lint.findings import Around, House, Note
from apps.rules.lint.notes import lint
from apps.rules.models import Destination, Pool, Rule, RuleSet, Version
from apps.rules.recipients.addressees import Addressees
from apps.rules.registry import TeamRegistry
from apps.rules.sets.calls import callers_of
from apps.rules.sets.checking import matches_everything
from apps.rules.sets.comparison import Change, Kind, Known, compare
from apps.rules.sets.compiled import LiveRules, live_set
from apps.rules.sets.trigger_words import when_asked
from apps.rules.sets.version_rows import NAMED
from apps.rules.sets.versions import main_set
from apps.rules.wording import destination_words
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Role

SYMBOLS = {
    Destination.POOL: "users",
    Destination.MEMBER: "user",
    Destination.HOPPER: "funnel",
    Destination.MANAGER: "user-cog",
    Destination.DISQUALIFY: "ban",
    Destination.RULE_SET: "workflow",
    Destination.CONTINUE: "arrow-right",
    Destination.STOP: "ban",
    Destination.RECIPIENTS: "send",
    Destination.RECIPIENT_POOL: "users",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One rule on the page."""

    rule: Rule
    sentence: Group
    to: str
    symbol: str
    tag: str
    count: int
    spark: str
    is_last: bool
    notes: tuple[Note, ...]
    deeds: tuple[str, ...]

    @property
    def catches_all(self) -> bool:
        return matches_everything(self.rule.conditions)


@dataclass(frozen=True)
class Board:
    """The draft, or what is live where there is no draft, beside what is live."""

    access: Access
    now: datetime
    rule_set: RuleSet
    draft: Version | None
    live: Version | None
    rules: Sequence[Rule]
    live_rules: Sequence[Rule]
    rule_sets: Sequence[RuleSet]  # all of the team's of its kind, in their order on the page

    @cached_property
    def known(self) -> Known:
        return Known.of(self.rule_set, self.everyone, self.addressees.names)

    @property
    def registry(self) -> TeamRegistry:
        return self.known.registry

    @property
    def version(self) -> Version | None:
        return self.draft or self.live

    @cached_property
    def sample(self) -> Sample:
        away = self.rule_set.sends_copies
        return sample.latest(self.access, self.registry, now=self.now, with_away=away)

    @cached_property
    def trial(self) -> Trial:
        return probe.run(self.rules, self.sample, self.registry, self.called)

    @cached_property
    def live_trial(self) -> Trial:
        if self.draft is None:
            return self.trial
        return probe.run(self.live_rules, self.sample, self.registry, self.called)

    @cached_property
    def changes(self) -> list[Change]:
        if self.draft is None:
            return []
        return compare(self.rules, self.live_rules, known=self.known)

    @property
    def when(self) -> str:
        """When the set is asked, in words."""
        return when_asked(self.rule_set, self.registry)

    @cached_property
    def called(self) -> dict[UUID, LiveRules]:
        """The other sets as they decide now, for leads that rules here send through them."""
        team, others = self.access.team, self.rule_sets
        live = {each.pk: live_set(team, each.pk) for each in others if each != self.rule_set}
        return {pk: rules for pk, rules in live.items() if rules is not None}

    @cached_property
    def pools(self) -> dict[UUID, Pool]:
        return {pool.pk: pool for pool in pools_of(self.access)}

    @cached_property
    def everyone(self) -> list[Membership]:
        return list(Membership.objects.visible_to(self.access).select_related("user"))

    @cached_property
    def members(self) -> list[Membership]:
        """Those to whom leads may be sent."""
        active = [each for each in self.everyone if each.is_active and each.user.is_active]
        return [each for each in active if each.role != Role.VIEWER]

    @cached_property
    def addressees(self) -> Addressees:
        """Those to whom copies may be sent."""
        return Addressees.of(self.access) if self.rule_set.sends_copies else Addressees.nobody()

    @property
    def groups(self) -> dict[UUID, str]:
        """The interest groups in use, by name."""
        return self.registry.active_groups

    @cached_property
    def notes(self) -> list[Note]:
        sources = list(Source.objects.visible_to(self.access))
        if self.rule_set.sends_copies:
            known = House({}, {}, sources)
            return copies.lint(self.rules, known, self._around, self.addressees, now=self.now)
        return lint(self.rules, house(self.pools, sources), self._around, self.trial)

    @cached_property
    def _around(self) -> Around:
        return Around(
            rule_set=self.rule_set,
            registry=self.registry,
            rule_sets={each.pk: each for each in self.rule_sets},
            live_sets=frozenset(self.called),
            members=frozenset(member.pk for member in self.members),
            groups=frozenset(self.groups),
            is_called=self._is_called(),
        )

    def _is_called(self) -> bool:
        is_for_calls = self.rule_set.trigger == RuleSet.Trigger.CALLED
        return not is_for_calls or bool(callers_of(self.rule_set))

    @cached_property
    def lines(self) -> list[Line]:
        buckets = self.sample.buckets(SPARK, now=self.now)
        tags = {change.key: _tag(change) for change in self.changes}
        return [
            Line(
                rule=rule,
                sentence=describe(rule.conditions, self.registry),
                to=destination_words(rule, self.known.names),
                symbol=SYMBOLS[Destination(rule.destination)],
                tag=tags.get(rule.key, ""),
                count=self.trial.counts.get(rule.key, 0),
                spark=points(self.trial.series(rule.key, buckets, SPARK), 100, 24),
                is_last=self.catches_rest(rule),
                notes=tuple(note for note in self.notes if note.rule_key == rule.key),
                deeds=tuple(deed_words(rule, self.known.names)),
            )
            for rule in self.rules
        ]

    def catches_rest(self, rule: Rule) -> bool:
        """Whether it is the last one of rules of which the first match decides."""
        return rule is self.rules[-1] and not self.rule_set.sends_copies

    @property
    def next_place(self) -> int:
        """Where a new rule goes."""
        last = self.rules[-1].position if self.rules else 0
        return last + 1 if self.rule_set.sends_copies else max(last, 1)

    def rule(self, key: str) -> Rule | None:
        """The rule of this key, as the page shows it."""
        return next((rule for rule in self.rules if str(rule.key) == key), None)

    @property
    def removed(self) -> list[Change]:
        return [change for change in self.changes if change.kind is Kind.REMOVED]

    @property
    def other_notes(self) -> list[Note]:
        """Notes about pools and sources: those about a rule stand beside it."""
        return [note for note in self.notes if note.rule_key is None]


def load(access: Access, rule_set_id: UUID | None = None, *, now: datetime) -> Board:
    """The board of a set, without an id of the one that assigns new leads.

    May raise RuleSet.DoesNotExist.

    What its rules catch is read when it is asked for.
    """
    sets = list(RuleSet.objects.visible_to(access))
    rule_set = _chosen(sets, rule_set_id) or main_set(access.team)
    versions = list(
        Version.objects.visible_to(access)
        .filter(rule_set=rule_set)
        .exclude(state=Version.State.RETIRED)
        .select_related("saved_by", "published_by")
    )
    draft = _in_state(versions, Version.State.DRAFT)
    live = _in_state(versions, Version.State.PUBLISHED)
    rules = list(
        Rule.objects.visible_to(access)
        .filter(version__in=versions)
        .select_related(*NAMED)
        .order_by("position")
    )
    shown = draft or live
    rule_set.team = access.team
    return Board(
        rule_sets=[each for each in sets if each.kind == rule_set.kind],
        access=access,
        now=now,
        rule_set=rule_set,
        draft=draft,
        live=live,
        rules=[rule for rule in rules if shown and rule.version_id == shown.pk],
        live_rules=[rule for rule in rules if live and rule.version_id == live.pk],
    )


def _chosen(sets: Sequence[RuleSet], wanted: UUID | None) -> RuleSet | None:
    """The set of that id; None where no id was given and no set assigns new leads yet."""
    if wanted is None:
        assigning = [each for each in sets if not each.sends_copies]
        return next((each for each in assigning if each.trigger == RuleSet.Trigger.NEW), None)
    found = next((each for each in sets if each.pk == wanted), None)
    if found is None:
        raise RuleSet.DoesNotExist
    return found


def pools_of(access: Access) -> list[Pool]:
    """The team's pools with what their ladders need; `seated` counts the active seats."""
    seated = Count(
        "seats",
        filter=Q(
            seats__is_active=True,
            seats__membership__is_active=True,
            seats__membership__user__is_active=True,
        ),
    )
    return list(
        Pool.objects.visible_to(access)
        .select_related("overflow_pool", "overflow_member__user")
        .annotate(seated=seated)
        .order_by("name", "pk")
    )


def house(pools: dict[UUID, Pool], sources: Sequence[Source]) -> House:
    seated = {pk: pool.seated for pk, pool in pools.items()}  # type: ignore[attr-defined]
    return House(pools, seated, sources)


def points(series: Sequence[int], width: int, height: int, top: int = 0) -> str:
    """A series as the points of a line; `top` (or the largest value) is the upper edge."""
    top = top or max([*series, 1])
    step = width / max(len(series) - 1, 1)
    return " ".join(
        f"{number * step:.1f},{height - 2 - value / top * (height - 6):.1f}"
        for number, value in enumerate(series)
    )


def _in_state(versions: Sequence[Version], state: str) -> Version | None:
    return next((version for version in versions if version.state == state), None)


def _tag(change: Change) -> str:
    words = {Kind.ADDED: _("New"), Kind.CHANGED: _("Changed"), Kind.MOVED: _("Moved")}
    return words.get(change.kind, "")
