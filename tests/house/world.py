"""Two teams with everything in them: whatever an address may name, one of it in each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection

from apps.accounts.ids import uuid7
from apps.capture.models import Import
from apps.leads.models import Lead
from apps.rules.models import Pool, RecipientPool, Version
from apps.rules.pools import services as pools
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role
from apps.teams.scope import TeamRow
from tests import factories
from tests.factories.teams import NOW

Maker = Callable[["Side"], UUID]


@dataclass
class Side:
    """A team, a member of each role, and the objects in it, made when they are first named."""

    team: Team
    members: dict[str, Membership] = field(default_factory=dict)
    _ids: dict[str, UUID] = field(default_factory=dict)

    def id_of(self, name: str) -> UUID:
        """The id of this side's object of that name. KeyError: add it to OBJECTS."""
        if name not in self._ids:
            self._ids[name] = OBJECTS[name](self)
        return self._ids[name]

    def ids_of(self, names: tuple[str, ...]) -> dict[str, UUID]:
        return {name: self.id_of(name) for name in names}

    def row_of(self, model: type[TeamRow], name: str) -> TeamRow:
        return model.objects.get(pk=self.id_of(name))

    @property
    def salesperson(self) -> Membership:
        return self.members[Role.SALESPERSON]


def a_side(pattern: str = "") -> Side:
    """A side whose lead is in the state that an address of this pattern is for."""
    team = factories.TeamFactory()
    factories.StatusFactory(team=team)
    members: dict[str, Any] = {
        role.value: factories.MembershipFactory(team=team, role=role) for role in Role
    }
    side = Side(team, members)
    for ending, prepare in STATES.items():
        if pattern.endswith(ending):
            prepare(side)
    return side


def random_ids(names: tuple[str, ...]) -> dict[str, UUID]:
    """Ids of nothing."""
    return {name: uuid7() for name in names}


def _lead(side: Side) -> UUID:
    return factories.LeadFactory(team=side.team, owner=side.salesperson).pk


def _offer(side: Side) -> UUID:
    member = side.salesperson
    lead = factories.LeadFactory(team=side.team, stage="offered")
    return factories.OfferFactory(team=side.team, member=member, lead=lead).pk


def _of_lead(factory: Any) -> Maker:
    """Something of the side's lead, done by its salesperson."""
    return lambda side: (
        factory(team=side.team, member=side.salesperson, lead=side.row_of(Lead, "lead")).pk
    )


def _assignment(side: Side) -> UUID:
    lead = factories.LeadFactory(team=side.team, owner=side.salesperson)
    return factories.AssignmentFactory(team=side.team, member=side.salesperson, lead=lead).pk


def _mine(factory: Any) -> Maker:
    """Something of the side's salesperson."""
    return lambda side: factory(team=side.team, membership=side.salesperson).pk


def _rule_key(side: Side) -> UUID:
    """Rules are named by the key that they keep from version to version."""
    version = side.row_of(Version, "version")
    rule = factories.RuleFactory(team=side.team, version=version)
    factories.RuleFactory(team=side.team, version=version)  # the last one can't be touched
    return rule.key


def _rule_set(side: Side) -> UUID:
    """With a version 1 that was live, and the draft after it."""
    draft = Version.objects.get(pk=side.id_of("version"))
    Version.objects.filter(pk=draft.pk).update(number=1_000)
    factories.VersionFactory(
        team=side.team, rule_set=draft.rule_set, number=1, state="retired", published_at=NOW
    )
    return draft.rule_set_id


def _pool(side: Side) -> UUID:
    by = Access.of(side.members[Role.ADMIN])
    return pools.create_pool(side.team, pools.PoolSettings(name="East"), by=by, now=NOW).pk


def _seat(side: Side) -> UUID:
    return factories.SeatFactory(team=side.team, pool=side.row_of(Pool, "pool")).pk


def _time_off(side: Side) -> UUID:
    return factories.TimeOffFactory(team=side.team, membership=side.salesperson).pk


def _simulation(side: Side) -> UUID:
    simulation = factories.SimulationFactory(team=side.team)
    factories.SimulatedLeadFactory(team=side.team, simulation=simulation, number=1)
    return simulation.pk


def _row(side: Side) -> UUID:
    return factories.ImportRowFactory(team=side.team, run=side.row_of(Import, "run")).pk


def _client_invitation(side: Side) -> UUID:
    """What an agency asks of the side's admin."""
    return factories.ClientInvitationFactory(
        email=side.members[Role.ADMIN].user.email,
        expires_at=datetime.now(UTC) + timedelta(days=7),
    ).pk


def _one(factory: Any, **columns: Any) -> Maker:
    return lambda side: factory(team=side.team, **columns).pk


