"""Experiments: preparing, starting and stopping them, and which variant a lead belongs to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.routing import splits
from apps.rules.models import Experiment, Pool, RuleSet, Variant, Version
from apps.rules.pools import checks
from apps.rules.pools import services as pools
from apps.rules.pools.settings import PoolSettings
from apps.rules.refusals import Problem, Refused
from apps.rules.registry import registry, routing_moved
from apps.rules.sets import versions
from apps.rules.sets.compiled import LiveRules, compile_version
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Permission
from apps.teams.remembered import Remembered
from apps.teams.scope import deed

State = Experiment.State
MOST_VARIANTS = 5
# What a pool's variant may try: how leads are handed over, never who is asked to overflow.
TRIED = (
    "ranking", "mode", "prefer", "window_seconds", "response_seconds", "max_hops", "on_expiry",
    "head_start_seconds", "sticky", "filters", "fit", "performance",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arm:
    """A running variant: `rules` where it tries a version, `settings` where it tries a pool."""

    id: UUID
    name: str
    percent: int
    rules: LiveRules | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Running:
    """A running experiment, ready to be asked about a lead."""

    id: UUID
    name: str
    arms: Sequence[Arm]
    started_at: datetime | None = None  # leads that came before have no part in it

    def arm_of(self, lead_id: UUID) -> Arm | None:
        """The lead's variant; None for the part of the leads that no variant takes."""
        percents = [arm.percent for arm in self.arms]
        number = splits.part(lead_id, self.id.bytes, percents)
        return None if number is None else self.arms[number]


def of_rule_set(team: Team, rule_set_id: UUID) -> Running | None:
    """The experiment that runs on a rule set; no query while the routing version stands."""
    return _running.of(team).get(rule_set_id)


def of_pool(team: Team, pool_id: UUID) -> Running | None:
    """The experiment that runs on a pool; no query while the routing version stands."""
    return _running.of(team).get(pool_id)


def _load(team: Team) -> dict[UUID, Running]:
    found = Experiment.objects.filter(team=team, state=State.RUNNING).prefetch_related("variants")
    return {
        subject: Running(each.pk, each.name, _arms(each, team), each.started_at)
        for each in found
        if (subject := each.rule_set_id or each.pool_id)
    }


def _arms(experiment: Experiment, team: Team) -> list[Arm]:
    return [
        Arm(each.pk, each.name, each.percent, _rules(each, team), each.settings)
        for each in experiment.variants.all()
    ]


def _rules(variant: Variant, team: Team) -> LiveRules | None:
    if variant.version_id is None:
        return None
    version = Version.objects.select_related("rule_set").get(pk=variant.version_id)
    return compile_version(version, versions.rules_of(version), registry(team))


_running: Remembered[dict[UUID, Running]] = Remembered(_load)


# --- Preparing, starting, stopping ---


@dataclass(frozen=True, slots=True)
class VariantFields:
    """What somebody writes of a variant: a version's id, or settings laid over the pool's."""

    name: str
    percent: int
    version_id: UUID | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def prepare(
    team: Team,
    *,
    name: str,
    subject: RuleSet | Pool,
    variants: Sequence[VariantFields],
    measure: str,
    horizon_days: int,
    by: Access,
    now: datetime,
) -> Experiment:
    """A new experiment that does not run yet. May raise Refused, which says what is wrong."""
    by.require(Permission.EDIT_ROUTING)
    problems = [
        *_experiment_problems(name, measure, horizon_days),
        *_variant_problems(variants, subject),
    ]
    if problems:
        raise Refused(problems)
    experiment = Experiment.objects.create(
        team=team,
        name=name.strip(),
        rule_set=subject if isinstance(subject, RuleSet) else None,
        pool=subject if isinstance(subject, Pool) else None,
        measure=measure,
        horizon_days=horizon_days,
        created_at=now,
        **deed(by),
    )
    Variant.objects.bulk_create(
        Variant(
            team=team,
            experiment=experiment,
            position=position,
            name=each.name.strip(),
            percent=each.percent,
            version_id=_frozen(each, subject, by=by, now=now),
            settings=dict(each.settings),
        )
        for position, each in enumerate(variants)
    )
    audit.record(by=by, action="experiment.prepared", target=experiment, now=now)
    return experiment


@transaction.atomic
def start(experiment: Experiment, *, by: Access, now: datetime) -> Experiment:
    """New leads are split from now on. Refused while another one runs on the same subject."""
    experiment = _locked(experiment, by)
    if experiment.state != State.DRAFT:
        raise Refused.at("", _("It was started before: prepare a new experiment."))
    others = Experiment.objects.filter(team=by.team, state=State.RUNNING)
    if others.filter(rule_set=experiment.rule_set_id, pool=experiment.pool_id).exists():
        raise Refused.at("", _("Another experiment runs here: stop it first."))
    experiment.state, experiment.started_at = State.RUNNING, now
    experiment.save(update_fields=["state", "started_at"])
    _moved(experiment, "experiment.started", by=by, now=now)
    return experiment


