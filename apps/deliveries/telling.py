"""Alerts of managers about copies, recipients and agreements."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.alerts import services as alerts
from apps.alerts.services import NewAlert
from apps.assignments.road.telling import managers, users
from apps.teams.models import Team


def tell_managers(
    team: Team, kind: str, *, title: str, page: str, page_id: UUID, now: datetime,
    lead_id: UUID | None = None, reason: str = "",
) -> None:  # fmt: skip
    """Tell those who manage the team; `page` names what the alert opens, `page_id` which.

    Pages: "delivery", "recipient", "dispute", "agreement" (of the sender), "sender" (of the
    recipient), "copy" (a member's). `title` holds nothing personal.
    """
    data = {"title": title, "page": page, "id": str(page_id), "reason": reason}
    told = [NewAlert(user, kind, lead_id=lead_id, data=data) for user in users(managers(team))]
    alerts.raise_alerts(told, team=team, now=now)
