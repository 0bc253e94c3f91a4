"""What each process keeps of a team's routing: one value a team, made again when it moved."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar
from uuid import UUID

from apps.teams.models import Team

T = TypeVar("T")


class Remembered(Generic[T]):
    """The newest value of each team, by its routing version; the least used teams go first.

    Safe to share between threads. Two threads may both load a version that moved just now:
    that costs a query and changes nothing.
    """

    def __init__(self, load: Callable[[Team], T], *, teams: int = 512) -> None:
        self._load = load
        self._most = teams
        self._kept: OrderedDict[UUID, tuple[int, T]] = OrderedDict()
        self._lock = Lock()

    def of(self, team: Team) -> T:
        """The value for the routing version that `team` was read with."""
        with self._lock:
            version, value = self._kept.get(team.pk, (None, None))
            if version == team.routing_version:
                self._kept.move_to_end(team.pk)
                return value  # type: ignore[return-value]
        return self._remember(team, self._load(team))

    def _remember(self, team: Team, value: T) -> T:
        with self._lock:
            version, _ = self._kept.get(team.pk, (-1, None))
            if version <= team.routing_version:
                self._kept[team.pk] = (team.routing_version, value)
                self._kept.move_to_end(team.pk)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return value
