"""What the form of a distribution rule offers, and who would get how much by the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from apps.rules.builder.controls import Option
from apps.rules.builder.probe import Trial
from apps.rules.builder.rule_form import RuleForm
from apps.rules.models import Destination, Recipient, Rule
from apps.rules.recipients.addressees import Addressees
from apps.rules.recipients.facts import barrier
from apps.rules.recipients.words import why_words
from apps.teams.models import Team

KIND_SYMBOLS = {
    Recipient.Kind.TEAM: "building-2",
    Recipient.Kind.MEMBER: "user",
    Recipient.Kind.EMAIL: "mail",
    Recipient.Kind.WEBHOOK: "webhook",
}
RECIPIENT_POOL = Destination.RECIPIENT_POOL.value


def destinations(form: RuleForm, to: Addressees) -> list[tuple[str, list[Option]]]:
    """The choices of "send to"; a pool that is archived only where it is chosen."""
    chosen = [(Destination.RECIPIENTS.value, _("recipients, a copy each"))]
    pools = [
        (f"{RECIPIENT_POOL}:{pool.pk}", pool.name)
        for pool in to.pools.values()
        if pool.is_active or form.to == f"{RECIPIENT_POOL}:{pool.pk}"
    ]
    nobody = [(Destination.STOP.value, _("nobody, and stop here"))]
    groups = [(_("Chosen"), chosen), (_("A pool of recipients"), pools), (_("Nobody"), nobody)]
    return [
        (title, [Option(value, label, form.to == value) for value, label in listed])
        for title, listed in groups
    ]


@dataclass(frozen=True, slots=True)
class Tick:
    """A recipient to choose. `why` says what keeps it from leads now, if something does."""

    option: Option
    symbol: str
    why: str


def ticks(form: RuleForm, to: Addressees, team: Team, *, now: datetime) -> list[Tick]:
    """The recipients in use; one that is chosen but archived can be unticked."""
    chosen = set(form.recipients)
    listed = [
        Tick(
            Option(str(each.pk), each.name, str(each.pk) in chosen),
            KIND_SYMBOLS[Recipient.Kind(each.kind)],
            _why(each, team, now),
        )
        for each in to.recipients.values()
        if each.is_active or str(each.pk) in chosen
    ]
    known = {tick.option.value for tick in listed}
    gone = [Option(each, _("no longer there"), True) for each in form.recipients]
    return listed + [Tick(each, "circle-alert", "") for each in gone if each.value not in known]


@dataclass(frozen=True, slots=True)
class Share:
    """Who would have got how many of the latest leads, for the panel beside the rules.

    `percent` is of the leads tried; `quota` how far its campaign is, in percent.
    """

    name: str
    symbol: str
    pk: UUID
    is_pool: bool
    count: int
    percent: int
    why: str
    quota: int | None = None


def shares(
    rules: Sequence[Rule], to: Addressees, trial: Trial, team: Team, *, now: datetime
) -> list[Share]:
    """Everyone whom the active rules name, most leads first. A copy a lead, however many rules."""
    named = {rule.key: list(_named(rule, to)) for rule in rules if rule.is_active}
    counts = Counter(pk for way in trial.ways for pk in {pk for key in way for pk in named[key]})
    everyone = list(dict.fromkeys(pk for listed in named.values() for pk in listed))
    everyone.sort(key=lambda pk: -counts[pk])
    of = max(len(trial.sample), 1)
    return [_share(pk, to, counts[pk], round(counts[pk] * 100 / of), team, now) for pk in everyone]


def _named(rule: Rule, to: Addressees) -> Iterator[UUID]:
    yield from (each for each in rule.recipient_ids if each in to.recipients)
    if rule.recipient_pool_id and rule.recipient_pool_id in to.pools:
        yield rule.recipient_pool_id


def _share(pk: UUID, to: Addressees, count: int, percent: int, team: Team, now: datetime) -> Share:
    if pk in to.pools:
        return Share(to.pools[pk].name, "users", pk, True, count, percent, "")
    found = to.recipients[pk]
    quota = None
    if found.quota:
        quota = min(100, round(found.campaign_count * 100 / found.quota))
    symbol, why = KIND_SYMBOLS[Recipient.Kind(found.kind)], _why(found, team, now)
    return Share(found.name, symbol, pk, False, count, percent, why, quota)


def _why(recipient: Recipient, team: Team, now: datetime) -> str:
    found = barrier(recipient, team, now=now)
    return why_words(found.why) if found else ""
