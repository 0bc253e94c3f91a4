"""Returning a lead to the team that sent it, from the page of the lead that it became."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.deliveries import arrivals
from apps.deliveries.models import Arrival, Dispute
from apps.deliveries.returns import disputes
from apps.deliveries.returns.disputes import DisputeRefused
from apps.leads.models import Activity, Lead
from apps.leads.services import activity
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.permissions import Permission


@dataclass(frozen=True, slots=True)
class Arrived:
    """One way on which a lead came, for the lead's page. `teams` counts those before this one."""

    arrival: Arrival
    teams: int
    until: datetime | None  # it may be returned until then
    refusal: str  # why it can't be returned now; empty if it can
    dispute: Dispute | None

    @property
    def may_return(self) -> bool:
        return not self.refusal


def of(lead: Lead, *, now: datetime) -> list[Arrived]:
    """How the lead came, newest first, and whether it may go back."""
    return [_arrived(arrival, now) for arrival in arrivals.all_of(lead)]


@transaction.atomic
def send_back(
    lead: Lead, arrival_id: UUID | None, *, reason: str, note: str, by: Access, now: datetime
) -> Dispute:
    """Ask the sender to take the lead back; DisputeRefused says why not.

    Nothing changes at the lead here: whoever works on it sees the return on its timeline.
    """
    by.require(Permission.ADJUST_CREDIT)
    arrival = next((one for one in arrivals.all_of(lead) if one.pk == arrival_id), None)
    delivery = arrivals.delivery_of(arrival) if arrival else None
    if delivery is None:
        raise DisputeRefused(_("This lead did not come from another team that could take it back."))
    who = f"{by.user}, {by.team.name}" if by.user else by.team.name
    dispute = disputes.open_dispute(
        delivery, reason=reason, note=note, by_user=by.user, by_name=who, now=now
    )
    why = str(Dispute.Reason(dispute.reason).label).capitalize() + "."
    data = {"sender": delivery.team.name, "reason": dispute.reason, "why": why}
    activity(lead, Activity.Kind.DISPUTED, by=by, now=now, data=data).save(force_insert=True)
    audit.record(
        by=by, action="lead.sent_back", target=lead, now=now,
        detail={"to": str(delivery.team_id), "reason": dispute.reason},
    )  # fmt: skip
    return dispute


def _arrived(arrival: Arrival, now: datetime) -> Arrived:
    delivery = arrivals.delivery_of(arrival)
    if delivery is None:
        gone = _("The sender keeps no record of this lead any more.")
        return Arrived(arrival, len(arrival.path), None, gone, None)
    dispute = Dispute.objects.filter(delivery=delivery.pk).first()
    refusal = disputes.refusal(delivery, now=now)
    until = disputes.window_ends(delivery)
    return Arrived(arrival, len(arrival.path), until, refusal, dispute)
