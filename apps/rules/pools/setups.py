"""Ways to hand out leads that a team may know by name, ready to be used or changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.rules.models import EmptyPolicy, Mode, Overflow, Pool, Ranking
from apps.rules.pools import seats
from apps.rules.pools import services as pools
from apps.rules.pools.settings import PoolSettings
from apps.teams.access import Access
from apps.teams.models import Membership, Team

LONGEST_NAME = 120
TERRITORY = {"kind": "territory"}
LANGUAGE = {"kind": "language"}
BY_PRODUCT = {"kind": "skill", "field": "product", "level": 1}


@dataclass(frozen=True, slots=True)
class Setup:
    """A way to hand out leads. `text` says what happens, `then` what is left to do."""

    key: str
    title: Any
    text: Any
    symbol: str
    settings: Mapping[str, Any]
    then: Any = ""
    opens_to_all: bool = False

    def filled(self) -> PoolSettings:
        """What the form starts with."""
        return PoolSettings(name=str(self.title), **self.settings)


def _only(item: Mapping[str, Any]) -> dict[str, Any]:
    """Best match by one thing, among those who meet it."""
    return {
        "ranking": Ranking.FIT,
        "filters": {"match": "all", "items": [item]},
        "fit": ({**item, "weight": 1},),
        "empty_policy": EmptyPolicy.MANAGER,
    }


SETUPS = (
    Setup(
        "round_robin",
        gettext_lazy("Round robin"),
        gettext_lazy("One after another, exactly fair. Who is away neither gains nor loses."),
        "refresh-cw",
        {},
    ),
    Setup(
        "weighted",
        gettext_lazy("Weighted"),
        gettext_lazy("By turn, but some get more: weight 2 gets twice as many as weight 1."),
        "scale",
        {},
        gettext_lazy("Give each seat its weight on the next page."),
    ),
    Setup(
        "fastest",
        gettext_lazy("Fastest fingers"),
        gettext_lazy("Everybody hears of the lead; whoever taps first within 5 minutes has it."),
        "zap",
        {"ranking": Ranking.NONE, "mode": Mode.CLAIM, "window_seconds": 300},
    ),
    Setup(
        "shark",
        gettext_lazy("Shark tank"),
        gettext_lazy("Open to all for a day; who has three leads unworked must work them first."),
        "fish",
        {
            "ranking": Ranking.NONE, "mode": Mode.CLAIM, "window_seconds": 86_400,
            "max_unworked": 3, "business_time": False,
        },
    ),
    Setup(
        "cherry",
        gettext_lazy("Cherry picking"),
        gettext_lazy("Leads wait in the hopper; members take what they like, ten a day at most."),
        "cherry",
        {
            "ranking": Ranking.NONE, "mode": Mode.HOPPER, "claims_per_day": 10, "max_unworked": 5,
        },
    ),
    Setup(
        "skill",
        gettext_lazy("Best match by skill"),
        gettext_lazy("The lead’s product decides: whoever knows it best gets the lead."),
        "graduation-cap",
        {"ranking": Ranking.FIT, "fit": ({**BY_PRODUCT, "level": 5, "weight": 1},)},
        gettext_lazy("Members’ skills are in the team settings."),
    ),
    Setup(
        "territory",
        gettext_lazy("Best match by territory"),
        gettext_lazy("Only those who sell where the lead is; among them, whose turn it is."),
        "map",
        _only(TERRITORY),
        gettext_lazy("Territories are in the team settings."),
    ),
    Setup(
        "language",
        gettext_lazy("Best match by language"),
        gettext_lazy("Only those who speak the lead’s language; among them, whose turn it is."),
        "languages",
        _only(LANGUAGE),
        gettext_lazy("Members’ languages are in the team settings."),
    ),
    Setup(
        "least_busy",
        gettext_lazy("Least busy"),
        gettext_lazy("Whoever has the fewest open leads gets the next one."),
        "battery-low",
        {"ranking": Ranking.LOAD},
    ),
    Setup(
        "performance",
        gettext_lazy("Performance"),
        gettext_lazy("By turn, but who wins more gets up to a quarter more, who wins less less."),
        "trending-up",
        {
            "ranking": Ranking.PERFORMANCE,
            "performance": {
                "measure": "win_rate", "days": 90, "most_percent": 25, "share": 100,
            },
        },
    ),
    Setup(
        "escalation",
        gettext_lazy("Escalation list"),
        gettext_lazy("Always the first on the list; after ten minutes the second, then the third."),
        "list-ordered",
        {
            "ranking": Ranking.FIXED, "mode": Mode.OFFER, "window_seconds": 600, "max_hops": 10,
        },
        gettext_lazy("Put the seats in order on the next page."),
    ),
    Setup(
        "offer_then_open",
        gettext_lazy("Exclusive offer, then open to all"),
        gettext_lazy("One member at a time has 90 seconds; what nobody accepts is open to all."),
        "split",
        {"mode": Mode.OFFER, "window_seconds": 90, "max_hops": 2},
        opens_to_all=True,
    ),
)  # fmt: skip


def of(key: str) -> Setup | None:
    return next((setup for setup in SETUPS if setup.key == key), None)


@transaction.atomic
def make(
    team: Team,
    settings: PoolSettings,
    *,
    members: Iterable[Membership],
    then_open_seconds: int | None,
    by: Access,
    now: datetime,
) -> Pool:
    """A new pool with these members seated, and below it one that is open to them all.

    The second is made for offers, if `then_open_seconds` is given.

    May raise Refused; then nothing was made.
    """
    seated = list(members)
    if then_open_seconds is not None and settings.mode == Mode.OFFER:
        below = pools.create_pool(team, _open_to_all(settings, then_open_seconds), by=by, now=now)
        _seat(below, seated, by=by, now=now)
        settings = replace(
            settings,
            overflow=Overflow.POOL,
            overflow_pool_id=below.pk,
            overflow_member_id=None,
        )
    pool = pools.create_pool(team, settings, by=by, now=now)
    _seat(pool, seated, by=by, now=now)
    return pool


def _seat(pool: Pool, members: Iterable[Membership], *, by: Access, now: datetime) -> None:
    for member in members:
        seats.add_seat(pool, member, by=by, now=now)


def _open_to_all(settings: PoolSettings, seconds: int) -> PoolSettings:
    ending = _(", open to all")
    return replace(
        settings,
        name=settings.name[: LONGEST_NAME - len(ending)] + ending,
        ranking=Ranking.NONE,
        mode=Mode.CLAIM,
        window_seconds=seconds,
        prefer=(),
        fit=(),
        performance={},
        head_start_seconds=0,
        empty_policy=EmptyPolicy.OVERFLOW,
    )
