"""A lead that was kept out and that nobody took comes back: distribution never loses one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.alerts.models import Kind
from apps.assignments import services as assignments
from apps.assignments.models import Door
from apps.deliveries.models import ARRIVED, WAITING, Delivery, Dispute, Distribution
from apps.deliveries.telling import tell_managers
from apps.leads.masking import headline
from apps.leads.models import Activity, Lead
from apps.leads.services import activity
from apps.teams.access import Access

AT_ONCE = 100
# A return for these reasons says that the lead is good, only not for that recipient.
STILL_GOOD = (Dispute.Reason.OUT_OF_AREA, Dispute.Reason.OTHER)


def consider(distribution_id: UUID, *, now: datetime) -> bool:
    """Send the lead on its road in the sender's team if no copy of it is with anybody any more.

    True if it came back with this call. Only for leads that were kept out; a copy is with
    nobody when it died, was refused or withdrawn, or was returned as good but not for them.
    """
    with transaction.atomic():
        rows = Distribution.objects.select_for_update(no_key=True)
        distribution = rows.filter(
            pk=distribution_id, keeps_out=True, returned_at__isnull=True
        ).first()
        if distribution is None or _with_somebody(distribution.lead_id).exists():
            return False
        distribution.returned_at = now
        distribution.save(update_fields=["returned_at"])
        return _come_back(distribution.lead_id, distribution, now)


def sweep(*, now: datetime) -> int:
    """Look at kept-out leads of which every copy ended; how many came back."""
    held = Delivery.objects.filter(
        Q(state__in=WAITING) | Q(state__in=ARRIVED) & ~_NOT_FOR_THEM, lead=OuterRef("lead")
    )
    waiting = Distribution.objects.filter(~Exists(held), keeps_out=True, returned_at__isnull=True)
    ids = list(waiting.order_by("at").values_list("pk", flat=True)[:AT_ONCE])
    return sum(consider(each, now=now) for each in ids)


_NOT_FOR_THEM = Q(
    dispute__state=Dispute.State.ACCEPTED, dispute__reason__in=STILL_GOOD,
    dispute__isnull=False,
)  # fmt: skip


def _with_somebody(lead_id: UUID) -> QuerySet[Delivery]:
    """Copies of the lead that are on their way or arrived, and were not handed back."""
    there = Delivery.objects.filter(lead=lead_id)
    return there.filter(Q(state__in=WAITING) | (Q(state__in=ARRIVED) & ~_NOT_FOR_THEM))


def _come_back(lead_id: UUID, distribution: Distribution, now: datetime) -> bool:
    leads = Lead.objects.select_for_update(of=("self",), no_key=True)
    lead = leads.select_related("source", "team").filter(pk=lead_id).first()
    if lead is None or lead.stage != Lead.Stage.AWAY:
        return False
    lead.stage, lead.deleted_at, lead.look_up_at = Lead.Stage.NEW, None, now
    lead.save(update_fields=["stage", "deleted_at", "look_up_at"])
    by = Access.system(lead.team)
    data = {"distribution": str(distribution.pk)}
    activity(lead, Activity.Kind.CAME_BACK, by=by, now=now, data=data).save()
    tell_managers(
        lead.team, Kind.RETURNED, title=headline(lead), page="lead", page_id=lead.pk,
        lead_id=lead.pk, reason="nobody_took_it", now=now,
    )  # fmt: skip
    assignments.route(lead, door=Door.RETURNED, by=by, now=now)
    return True
