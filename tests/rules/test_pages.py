"""The pages of rules and pools: who may, what they do without scripts, what they cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.rules.models import Destination, Pool, Rule, Seat
from apps.rules.sets import versions
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role
from tests.rules import makers
from tests.rules.makers import leaf, make_pool, make_seat
from tests.rules.reader import posted

pytestmark = pytest.mark.django_db
MOST_QUERIES = 16

Go = Callable[..., str]


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
def go(team: Team) -> Go:
    def address(name: str, **parts: Any) -> str:
        return reverse(f"rules:{name}", kwargs={"team": team.slug, **parts})

    return address


@pytest.fixture
def desk(manager: Access) -> Client:
    """The manager's browser."""
    return signed_in(manager.membership)


def signed_in(member: Membership | None) -> Client:
    assert member is not None
    client = Client()
    client.force_login(member.user)
    return client


def rule_form(pool: Pool, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Germany",
        "joiner": "all",
        "row": ["0"],
        "field-0": "country",
        "op-0": "is_one_of",
        "value-0": "DE\nAT",
        "to": f"pool:{pool.pk}",
        "response": "300",
        "do": "save",
    } | changes


def draft_rules(team: Team) -> list[Rule]:
    return versions.rules_of(versions.draft(versions.main_set(team)))


def test_a_rule_is_written_without_scripts(desk: Client, go: Go, team: Team, pool: Pool) -> None:
    answer = desk.post(go("new"), rule_form(pool))

    rule = draft_rules(team)[0]
    assert answer.status_code == 302
    assert rule.conditions == {"all": [leaf("country", "is_one_of", ["DE", "AT"])]}
    assert (rule.destination, rule.pool, rule.response_seconds) == ("pool", pool, 300)


def test_buttons_of_the_form_redraw_it_and_save_nothing(
    desk: Client, go: Go, team: Team, pool: Pool
) -> None:
    answer = desk.post(go("new"), rule_form(pool, do="add"))

    assert answer.status_code == 200
    assert 'name="field-1"' in answer.text
    assert versions.draft(versions.main_set(team)) is None


def test_with_htmx_only_the_form_comes_back(desk: Client, go: Go, pool: Pool) -> None:
    answer = desk.post(go("new"), rule_form(pool, do="group"), headers={"HX-Request": "true"})

    assert "<html" not in answer.text
    assert 'name="kind-1"' in answer.text


def test_groups_and_what_is_nested_deeper_are_kept(
    desk: Client, go: Go, team: Team, manager: Access
) -> None:
    deep = {"any": [leaf("city", "is", "Graz"), {"all": [leaf("score", "gte", 5)]}]}
    tree = {"all": [deep, {"not": {"any": [leaf("language", "is", "fr")]}}]}
    rule = makers.add_rule(manager, conditions=tree)
    page = desk.get(f"{go('rules')}?rule={rule.key}").text

    desk.post(go("rule", rule=rule.key), posted(page))

    assert draft_rules(team)[0].conditions == tree


def test_a_value_of_the_wrong_type_is_shown_at_its_condition(
    desk: Client, go: Go, team: Team, pool: Pool
) -> None:
    wrong = rule_form(pool) | {"field-0": "employees", "op-0": "gte", "value-0": "many"}

    answer = desk.post(go("new"), wrong)

    assert answer.status_code == 422
    assert "expected a number" in answer.text
    assert 'id="error-0"' in answer.text
    assert versions.draft(versions.main_set(team)) is None


def test_a_pool_of_another_team_is_refused_like_one_that_does_not_exist(
    desk: Client, go: Go, pool: Pool
) -> None:
    foreign = make_pool(makers.manager_of(makers.make_team("rival")))

    there = desk.post(go("new"), rule_form(pool, to=f"pool:{foreign.pk}"))
    nowhere = desk.post(go("new"), rule_form(pool, to="pool:not-an-id"))

    assert there.status_code == nowhere.status_code == 422
    assert "Choose an active pool of this team." in there.text
    assert "Choose an active pool of this team." in nowhere.text


