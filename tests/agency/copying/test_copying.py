"""Rules and pools copied to clients: what arrives, what is missing there, what stays theirs."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.agency.copying import runs
from apps.agency.copying.models import CopyTarget
from apps.agency.copying.runs import items_of
from apps.rules.models import Pool, RuleSet, Seat, Version
from apps.rules.sets import versions
from apps.teams.access import Access
from apps.teams.models import AuditEntry, ClientGrant, Operator
from tests import factories
from tests.agency.copying.stand import (
    NOW,
    a_client,
    agency_of,
    asks,
    draft_rules,
    go,
    live_of,
    main_of,
    prepare,
    rules_in,
    target,
)

pytestmark = pytest.mark.django_db
State = CopyTarget.State


@pytest.fixture
def operator() -> Operator:
    return factories.OperatorFactory()


@pytest.fixture
def source(operator: Operator) -> ClientGrant:
    return a_client(operator, "Alpha")


@pytest.fixture
def beta(operator: Operator) -> ClientGrant:
    return a_client(operator, "Beta")


def verdicts(run: Any, grant: ClientGrant) -> dict[str, str]:
    return {item.name: item.verdict for item in items_of(target(run, grant))}


def test_rules_arrive_as_a_draft_with_their_pools_and_without_people(
    operator: Operator, source: ClientGrant, beta: ClientGrant
) -> None:
    below = factories.PoolFactory(team=source.team, name="All hands", mode="claim", ranking="none")
    pool = factories.PoolFactory(
        team=source.team, name="Closers", overflow="pool", overflow_pool=below, window_seconds=45
    )
    factories.SeatFactory(team=source.team, pool=pool)
    live = rules_in(source.team, asks("campaign", "Spring"), pool=pool)

    run = prepare(operator, source.team, beta, versions=[live.pk])
    assert not Pool.objects.filter(team=beta.team).exists(), "a preview writes nothing"
    go(operator, run)

    assert verdicts(run, beta) == {
        "All hands": "new", "Closers": "new", "Assignment rules": "new",
    }  # fmt: skip
    made = Pool.objects.get(team=beta.team, name="Closers")
    assert made.overflow_pool is not None
    assert (made.window_seconds, made.overflow_pool.name) == (45, "All hands")
    assert made.overflow_pool.team_id == beta.team_id
    assert not Seat.objects.filter(team=beta.team).exists()
    rules = draft_rules(beta)
    assert [(rule.name, rule.is_active) for rule in rules] == [
        ("By campaign", True), ("Everything else", True),
    ]  # fmt: skip
    assert rules[-1].pool == made
    assert versions.published(main_of(beta)) is None


def test_everything_stands_in_the_clients_log_as_the_agencys_operator(
    operator: Operator, source: ClientGrant, beta: ClientGrant
) -> None:
    live = rules_in(source.team, pool=factories.PoolFactory(team=source.team))
    go(operator, prepare(operator, source.team, beta, versions=[live.pk]))

    lines = AuditEntry.objects.filter(team=beta.team)
    assert {"rules.copied_in", "rules.pool_added", "rules.draft_filled"} <= {
        line.action for line in lines
    }
    assert {(line.actor, line.via, line.agency_id) for line in lines} == {
        (operator.user, "grant", operator.agency_id)
    }
    assert not any("Alpha" in str((line.detail, line.target_label)) for line in lines)


def test_names_are_looked_up_at_the_client(
    operator: Operator, source: ClientGrant, beta: ClientGrant
) -> None:
    factories.SourceFactory(team=source.team, name="Website", slug="website")
    factories.SourceFactory(team=beta.team, name="Website", slug="website-2")
    factories.CustomFieldFactory(team=source.team, key="roof", label="Roof", type="text")
    factories.CustomFieldFactory(team=beta.team, key="dach", label="roof", type="text")
    group = factories.InterestGroupFactory(team=source.team, name="Solar")
    theirs = factories.InterestGroupFactory(team=beta.team, name="Sun", former_names=["Solar"])
    live = rules_in(
        source.team, asks("source", "website", group_ids=(group.pk,)), asks("custom.roof", "flat")
    )

    run = prepare(operator, source.team, beta, versions=[live.pk])
    go(operator, run)

    first, second, _last = draft_rules(beta)
    assert first.conditions["all"][0]["value"] == "website-2"
    assert first.group_ids == [theirs.pk]
    assert second.conditions["all"][0]["field"] == "custom.dach"
    assert [first.is_active, second.is_active] == [True, True]
    assert not [gap for item in items_of(target(run, beta)) for gap in item.gaps]


GAPS: dict[str, Any] = {
    "a source": lambda team: (
        factories.SourceFactory(team=team, name="Radio", slug="radio") and asks("source", "radio")
    ),
    "a field": lambda team: (
        factories.CustomFieldFactory(team=team, key="roof", label="Roof", type="text")
        and asks("custom.roof", "flat")
    ),
    "a status": lambda team: (
        factories.StatusFactory(team=team, name="Visited") and asks("status", "Visited")
    ),
    "a group": lambda team: asks(
        "campaign", "x", group_ids=(factories.InterestGroupFactory(team=team).pk,)
    ),
    "a member": lambda team: asks(
        "campaign", "x", destination="member",
        member_id=factories.MembershipFactory(team=team).pk,
    ),
    "somebody to tell": lambda team: asks(
        "campaign", "x", notify=(factories.MembershipFactory(team=team).pk,)
    ),
}  # fmt: skip


@pytest.mark.parametrize("make", list(GAPS.values()), ids=list(GAPS))
def test_a_rule_that_names_what_is_missing_arrives_switched_off_and_says_so(
    make: Any, operator: Operator, source: ClientGrant, beta: ClientGrant
) -> None:
    live = rules_in(source.team, make(source.team))

    run = prepare(operator, source.team, beta, versions=[live.pk])
    go(operator, run, publishes=True)

    (gap,) = items_of(target(run, beta))[0].gaps
    assert gap.words.startswith("By ")
    rule, last = draft_rules(beta)
    assert (rule.is_active, last.is_active) == (False, True)
    assert versions.published(main_of(beta)) is None, "with a gap nothing goes live"
    assert target(run, beta).state == State.DONE


def test_the_same_person_is_found_and_a_namesake_is_not(
    operator: Operator, source: ClientGrant, beta: ClientGrant
) -> None:
    ola = factories.UserFactory(name="Ola Adeyemi")
    here = factories.MembershipFactory(team=source.team, user=ola)
    there = factories.MembershipFactory(team=beta.team, user=ola)
    anna = factories.MembershipFactory(team=source.team, user__name="Anna Berg")
    factories.MembershipFactory(team=beta.team, user__name="Anna Berg")
    live = rules_in(
        source.team,
        asks("campaign", "a", destination="member", member_id=here.pk),
        asks("campaign", "b", destination="member", member_id=anna.pk),
    )

    go(operator, prepare(operator, source.team, beta, versions=[live.pk]))

    first, second, _last = draft_rules(beta)
    assert (first.member, first.is_active) == (there, True)
    assert (second.destination, second.is_active) == ("continue", False)


def test_an_amount_in_another_currency_is_a_gap(
    operator: Operator, source: ClientGrant, beta: ClientGrant
) -> None:
    type(beta.team).objects.filter(pk=beta.team_id).update(currency="USD")
    tree = {"all": [{"field": "budget", "op": "gte", "value": 5000}]}
    live = rules_in(source.team, asks("campaign", "x", conditions=tree))

    run = prepare(operator, source.team, beta, versions=[live.pk])

    assert [gap.kind for gap in items_of(target(run, beta))[0].gaps] == ["money"]


def test_published_at_once_only_where_the_check_allows_it(
    operator: Operator, source: ClientGrant, beta: ClientGrant
) -> None:
    pool = factories.PoolFactory(team=source.team, name="Closers")
    staffed = factories.PoolFactory(team=beta.team, name="closers")
    factories.SeatFactory(team=beta.team, pool=staffed)
    gamma = a_client(operator, "Gamma")
    live = rules_in(source.team, pool=pool)

    run = prepare(operator, source.team, beta, gamma, versions=[live.pk])
    go(operator, run, publishes=True)

    assert live_of(beta).note == f"Copied by {operator.agency.name}"
    assert versions.published(main_of(gamma)) is None
    assert "Nobody has an active seat" in str(target(run, gamma).result)


def test_what_is_the_same_is_left_alone(
    operator: Operator, source: ClientGrant, beta: ClientGrant
) -> None:
    live = rules_in(
        source.team, asks("campaign", "x"), pool=factories.PoolFactory(team=source.team)
    )
    go(operator, prepare(operator, source.team, beta, versions=[live.pk]))
    before = Version.objects.get(team=beta.team)

    run = prepare(operator, source.team, beta, versions=[live.pk])
    go(operator, run)

    assert set(verdicts(run, beta).values()) == {"same"}
    assert Version.objects.get(team=beta.team).saved_at == before.saved_at
    assert AuditEntry.objects.filter(team=beta.team, action="rules.copied_in").count() == 1


@pytest.mark.parametrize("choice", ["skip", "replace", "beside"])
def test_each_conflict_is_decided(
    choice: str, operator: Operator, source: ClientGrant, beta: ClientGrant
) -> None:
    pool = factories.PoolFactory(team=source.team, name="Closers", window_seconds=45)
    theirs = factories.PoolFactory(team=beta.team, name="Closers", window_seconds=600)
    seat = factories.SeatFactory(team=beta.team, pool=theirs)
    rules_in(beta.team, asks("campaign", "theirs"))
    live = rules_in(source.team, asks("campaign", "ours"), pool=pool)
    run = prepare(operator, source.team, beta, versions=[live.pk])
    assert set(verdicts(run, beta).values()) == {"conflict"}

    runs.choose(run, {}, for_all={"set": choice, "pool": choice}, by=agency_of(operator))
    go(operator, run)

    theirs.refresh_from_db()
    assert Seat.objects.get(team=beta.team) == seat
    assert theirs.window_seconds == (45 if choice == "replace" else 600)
    assert live_of(beta).number == 1, "what is live stays"
    names = sorted(each.name for each in RuleSet.objects.filter(team=beta.team))
    if choice == "beside":
        assert Pool.objects.get(team=beta.team, name="Closers 2").window_seconds == 45
        assert names == ["Assignment rules", "Assignment rules 2"]
    else:
        assert names == ["Assignment rules"]
    assert bool(draft_rules(beta)) == (choice == "replace")


def test_rolling_back_undoes_a_published_copy(
    operator: Operator, source: ClientGrant, beta: ClientGrant
) -> None:
    rules_in(beta.team, asks("campaign", "theirs"))
    live = rules_in(source.team, asks("campaign", "ours"))
    go(operator, prepare(operator, source.team, beta, versions=[live.pk]), publishes=True)
    main = main_of(beta)
    assert live_of(beta).number == 2

    versions.roll_back(main, to=1, by=Access.system(beta.team), now=NOW)

    first = versions.rules_of(versions.published(main))[0]
    assert first.conditions["all"][0]["value"] == "theirs"


def test_a_draft_that_somebody_works_on_is_kept_unless_chosen_otherwise(
    operator: Operator, source: ClientGrant, beta: ClientGrant
) -> None:
    versions.add_rule(
        main_of(beta), asks("campaign", "mine"), by=Access.system(beta.team), now=NOW
    )  # fmt: skip
    live = rules_in(source.team, asks("campaign", "ours"))

    go(operator, prepare(operator, source.team, beta, versions=[live.pk]))

    assert draft_rules(beta)[0].conditions["all"][0]["value"] == "mine"


def test_hundreds_of_clients_take_no_more_statements_than_two(
    operator: Operator, source: ClientGrant
) -> None:
    pool = factories.PoolFactory(team=source.team)
    live = rules_in(source.team, asks("campaign", "x"), pool=pool)
    few = [a_client(operator, f"Few {n}") for n in range(2)]
    many = [a_client(operator, f"Many {n}") for n in range(12)]

    with CaptureQueriesContext(
        connection,
    ) as two:
        prepare(operator, source.team, *few, versions=[live.pk])
    with CaptureQueriesContext(connection) as twelve:
        prepare(operator, source.team, *many, versions=[live.pk])

    assert len(twelve) == len(two)


def test_sets_that_call_each_other_come_along(
    operator: Operator, source: ClientGrant, beta: ClientGrant
) -> None:
    called = RuleSet.objects.create(team=source.team, name="Night", trigger="called", position=1)
    inner = versions.draft_of(called, by=Access.system(source.team), now=NOW)
    through = asks("campaign", "x", destination="rule_set", rule_set_id=called.pk)
    live = rules_in(source.team, through)

    run = prepare(operator, source.team, beta, versions=[live.pk, inner.pk])
    go(operator, run)

    rule = draft_rules(beta)[0]
    assert (rule.rule_set.name, rule.rule_set.team_id) == ("Night", beta.team_id)
    assert rule.is_active
