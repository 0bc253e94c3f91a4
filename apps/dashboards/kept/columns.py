"""The leads of a team's days in columns: what each column holds, and how it is read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from apps.leads.models import StatusKind

Array = np.ndarray[Any, Any]

# `state`: the number of the kind, the days to being won, and what it was at some time.
KINDS = tuple(str(kind) for kind in StatusKind)
KIND = 0x0F
HORIZONS = (30, 60, 90)  # days within which it was won: 1, 2 or 3 in two bits, 0 for none
HORIZON, HORIZON_SHIFT = 0x30, 4
QUALIFIED, CONTACTED = 0x40, 0x80
LIVE, BY_TIMEOUT, ENDED = 0, 1, 2  # in `ended`
UNKNOWN = -1  # in `worth`

# Where a lead has one of each, or none.
DIMENSIONS = ("source", "owner", "campaign", "form", "pool", "rule")
NUMBERS: Mapping[str, str] = {
    "received": "<i8",
    "wait": "<f8",
    "business_wait": "<f8",
    "routing": "<f8",
    "claim": "<f8",
    "hour": "u1",
    "state": "u1",
}
SERVED: Mapping[str, str] = {
    "served_lead": "<u4", "took": "<f8", "respond_by": "<i8", "started": "<i8", "ended": "u1",
}  # fmt: skip
WON: Mapping[str, str] = {"won_lead": "<u4", "worth": "<i8", "people": "<u2", "touches": "<u4"}
# Of the turns of the day, by seat: what it gained in nano-turns, and the turns that it took.
TURNS: Mapping[str, str] = {"gained": "<i8", "taken": "<i4"}
CODES = frozenset({*DIMENSIONS, "group", "member", "closer", "seat"})
COLUMNS = (
    *NUMBERS, *DIMENSIONS, "group_lead", "group", *SERVED, "member", *WON, "closer", *TURNS, "seat",
)  # fmt: skip
_DTYPES = {**NUMBERS, "group_lead": "<u4", **SERVED, **WON, **TURNS}


@dataclass(frozen=True, slots=True)
class Block:
    """Some leads of one local day, in columns; `columns` may be only those asked for."""

    day: date
    leads: int
    keys: Mapping[str, Sequence[str | None]]
    columns: Mapping[str, bytes]
    active_at: datetime | None = None

    def array(self, name: str) -> Array:
        """One column as numbers."""
        data = self.columns[name]
        return np.frombuffer(data, dtype=_dtype(name, self.keys))


def _dtype(name: str, keys: Mapping[str, Sequence[str | None]]) -> str:
    return code_dtype(len(keys.get(name, ()))) if name in CODES else _DTYPES[name]


def code_dtype(keys: int) -> str:
    """How the numbers of so many different values are kept."""
    return "<u2" if keys <= 1 << 16 else "<u4"


def microseconds(moment: datetime) -> int:
    """Since 1970, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def midnight(day: date, zone: str) -> datetime:
    """When the local day begins."""
    return datetime.combine(day, time(), ZoneInfo(zone))