def test_the_probe_counts_what_the_form_would_catch(
    desk: Client, go: Go, team: Team, pool: Pool
) -> None:
    source = makers.make_source(team)
    for number, country in enumerate(["DE", "AT", "FR"]):
        makers.make_lead(team, source, name=country, country=country, minutes_ago=number)

    answer = desk.post(go("probe"), rule_form(pool))

    assert '<p class="big" role="status">2</p>' in answer.text
    assert "of the last 3 leads" in answer.text


def test_rules_move_by_buttons(desk: Client, go: Go, team: Team, manager: Access) -> None:
    makers.add_rule(manager, name="First")
    second = makers.add_rule(manager, name="Second")

    desk.post(go("move", rule=second.key), {"step": "up"})

    assert [rule.name for rule in draft_rules(team)][:2] == ["Second", "First"]


def test_publishing_and_rolling_back(desk: Client, go: Go, team: Team, manager: Access) -> None:
    makers.add_rule(manager, name="First")
    assert "Nothing is live yet" in desk.get(go("rules")).text
    desk.post(go("publish"), {"note": "The first"})
    makers.add_rule(manager, name="Second")
    assert "Second" in desk.get(go("compare")).text
    desk.post(go("publish"), {"note": "Another"})
    assert "Another" in desk.get(go("history")).text

    desk.post(go("roll_back", number=1))

    assert [
        rule.name for rule in versions.rules_of(versions.published(versions.main_set(team)))
    ] == [
        "First",
        "Everything else",
    ]
    assert desk.get(go("version", number=2)).status_code == 200


def test_a_rule_that_can_catch_nothing_is_noted(
    desk: Client, go: Go, manager: Access, pool: Pool
) -> None:
    wide = {"all": [leaf("country", "is_one_of", ["DE", "AT"])]}
    narrow = {"all": [leaf("country", "is", "de"), leaf("score", "gte", 5)]}
    makers.add_rule(manager, name="Wide", conditions=wide, pool=pool)
    makers.add_rule(manager, name="Narrow", conditions=narrow)

    page = desk.get(go("rules")).text

    assert "“Wide” above catches everything" in page
    assert "Nobody has an active seat" in page


def pages_of(pool: Pool) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("rules", {}),
        ("history", {}),
        ("pools", {}),
        ("pool", {"pool": pool.pk}),
        ("ledger", {"pool": pool.pk}),
        ("revisions", {"pool": pool.pk}),
    ]


@pytest.mark.parametrize("role", [Role.SALESPERSON, Role.VIEWER])
def test_those_who_may_not_see_routing_do_not(team: Team, pool: Pool, go: Go, role: str) -> None:
    client = signed_in(makers.make_member(team, "Mia Brandt", role))

    for name, parts in pages_of(pool):
        assert client.get(go(name, **parts)).status_code == 403, name
    assert client.post(go("publish")).status_code == 403
    assert client.post(go("new"), rule_form(pool)).status_code == 403


def test_a_manager_of_another_team_sees_nothing_here(pool: Pool, go: Go) -> None:
    stranger = signed_in(makers.manager_of(makers.make_team("rival")).membership)

    for name, parts in pages_of(pool):
        assert stranger.get(go(name, **parts)).status_code == 404, name


def test_a_pool_of_another_team_is_not_found(desk: Client, go: Go) -> None:
    rival = makers.manager_of(makers.make_team("rival"))
    foreign = make_pool(rival)
    seat = make_seat(foreign, "Rita Rival", rival)

    assert desk.get(go("pool", pool=foreign.pk)).status_code == 404
    assert desk.post(go("edit_pool", pool=foreign.pk)).status_code == 404
    assert desk.post(go("remove_seat", pool=foreign.pk, seat=seat.pk)).status_code == 404
    assert Seat.objects.filter(pk=seat.pk).exists()


def test_all_pages_of_a_busy_team_open(
    desk: Client, go: Go, team: Team, manager: Access, pool: Pool
) -> None:
    make_seat(pool, "Mia Brandt", manager)
    makers.add_rule(manager, pool=pool)
    makers.publish(manager, now=timezone.now())
    makers.make_lead(team, makers.make_source(team), country="DE", name="Rosa Steiner")

    for name, parts in pages_of(pool):
        assert desk.get(go(name, **parts)).status_code == 200, name
    rule = versions.rules_of(versions.published(versions.main_set(team)))[0]
    assert "Rosa Steiner" in desk.get(go("caught", rule=rule.key)).text


