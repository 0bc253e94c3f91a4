"""A manager takes a hand where leads wait: she reminds the owner, hands a lead over, opens it.

Whoever presses twice, or a moment after a colleague, does it once: a reminder within `QUIET` of
the last is none, and the others name the lead's generation as it was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.alerts import services as alerts
from apps.alerts.models import Kind
from apps.alerts.services import NewAlert
from apps.assignments.models import Decision, Door
from apps.assignments.moves import ownership, sending, triage
from apps.assignments.moves.claiming import locked
from apps.assignments.moves.leaving import Grip, grip
from apps.assignments.road.placing import Placement
from apps.assignments.road.telling import tell
from apps.leads.models import Activity, Lead
from apps.leads.services import activity
from apps.rules.models import Destination
from apps.rules.sets.compiled import Target
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission

QUIET = timedelta(minutes=10)  # an owner is not reminded again of a lead before that
MOST = 500  # leads of one reminder


class NudgeRefused(Exception):
    """It can't be done; the words say why."""


class WentOn(NudgeRefused):
    """The lead is no longer as it was when the page was drawn: somebody was quicker."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """That an owner was reminded: when, and by whom."""

    at: datetime
    by: str


class JustReminded(NudgeRefused):
    """The owner was reminded a moment ago; once is enough."""

    def __init__(self, last: Reminder) -> None:
        super().__init__()
        self.last = last


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a lead went. `former` had it before, if she could get it back in `generation`."""

    outcome: str
    owner: Membership | None
    is_same_owner: bool
    former: UUID | None
    generation: int


# --- Reminding ---


@transaction.atomic
def remind(lead_id: UUID, *, by: Access, now: datetime) -> Membership:
    """Remind the owner of a lead, and return her.

    Raises JustReminded, NudgeRefused if nobody at work owns it, Lead.DoesNotExist.
    """
    by.require(Permission.REASSIGN)
    lead = locked(lead_id, by)
    if lead.deleted_at is not None:
        raise Lead.DoesNotExist
    if not lead.is_open:
        raise NudgeRefused(_("This lead is closed: there is nothing to remind of."))
    owner = _owner(lead.owner_id)
    if last := last_reminders([lead.pk], by=by, now=now).get(lead.pk):
        raise JustReminded(last)
    data = {"by": _name(by)}
    line = activity(lead, Activity.Kind.REMINDED, by=by, now=now, member=owner, data=data)
    line.save(force_insert=True)
    alerts.raise_alerts(tell([owner.user_id], Kind.NUDGE, lead, **data), team=by.team, now=now)
    audit.record(
        by=by, action="lead.reminded", target=lead, now=now, detail={"member": str(owner.pk)}
    )
    return owner


@transaction.atomic
def remind_of_all(member: Membership, *, by: Access, now: datetime) -> int:
    """Remind a member of all leads of hers that nobody has tried; of how many.

    She gets one alert. Leads that she was just reminded of are left out; JustReminded if those
    are all, NudgeRefused if there are none.
    """
    by.require(Permission.REASSIGN)
    owner = _owner(member.pk)
    if owner.team_id != by.team.pk:
        raise Membership.DoesNotExist
    leads = _untouched(owner, by)
    if not leads:
        raise NudgeRefused(_("%(name)s has tried all of them.") % {"name": owner})
    reminded = last_reminders([lead.pk for lead in leads], by=by, now=now)
    due = [lead for lead in leads if lead.pk not in reminded]
    if not due:
        raise JustReminded(max(reminded.values(), key=lambda last: last.at))
    data = {"by": _name(by)}
    Activity.objects.bulk_create(
        activity(lead, Activity.Kind.REMINDED, by=by, now=now, member=owner, data=data)
        for lead in due
    )
    alerts.raise_alerts([_alert(owner, due, data)], team=by.team, now=now)
    detail = {"leads": len(due)}
    audit.record(by=by, action="leads.reminded", target=owner, now=now, detail=detail)
    return len(due)


def last_reminders(
    lead_ids: Iterable[UUID], *, by: Access, now: datetime
) -> Mapping[UUID, Reminder]:
    """Of which of these leads the owner was reminded within the last minutes. One query."""
    lines = reminders_within(now).filter(team=by.team, lead__in=list(lead_ids)).order_by("at")
    found = lines.values_list("lead_id", "at", "data__by")
    return {lead: Reminder(at, name or "") for lead, at, name in found}


def reminders_within(now: datetime) -> QuerySet[Activity]:
    """Reminders after which nobody is reminded again yet, of any team."""
    return Activity.objects.filter(kind=Activity.Kind.REMINDED, at__gt=now - QUIET)