# What addresses name. A new name in an address needs its line here.
OBJECTS: Mapping[str, Maker] = {
    "account": _one(factories.NamedAccountFactory),
    "approval": _of_lead(factories.ApprovalRequestFactory),
    "agreement": lambda side: factories.AgreementFactory(team=side.team).pk,
    "alert": lambda side: factories.AlertFactory(team=side.team, user=side.salesperson.user).pk,
    "assignment": _assignment,
    "attempt": _of_lead(factories.AttemptFactory),
    "bulk_run": _one(factories.BulkRunFactory),
    "capture": _one(factories.CaptureFactory),
    "cover": _mine(factories.CoverFactory),
    "client_grant": _one(factories.ClientGrantFactory),
    "client_invitation": _client_invitation,
    "cost": _one(factories.CostFactory),
    "custom_field": _one(factories.CustomFieldFactory),
    "delivery": _one(factories.DeliveryFactory),
    "dispute": _one(factories.DisputeFactory),
    "decision": lambda side: (
        factories.DecisionFactory(team=side.team, lead=side.row_of(Lead, "lead")).pk
    ),
    "experiment": _one(factories.ExperimentFactory),
    "follow_up": _of_lead(factories.FollowUpFactory),
    "group": _one(factories.InterestGroupFactory),
    "holiday": _one(factories.HolidayFactory),
    "invitation": _one(factories.InvitationFactory),
    "lead": _lead,
    "line": _one(factories.ScoreLineFactory),
    "member": lambda side: side.salesperson.pk,
    "offer": _offer,
    "other": _lead,
    "pool": _pool,
    "recipient": _one(factories.RecipientFactory),
    "recipient_pool": _one(factories.RecipientPoolFactory),
    "recipient_seat": lambda side: (
        factories.RecipientSeatFactory(
            team=side.team, pool=side.row_of(RecipientPool, "recipient_pool")
        ).pk
    ),
    "question": lambda side: (
        factories.AgreementFactory(
            to=side.team, state="asked", expires_at=datetime.now(UTC) + timedelta(days=7)
        ).pk
    ),
    "report": _of_lead(factories.BadLeadReportFactory),
    "report_schedule": _one(factories.ReportScheduleFactory),
    "row": _row,
    "rule": _rule_key,
    "rule_set": _rule_set,
    "run": _one(factories.ImportFactory),
    # The other side of an agreement: it is named by the team that gets the leads.
    "sender": lambda side: factories.AgreementFactory(to=side.team).pk,
    "script": _one(factories.ScriptFactory),
    "seat": _seat,
    "skill": _one(factories.SkillFactory),
    "simulation": _simulation,
    "source": _one(factories.SourceFactory),
    "status": _one(factories.StatusFactory),
    "territory": _one(factories.TerritoryFactory),
    "time_off": _time_off,
    "token": _mine(factories.ApiTokenFactory),
    "version": _one(factories.VersionFactory),
}


def _in_the_hopper(side: Side) -> None:
    lead = side.row_of(Lead, "lead")
    Lead.objects.filter(pk=lead.pk).update(owner=None, stage=Lead.Stage.HOPPER)
    factories.HopperEntryFactory(team=side.team, lead=lead)


def _deleted(side: Side) -> None:
    Lead.objects.filter(pk=side.id_of("lead")).update(deleted_at=NOW)


def _held(side: Side) -> None:
    lead = side.row_of(Lead, "lead")
    Lead.objects.filter(pk=lead.pk).update(owner=None, stage=Lead.Stage.HELD)
    factories.HoldFactory(team=side.team, lead=lead)


def _seated(side: Side) -> None:
    pool = Pool.objects.get(pk=side.id_of("pool"))
    factories.SeatFactory(team=side.team, pool=pool, membership=side.salesperson)


# Addresses that are for leads in one state only, or for a pool in which one sits.
STATES: Mapping[str, Callable[[Side], None]] = {
    "leads/<uuid:lead>/pick/": _in_the_hopper,
    "hopper/<uuid:lead>/pick/": _in_the_hopper,
    "held/<uuid:lead>/release/": _held,
    "leads/<uuid:lead>/restore/": _deleted,
    "leads/<uuid:lead>/deleted/": _deleted,
    "my-turns/<uuid:pool>/ask/": _seated,
}


def fingerprint(team: Team | None = None) -> dict[str, str]:
    """Table → its number of rows and a hash of all that is in them; of one team if given."""
    ours = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
    tables = sorted(
        model._meta.db_table for model in ours if team is None or issubclass(model, TeamRow)
    )
    only = f"WHERE team_id = '{team.pk}'" if team else ""
    query = " UNION ALL ".join(
        f"SELECT '{table}', count(*) || ':' || "
        f"coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table} t {only}"
        for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return dict(cursor.fetchall())
