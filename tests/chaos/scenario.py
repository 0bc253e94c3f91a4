"""What a scenario has in its hands: the stand, its size, its chances, and its history."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from ops.embedded import wait_until
from tests.chaos.history import History
from tests.stand import Stand


@dataclass(frozen=True)
class Scenario:
    stand: Stand
    size: int
    chance: random.Random
    history: History

    def kill(self, *names: str) -> None:
        """kill -9, and start again at once, as the supervisor does."""
        for name in names:
            self.history.note("killed", who=name)
            if name == "valkey":
                self.stand.valkey.stop(at_once=True)
            else:
                self.stand.site.kill(name)
        for name in names:
            if name == "valkey":
                self.stand.valkey.start()
            else:
                self.stand.site.start(name)

    def wait(self, is_true: Callable[[], bool], what: str, seconds: float = 180) -> None:
        wait_until(is_true, seconds=seconds, what=what)
