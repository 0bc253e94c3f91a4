"""The demo team `acme` with its neighbours: made once, the same whenever it is asked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.onboarding.demonstration import (
    company,
    more_rules,
    nordlicht,
    past,
    present,
    recipients,
    report,
    segments,
    sharing,
    tried,
)
from apps.onboarding.demonstration.northstar import story as northstar
from apps.teams.models import Team

PASSWORD = "leadrelay-demo"  # noqa: S105 - a demo's, printed wherever it is used


@transaction.atomic
def make(*, password: str = PASSWORD, with_past: bool = True, now: datetime) -> dict[str, Any]:
    """Make the demo unless it is there, and say what there is: see `report.describe`."""
    team = Team.objects.filter(slug=company.SLUG).first()
    if team is None:
        team = _make(password=password, with_past=with_past, now=now)
    return report.describe(team, password=password)


def _make(*, password: str, with_past: bool, now: datetime) -> Team:
    if not with_past:
        made = company.found(password=password, now=now)
        company.set_response_target(made, now=now)
        return made.team
    made = company.found(password=password, now=now - timedelta(days=past.DAYS))
    partner = nordlicht.found(password=password, now=now - timedelta(days=recipients.DAYS + 2))
    past.play(made, partner, now=now)
    sharing.play(made, partner, now=now)
    segments.add(made, now=now)
    more_rules.add(made, now=now)
    present.add(made, now=now)
    tried.add(made, now=now)
    northstar.make(password=password, now=now)
    past.put_off(made.team)
    past.put_off(partner.team)
    return made.team
