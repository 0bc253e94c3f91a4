"""What the dashboard counts, out of columns: measures of any leads, and of assignments."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from apps.dashboards.kept.columns import (
    BY_TIMEOUT,
    CONTACTED,
    KIND,
    KINDS,
    LIVE,
    QUALIFIED,
    Array,
    microseconds,
)
from apps.dashboards.kept.rollups import Leads
from apps.leads.speed import BINS, MINUTE, Clock

Json = dict[str, Any]
SHARES = (0.5, 0.9, 0.95)  # the percentiles of a group


@dataclass(frozen=True)
class Parts:
    """Leads parted into groups: one sort, then each group is a slice."""

    keys: Sequence[Any]
    order: Array
    ends: Array

    @classmethod
    def by(cls, keys: Sequence[Any], codes: Array, places: Array | None = None) -> Parts:
        """`places[i]` has the value `keys[codes[i]]`; without `places`, i itself."""
        small = codes.astype(np.uint16) if len(keys) <= 1 << 16 else codes
        order = np.argsort(small, kind="stable")
        ends = np.cumsum(np.bincount(codes, minlength=len(keys))) if len(keys) else np.empty(0)
        return cls(keys, order if places is None else places[order], ends)

    def __iter__(self) -> Iterator[tuple[Any, Array]]:
        start = 0
        for key, end in zip(self.keys, self.ends, strict=True):
            if end > start:
                yield key, self.order[start:end]
            start = end


def percentiles(values: Array, shares: Sequence[float] = SHARES) -> list[float] | None:
    """Nearest ranks: the values at ⌈share · N⌉; None of nothing. Infinity sorts last."""
    if not len(values):
        return None
    ranks = [max(math.ceil(share * len(values)), 1) - 1 for share in shares]
    parted = np.partition(values, ranks)
    return [float(parted[rank]) for rank in ranks]


@dataclass(frozen=True)
class Tally:
    """Counts groups of `leads` on one clock, as things stand at `due_before`."""

    leads: Leads
    clock: str
    target: float
    due_before: datetime

    @property
    def wait(self) -> Array:
        return self.leads.column(wait_column(self.clock))

    def measures(self, places: Array) -> Json:
        """Everything that is measured of the leads at these places."""
        wait = self.wait[places]
        state = self.leads.column("state")[places]
        kinds = np.bincount(state & KIND, minlength=len(KINDS))
        answered = np.isfinite(wait)
        due = self.leads.column("received")[places] <= microseconds(self.due_before)
        return {
            "received": len(places),
            "percentiles": percentiles(wait),
            "attempted": int(answered.sum()),
            "within": int((wait <= self.target).sum()),
            "judged": int((answered | due).sum()),
            "contacted": int((state & CONTACTED != 0).sum()),
            "ever_qualified": int((state & QUALIFIED != 0).sum()),
            **{kind: int(number) for kind, number in zip(KINDS, kinds, strict=True)},
            "routing_delay": self._median("routing", places),
            "claim_time": self._median("claim", places),
        }

    def by(self, dimension: str, places: Array) -> dict[str | None, Json]:
        """The measures of each value of a dimension among the leads at these places."""
        return {key: self.measures(part) for key, part in self.parts(dimension, places)}

    def parts(self, dimension: str, places: Array) -> Iterator[tuple[str | None, Array]]:
        """The leads at these places by a dimension; one of two groups is in both."""
        if dimension == "group":
            yield from self._groups(places)
        else:
            keys, codes = self.leads.codes(dimension)
            yield from Parts.by(keys, codes[places], places)

    def bins(self, places: Array) -> dict[int, int]:
        """Leads by `leads.speed.BINS`."""
        wait = self.wait[places]
        edges = [band.high * MINUTE for band in BINS if band.high is not None]
        numbers = np.searchsorted(edges, wait, side="left")
        numbers = np.where(np.isfinite(wait), numbers, len(BINS) - 1)
        return {int(n): int(leads) for n, leads in enumerate(np.bincount(numbers)) if leads}

    def _groups(self, places: Array) -> Iterator[tuple[str | None, Array]]:
        keys, codes = self.leads.codes("group")
        of = self.leads.places("group_lead")
        is_chosen = np.zeros(self.leads.size, bool)
        is_chosen[places] = True
        yield from Parts.by(keys, codes[is_chosen[of]], of[is_chosen[of]])
        is_chosen[of] = False
        if is_chosen.any():
            yield None, np.flatnonzero(is_chosen)

    def _median(self, name: str, places: Array) -> float | None:
        values = self.leads.column(name)[places]
        found = percentiles(values[~np.isnan(values)], SHARES[:1])
        return found[0] if found else None


def wait_column(clock: str) -> str:
    return "business_wait" if clock == Clock.BUSINESS else "wait"


@dataclass(frozen=True)
class Served:
    """The assignments of leads: each member's own part."""

    leads: Leads
    target: float
    now: datetime
    _sums: dict[str, Any] = field(default_factory=dict)

    def by_member(self, chosen: Array) -> dict[str | None, Json]:
        """What each member made of the leads where `chosen` is true."""
        of = self.leads.places("served_lead")
        rows = np.flatnonzero(chosen[of]) if len(of) else of
        keys, codes = self.leads.codes("member")
        return {
            member: self._measures(str(member), of[part], part)
            for member, part in Parts.by(keys, codes[rows], rows)
        }

    def assigned(self, chosen: Array) -> Json:
        """Leads that were assigned, how often, and how many a timeout took back."""
        of = self.leads.places("served_lead")
        rows = np.flatnonzero(chosen[of]) if len(of) else of
        late = rows[self.leads.column("ended")[rows] == BY_TIMEOUT]
        return {
            "leads": self._different(of[rows]),
            "hops": len(rows),
            "taken_back": self._different(of[late]),
        }

    def _different(self, places: Array) -> int:
        """How many leads these are."""
        marked = np.zeros(self.leads.size, bool)
        marked[places] = True
        return int(marked.sum())

    def _measures(self, member: str, places: Array, rows: Array) -> Json:
        took = self.leads.column("took")[rows]
        ended = self.leads.column("ended")[rows]
        respond_by = self.leads.column("respond_by")[rows]
        started = self.leads.column("started")[rows]
        # A window of its own, or the team's target.
        due = np.where(respond_by > 0, respond_by, started + round(self.target * 1e6))
        answered = np.isfinite(took)
        responded = started + np.where(answered, np.rint(took * 1e6), 0).astype(np.int64)
        counts = answered | (ended == LIVE) | (ended == BY_TIMEOUT)
        is_due = due < microseconds(self.now)
        return {
            "received": len(rows),
            "percentiles": percentiles(took[counts]),
            "timed": int(counts.sum()),
            "within": int((answered & (responded <= due)).sum()),
            "judged": int((answered | (ended == BY_TIMEOUT) | ((ended == LIVE) & is_due)).sum()),
            **self._outcomes(member, places),
        }

    def _outcomes(self, member: str, places: Array) -> Json:
        """Leads that are still the member's: contacted and won, each counted once."""
        owners, owner = self.leads.codes("owner")
        own = np.unique(places)
        own = own[owner[own] == owners.index(member)] if member in owners else own[:0]
        state = self.leads.column("state")[own]
        return {
            "contacted": int((state & CONTACTED != 0).sum()),
            "won": int(((state & KIND) == KINDS.index("won")).sum()),
        }