def test_a_pool_is_made_and_set_on_its_page(desk: Client, go: Go, team: Team) -> None:
    form = {
        "name": "Night claim", "handover": "none:claim", "window_seconds_0": "5",
        "window_seconds_1": "60", "response_seconds_1": "60", "open_hours": "always",
        "max_hops": "3", "overflow": "hopper", "empty_policy": "overflow", "is_active": "on",
    }  # fmt: skip
    desk.post(go("new_pool"), form)
    pool = Pool.objects.get(team=team)
    assert (pool.mode, pool.window_seconds, pool.is_always_open) == ("claim", 300, True)
    assert pool.response_seconds is None

    answer = desk.post(go("edit_pool", pool=pool.pk), form | {"overflow": f"pool:{pool.pk}"})

    assert answer.status_code == 422  # itself is not even a choice
    desk.post(go("edit_pool", pool=pool.pk), form | {"max_hops": "7"})
    pool.refresh_from_db()
    assert (pool.max_hops, pool.revision) == (7, 2)


def test_own_hours_are_kept(desk: Client, go: Go, pool: Pool) -> None:
    form = {
        "name": "DACH", "handover": "turn:assign", "window_seconds_0": "90",
        "window_seconds_1": "1", "open_hours": "own", "max_hops": "3", "overflow": "manager",
        "empty_policy": "hold", "is_active": "on", "hours-from_0_0": "09:00",
        "hours-to_0_0": "17:00",
    }  # fmt: skip
    desk.post(go("edit_pool", pool=pool.pk), form)

    pool.refresh_from_db()
    assert pool.hours == {"0": [["09:00", "17:00"]]}


def test_seats_are_weighed_ordered_and_removed(
    desk: Client, go: Go, pool: Pool, manager: Access
) -> None:
    mia, jonas = (make_seat(pool, name, manager) for name in ("Mia Brandt", "Jonas Keller"))
    table = {f"weight-{mia.pk}": "5", f"active-{mia.pk}": "on", f"weight-{jonas.pk}": "1"}

    desk.post(go("save_seats", pool=pool.pk), table | {"do": f"up:{jonas.pk}"})

    first, second = pool.seats.order_by("position")
    assert (first.pk, first.is_active) == (jonas.pk, False)
    assert (second.pk, second.weight, second.is_active) == (mia.pk, 5, True)
    desk.post(go("remove_seat", pool=pool.pk, seat=jonas.pk))
    assert list(pool.seats.all()) == [mia]


def test_a_salesperson_sees_her_own_turns(team: Team, pool: Pool, go: Go, manager: Access) -> None:
    seat = make_seat(pool, "Mia Brandt", manager)

    page = signed_in(seat.membership).get(f"/t/{team.slug}/my-turns/")

    assert page.status_code == 200
    assert pool.name in page.text


def test_a_rule_may_disqualify_and_must_say_why(
    desk: Client, go: Go, team: Team, pool: Pool
) -> None:
    form = rule_form(pool, to="disqualify")
    assert "Say why" in desk.post(go("new"), form).text

    desk.post(go("new"), form | {"reason": "Out of our market"})

    assert draft_rules(team)[0].destination == Destination.DISQUALIFY


def test_the_rules_page_does_not_ask_more_with_more_rules(
    desk: Client, go: Go, manager: Access, pool: Pool, django_assert_max_num_queries: Any
) -> None:
    make_seat(pool, "Mia Brandt", manager)
    for number in range(12):
        tree = {"all": [leaf("city", "is", f"City {number}")]}
        makers.add_rule(manager, name=f"Rule {number}", conditions=tree, pool=pool)
    desk.get(go("rules"))

    with django_assert_max_num_queries(MOST_QUERIES):
        desk.get(go("rules"))


def test_the_pool_page_does_not_ask_more_with_more_seats(
    desk: Client, go: Go, manager: Access, pool: Pool, django_assert_max_num_queries: Any
) -> None:
    for letter in "ABCDEFGHIJ":
        make_seat(pool, f"Member {letter}", manager)
    desk.get(go("pool", pool=pool.pk))

    with django_assert_max_num_queries(MOST_QUERIES):
        desk.get(go("pool", pool=pool.pk))
