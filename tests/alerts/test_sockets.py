"""A page's socket: who may open it, what it hears, what ends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from apps.accounts.models import User
from apps.alerts import consumers, switchboard
from apps.alerts.standing import Listener, Standing
from apps.alerts.switchboard import MOST_WAITING, SIGNED_OUT, TOO_SLOW, Line, Switchboard
from apps.teams import tokens
from apps.teams.access import Access
from apps.teams.models import ApiToken, Membership, Team
from tests.alerts.people import new_member, new_team, tell
from tests.alerts.sockets import Door, Socket, in_database, session_of

pytestmark = pytest.mark.usefixtures("publisher", "transactional_db")


async def titles(socket: Socket, number: int) -> list[str]:
    return [(await socket.hear())["data"]["title"] for _ in range(number)]


@pytest.fixture
def team(transactional_db: None) -> Team:
    return new_team()


@pytest.fixture
def member(team: Team) -> Membership:
    return new_member(team, "Mia")


# --- What it hears ---


async def test_a_page_hears_what_it_missed_in_order_and_then_what_happens(
    connect: Door, member: Membership
) -> None:
    await in_database(tell, member, "one", "two", "three")
    socket = await connect(member)

    frames = await resumed_to(socket, 3, after=1)
    await in_database(tell, member, "four")

    assert [frame["data"]["title"] for frame in frames[:-1]] == ["two", "three"]
    assert frames[-1]["seq"] == 3
    assert frames[-1]["now"]
    four = await socket.hear()
    assert (four["type"], four["seq"], four["team"]) == ("alert", 4, "acme")
    assert four["data"]["title"] == "four"


async def resumed_to(socket: Socket, seq: int, after: int = 0) -> list[dict[str, Any]]:
    """Ask until the announcer has numbered up to `seq`: it works beside the test."""
    async with asyncio.timeout(10):
        while True:
            frames = await socket.resume(after)
            if frames[-1]["seq"] >= seq:
                return frames


async def test_before_it_says_where_it_stands_a_page_hears_nothing(
    connect: Door, member: Membership
) -> None:
    silent, listening = await connect(member), await connect(member)
    await listening.resume()

    await in_database(tell, member, "one")

    assert await titles(listening, 1) == ["one"]
    assert await silent.hears_nothing()


async def test_nobody_hears_the_alerts_of_another(
    connect: Door, team: Team, member: Membership
) -> None:
    colleague = await in_database(new_member, team, "Cal")
    mine, hers = await connect(member), await connect(colleague)
    await mine.resume()
    await hers.resume()

    await in_database(tell, colleague, "for Cal")
    await in_database(tell, member, "for Mia")

    assert await titles(hers, 1) == ["for Cal"]
    assert await titles(mine, 1) == ["for Mia"]
    assert await mine.hears_nothing()
    assert [frame["type"] for frame in await mine.resume(1)] == ["caught_up"]


async def test_a_page_that_stands_above_all_numbers_is_told_the_last(
    connect: Door, member: Membership
) -> None:
    await in_database(tell, member, "one")
    socket = await connect(member)
    await resumed_to(socket, 1)

    frames = await socket.resume(9000)
    await in_database(tell, member, "two")

    assert [frame["seq"] for frame in frames] == [1]
    assert await titles(socket, 1) == ["two"]


async def test_what_was_lost_on_the_way_is_fetched_when_the_next_one_comes(
    connect: Door, member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switchboard, "LOOK_EVERY", 60)
    socket = await connect(member)
    await socket.resume()
    deliver = Switchboard.deliver
    monkeypatch.setattr(Switchboard, "deliver", lambda board, message: None)
    await in_database(tell, member, "lost")
    await numbered(member, 1)
    monkeypatch.setattr(Switchboard, "deliver", deliver)

    await in_database(tell, member, "next")

    assert await titles(socket, 2) == ["lost", "next"]


async def numbered(member: Membership, seq: int) -> None:
    async with asyncio.timeout(10):
        while not await in_database(member.user.alerts.filter(seq=seq).exists):
            pass


# --- Who may open it ---


async def test_who_is_not_signed_in_is_told_so(connect: Door) -> None:
    socket = await connect()

    assert await socket.closed_with() == SIGNED_OUT


async def test_an_expired_session_is_signed_out(connect: Door, member: Membership) -> None:
    session = await in_database(session_of, member)
    await in_database(Session.objects.update, expire_date=timezone.now())

    socket = await connect(Cookie=f"sessionid={session}")

    assert await socket.closed_with() == SIGNED_OUT


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
async def test_a_foreign_page_is_refused(member: Membership, origin: str) -> None:
    headers = {"Cookie": f"sessionid={await in_database(session_of, member)}"}
    socket = Socket({**headers, "Origin": origin} if origin else headers)

    assert not await socket.open()


def make_token(member: Membership) -> str:
    by = Access.system(member.team)
    return tokens.create_token(member, name="phone", by=by, now=timezone.now()).secret


async def test_a_program_with_a_token_needs_no_origin_and_hears_its_team_only(
    connect: Door, member: Membership
) -> None:
    other = await in_database(new_team, "other")
    there = await in_database(Membership.objects.create, team=other, user=member.user)
    secret = await in_database(make_token, member)
    socket = await connect(Origin="", Authorization=f"Bearer {secret}")
    await socket.resume()

    await in_database(tell, there, "elsewhere")
    await in_database(tell, member, "here")

    assert await titles(socket, 1) == ["here"]


async def test_a_wrong_token_is_no_way_in_even_beside_a_session(
    connect: Door, member: Membership
) -> None:
    cookie = f"sessionid={await in_database(session_of, member)}"

    socket = await connect(Cookie=cookie, Authorization="Bearer lr_wrong")

    assert await socket.closed_with() == SIGNED_OUT


# --- What ends it ---


def sign_out(member: Membership) -> None:
    Session.objects.all().delete()


def expire_session(member: Membership) -> None:
    Session.objects.update(expire_date=timezone.now())


def deactivate(member: Membership) -> None:
    User.objects.filter(pk=member.user_id).update(is_active=False)


def change_password(member: Membership) -> None:
    member.user.set_password("quite another password")
    member.user.save()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the listeners ten times a second, to spare the test the wait."""
    assert switchboard.LOOK_EVERY <= 4, "Revocation must reach open sockets within 5 s."
    monkeypatch.setattr(switchboard, "LOOK_EVERY", 0.1)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("end", [sign_out, expire_session, deactivate, change_password])
