"""The block of the Lead page about the team that a lead came from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template

from apps.deliveries.models import Dispute
from apps.deliveries.returns import sending_back
from apps.leads.models import Lead, Source
from apps.teams.access import Access
from apps.teams.permissions import Permission

register = template.Library()


@register.inclusion_tag("deliveries/_arrived.html", takes_context=True)
def came_from(context: Any, lead: Lead, access: Access, now: datetime) -> dict[str, Any]:
    """Whence it came and the form that returns it, for managers. Nothing is asked for others.

    A lead that came otherwise may still have got a copy added when its person came again.
    """
    may_be_copy = lead.source.kind == Source.Kind.COPY or lead.came_again > 0
    sees = access.can(Permission.SEE_ROUTING) and may_be_copy
    return {
        "rows": sending_back.of(lead, now=now) if sees else [],
        "lead": lead,
        "access": access,
        "may_return": access.can(Permission.ADJUST_CREDIT),
        "reasons": Dispute.Reason.choices,
        "csrf_token": context.get("csrf_token"),
        "now": now,
    }
