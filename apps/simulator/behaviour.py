"""How people behaved: accepts, claims, first attempts and closures of each pool, as observed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from apps.routing.simulation import Behaviour, Spread
from apps.teams.models import Team

LOOK_BACK = timedelta(days=90)
# A pool with fewer of a kind behaves like the team, a team with fewer as people mostly do.
LEAST = 20
POINTS = 60
DEFAULT = Behaviour()

PLACES = ", ".join(f"{(place + 0.5) / POINTS:.4f}" for place in range(POINTS))


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to count by pool and over all: in how many of `cases` it was `done`, how fast."""

    table: str
    moment: str
    span: str
    done: str
    cases: str
    declined: str = "false"

    @property
    def sql(self) -> str:
        """For a team, from one moment until another: pool, cases, done, declined, spans."""
        return " ".join((
            "SELECT row.pool_id, count(*),",
            f"count(*) FILTER (WHERE {self.done}), count(*) FILTER (WHERE {self.declined}),",
            f"percentile_disc(ARRAY[{PLACES}]) WITHIN GROUP",
            f"(ORDER BY extract(epoch FROM {self.span})) FILTER (WHERE {self.done})",
            f"FROM {self.table} WHERE row.team_id = %(team)s",
            f"AND row.{self.moment} >= %(since)s AND row.{self.moment} < %(until)s",
            f"AND {self.cases}",
            "GROUP BY GROUPING SETS ((row.pool_id), ()) ORDER BY grouping(row.pool_id)",
        ))  # fmt: skip


