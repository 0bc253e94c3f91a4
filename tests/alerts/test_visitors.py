"""Open pages of operators look again within seconds of what their client grants no more."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.alerts import switchboard
from apps.alerts.standing import by_session, standings
from apps.alerts.switchboard import LOOK_AGAIN, LOOK_EVERY, Line
from apps.teams.models import Agency, ClientGrant, Operator
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def grant() -> ClientGrant:
    return factories.ClientGrantFactory()


@pytest.fixture
def operator(grant: ClientGrant) -> Operator:
    return factories.OperatorFactory(agency=grant.agency)


def _rights(operator: Operator) -> frozenset[str]:
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session.create()
    listener = by_session(operator.user, session.session_key or "")
    return standings([listener], now=timezone.now())[listener].rights


@pytest.mark.parametrize("what", ["ended", "changed", "operator", "agency", "team"])
def test_whatever_takes_a_right_away_is_seen(
    grant: ClientGrant, operator: Operator, what: str
) -> None:
    before = _rights(operator)
    assert len(before) == 1

    if what == "ended":
        ClientGrant.objects.update(ended_at=timezone.now())
    elif what == "changed":
        ClientGrant.objects.update(changed_at=timezone.now())
    elif what == "operator":
        Operator.objects.update(is_active=False)
    elif what == "agency":
        Agency.objects.update(is_active=False)
    else:
        type(grant.team).objects.filter(pk=grant.team_id).update(is_active=False)

    assert before - _rights(operator)


def test_a_page_is_asked_to_look_within_five_seconds() -> None:
    assert LOOK_EVERY <= 4


async def test_a_line_that_loses_a_right_is_told_once() -> None:
    from apps.alerts.standing import Listener, Standing

    listener = Listener(factories.UserFactory.build().pk)
    line = Line(listener, Standing(frozenset(), 0, rights=frozenset({"a", "b"})))

    line.look(Standing(frozenset(), 0, rights=frozenset({"a"})))
    line.look(Standing(frozenset(), 0, rights=frozenset({"a", "c"})))

    assert list(line.replies) == [LOOK_AGAIN]
    assert switchboard.SIGNED_OUT
