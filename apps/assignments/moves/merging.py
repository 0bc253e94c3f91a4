"""Two leads that are one person become one lead. The other stays as it was, and points to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from apps.alerts.models import Kind
from apps.assignments.models import Assignment
from apps.assignments.moves import merged_values
from apps.assignments.moves.leaving import Grip, Left, grip, leave
from apps.assignments.moves.ownership import assign_by_hand
from apps.assignments.road import rows
from apps.assignments.road.telling import tell, users
from apps.assignments.road.writing import Writing
from apps.assignments.work.attempts import change_status, may_edit
from apps.leads import events
from apps.leads.models import Activity, Attempt, FollowUp, Lead, Outcome
from apps.leads.services import KEYS, StaleLead, activity
from apps.rules import hours
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission


class MergeRefused(ValueError):
    """These two can't become one so; the message says why and what would do."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody chose on the preview. `takes` are the fields of which the other's count."""

    takes: frozenset[str] = frozenset()
    other_owner: bool = False
    other_status: bool = False
    other_follow_up: bool = False
    versions: Mapping[UUID, int] | None = None


# What changes on a merged lead without being a fact that rules ask for.
_NOT_TOLD = KEYS | frozenset(merged_values.FIRST_TIMES) | {
    "last_heard_at", "warnings", "linked_to_id", "merge_suggestion_id", "group_ids",
    "business_response_seconds", "do_not_contact",
}  # fmt: skip


@transaction.atomic
def merge(lead: Lead, other: Lead, *, wishes: Wishes, by: Access, now: datetime) -> Lead:
    """Merge `other` into `lead`, which is returned; whoever had the other one is told.

    Attempts and the open follow-up go along; timeline, decisions and captures stay with the
    other lead, which is kept. Lead.DoesNotExist if one is gone, StaleLead if one changed since
    `wishes.versions`, PermissionDenied unless the actor may work both.
    """
    mine, gone = _gripped(lead, other, by)
    _refuse(mine, gone, wishes, by)
    _lock_members(mine, gone)
    owner, status = _owner_of(mine, gone, wishes, by), gone.lead.status
    left = leave(gone, reason=Assignment.Ended.MERGED, now=now)
    _take_along(mine, gone, wishes, now)
    told = _write(mine, gone.lead, wishes, by, now)
    _retire(left, mine.lead, owner, by, now)
    if owner is not None:
        assign_by_hand(mine.lead, member=owner, by=by, now=now)
    if wishes.other_status and status.pk != mine.lead.status_id:
        change_status(mine.lead, status=status, by=by, now=now)
    detail = {"other": str(other.pk), "fields": told}
    audit.record(by=by, action="lead.merged", target=mine.lead, now=now, detail=detail)
    return Lead.objects.select_related("source", "owner__user").get(pk=lead.pk)


def _gripped(lead: Lead, other: Lead, by: Access) -> tuple[Grip, Grip]:
    """Both leads with all that is open about them, under lock.

    Nobody else locks two leads but another merge, and it takes them in the same order.
    """
    if lead.pk == other.pk:
        raise MergeRefused(_("This is the lead itself. Choose another one to merge into it."))
    held = {pk: grip(pk, by) for pk in sorted((lead.pk, other.pk))}
    return held[lead.pk], held[other.pk]


def _refuse(mine: Grip, gone: Grip, wishes: Wishes, by: Access) -> None:
    for held in (mine, gone):
        if not may_edit(held.lead, by):
            raise PermissionDenied("Both leads must be yours to work.")
        given = (wishes.versions or {}).get(held.lead.pk, held.lead.version)
        if given != held.lead.version:
            raise StaleLead(f"Version {given} was given, {held.lead.version} is current.")


def _lock_members(mine: Grip, gone: Grip) -> None:
    """Members whose places may move, in the order of their ids, before any of them is moved."""
    both = (mine, gone)
    ids = {held.assignment.member_id for held in both if held.assignment}
    ids |= {held.offer.member_id for held in both if held.offer and held.offer.member_id}
    members = Membership.objects.filter(pk__in=ids).order_by("pk")
    list(members.select_for_update(no_key=True).values_list("pk"))


def _owner_of(mine: Grip, gone: Grip, wishes: Wishes, by: Access) -> Membership | None:
    """Who gets the merged lead in place of its owner; None if it stays where it is.

    Nobody loses a lead unasked: one that nobody owns goes to the other's owner.
    """
    if gone.assignment is None or not (wishes.other_owner or mine.assignment is None):
        return None
    if mine.assignment is not None and mine.assignment.member_id == gone.assignment.member_id:
        return None
    active = Membership.objects.active().select_related("user")
    owner = active.filter(pk=gone.assignment.member_id).first()
    if owner is None and wishes.other_owner:
        raise MergeRefused(_("The other lead’s owner is switched off. Keep this lead’s owner."))
    if owner is not None and not by.can(Permission.REASSIGN):
        raise MergeRefused(_("Only a manager can change the owner. Keep the lead that is owned."))
    return owner


def _take_along(mine: Grip, gone: Grip, wishes: Wishes, now: datetime) -> None:
    """Attempts, and of the open follow-ups the one that was chosen."""
    Attempt.objects.filter(lead=gone.lead).update(lead=mine.lead)
    live = mine.assignment
    if live is not None and live.responded_at is None:
        _stop_clock(live)
    is_open = {"done_at": None, "cancelled_at": None}
    theirs = FollowUp.objects.filter(lead=gone.lead, **is_open)
    own = FollowUp.objects.filter(lead=mine.lead, **is_open)
    if not theirs.exists():
        return
    if own.exists() and not wishes.other_follow_up:
        theirs.update(cancelled_at=now)
        return
    own.update(cancelled_at=now)
    theirs.update(lead=mine.lead)


def _stop_clock(live: Assignment) -> None:
    """An attempt that the owner made with the other lead answers this one too."""
    made = Attempt.objects.filter(lead_id=live.lead_id, member_id=live.member_id)
    counted = made.filter(confirmed_at__isnull=False, at__gte=live.started_at)
    first = counted.exclude(outcome=Outcome.MISDIAL).order_by("at").first()
    if first is not None:
        live.responded_at = first.at
        live.save(update_fields=["responded_at"])


def _write(mine: Grip, other: Lead, wishes: Wishes, by: Access, now: datetime) -> list[str]:
    """The merged values on the lead that stays; the fields that changed, by name."""
    lead = mine.lead
    changes = merged_values.of_both(lead, other, wishes.takes)
    for name, value in changes.items():
        setattr(lead, name, value)
    if lead.first_attempt_at is not None:
        in_hours = hours.seconds_between(lead.received_at, lead.first_attempt_at, team=by.team)
        lead.business_response_seconds = changes["business_response_seconds"] = in_hours
    lead.version += 1
    lead.save(update_fields=[*changes, "version"])
    told = sorted(changes.keys() - _NOT_TOLD)
    data = {"other": str(other.pk), "fields": told, "received_at": other.received_at.isoformat()}
    activity(lead, Activity.Kind.MERGED, by=by, now=now, data=data).save(force_insert=True)
    changed = [*told, *(["groups"] if "group_ids" in changes else [])]
    events.changed(lead, changed, by=by, now=now)
    return told


def _retire(
    left: Left, lead: Lead, new_owner: Membership | None, by: Access, now: datetime
) -> None:
    """Put the other lead away, pointing to the one that it is now; those before it follow."""
    other = left.lead
    other.generation += 1
    writing = Writing(lead={
        "stage": Lead.Stage.OUT, "owner_id": None, "deleted_at": now, "merged_into_id": lead.pk,
        "merge_suggestion_id": None,
    })  # fmt: skip
    if left.freeing is not None:
        writing.updates.append(rows.free_place(left.freeing))
    said = {"reason": "merged", "by": str(by.user) if by.user else None}
    writing.alerts += tell(users(left.offered_to), Kind.WITHDRAWN, other, **said)
    loses = left.owner is not None and left.owner not in (new_owner, by.membership)
    if left.owner is not None and loses and left.owner.pk != lead.owner_id:
        writing.alerts += tell([left.owner.user_id], Kind.TAKEN_BACK, lead, **said)
    writing.send(other, by.team, now)
    Lead.objects.filter(merged_into=other).update(merged_into=lead)


def into(lead_id: UUID, by: Access) -> Lead | None:
    """The lead that this one was merged into, if this reader may see it."""
    gone = Lead.objects.filter(team=by.team, pk=lead_id, merged_into__isnull=False)
    return Lead.objects.visible_to(by).filter(pk__in=gone.values("merged_into")).first()
