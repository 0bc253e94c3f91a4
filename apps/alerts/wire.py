"""How numbered alerts travel from the announcers to the processes that hold the sockets.

One pub/sub channel a site, one subscriber a process. A message is a batch of lines, each
"<user> <team> <seq> <frame>": a process looks the user up and passes the frame on as it is.
Messages are a nudge and may be lost; the rows are the truth. A line for nobody says that something
changed in a team: whoever watches teams hears of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

import structlog
from django.conf import settings
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.alerts.numbering import Numbered

log = structlog.get_logger(__name__)

NOBODY = "-"
REDIS_TIMEOUT = 0.5
PAUSE_AFTER_FAILURE = 3.0


def channel() -> str:
    """Sites and tests may share a Redis: pub/sub knows no databases."""
    return f"{settings.CHANNEL_PREFIX}.alerts"


def pack(alerts: Iterable[Numbered]) -> bytes:
    """JSON holds no bare line end, so one alert is one line."""
    return "\n".join(
        f"{alert.user_id.hex} {alert.team_id.hex} {alert.seq} {alert.frame}" for alert in alerts
    ).encode()


def stirred(teams: Iterable[UUID]) -> bytes:
    """That something changed in these teams, and nothing of what."""
    return "\n".join(f"{NOBODY} {team.hex} 0 {NOBODY}" for team in teams).encode()


def unpack(message: bytes) -> Iterator[tuple[str, str, int, str]]:
    """User, team, number and frame of each alert in a message."""
    for line in message.decode().split("\n"):
        user, team, seq, frame = line.split(" ", 3)
        yield user, team, int(seq), frame


class Publisher:
    """Publishes while Redis answers; after a failure it lets Redis be for some seconds.

    `send` takes at most about a second, never raises, and says whether it was published.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open_until = 0.0
        self._client: Redis | None = None

    @property
    def is_paused(self) -> bool:
        return self._clock() < self._open_until

    def send(self, message: bytes) -> bool:
        if self.is_paused:
            return False
        try:
            self._redis().publish(channel(), message)
        except (RedisError, OSError) as error:
            self._open_until = self._clock() + PAUSE_AFTER_FAILURE
            log.warning("alerts_not_published", error=str(error), pause=PAUSE_AFTER_FAILURE)
            return False
        return True

    def _redis(self) -> Redis:
        if self._client is None:
            self._client = Redis.from_url(
                settings.REDIS_URL,
                socket_timeout=REDIS_TIMEOUT,
                socket_connect_timeout=REDIS_TIMEOUT,
                # Once more at once: the connection may be from before a restart of Redis.
                retry=Retry(NoBackoff(), 1),
            )
        return self._client
