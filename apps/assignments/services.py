"""The one service that writes ownership. Every other app calls it through this module."""

from apps.assignments.moves.claiming import Claimed, OfferGone, claim, decline, pick
from apps.assignments.moves.ownership import assign_by_hand, delete_lead, release, restore_lead
from apps.assignments.road.placing import Placement, route
from apps.assignments.road.reopening import reopen
from apps.assignments.road.timers import expire_due
from apps.assignments.seats.limits import ClaimRefused
from apps.assignments.work.attempts import (
    DoNotContact,
    change_status,
    confirm_attempt,
    log_attempt,
    may_edit,
)
from apps.assignments.work.editing import edit
from apps.leads.services import mark_viewed

accept = claim

__all__ = [
    "ClaimRefused",
    "Claimed",
    "DoNotContact",
    "OfferGone",
    "Placement",
    "accept",
    "assign_by_hand",
    "change_status",
    "claim",
    "confirm_attempt",
    "decline",
    "delete_lead",
    "edit",
    "expire_due",
    "log_attempt",
    "mark_viewed",
    "may_edit",
    "pick",
    "release",
    "reopen",
    "restore_lead",
    "route",
]
