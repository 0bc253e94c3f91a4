"""How much one source may send."""

from apps.teams.throttle import Throttle

__all__ = ["Throttle", "captures"]

captures = Throttle()
