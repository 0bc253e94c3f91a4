"""Rule sets beside the one for new leads: one that is live, one that is still being written."""

from __future__ import annotations

from datetime import datetime

from apps.onboarding.demonstration.company import FRENCH, Company
from apps.rules.models import Destination, Pool, RuleSet
from apps.rules.sets import services as rule_sets
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields


def add(company: Company, *, now: datetime) -> None:
    """One through which a manager sends leads by hand; a draft that fetches silent ones back."""
    by_hand = _made(company, "By language", RuleSet.Trigger.CALLED, {}, now)
    _write(company, by_hand, _to_french_speakers(company), now)
    versions.publish(by_hand, by=company.manager, now=now, note="For leads sent by hand")
    silent = _made(company, "Silent leads", RuleSet.Trigger.SILENT, {"days": 14}, now)
    _write(company, silent, _to_the_hopper(), now)


def _made(
    company: Company, name: str, trigger: str, settings: dict[str, object], now: datetime
) -> RuleSet:
    return rule_sets.create_rule_set(
        company.team, name=name, trigger=trigger, settings=settings, by=company.manager, now=now
    )


def _write(company: Company, rule_set: RuleSet, fields: RuleFields, now: datetime) -> None:
    versions.add_rule(rule_set, fields, by=company.manager, now=now)


def _to_french_speakers(company: Company) -> RuleFields:
    speaks = {"any": [
        {"field": "language", "op": "is", "value": "fr"},
        {"field": "country", "op": "is_one_of", "value": ["FR", "BE", "LU"]},
    ]}  # fmt: skip
    pool = Pool.objects.get(team=company.team, name=FRENCH)
    return RuleFields(
        name="French speakers", destination=Destination.POOL, conditions=speaks, pool_id=pool.pk,
        replaces_owner=False,
    )  # fmt: skip


def _to_the_hopper() -> RuleFields:
    open_ones = [
        {"field": "status_kind", "op": "is", "value": "working"},
        {"any": [
            {"field": "band", "op": "is_one_of", "value": ["A", "B"]},
            {"field": "budget", "op": "gte", "value": 50_000},
        ]},
        {"not": {"field": "replied", "op": "is", "value": True}},
    ]  # fmt: skip
    return RuleFields(
        name="Worth another try", destination=Destination.HOPPER, conditions={"all": open_ones}
    )
