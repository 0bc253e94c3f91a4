"""Rules, pools and durations as people say them."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.routing.credit import NANO
from apps.rules.deeds import Names
from apps.rules.models import Destination, EmptyPolicy, Mode, Overflow, Pool, Ranking, Rule

UNITS = (86_400, 3_600, 60, 1)


def duration(seconds: int) -> str:
    """90 s, 5 min, 2 h, 3 d: the largest unit that leaves a whole number (90 s stay 90 s)."""
    unit = next((unit for unit in UNITS if seconds and seconds % unit == 0), 1)
    patterns = {
        86_400: _("%(count)d d"),
        3_600: _("%(count)d h"),
        60: _("%(count)d min"),
        1: _("%(count)d s"),
    }
    return patterns[unit] % {"count": seconds // unit}


def response_words(seconds: int | None) -> str:
    """How soon the first attempt must come, as a rule or a pool says it."""
    if seconds is None:
        return _("as the pool says")
    return _("never taken back") if seconds == 0 else duration(seconds)


def destination_words(rule: Rule, names: Names) -> str:
    """Where a rule sends leads, all by name. Needs its pool, member or rule set loaded."""
    if rule.destination == Destination.RECIPIENTS:
        return enumerated([names.recipients.get(each, "?") for each in rule.recipient_ids])
    if rule.destination == Destination.RECIPIENT_POOL and rule.recipient_pool:
        return rule.recipient_pool.name
    if rule.destination == Destination.POOL and rule.pool:
        return rule.pool.name
    if rule.destination == Destination.MEMBER and rule.member:
        return str(rule.member)
    if rule.destination == Destination.RULE_SET and rule.rule_set:
        return _("the rules “%(name)s”") % {"name": rule.rule_set.name}
    if rule.destination == Destination.HOPPER and rule.caretaker:
        return _("the hopper, looked after by %(name)s") % {"name": rule.caretaker}
    return str(Destination(rule.destination).label)


def enumerated(names: Sequence[str]) -> str:
    """A, B and C."""
    if len(names) < 2:
        return "".join(names)
    return _("%(these)s and %(last)s") % {"these": ", ".join(names[:-1]), "last": names[-1]}


def overflow_words(pool: Pool) -> str:
    """Where a pool sends what it could not place. Needs the pool or member loaded."""
    if pool.overflow == Overflow.POOL and pool.overflow_pool:
        return pool.overflow_pool.name
    if pool.overflow == Overflow.MEMBER and pool.overflow_member:
        return str(pool.overflow_member)
    return str(Overflow(pool.overflow).label)


def ranking_and_mode(pool: Pool) -> str:
    """The pool's cell of the table, such as "By turn, as an offer"."""
    modes = {
        Mode.ASSIGN: _("assigned at once"),
        Mode.OFFER: _("as an offer"),
        Mode.CLAIM: _("open to claims"),
        Mode.HOPPER: _("in the hopper"),
    }
    keys = [*pool.prefer, pool.ranking]
    labels = [str(Ranking(key).label) for key in keys if key != Ranking.NONE]
    ranked = _(", then ").join(f"{label[:1].lower()}{label[1:]}" for label in labels)
    words = ", ".join(filter(None, [ranked, modes[Mode(pool.mode)]]))
    return words[:1].upper() + words[1:]


def how_it_hands_over(pool: Pool) -> str:
    """What happens to a lead in this pool, in one sentence."""
    window = duration(pool.window_seconds)
    match pool.mode:
        case Mode.ASSIGN:
            return _("the lead has an owner at once.")
        case Mode.OFFER:
            return _("one member at a time has %(time)s to accept.") % {"time": window}
        case Mode.CLAIM:
            return _("for %(time)s the first to tap gets it.") % {"time": window}
    return _("members pick leads when they have time.")


def empty_policy_words(pool: Pool) -> str:
    return str(EmptyPolicy(pool.empty_policy).label)


def turns(credit: int) -> str:
    """Credit in leads with its sign, such as +0.67; zero is 0.00."""
    amount = credit / NANO
    shown = f"{abs(amount):.2f}"
    if shown == "0.00":
        return shown
    return f"{'+' if credit > 0 else '−'}{shown}"


def changes(count: int) -> str:
    return ngettext("%d change", "%d changes", count) % count
