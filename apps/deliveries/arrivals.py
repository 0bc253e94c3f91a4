"""Copies that came from other teams, as the team that got them knows them."""

from __future__ import annotations

from apps.deliveries.models import Arrival
from apps.leads.models import Lead


def of(lead: Lead) -> Arrival | None:
    """How this lead came from another team; None if it did not."""
    found: Arrival | None = Arrival.objects.filter(team=lead.team_id, lead=lead).first()
    return found
