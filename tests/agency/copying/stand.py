"""An agency with a client whose rules are copied, and others that they are copied to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.agency.copying import runs, sources
from apps.agency.copying.models import CopyRun, CopyTarget
from apps.rules.models import Pool, RuleSet, Version
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant, Operator
from apps.teams.permissions import Grant
from tests import factories

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
RULES = [Grant.EDIT_ROUTING.value]


def agency_of(operator: Operator) -> AgencyAccess:
    return AgencyAccess(operator.agency, operator.user, operator)


def a_client(operator: Operator, name: str, **more: Any) -> ClientGrant:
    team = factories.TeamFactory(name=name)
    factories.StatusFactory(team=team)
    more = {"allows": RULES, **more}
    return factories.ClientGrantFactory(agency=operator.agency, team=team, **more)


def rules_in(team: Any, *fields: RuleFields, pool: Pool | None = None) -> Version:
    """Published rules for new leads: these above one that sends the rest to the pool."""
    by, main = Access.system(team), versions.main_set(team)
    for each in fields:
        versions.add_rule(main, each, by=by, now=NOW)
    last = versions.draft_of(main, by=by, now=NOW).rules.latest("position")
    if pool is not None:
        rest = RuleFields("Everything else", "pool", {}, pool_id=pool.pk)
        versions.save_rule(main, last.key, rest, by=by, now=NOW)
    return versions.publish(main, by=by, now=NOW)


def asks(field: str, value: Any, **more: Any) -> RuleFields:
    """A rule that sends leads whose field is this to a manager."""
    tree = {"all": [{"field": field, "op": "is", "value": value}]}
    return RuleFields(
        **{"name": f"By {field}", "destination": "manager", "conditions": tree} | more
    )


def prepare(operator: Operator, source: Any, *grants: ClientGrant, **what: list[UUID]) -> CopyRun:
    by = agency_of(operator)
    access = sources.readable(source.pk, by=by)
    assert access is not None
    chosen: dict[str, Any] = {"versions": [], "pools": [], **what}
    return runs.prepare(access, clients=[g.pk for g in grants], by=by, now=NOW, **chosen)


def go(operator: Operator, run: CopyRun, *, publishes: bool = False) -> None:
    runs.start(run, publishes=publishes, by=agency_of(operator), now=NOW)
    runs.work(run.pk, clock=lambda: NOW)


def target(run: CopyRun, grant: ClientGrant) -> CopyTarget:
    return CopyTarget.objects.get(run=run, grant=grant)


def main_of(grant: ClientGrant) -> RuleSet:
    return versions.main_set(grant.team)


def live_of(grant: ClientGrant) -> Version:
    """The version that decides at this client; it has one."""
    live = versions.published(main_of(grant))
    assert live is not None
    return live


def draft_rules(grant: ClientGrant) -> list[Any]:
    return versions.rules_of(versions.draft(main_of(grant)))
