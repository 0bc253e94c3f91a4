"""The rules that a new team starts with."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.rules.models import Destination, Pool, Version
from apps.rules.sets import versions
from apps.rules.sets.checking import RuleFields
from apps.teams.access import Access
from apps.teams.models import Team


@transaction.atomic
def add_default_rules(team: Team, *, pool: Pool, by: Access, now: datetime) -> Version:
    """Publish version 1: every lead goes to `pool`. A team that has rules keeps them."""
    rule_set = versions.main_set(team)
    live = versions.published(rule_set)
    if live is not None:
        return live
    draft = versions.draft_of(rule_set, by=by, now=now)
    catch_all = draft.rules.latest("position")
    everything = RuleFields(
        name=_("Everything else"), destination=Destination.POOL, conditions={}, pool_id=pool.pk
    )
    versions.save_rule(rule_set, catch_all.key, everything, by=by, now=now)
    return versions.publish(rule_set, by=by, now=now, note=_("The first rules"))
