"""Decisions, offers and assignments: the only record of who owns a lead, and why."""

from apps.assignments.models.decisions import Decision, DecisionQuerySet, Door
from apps.assignments.models.ownership import Assignment, AssignmentQuerySet, Offer, OfferQuerySet
from apps.assignments.models.requests import ApprovalRequest, BadLeadReport, BulkRun
from apps.assignments.models.waiting import Hold, HopperEntry, HopperQuerySet

__all__ = [
    "ApprovalRequest",
    "Assignment",
    "AssignmentQuerySet",
    "BadLeadReport",
    "BulkRun",
    "Decision",
    "DecisionQuerySet",
    "Door",
    "Hold",
    "HopperEntry",
    "HopperQuerySet",
    "Offer",
    "OfferQuerySet",
]
