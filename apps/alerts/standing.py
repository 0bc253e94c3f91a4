"""Who listens at a socket, and whether she still may."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.sessions.models import Session

from apps.accounts.models import User
from apps.alerts.models import AlertCounter
from apps.teams import tokens
from apps.teams.agency_access import live_grants, works_at
from apps.teams.models import ApiToken, Membership, Operator


@dataclass(frozen=True, slots=True)
class Listener:
    """A signed-in page (session and the hash that a new password changes) or an API token."""

    user_id: UUID
    session_key: str = ""
    session_hash: str = ""
    token_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a listener may hear: alerts of these teams. `last_seq` is her newest number.

    `rights` names each team she may enter with the right by which she does: whatever of it goes
    away or changes, her open pages must ask anew. `clients` are teams that she enters as somebody
    of an agency: no alert of theirs is hers, but a board that is open there follows them.
    """

    teams: frozenset[str]
    last_seq: int
    rights: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()


def by_session(user: User, session_key: str) -> Listener:
    return Listener(user.pk, session_key, user.get_session_auth_hash())


def by_token(secret: str, *, now: datetime) -> Listener | None:
    """The listener that an API token stands for; None if it gives no right."""
    access = tokens.authenticate(secret, now=now)
    if access is None or access.actor_id is None:
        return None
    return Listener(access.actor_id, token_id=access.token_id)


def standings(listeners: Iterable[Listener], *, now: datetime) -> dict[Listener, Standing]:
    """The standing of each listener; who may not listen any more is missing.

    A fixed number of queries for all sockets of a process.
    """
    everyone = list(listeners)
    users = {listener.user_id for listener in everyone}
    hashes = _session_hashes(users)
    sessions = _live_sessions({listener.session_key for listener in everyone}, now)
    token_teams = _token_teams({each.token_id for each in everyone if each.token_id})
    teams = _teams(users)
    grants = _grants(users)
    last_seq = dict(AlertCounter.objects.filter(pk__in=users).values_list("pk", "last_seq"))
    found = {}
    for listener in everyone:
        if listener.token_id:
            heard = teams[listener.user_id] & token_teams.get(listener.token_id, frozenset())
            is_good = bool(heard) and listener.user_id in hashes
        else:
            heard = teams[listener.user_id]
            is_good = (
                listener.session_key in sessions
                and hashes.get(listener.user_id) == listener.session_hash
            )
        if is_good:
            granted = {} if listener.token_id else grants[listener.user_id]
            found[listener] = Standing(
                frozenset(heard),
                last_seq.get(listener.user_id, 0),
                rights=frozenset(heard) | grants[listener.user_id].keys(),
                clients=frozenset(granted.values()),
            )
    return found


def _session_hashes(users: set[UUID]) -> dict[UUID, str]:
    active = User.objects.filter(pk__in=users, is_active=True).only("password")
    return {user.pk: user.get_session_auth_hash() for user in active}


def _live_sessions(keys: set[str], now: datetime) -> set[str]:
    live = Session.objects.filter(session_key__in=keys - {""}, expire_date__gt=now)
    return set(live.values_list("session_key", flat=True))


def _teams(users: set[UUID]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = defaultdict(set)
    members = Membership.objects.active().filter(user_id__in=users, team__is_active=True)
    for user_id, team_id in members.values_list("user_id", "team_id"):
        found[user_id].add(team_id.hex)
    return found


def _grants(users: set[UUID]) -> dict[UUID, dict[str, str]]:
    """The clients that operators may enter, each by its grant as it was given last."""
    found: dict[UUID, dict[str, str]] = defaultdict(dict)
    places: dict[UUID, list[UUID]] = defaultdict(list)
    operators = Operator.objects.filter(works_at(), user_id__in=users)
    for user_id, agency_id in operators.values_list("user_id", "agency_id"):
        places[agency_id].append(user_id)
    if not places:
        return found
    grants = live_grants().filter(agency_id__in=list(places))
    columns = ("agency_id", "pk", "changed_at", "team_id")
    for agency_id, pk, changed_at, team_id in grants.values_list(*columns):
        for user_id in places[agency_id]:
            found[user_id][f"{pk.hex} {changed_at or ''}"] = team_id.hex
    return found


def _token_teams(ids: set[UUID]) -> dict[UUID, frozenset[str]]:
    if not ids:
        return {}
    live = ApiToken.objects.filter(
        pk__in=ids, revoked_at__isnull=True, membership__is_active=True, team__is_active=True
    )
    return {pk: frozenset({team.hex}) for pk, team in live.values_list("pk", "team_id")}
