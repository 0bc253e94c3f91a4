"""What happens to a lead that nobody takes: a pool and its overflows as steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from apps.rules.models import Mode, Overflow, Pool
from apps.rules.pools.services import overflow_chain
from apps.rules.wording import duration, overflow_words


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: what happens, and for how long."""

    text: str
    note: str
    pool: Pool | None = None


def ladder(pool: Pool, pools: Mapping[UUID, Pool]) -> list[Step]:
    """From the pool down to where a lead stays; `pools` are the team's, by id."""
    overflows = {pk: each.overflow_pool_id for pk, each in pools.items()}
    chain = [pools[pk] for pk in overflow_chain(pool.pk, overflows) if pk in pools]
    return list(_steps(chain))


def _steps(chain: list[Pool]) -> Iterator[Step]:
    for number, pool in enumerate(chain):
        yield _own(pool, is_first=number == 0)
        if pool.mode == Mode.HOPPER:
            return
    last = chain[-1]
    if last.overflow == Overflow.HOPPER:
        yield Step(_("Hopper"), _("until somebody picks it"))
    elif last.overflow == Overflow.MEMBER:
        yield Step(overflow_words(last), _("assigned"))
    elif last.overflow == Overflow.MANAGER:
        yield Step(_("A manager decides"), _("alert"))


def _own(pool: Pool, *, is_first: bool) -> Step:
    window = duration(pool.window_seconds)
    hops = {"hops": pool.max_hops, "time": window}
    texts = {
        Mode.ASSIGN: (_("Assign, one by one"), _("up to %(hops)d members") % hops),
        Mode.OFFER: (_("Offer, one by one"), _("%(time)s each, up to %(hops)d") % hops),
        Mode.CLAIM: (_claim_text(pool), window),
        Mode.HOPPER: (_("Hopper"), _hopper_note(pool)),
    }
    text, note = texts[Mode(pool.mode)]
    if is_first:
        return Step(text, note, pool)
    named = pool.name if pool.mode == Mode.HOPPER else f"{pool.name}: {text[:1].lower()}{text[1:]}"
    return Step(named, note, pool)


def _hopper_note(pool: Pool) -> str:
    if pool.hopper_hours is None:
        return _("until somebody picks it")
    return _("%(time)s at most") % {"time": duration(pool.hopper_hours * 3_600)}


def _claim_text(pool: Pool) -> str:
    if not pool.head_start_seconds:
        return _("Open to claims")
    head = duration(pool.head_start_seconds)
    return _("Open to claims, after a head start of %(time)s") % {"time": head}
