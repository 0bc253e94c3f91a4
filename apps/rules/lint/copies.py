"""What looks wrong about distribution rules: who gets nothing, and what is never reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from apps.rules.lint import rules as rule_lint
from apps.rules.lint.coverage import covers
from apps.rules.lint.findings import Around, House, Note, note_of
from apps.rules.models import COPIES, Recipient, Rule
from apps.rules.recipients.addressees import Addressees
from apps.rules.recipients.facts import barrier
from apps.rules.recipients.words import why_words
from apps.rules.sets.checking import matches_everything
from apps.teams.models import Team

# What passes by itself: the limit of an hour or a day is no flaw of a rule.
PASSING = ("cap_hour", "cap_day", "cap_week", "cap_month")


def lint(
    rules: Sequence[Rule], house: House, around: Around, to: Addressees, *, now: datetime
) -> list[Note]:
    """Everything worth a look before publishing, worst first."""
    notes = [*_notes(rules, house, around, to, now), *_unreached_notes(rules)]
    return sorted(notes, key=lambda note: note.tone != "urgent")


def _notes(
    rules: Sequence[Rule], house: House, around: Around, to: Addressees, now: datetime
) -> Iterator[Note]:
    team = around.rule_set.team
    for rule in rules:
        yield from rule_lint.condition_notes(rule, around)
        yield from rule_lint.unknown_source_notes(rule, house)
        for recipient in _named(rule, to):
            yield from _recipient_notes(rule, recipient, team, now)
        yield from _pool_notes(rule, to, team, now)


def _named(rule: Rule, to: Addressees) -> list[Recipient]:
    return [to.recipients[each] for each in rule.recipient_ids if each in to.recipients]


def _recipient_notes(rule: Rule, recipient: Recipient, team: Team, now: datetime) -> Iterator[Note]:
    found = barrier(recipient, team, now=now)
    if found is None or found.why in PASSING:
        return
    tone = "soon" if found.why == "paused" else "urgent"
    text = _("%(name)s %(why)s, so it gets no copies.")
    words = {"name": recipient.name, "why": why_words(found.why)}
    yield note_of(rule, tone, text % words)


def _pool_notes(rule: Rule, to: Addressees, team: Team, now: datetime) -> Iterator[Note]:
    pool = to.pools.get(rule.recipient_pool_id) if rule.recipient_pool_id else None
    if pool is None:
        return
    seated = to.seated.get(pool.pk, ())
    found = [barrier(each, team, now=now) for each in seated]
    if not pool.is_active:
        text = _("The pool “%(pool)s” is archived.")
    elif not seated:
        text = _("No recipient is in the pool “%(pool)s”, so nobody gets a copy.")
    elif all(each is not None and each.why not in PASSING for each in found):
        text = _("No recipient in the pool “%(pool)s” takes leads now.")
    else:
        return
    yield note_of(rule, "urgent", text % {"pool": pool.name})


def _unreached_notes(rules: Sequence[Rule]) -> Iterator[Note]:
    """Rules below one that stops the list for every lead that they would match."""
    above: list[Rule] = []
    for rule in (each for each in rules if each.is_active):
        stop = next((each for each in above if _includes(each, rule)), None)
        if stop is not None:
            text = _("Never reached: rule %(number)d “%(name)s” above stops all these leads.")
            words = text % {"number": stop.position, "name": stop.name}
            yield note_of(rule, "soon", words)
        if rule.stops or rule.destination not in COPIES:
            above.append(rule)


def _includes(wide: Rule, narrow: Rule) -> bool:
    return matches_everything(wide.conditions) or covers(wide.conditions, narrow.conditions)
