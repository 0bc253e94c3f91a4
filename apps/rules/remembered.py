"""What each process keeps of a team's routing: see teams.remembered."""

from apps.teams.remembered import Remembered

__all__ = ["Remembered"]