QUESTIONS = {
    "accepts": Question(
        table="assignments_offer AS row",
        moment="opened_at",
        span="closed_at - opened_at",
        done="state = 'accepted'",
        declined="state = 'declined'",
        cases="member_id IS NOT NULL AND state IN ('accepted', 'declined', 'expired')",
    ),
    "claims": Question(
        table="assignments_offer AS row",
        moment="opened_at",
        span="closed_at - opened_at",
        done="state = 'accepted'",
        cases="member_id IS NULL AND state IN ('accepted', 'expired')",
    ),
    "picks": Question(
        table="assignments_hopperentry AS row",
        moment="entered_at",
        span="left_at - entered_at",
        done="picked_by_id IS NOT NULL",
        cases="left_at IS NOT NULL AND (picked_by_id IS NOT NULL OR gave_up)",
    ),
    # Those of the last days that may still be answered say nothing yet.
    "responds": Question(
        table="assignments_assignment AS row",
        moment="started_at",
        span="responded_at - started_at",
        done="responded_at IS NOT NULL",
        cases="(responded_at IS NOT NULL OR end_reason = 'timeout' "
        "OR started_at < %(until)s - interval '2 days')",
    ),
    "closes": Question(
        table="assignments_assignment AS row JOIN leads_lead AS lead ON lead.id = row.lead_id",
        moment="started_at",
        span="lead.closed_at - started_at",
        done="lead.closed_at IS NOT NULL",
        cases="row.ended_at IS NULL AND lead.deleted_at IS NULL "
        "AND (lead.closed_at IS NULL OR lead.closed_at >= row.started_at)",
    ),
}
CLAIMERS = (
    "SELECT pool_id, taken_by_id, count(*) FROM assignments_offer WHERE team_id = %(team)s "
    "AND opened_at >= %(since)s AND opened_at < %(until)s AND member_id IS NULL "
    "AND state = 'accepted' "
    "GROUP BY pool_id, taken_by_id"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one thing: in how many cases out of how many, and how long it took."""

    cases: int
    done: int
    spread: Spread | None
    declined: int = 0

    @property
    def share(self) -> float:
        return self.done / self.cases if self.cases else 0.0


@dataclass(frozen=True, slots=True)
class Observed:
    """What is assumed of a pool. `from_` says where each figure is from: pool, team or nobody."""

    behaviour: Behaviour = DEFAULT
    from_: Mapping[str, str] = field(default_factory=dict)
    cases: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """For the page that says what was assumed: shares, medians in seconds, and of how many."""
        seen = self.behaviour
        figures = {
            "accepts": (seen.accepts, seen.accepts_after),
            "claims": (seen.claims, seen.claims_after),
            "picks": (seen.picks, seen.picks_after),
            "responds": (seen.responds, seen.responds_after),
            "closes": (seen.closes, seen.closes_after),
        }
        return {
            name: {
                "share": round(share, 4), "median": round(spread.median, 1),
                "from": self.from_.get(name, "default"), "of": self.cases.get(name, 0),
            }
            for name, (share, spread) in figures.items()
        }  # fmt: skip


def observed(team: Team, *, until: datetime) -> dict[UUID | None, Observed]:
    """What was seen in the last 90 days before a moment: by pool, and of the whole team at None."""
    given = {"team": team.pk, "since": until - LOOK_BACK, "until": until}
    seen = {name: _seen(question, given) for name, question in QUESTIONS.items()}
    claimers = _claimers(given)
    pools = {pool for of_pools in seen.values() for pool in of_pools} | {None}
    return {pool: _observed(pool, seen, claimers.get(pool, {})) for pool in pools}


def written(found: Mapping[UUID | None, Observed]) -> dict[str, Any]:
    """What was observed, ready to be kept with a run."""
    return {str(pool or ""): _to_json(each) for pool, each in found.items()}


def read(kept: Mapping[str, Any]) -> dict[UUID | None, Observed]:
    """What `written` gave."""
    return {UUID(pool) if pool else None: _from_json(each) for pool, each in kept.items()}


def _to_json(seen: Observed) -> dict[str, Any]:
    shares = {name: getattr(seen.behaviour, name) for name in (*QUESTIONS, "declines")}
    spreads = {name: list(getattr(seen.behaviour, f"{name}_after").values) for name in QUESTIONS}
    claimers = {str(member): count for member, count in seen.behaviour.claimers.items()}
    return {
        "shares": shares, "spreads": spreads, "claimers": claimers,
        "from": dict(seen.from_), "cases": dict(seen.cases),
    }  # fmt: skip


def _from_json(kept: Mapping[str, Any]) -> Observed:
    shown: dict[str, Any] = dict(kept["shares"])
    shown |= {f"{name}_after": Spread.of(values) for name, values in kept["spreads"].items()}
    shown["claimers"] = {UUID(member): count for member, count in kept["claimers"].items()}
    behaviour = Behaviour(**shown)
    return Observed(behaviour, kept["from"], kept["cases"])


def of_pool(found: Mapping[UUID | None, Observed], pool: UUID | None) -> Observed:
    """A pool's, or the team's for one of which nothing was seen."""
    return found.get(pool) or found[None]


def _observed(
    pool: UUID | None,
    seen: Mapping[str, Mapping[UUID | None, Seen]],
    claimers: Mapping[UUID, int],
) -> Observed:
    behaviour, from_, cases = replace(DEFAULT, claimers=claimers), {}, {}
    for name, of_pools in seen.items():
        for place, key in (("pool", pool), ("team", None)):
            found = of_pools.get(key)
            if found is None or found.cases < LEAST or (place == "pool" and pool is None):
                continue
            behaviour = _with(behaviour, name, found)
            from_[name], cases[name] = place, found.cases
            break
    return Observed(behaviour, from_, cases)


def _with(behaviour: Behaviour, name: str, seen: Seen) -> Behaviour:
    changes: dict[str, Any] = {name: seen.share}
    if name == "accepts":
        changes["declines"] = seen.declined / seen.cases
    if seen.spread is not None:
        changes[f"{name}_after"] = seen.spread
    return replace(behaviour, **changes)


def _seen(question: Question, given: Mapping[str, Any]) -> dict[UUID | None, Seen]:
    found: dict[UUID | None, Seen] = {}
    for pool, cases, done, declined, spans in _rows(question.sql, given):
        times = [float(each) for each in spans or () if each is not None]
        # Of what has no pool, only the sum over all counts: it comes last.
        found[pool] = Seen(cases, done, Spread.of(times) if times else None, declined)
    return found


def _claimers(given: Mapping[str, Any]) -> dict[UUID | None, dict[UUID, int]]:
    found: dict[UUID | None, dict[UUID, int]] = {}
    for pool, member, count in _rows(CLAIMERS, given):
        found.setdefault(pool, {})[member] = count
    return found


def _rows(sql: str, given: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return list(cursor.fetchall())
