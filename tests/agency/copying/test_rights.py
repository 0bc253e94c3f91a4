"""Who may copy from where to whom, at the preview and at the moment of copying."""

from __future__ import annotations

from typing import Any

import pytest

from apps.agency.copying import applying, runs, sources
from apps.agency.copying.models import CopyRun, CopyTarget
from apps.agency.copying.runs import CopyRefused
from apps.rules.models import Version
from apps.rules.sets import versions
from apps.teams.access import Access
from apps.teams.models import Agency, ClientGrant, Operator
from apps.teams.permissions import Role
from tests import factories
from tests.agency.copying.stand import (
    NOW,
    a_client,
    agency_of,
    asks,
    go,
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
def live(source: ClientGrant) -> Version:
    return rules_in(source.team, asks("campaign", "x"))


def nothing_came(grant: ClientGrant) -> bool:
    return not Version.objects.filter(team=grant.team).exists()


def test_only_clients_that_grant_rules_are_copied_to(
    operator: Operator, source: ClientGrant, live: Version
) -> None:
    masked = a_client(operator, "Masked", is_masked=True)
    looks_only = a_client(operator, "Figures", allows=["see_leads"])
    theirs = a_client(factories.OperatorFactory(), "Of another agency")

    run = prepare(operator, source.team, masked, looks_only, theirs, source, versions=[live.pk])

    assert [row.grant for row in run.targets.all()] == [masked]


def test_rules_are_read_only_where_they_are_granted(operator: Operator) -> None:
    by = agency_of(operator)
    closed = a_client(operator, "Closed", allows=["see_leads", "act_on_leads"])
    theirs = a_client(factories.OperatorFactory(), "Of another agency")
    sending = factories.TeamFactory()
    Agency.objects.filter(pk=operator.agency_id).update(sending_team=sending)
    by.agency.refresh_from_db()
    asked = (closed.team_id, theirs.team_id, sending.pk)

    assert [sources.readable(pk, by=by) for pk in asked] == [None, None, None]
    seller = factories.MembershipFactory(team=sending, user=operator.user)
    assert sources.readable(sending.pk, by=by) is None, "a salesperson sees no rules"
    type(seller).objects.filter(pk=seller.pk).update(role=Role.MANAGER)
    assert sources.readable(sending.pk, by=by) is not None


def test_versions_and_pools_of_another_team_are_not_taken(
    operator: Operator, source: ClientGrant
) -> None:
    beta = a_client(operator, "Beta")
    theirs = rules_in(factories.TeamFactory(), asks("campaign", "secret"))
    pool = factories.PoolFactory()

    with pytest.raises(CopyRefused):
        prepare(operator, source.team, beta, versions=[theirs.pk], pools=[pool.pk])


def _end(grant: ClientGrant, operator: Operator) -> None:
    ClientGrant.objects.filter(pk=grant.pk).update(ended_at=NOW)


def _take_rules(grant: ClientGrant, operator: Operator) -> None:
    ClientGrant.objects.filter(pk=grant.pk).update(allows=["see_leads"])


def _keep_out(grant: ClientGrant, operator: Operator) -> None:
    Operator.objects.filter(pk=operator.pk).update(is_active=False)


def _close(grant: ClientGrant, operator: Operator) -> None:
    Agency.objects.filter(pk=operator.agency_id).update(is_active=False)


@pytest.mark.parametrize("lose", [_end, _take_rules, _keep_out, _close])
def test_what_is_lost_after_the_start_is_not_used(
    lose: Any, operator: Operator, source: ClientGrant, live: Version
) -> None:
    beta = a_client(operator, "Beta")
    run = prepare(operator, source.team, beta, versions=[live.pk])
    runs.start(run, publishes=False, by=agency_of(operator), now=NOW)
    lose(beta, operator)

    runs.work(run.pk, clock=lambda: NOW)

    assert target(run, beta).state == State.REFUSED
    assert target(run, beta).result["why"]
    assert nothing_came(beta)


def test_a_source_that_closed_between_preview_and_start_is_not_copied(
    operator: Operator, source: ClientGrant, live: Version
) -> None:
    run = prepare(operator, source.team, a_client(operator, "Beta"), versions=[live.pk])
    _take_rules(source, operator)

    with pytest.raises(CopyRefused):
        runs.start(run, publishes=False, by=agency_of(operator), now=NOW)


def test_rules_that_changed_since_the_preview_are_left_alone_and_one_may_look_again(
    operator: Operator, source: ClientGrant, live: Version
) -> None:
    beta, gamma = a_client(operator, "Beta"), a_client(operator, "Gamma")
    run = prepare(operator, source.team, beta, gamma, versions=[live.pk])
    rules_in(beta.team, asks("campaign", "theirs"))

    go(operator, run)

    run.refresh_from_db()
    assert run.state == CopyRun.State.DONE
    assert (target(run, beta).state, target(run, gamma).state) == (State.REFUSED, State.DONE)
    assert "changed since the preview" in target(run, beta).result["why"]
    assert versions.draft(main_of(beta)) is None
    next_run = runs.again(run, by=agency_of(operator), now=NOW)
    assert [row.grant for row in next_run.targets.all()] == [beta]


def test_a_client_that_fails_stops_no_other_and_keeps_nothing(
    operator: Operator, source: ClientGrant, live: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    beta, gamma = a_client(operator, "Beta"), a_client(operator, "Gamma")
    run = prepare(operator, source.team, beta, gamma, versions=[live.pk])
    note = applying._note

    def failing(job: Any) -> None:
        if job.by.team.pk == beta.team_id:
            raise RuntimeError("no disk")
        note(job)

    monkeypatch.setattr(applying, "_note", failing)
    go(operator, run)

    assert (target(run, beta).state, target(run, gamma).state) == (State.FAILED, State.DONE)
    assert nothing_came(beta)
    assert not nothing_came(gamma)


def test_pressed_twice_it_is_copied_once(
    operator: Operator, source: ClientGrant, live: Version
) -> None:
    beta = a_client(operator, "Beta")
    run = prepare(operator, source.team, beta, versions=[live.pk])
    by = agency_of(operator)

    assert runs.start(run, publishes=False, by=by, now=NOW)
    assert not runs.start(run, publishes=True, by=by, now=NOW)
    for _time in range(2):
        runs.work(run.pk, clock=lambda: NOW)

    assert Version.objects.filter(team=beta.team).count() == 1
    run.refresh_from_db()
    assert not run.publishes


def test_a_run_without_a_worker_is_found_again(
    operator: Operator, source: ClientGrant, live: Version
) -> None:
    run = prepare(operator, source.team, a_client(operator, "Beta"), versions=[live.pk])
    runs.start(run, publishes=False, by=agency_of(operator), now=NOW)

    assert runs.unfinished(now=NOW) == []
    assert runs.unfinished(now=NOW + 2 * runs.SILENCE) == [run.pk]


def test_previews_are_thrown_away_and_what_was_copied_is_kept_longer(
    operator: Operator, source: ClientGrant, live: Version
) -> None:
    beta = a_client(operator, "Beta")
    looked_at = prepare(operator, source.team, beta, versions=[live.pk])
    copied = prepare(operator, source.team, beta, versions=[live.pk])
    go(operator, copied)

    runs.forget(now=NOW + runs.PREVIEW_KEPT_FOR)
    assert CopyRun.objects.count() == 2
    runs.forget(now=NOW + runs.PREVIEW_KEPT_FOR + runs.SILENCE)

    assert list(CopyRun.objects.all()) == [copied]
    assert looked_at.pk
    runs.forget(now=NOW + runs.KEPT_FOR + runs.SILENCE)
    assert not CopyRun.objects.exists()


def test_a_colleague_does_not_see_what_she_may_not_read(
    operator: Operator, source: ClientGrant, live: Version
) -> None:
    run = prepare(operator, source.team, a_client(operator, "Beta"), versions=[live.pk])
    colleague = factories.OperatorFactory(agency=operator.agency)

    assert list(runs.of(agency_of(operator))) == [run]
    assert not runs.of(agency_of(colleague)).exists()


def test_system_rights_are_never_used(
    operator: Operator, source: ClientGrant, live: Version
) -> None:
    """Everything at a client goes by the operator's grant."""
    beta = a_client(operator, "Beta")
    go(operator, prepare(operator, source.team, beta, versions=[live.pk]))

    version = Version.objects.get(team=beta.team)
    assert version.saved_by == operator.user
    assert not Access.of_grant(beta, operator.user).is_system
