"""What looks wrong about rules and pools, although it can be saved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from apps.rules.builder.probe import Trial
from apps.rules.lint import rules as rule_lint
from apps.rules.lint.findings import Around, House, Note
from apps.rules.models import Overflow, Pool, Rule
from apps.rules.pools.services import overflow_chain


def lint(rules: Sequence[Rule], house: House, around: Around, trial: Trial) -> list[Note]:
    """Everything worth a look before publishing, worst first."""
    notes = [
        *_pool_notes(rules, house),
        *rule_lint.notes(rules, house, around, trial),
    ]
    return sorted(notes, key=lambda note: note.tone != "urgent")


def pool_notes(pool: Pool, house: House) -> Iterator[Note]:
    """What is wrong with one pool and the ladder below it."""
    if not pool.is_active:
        yield Note("urgent", pool.name, _("This pool is switched off."), pool_id=pool.pk)
    elif not house.seated.get(pool.pk):
        text = _("Nobody has an active seat, so leads wait here.")
        yield Note("urgent", pool.name, text, pool_id=pool.pk)
    yield from _ladder_notes(pool, house)


def _pool_notes(rules: Sequence[Rule], house: House) -> Iterator[Note]:
    used = {rule.pool_id for rule in rules if rule.is_active and rule.pool_id}
    for pool in house.pools.values():
        if pool.pk in used:
            yield from pool_notes(pool, house)


def _ladder_notes(pool: Pool, house: House) -> Iterator[Note]:
    overflows = {pk: each.overflow_pool_id for pk, each in house.pools.items()}
    for pool_id in overflow_chain(pool.pk, overflows)[1:]:
        step = house.pools.get(pool_id)
        if step is not None and (not step.is_active or not house.seated.get(pool_id)):
            text = _("The overflow of this pool ends in %(pool)s, where nobody is.")
            yield Note("urgent", pool.name, text % {"pool": step.name}, pool_id=pool.pk)
        if step is not None:
            pool = step
    member = pool.overflow_member if pool.overflow == Overflow.MEMBER else None
    if member is not None and not member.is_active:
        text = _("The overflow goes to %(member)s, who is no longer active.")
        yield Note("urgent", pool.name, text % {"member": member}, pool_id=pool.pk)
