"""What became of the leads of an experiment, variant by variant. Read-only."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from apps.assignments.models import Decision
from apps.experiments import statistics
from apps.experiments.statistics import Arm, Interval, Verdict
from apps.leads.models import StatusKind
from apps.rules.models import Experiment, Variant
from apps.teams.models import Team

# A lead that came just now may still be answered: it is no “never” yet.
SETTLED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Followed:
    """The moments of one lead that an experiment judges."""

    variant: UUID
    received_at: datetime
    first_attempt_at: datetime | None
    first_contact_at: datetime | None
    won_at: datetime | None

    @property
    def wait(self) -> float:
        """Seconds from received to the first attempt; infinity without one."""
        if self.first_attempt_at is None:
            return math.inf
        return (self.first_attempt_at - self.received_at).total_seconds()


@dataclass(frozen=True, slots=True)
class VariantResult:
    variant: Variant
    arm: Arm
    rate: Interval | None
    median: Interval | None


@dataclass(frozen=True, slots=True)
class Results:
    variants: Sequence[VariantResult]
    verdict: Verdict

    @property
    def leads(self) -> int:
        return sum(each.arm.leads for each in self.variants)

    @property
    def best(self) -> VariantResult | None:
        return None if self.verdict.best is None else self.variants[self.verdict.best]


def results(experiment: Experiment, *, now: datetime) -> Results:
    """Every variant's figures and the verdict, of leads that are neither spam, test nor deleted.

    A lead counts for the variant of its first decision, and is judged once its horizon is over.
    """
    followed = _followed(experiment)
    judge = _judge(experiment, experiment.team, now)
    found = []
    for variant in experiment.variants.order_by("position"):
        arm = _arm([each for each in followed if each.variant == variant.pk], judge, now)
        middle = statistics.median(arm.waits)
        found.append(VariantResult(variant, arm, statistics.rate(arm), middle))
    return Results(found, statistics.verdict([each.arm for each in found]))


def _arm(leads: Sequence[Followed], judge: Callable[[Followed], bool | None], now: datetime) -> Arm:
    judged = [outcome for lead in leads if (outcome := judge(lead)) is not None]
    waits = [
        lead.wait
        for lead in leads
        if lead.first_attempt_at is not None or lead.received_at <= now - SETTLED
    ]
    return Arm(len(leads), len(judged), sum(judged), waits)


def _judge(experiment: Experiment, team: Team, now: datetime) -> Callable[[Followed], bool | None]:
    """Whether a lead succeeded; None while it is too young to tell."""
    horizon = timedelta(days=experiment.horizon_days)
    if experiment.measure == Experiment.Measure.RESPONSE:
        horizon = timedelta(seconds=team.response_seconds)

    def judge(lead: Followed) -> bool | None:
        if now < lead.received_at + horizon:
            return None
        reached = {
            Experiment.Measure.CONVERSION: lead.won_at,
            Experiment.Measure.CONTACT: lead.first_contact_at,
            Experiment.Measure.RESPONSE: lead.first_attempt_at,
        }[Experiment.Measure(experiment.measure)]
        return reached is not None and reached <= lead.received_at + horizon

    return judge


def _followed(experiment: Experiment) -> list[Followed]:
    decisions = (
        Decision.objects.filter(
            team_id=experiment.team_id,
            variant__experiment=experiment,
            lead__deleted_at__isnull=True,
            lead__is_spam=False,
            lead__is_test=False,
        )
        .order_by("lead_id", "at", "id")
        .distinct("lead_id")
        .values_list(
            "variant_id",
            "lead__received_at",
            "lead__first_attempt_at",
            "lead__first_contact_at",
            "lead__status_kind",
            "lead__closed_at",
        )
    )
    return [
        Followed(variant, received, attempt, contact, closed if kind == StatusKind.WON else None)
        for variant, received, attempt, contact, kind, closed in decisions
    ]