@transaction.atomic
def stop(
    experiment: Experiment, *, keep: UUID | None = None, by: Access, now: datetime
) -> Experiment:
    """End the split; `keep` names the variant that all leads get from now on.

    Without it everything goes on as it was before. May raise Refused.
    """
    experiment = _locked(experiment, by)
    if experiment.state != State.RUNNING:
        raise Refused.at("", _("It does not run."))
    experiment.state, experiment.stopped_at = State.STOPPED, now
    experiment.save(update_fields=["state", "stopped_at"])
    if keep is not None:
        _keep(experiment, experiment.variants.get(pk=keep), by=by, now=now)
    _moved(experiment, "experiment.stopped", by=by, now=now, kept=str(keep) if keep else None)
    return experiment


@transaction.atomic
def discard(experiment: Experiment, *, by: Access, now: datetime) -> None:
    """Throw away an experiment that never ran."""
    experiment = _locked(experiment, by)
    if experiment.state != State.DRAFT:
        raise Refused.at("", _("It decided about leads, so it is kept with them."))
    audit.record(by=by, action="experiment.discarded", target=experiment, now=now)
    experiment.delete()


def _keep(experiment: Experiment, variant: Variant, *, by: Access, now: datetime) -> None:
    variant.is_kept = True
    variant.save(update_fields=["is_kept"])
    if experiment.pool is not None:
        wanted = replace(PoolSettings.of(experiment.pool), **_settings(variant.settings))
        pools.edit_pool(experiment.pool, wanted, by=by, now=now)
        return
    assert experiment.rule_set is not None  # the database requires one of the two
    assert variant.version is not None  # refused when it was prepared
    live = versions.published(experiment.rule_set)
    if live is None or live.pk != variant.version_id:
        versions.roll_back(experiment.rule_set, to=variant.version.number, by=by, now=now)


def _frozen(
    variant: VariantFields, subject: RuleSet | Pool, *, by: Access, now: datetime
) -> UUID | None:
    """The version to try; of a draft, which still changes, a copy that does not."""
    if not isinstance(subject, RuleSet):
        return None
    draft = versions.draft(subject)
    if draft is None or draft.pk != variant.version_id:
        return variant.version_id
    return versions.freeze(subject, note=variant.name, by=by, now=now).pk


def laid_over(pool: Pool, settings: Mapping[str, Any]) -> None:
    """Set a pool that was read, and is not saved, as a variant tries it."""
    for name, value in settings.items():
        if name in TRIED:
            setattr(pool, name, value)


def _settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in settings.items()
        if key in TRIED
    }


def _experiment_problems(name: str, measure: str, horizon_days: int) -> list[Problem]:
    problems = []
    if not name.strip() or len(name) > 120:
        problems.append(Problem("name", _("Give it a name of at most 120 characters.")))
    if measure not in Experiment.Measure.values:
        problems.append(Problem("measure", _("Choose what decides.")))
    if not 1 <= horizon_days <= 365:
        problems.append(Problem("horizon_days", _("Use 1 to 365 days.")))
    return problems


def _variant_problems(variants: Sequence[VariantFields], subject: RuleSet | Pool) -> list[Problem]:
    if not 2 <= len(variants) <= MOST_VARIANTS:
        message = _("An experiment compares 2 to %(n)d variants.") % {"n": MOST_VARIANTS}
        return [Problem("variants", message)]
    problems = [
        Problem(f"variants[{number}].{each.path}", each.message)
        for number, variant in enumerate(variants)
        for each in _problems_of(variant, subject)
    ]
    if sum(each.percent for each in variants) > 100:
        problems.append(Problem("variants", _("The shares add up to more than 100 percent.")))
    tried = [(each.version_id, str(sorted(each.settings.items()))) for each in variants]
    if len(set(tried)) < len(tried):
        problems.append(Problem("variants", _("Two variants try the same: nothing to compare.")))
    return problems


def _problems_of(variant: VariantFields, subject: RuleSet | Pool) -> list[Problem]:
    problems = []
    if not variant.name.strip() or len(variant.name) > 80:
        problems.append(Problem("name", _("Give the variant a name of at most 80 characters.")))
    if not 1 <= variant.percent <= 99:
        problems.append(Problem("percent", _("Use a share from 1 to 99 percent.")))
    if isinstance(subject, RuleSet):
        return problems + _version_problems(variant, subject)
    unknown = [key for key in variant.settings if key not in TRIED]
    if unknown:
        problems.append(Problem("settings", _("These settings can’t be tried: %(names)s.")
                                % {"names": ", ".join(unknown)}))  # fmt: skip
        return problems
    wanted = replace(PoolSettings.of(subject), **_settings(variant.settings))
    return problems + list(checks.problems(wanted, subject.team, pool=subject))


def _version_problems(variant: VariantFields, rule_set: RuleSet) -> list[Problem]:
    of_set = Version.objects.filter(rule_set=rule_set)
    if variant.version_id and of_set.filter(pk=variant.version_id).exists():
        return []
    return [Problem("version", _("Choose a version of this rule set."))]


def _locked(experiment: Experiment, by: Access) -> Experiment:
    by.require(Permission.EDIT_ROUTING)
    rows = Experiment.objects.select_for_update(of=("self",), no_key=True)
    found: Experiment = rows.select_related("rule_set", "pool").get(pk=experiment.pk, team=by.team)
    return found


def _moved(
    experiment: Experiment, action: str, *, by: Access, now: datetime, **detail: Any
) -> None:
    audit.record(by=by, action=action, target=experiment, now=now, detail=detail)
    routing_moved(by.team)
