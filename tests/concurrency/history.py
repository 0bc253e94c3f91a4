"""A lead's row, told again from its history alone: decisions, offers, assignments, timeline."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from apps.assignments.models import Assignment, Decision, Hold, HopperEntry, Offer
from apps.leads.models import Activity, Lead

Stage = Lead.Stage
OUTCOME_STAGE = {
    Decision.Outcome.ASSIGNED: Stage.OWNED,
    Decision.Outcome.OFFERED: Stage.OFFERED,
    Decision.Outcome.OPEN: Stage.OPEN,
    Decision.Outcome.HOPPER: Stage.HOPPER,
    Decision.Outcome.HELD: Stage.HELD,
    Decision.Outcome.MANAGER: Stage.MANAGER,
    Decision.Outcome.DISQUALIFIED: Stage.OUT,
}
Kind = Activity.Kind
TAKEN = (Kind.CLAIMED, Kind.ACCEPTED)
MOVES = (Kind.DELETED, Kind.RESTORED, Kind.STATUS)


@dataclass(frozen=True, slots=True)
class Told:
    """Where a lead must stand."""

    stage: str
    owner: UUID | None
    is_deleted: bool


def replay(lead_id: UUID) -> list[str]:
    """What in the lead's row or its history contradicts the rest; empty if all is whole."""
    lead = Lead.objects.get(pk=lead_id)
    return [*_wrong_row(lead), *_wrong_generations(lead), *_wrong_ends(lead)]


def _wrong_row(lead: Lead) -> list[str]:
    told = _told(lead)
    found = Told(lead.stage, lead.owner_id, lead.deleted_at is not None)
    return [] if told == found else [f"The history tells {told}, the row says {found}."]


def _told(lead: Lead) -> Told:
    """Fold the history in the order of ids, which are given under the lead's lock."""
    decisions = Decision.objects.filter(lead=lead)
    taken = Assignment.objects.filter(lead=lead, how__in=("accepted", "claimed", "picked"))
    moves = Activity.objects.filter(lead=lead, kind__in=MOVES)
    events = sorted([*decisions, *taken, *moves], key=lambda event: event.pk)
    told = Told(Stage.NEW, None, False)
    for event in events:
        told = _after(told, event)
    return told


def _after(told: Told, event: Decision | Assignment | Activity) -> Told:
    if isinstance(event, Decision):
        owner = event.chosen_id if event.outcome == Decision.Outcome.ASSIGNED else None
        return Told(OUTCOME_STAGE[Decision.Outcome(event.outcome)], owner, told.is_deleted)
    if isinstance(event, Assignment):
        return Told(Stage.OWNED, event.member_id, told.is_deleted)
    match event.kind:
        case Kind.DELETED:
            return Told(Stage.OUT, None, True)
        case Kind.RESTORED:
            return Told(told.stage, told.owner, False)
        case Kind.STATUS if event.data["left_road"]:
            return Told(Stage.OUT, None, told.is_deleted)
    return told


def _wrong_generations(lead: Lead) -> list[str]:
    """Every step of the generation has exactly one row that took it."""
    offers = Offer.objects.filter(lead=lead).values_list("generation", flat=True)
    owned = Assignment.objects.filter(lead=lead).values_list("generation", flat=True)
    waits = HopperEntry.objects.filter(lead=lead).values_list("generation", flat=True)
    used = sorted([*offers, *owned, *waits])
    wrong = [] if len(set(used)) == len(used) else [f"A generation was used twice: {used}."]
    steps = Decision.objects.filter(lead=lead).count()
    steps += Activity.objects.filter(lead=lead, kind__in=(*TAKEN, Kind.DELETED)).count()
    closed = Activity.objects.filter(lead=lead, kind=Kind.STATUS, data__left_road=True)
    steps += closed.count()  # closed while nobody owned it: that ended its road
    if steps != lead.generation:
        wrong.append(f"The generation is {lead.generation} after {steps} steps.")
    return wrong


def _wrong_ends(lead: Lead) -> list[str]:
    """What is open fits the stage, and there is never more of it than one."""
    now_open = {
        Stage.OWNED: Assignment.objects.filter(lead=lead, ended_at=None).count(),
        Stage.HOPPER: HopperEntry.objects.filter(lead=lead, left_at=None).count(),
        Stage.HELD: Hold.objects.filter(lead=lead, released_at=None).count(),
        Stage.OFFERED: Offer.objects.filter(lead=lead, state="open", member__isnull=False).count(),
        Stage.OPEN: Offer.objects.filter(lead=lead, state="open", member=None).count(),
    }
    due = {stage: int(stage == lead.stage) for stage in now_open}
    return [] if now_open == due else [f"In the stage {lead.stage} there are open {now_open}."]
