"""Ways to start a pool, limits of its seats, and revisions that say every change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from apps.rules.models import Mode, Pool, Seat
from apps.rules.pools import services as pools
from apps.rules.pools import setups
from apps.rules.pools.settings import PoolSettings
from apps.teams.access import Access
from apps.teams.models import Team
from tests.rules import makers
from tests.rules.makers import NOW, make_pool, make_seat
from tests.rules.pool_pages import FORM, page_errors, posted

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


@pytest.fixture
def pool(manager: Access) -> Pool:
    return make_pool(manager)


@pytest.fixture
def desk(manager: Access) -> Client:
    client = Client()
    assert manager.user is not None
    client.force_login(manager.user)
    return client


class TestStarting:
    @pytest.mark.parametrize("setup", setups.SETUPS, ids=lambda setup: setup.key)
    def test_one_click_fills_a_form_that_can_be_sent(
        self, desk: Client, team: Team, manager: Access, setup: setups.Setup
    ) -> None:
        members = [makers.make_member(team, name) for name in ("Mia Brandt", "Jonas Keller")]
        url = f"/t/{team.slug}/pools/new/?setup={setup.key}"
        page = desk.get(url)
        extra = {"then_open": "on", "then_open_time_0": "5", "then_open_time_1": "60"}
        chosen = {"members": [str(member.pk) for member in members]}

        answer = desk.post(url, posted(page) | chosen | (extra if setup.opens_to_all else {}))

        assert answer.status_code == 302, page_errors(answer)
        pool = Pool.objects.get(team=team, name=str(setup.title))
        made = replace(PoolSettings.of(pool), overflow="manager", overflow_pool_id=None)
        assert made == setup.filled()
        assert pool.seats.count() == 2
        assert Pool.objects.filter(team=team).count() == (2 if setup.opens_to_all else 1)

    def test_what_nobody_accepts_is_open_to_the_same_members(
        self, manager: Access, team: Team
    ) -> None:
        members = [makers.make_member(team, name) for name in ("Mia Brandt", "Jonas Keller")]

        pool = setups.make(
            team, PoolSettings(name="DACH", mode=Mode.OFFER, overflow="hopper"), members=members,
            then_open_seconds=600, by=manager, now=NOW,
        )  # fmt: skip

        below = pool.overflow_pool
        assert below is not None
        assert (below.mode, below.ranking, below.window_seconds) == ("claim", "none", 600)
        assert below.overflow == "hopper"
        assert {seat.membership for seat in below.seats.all()} == set(members)

    def test_nothing_is_made_if_the_second_pool_can_not_be(
        self, desk: Client, team: Team, manager: Access
    ) -> None:
        make_pool(manager, "DACH")
        form = FORM | {"handover": "turn:offer", "then_open": "on", "then_open_time_1": "60"}

        answer = desk.post(f"/t/{team.slug}/pools/new/?setup=offer_then_open", form)

        assert answer.status_code == 422
        assert Pool.objects.filter(team=team).count() == 1

    def test_members_of_other_teams_get_no_seat(self, desk: Client, team: Team) -> None:
        stranger = makers.make_member(makers.make_team("rival"), "Rita Rival")

        answer = desk.post(f"/t/{team.slug}/pools/new/", FORM | {"members": [str(stranger.pk)]})

        assert answer.status_code == 422
        assert not Pool.objects.filter(team=team).exists()


class TestSeats:
    def test_every_limit_of_a_seat_is_kept(
        self, desk: Client, team: Team, pool: Pool, manager: Access
    ) -> None:
        seat = make_seat(pool, "Mia Brandt", manager)
        form = {
            f"weight-{seat.pk}": "2", f"cap_hour-{seat.pk}": "1", f"cap_day-{seat.pk}": "5",
            f"cap_week-{seat.pk}": "20", f"cap_month-{seat.pk}": "60",
            f"capacity-{seat.pk}": "9", f"head_start-{seat.pk}": "on",
            f"active-{seat.pk}": "on",
        }  # fmt: skip

        desk.post(f"/t/{team.slug}/pools/{pool.pk}/seats/save/", form)

        kept = Seat.objects.get(pk=seat.pk)
        assert (kept.cap_hour, kept.cap_day, kept.cap_week, kept.cap_month) == (1, 5, 20, 60)
        assert (kept.weight, kept.capacity, kept.has_head_start) == (2, 9, True)
        page = desk.get(f"/t/{team.slug}/pools/{pool.pk}/")
        assert "1 an hour, 5 a day, 20 a week, 60 a month, 9 open at once, head start" in page.text

    @pytest.mark.parametrize("value", ["0", "-1", "9" * 30, "x", "1.5", "\x00"])
    def test_a_limit_that_is_none_is_refused(
        self, desk: Client, team: Team, pool: Pool, manager: Access, value: str
    ) -> None:
        seat = make_seat(pool, "Mia Brandt", manager)
        form = {f"weight-{seat.pk}": "1", f"cap_week-{seat.pk}": value}

        answer = desk.post(f"/t/{team.slug}/pools/{pool.pk}/seats/save/", form, follow=True)

        assert "Use a number from 1" in answer.text
        assert Seat.objects.get(pk=seat.pk).cap_week is None


class TestRevisions:
    def test_every_setting_is_said(self, desk: Client, team: Team, manager: Access) -> None:
        pool = make_pool(manager)
        member = makers.make_member(team, "Mia Brandt")
        anew = replace(
            PoolSettings.of(pool), mode=Mode.OFFER, prefer=("fit",), sticky=("named",),
            load_kinds=("new",),
            filters={"match": "all", "items": [{"kind": "language"}]},
            fit=({"kind": "territory", "weight": 2},), escalate_to=(member.pk,),
            performance={"measure": "response", "days": 30, "most_percent": 10, "share": 100},
            cap_window="rolling", absent="catch_up", catch_up_turns=5, give_back="never",
            on_expiry="stay", takes_back_on_leave=True, hopper_hours=48, head_start_seconds=60,
            window_seconds=600, hours={"0": [["09:00", "17:00"]]},
        )  # fmt: skip
        pools.edit_pool(pool, anew, by=manager, now=NOW)

        page = desk.get(f"/t/{team.slug}/pools/{pool.pk}/revisions/").text

        for words in (
            "Mode: Assign → Offer", "First by: – → best match", "the keeper of the named account",
            "everybody → speaks the lead’s language", "– → Mia Brandt", "→ rolling",
            "time to the first attempt of the last 30 days", "90 s → 10 min",
            "Hours in the hopper: – → 48",
            "they catch up later, up to a limit", "Head start (s): 0 s → 1 min", "hours of its own",
            "Turns are given back: for accepted reports of a bad lead → never", "no → yes",
            "it stays, and the manager is told", "Catch up at most (turns): 3 → 5",
        ):  # fmt: skip
            assert words in page, words

    def test_limits_of_seats_are_said(self, desk: Client, team: Team, manager: Access) -> None:
        pool = make_pool(manager)
        seat = make_seat(pool, "Mia Brandt", manager)
        desk.post(
            f"/t/{team.slug}/pools/{pool.pk}/seats/save/",
            {f"weight-{seat.pk}": "1", f"cap_week-{seat.pk}": "20", f"active-{seat.pk}": "on"},
        )

        page = desk.get(f"/t/{team.slug}/pools/{pool.pk}/revisions/").text

        assert "Mia Brandt, leads a week: – → 20" in page