def _owner(member_id: UUID | None) -> Membership:
    """The member, if there is one who can be reminded."""
    members = Membership.objects.active().select_related("user")
    owner = members.filter(pk=member_id).first() if member_id else None
    if owner is None:
        raise NudgeRefused(_("Nobody at work owns this lead: hand it over, or open it to all."))
    return owner


def _untouched(owner: Membership, by: Access) -> list[Lead]:
    """Under lock, in the order of their ids: of two who press at once, one finds them reminded."""
    rows = Lead.objects.visible_to(by).counted().open()
    rows = rows.filter(owner=owner, first_attempt_at=None).select_related("source")
    return list(rows.order_by("pk").select_for_update(of=("self",), no_key=True)[:MOST])


def _alert(owner: Membership, leads: list[Lead], data: Mapping[str, str]) -> NewAlert:
    if len(leads) == 1:
        return tell([owner.user_id], Kind.NUDGE, leads[0], **data)[0]
    title = ngettext("%d lead waits for a first attempt", "%d leads wait for a first attempt",
                     len(leads)) % len(leads)  # fmt: skip
    return NewAlert(owner.user_id, Kind.NUDGE.value, data={"title": title, **data})


def _name(by: Access) -> str:
    return str(by.user) if by.user else ""


# --- Moving ---


@transaction.atomic
def hand_over(
    lead_id: UUID, *, member: Membership, generation: int | None, by: Access, now: datetime
) -> Moved:
    """Give the lead to a member, with a clock of her own. Raises as `open_to_all`."""
    held = _as_seen(lead_id, generation, by)
    if held.lead.owner_id == member.pk and held.lead.stage == Lead.Stage.OWNED:
        raise NudgeRefused(_("%(name)s has it already.") % {"name": member})
    placed = ownership.assign_by_hand(held.lead, member=member, by=by, now=now)
    return _moved(held, placed)


@transaction.atomic
def send_by_rules(lead_id: UUID, *, generation: int | None, by: Access, now: datetime) -> Moved:
    """Let the rules find somebody else than who has it. Raises as `open_to_all`."""
    held = _as_seen(lead_id, generation, by)
    if held.lead.owner_id is not None:
        placed = ownership.release(held.lead, by=by, now=now)
    else:
        placed = triage.route_again(lead_id, generation=generation, by=by, now=now)
    audit.record(by=by, action="lead.sent_on", target=held.lead, now=now)
    return _moved(held, placed)


@transaction.atomic
def open_to_all(lead_id: UUID, *, generation: int | None, by: Access, now: datetime) -> Moved:
    """Put the lead into the hopper, for anybody to pick.

    Raises WentOn if it is not as it was seen, NudgeRefused if it can't be, Lead.DoesNotExist.
    """
    held = _as_seen(lead_id, generation, by)
    if held.lead.stage == Lead.Stage.HOPPER:
        raise NudgeRefused(_("It is open to all already."))
    target = Target.by_hand(Destination.HOPPER)
    placed = sending.send(lead_id, target, door=Door.TRIAGE, by=by, now=now)
    if placed.outcome == Decision.Outcome.KEPT:
        raise NudgeRefused(_("It could not be opened: it stays where it is."))
    audit.record(by=by, action="lead.opened", target=held.lead, now=now)
    return _moved(held, placed)


def _as_seen(lead_id: UUID, generation: int | None, by: Access) -> Grip:
    """The lead under lock, if it is still as it was seen."""
    by.require(Permission.REASSIGN)
    held = grip(lead_id, by)
    if held.lead.generation != generation:
        raise WentOn(_became(held.lead))
    if not held.lead.is_open:
        raise NudgeRefused(_("This lead is closed."))
    return held


def _became(lead: Lead) -> str:
    if lead.owner_id is None:
        where: Any = lead.get_stage_display()
    else:
        where = Membership.objects.select_related("user").get(pk=lead.owner_id)
    return _("Somebody was quicker: the lead has gone on (%(where)s).") % {"where": where}


def _moved(held: Grip, placed: Placement) -> Moved:
    was = held.assignment.member_id if held.assignment else None
    is_same = placed.owner is not None and placed.owner.pk == was
    former = None
    if was is not None and not is_same:
        former = Membership.objects.active().filter(pk=was).first()
    generation = Lead.objects.values_list("generation", flat=True).get(pk=held.lead.pk)
    return Moved(
        outcome=placed.outcome,
        owner=placed.owner,
        is_same_owner=is_same,
        former=former.pk if former else None,
        generation=generation,
    )