async def test_an_open_page_ends_with_the_right_to_listen(
    connect: Door, member: Membership, end: Callable[[Membership], None]
) -> None:
    socket = await connect(member)
    await socket.resume()

    await in_database(end, member)

    assert await socket.closed_with() == SIGNED_OUT


@pytest.mark.usefixtures("often")
async def test_a_revoked_token_ends_its_socket(connect: Door, member: Membership) -> None:
    secret = await in_database(make_token, member)
    socket = await connect(Origin="", Authorization=f"Bearer {secret}")
    await socket.resume()

    await in_database(ApiToken.objects.update, revoked_at=timezone.now())

    assert await socket.closed_with() == SIGNED_OUT


@pytest.mark.usefixtures("often")
async def test_who_leaves_a_team_hears_the_others_only(connect: Door, member: Membership) -> None:
    other = await in_database(new_team, "other")
    there = await in_database(Membership.objects.create, team=other, user=member.user)
    socket = await connect(member)
    await socket.resume()
    line = the_line()

    await in_database(Membership.objects.filter(pk=there.pk).update, is_active=False)
    async with asyncio.timeout(5):
        while other.pk.hex in line.teams:
            await asyncio.sleep(0)
    await in_database(tell, there, "no more")
    await in_database(tell, member, "still")
    assert (await socket.hear())["type"] == "look_again"

    assert await titles(socket, 1) == ["still"]
    assert [f["type"] for f in await socket.resume()] == ["alert", "caught_up"]


def the_line() -> Line:
    (lines,) = switchboard.switchboard()._lines.values()
    (line,) = lines
    return line


# --- What it puts up with ---


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", "null", "7", '"resume"', "{}", '{"type": "drop"}', '{"type": ["resume"]}',
        '{"type": "resume"}', '{"type": "resume", "after": -1}', "[" * 60_000,
        '{"type": "resume", "after": true}', '{"type": "resume", "after": 1e3}',
        '{"type": "resume", "after": 99999999999999999999}', "9" * 5000,
    ],
)  # fmt: skip
async def test_nonsense_is_answered_and_the_socket_lives_on(
    connect: Door, member: Membership, text: str
) -> None:
    socket = await connect(member)

    await socket.say(text)

    assert (await socket.hear())["type"] == "error"
    assert (await socket.resume())[-1]["type"] == "caught_up"


async def test_bytes_are_nonsense_too(connect: Door, member: Membership) -> None:
    socket = await connect(member)

    await socket.say_bytes(b"\xff\x00")

    assert (await socket.hear())["type"] == "error"


async def test_a_frame_of_a_megabyte_closes_with_1009(connect: Door, member: Membership) -> None:
    socket = await connect(member)

    await socket.say(json.dumps({"type": "resume", "after": 0, "pad": "x" * 1_000_000}))

    assert await socket.closed_with() == consumers.TOO_BIG


async def test_a_flood_closes_with_1008(connect: Door, member: Membership) -> None:
    socket = await connect(member)

    for _ in range(consumers.BURST * 3):
        await socket.say('{"type": "resume", "after": 0}')

    assert await socket.closed_with() == consumers.FLOOD


async def test_resuming_every_twenty_seconds_is_no_flood() -> None:
    seconds = 0.0
    allowance = consumers.Allowance(clock=lambda: seconds)

    for _ in range(1000):
        seconds += 20
        assert allowance.spend()


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    listener = Listener((await in_database(lambda: User(name="Slow"))).pk)
    line = Line(listener, Standing(frozenset(), 0))
    line.cursor = 0

    for seq in range(1, MOST_WAITING + 2):
        line.push(seq, "", "{}")

    assert line.ended.result() == TOO_SLOW
    assert len(line.frames) == MOST_WAITING
