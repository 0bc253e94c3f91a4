"""A team at work, for tests: members, pools, live rules and leads, with few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.accounts.models import User
from apps.assignments import services
from apps.assignments.models import Assignment, Door, Offer
from apps.leads.models import Lead, Source, Status, StatusKind
from apps.rules.models import Destination, Mode, Pool, Ranking, Rule, RuleSet, Seat, Version
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Role

# The database's clock decides what is due, so that the test's now must be the real one.
NOW = datetime.now(UTC).replace(microsecond=0)
# It is read once, so windows outlast the longest run of the suite unless a test says otherwise.
WHOLE_SUITE = 6 * 3600
_numbers = count(1)


class World:
    """One team. Its pools are open day and night unless a test says otherwise."""

    def __init__(self, slug: str = "acme", **settings: Any) -> None:
        settings = {"response_seconds": WHOLE_SUITE, **settings}
        self.team = Team.objects.create(name=slug.title(), slug=slug, **settings)
        self.system = Access.system(self.team)
        self.statuses = {
            kind: Status.objects.create(
                team=self.team, name=str(kind.label), kind=kind, position=place
            )
            for place, kind in enumerate(StatusKind)
        }
        self.source = Source.objects.create(
            team=self.team, kind=Source.Kind.JSON, name="Website", slug="website"
        )
        self.rule_set = RuleSet.objects.create(team=self.team, name="Assignment")
        self._version: Version | None = None

    def member(self, name: str, role: str = Role.SALESPERSON, **settings: Any) -> Membership:
        email = f"{name.lower()}.{next(_numbers)}@example.com"
        user = User.objects.create_user(email, name=name)
        return Membership.objects.create(team=self.team, user=user, role=role, **settings)

    def pool(
        self, *members: Membership, mode: str = Mode.ASSIGN, name: str = "", **settings: Any
    ) -> Pool:
        ranking = Ranking.NONE if mode in (Mode.CLAIM, Mode.HOPPER) else Ranking.TURN
        weights = settings.pop("weights", [1] * len(members))
        caps = settings.pop("caps", [None] * len(members))
        defaults = {"is_always_open": True, "business_time": False, "ranking": ranking,
                    "window_seconds": WHOLE_SUITE}  # fmt: skip
        pool = Pool.objects.create(
            team=self.team, name=name or f"Pool {next(_numbers)}", mode=mode,
            **{**defaults, **settings},
        )  # fmt: skip
        for place, member in enumerate(members):
            Seat.objects.create(
                team=self.team, pool=pool, membership=member, position=place,
                weight=weights[place], cap_day=caps[place],
            )  # fmt: skip
        return pool

    def rules(self, *targets: Pool | Membership | dict[str, Any]) -> Version:
        """Publish these destinations, in order; a dict gives a rule's columns."""
        if self._version is not None:
            Version.objects.filter(pk=self._version.pk).update(state="retired")
        self._version = self._publish(self.rule_set, *targets)
        return self._version

    def _publish(self, rule_set: RuleSet, *targets: Pool | Membership | dict[str, Any]) -> Version:
        version = Version.objects.create(
            team=self.team, rule_set=rule_set, number=next(_numbers),
            state=Version.State.DRAFT, created_at=NOW, saved_at=NOW,
        )  # fmt: skip
        for place, target in enumerate(targets, 1):
            Rule.objects.create(
                team=self.team, version=version, position=place, **_columns(target, place)
            )
        Version.objects.filter(pk=version.pk).update(state="published", published_at=NOW)
        Team.objects.filter(pk=self.team.pk).update(routing_version=F("routing_version") + 1)
        self.team.refresh_from_db()
        self.system = Access.system(self.team)
        return version

    def rules_for(
        self, trigger: str, *targets: Pool | Membership | dict[str, Any], **settings: Any
    ) -> RuleSet:
        """Publish a set of this trigger beside the one for new leads."""
        rule_set = RuleSet.objects.create(
            team=self.team, name=f"{trigger} {next(_numbers)}", trigger=trigger,
            trigger_settings=settings, position=next(_numbers),
        )  # fmt: skip
        self._publish(rule_set, *targets)
        return rule_set

    def lead(self, **fields: Any) -> Lead:
        number = next(_numbers)
        values: dict[str, Any] = {
            "name": f"Lead {number}",
            "email": f"lead{number}@example.com",
            "received_at": NOW,
        }
        return Lead.objects.create(
            team=self.team, source=self.source, status=self.statuses[StatusKind.NEW],
            **{**values, **fields},
        )  # fmt: skip

    def routed(self, now: datetime = NOW, **fields: Any) -> Lead:
        """A new lead that has just been routed."""
        lead = self.lead(received_at=now, **fields)
        self.route(lead, now=now)
        return lead

    def route(self, lead: Lead, now: datetime = NOW) -> services.Placement:
        with transaction.atomic():
            return services.route(lead, door=Door.WEBHOOK, by=self.system, now=now)

    def access(self, member: Membership) -> Access:
        return Access.of(Membership.objects.select_related("team", "user").get(pk=member.pk))


def _columns(target: Pool | Membership | dict[str, Any], place: int) -> dict[str, Any]:
    if isinstance(target, Pool):
        return {"name": target.name, "destination": Destination.POOL, "pool": target}
    if isinstance(target, Membership):
        return {"name": str(target), "destination": Destination.MEMBER, "member": target}
    return {"name": f"Rule {place}", "destination": Destination.POOL, **target}


def overdue_offer(lead: Lead) -> Offer:
    """The lead's open offer, with its deadline moved into the past."""
    offer = Offer.objects.get(lead=lead, state=Offer.State.OPEN)
    _past(Offer, offer.pk, "expires_at")
    return offer


def overdue_assignment(lead: Lead) -> Assignment:
    """The lead's live assignment, with its response deadline moved into the past."""
    assignment = Assignment.objects.get(lead=lead, ended_at=None)
    _past(Assignment, assignment.pk, "respond_by")
    return assignment


def _past(model: Any, row_id: Any, column: str) -> None:
    # Deadlines are judged by the database's clock, whatever the test's now is.
    past = datetime.now(UTC) - timedelta(seconds=1)
    model.objects.filter(pk=row_id).update(**{column: past, "warn_at": None})
