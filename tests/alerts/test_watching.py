"""A board hears that something changed in a team that its reader may enter, and nothing else."""

from __future__ import annotations

import pytest

from apps.alerts import announcer
from apps.teams.models import Membership, Team
from tests import factories
from tests.alerts.people import new_member, new_team, tell
from tests.alerts.sockets import Door, Socket, in_database

pytestmark = pytest.mark.usefixtures("publisher", "transactional_db")
WATCH = '{"type": "watch"}'


@pytest.fixture
def team(transactional_db: None) -> Team:
    return new_team()


@pytest.fixture
def member(team: Team) -> Membership:
    return new_member(team, "Mia")


async def watching(connect: Door, member: Membership) -> Socket:
    socket = await connect(member)
    await socket.say(WATCH)
    await socket.resume()  # by its answer the server has heard what was said before
    return socket


async def test_a_board_hears_of_what_others_are_told(
    connect: Door, team: Team, member: Membership
) -> None:
    board = await watching(connect, member)
    colleague = await in_database(new_member, team, "Jonas")

    await in_database(tell, colleague, "one")

    assert await board.hear() == {"type": "stirred", "team": team.pk.hex}
    assert await board.hears_nothing()


async def test_a_board_hears_of_changes_that_nobody_is_told(
    connect: Door, team: Team, member: Membership
) -> None:
    board = await watching(connect, member)

    await in_database(announcer.stir, [team.pk])

    assert await board.hear() == {"type": "stirred", "team": team.pk.hex}


async def test_nobody_hears_of_another_team_or_without_asking(
    connect: Door, team: Team, member: Membership
) -> None:
    other = await in_database(new_team, "other")
    board, page = await watching(connect, member), await connect(member)
    await page.resume()

    await in_database(announcer.stir, [other.pk])
    await in_database(announcer.stir, [team.pk])

    assert await board.hear() == {"type": "stirred", "team": team.pk.hex}
    assert await board.hears_nothing()
    assert await page.hears_nothing()


async def test_an_operator_hears_of_her_clients(connect: Door, team: Team) -> None:
    grant = await in_database(factories.ClientGrantFactory, team=team)
    operator = await in_database(factories.OperatorFactory, agency=grant.agency)
    other = await in_database(new_team, "other")
    board = await watching(connect, operator)

    await in_database(announcer.stir, [other.pk, team.pk])

    assert await board.hear() == {"type": "stirred", "team": team.pk.hex}
    assert await board.hears_nothing()
