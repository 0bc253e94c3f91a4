"""How things look in the API: each shape as data and, beside it, as the schema describes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from apps.assignments.models import Assignment, Decision, HopperEntry, Offer
from apps.leads.masking import card, is_masked
from apps.leads.models import Attempt, Lead, StatusKind
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission

Shape = dict[str, Any]
CONTACT = ("email", "phone")
COLUMNS = (
    "job_title", "region", "postcode", "language", "campaign", "form", "message",
)  # fmt: skip
MOMENTS = (
    "received_at", "routed_at", "offered_at", "assigned_at", "claimed_at", "viewed_at",
    "first_attempt_at", "first_contact_at", "qualified_at", "closed_at",
)  # fmt: skip


def iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


class MemberShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField()


def member(one: Membership | None) -> Shape | None:
    if one is None:
        return None
    return {"id": str(one.pk), "name": one.user.name, "email": one.user.email}


class SourceShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class StatusShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=StatusKind.choices)


class ScoreLineShape(serializers.Serializer[Any]):
    """A line of the points table that the lead meets: what it gives now, of its full points."""

    name = serializers.CharField()
    points = serializers.IntegerField()
    of = serializers.IntegerField()
    words = serializers.CharField()


def _score_line(line: Shape) -> Shape:
    named = {key: line[key] for key in ("name", "points", "of")}
    return {**named, "words": line.get("words", "")}


class LeadShape(serializers.Serializer[Any]):
    """A lead. Masked, it shows initials, place and source, and is empty elsewhere."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    is_masked = serializers.BooleanField()
    name = serializers.CharField()
    company = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    country = serializers.CharField()
    city = serializers.CharField()
    region = serializers.CharField()
    postcode = serializers.CharField()
    job_title = serializers.CharField()
    language = serializers.CharField()
    campaign = serializers.CharField()
    form = serializers.CharField()
    message = serializers.CharField()
    facts = serializers.DictField()
    custom = serializers.DictField()
    score = serializers.IntegerField(allow_null=True)
    band = serializers.CharField()
    score_lines = ScoreLineShape(many=True)
    disqualified_reason = serializers.CharField()
    source = SourceShape()  # type: ignore[assignment]
    status = StatusShape()
    stage = serializers.ChoiceField(choices=Lead.Stage.choices)
    owner = MemberShape(allow_null=True)
    do_not_contact = serializers.BooleanField()
    is_test = serializers.BooleanField()
    received_at = serializers.DateTimeField()
    routed_at = serializers.DateTimeField(allow_null=True)
    offered_at = serializers.DateTimeField(allow_null=True)
    assigned_at = serializers.DateTimeField(allow_null=True)
    claimed_at = serializers.DateTimeField(allow_null=True)
    viewed_at = serializers.DateTimeField(allow_null=True)
    first_attempt_at = serializers.DateTimeField(allow_null=True)
    first_contact_at = serializers.DateTimeField(allow_null=True)
    qualified_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


def lead(one: Lead, *, by: Access) -> Shape:
    """A whole lead; needs source, status and owner loaded."""
    masked = is_masked(one, by=by)
    shown = card(one, masked=masked)
    return {
        "id": str(one.pk),
        "version": one.version,
        "is_masked": masked,
        "name": shown.name,
        "company": shown.company,
        "email": shown.email,
        "phone": shown.phone,
        "country": one.country,
        "city": one.city,
        **{name: "" if masked else getattr(one, name) for name in COLUMNS},
        "facts": {} if masked else one.facts,
        "custom": {} if masked else one.custom,
        "score": one.score,
        "band": one.band,
        "score_lines": [] if masked else [_score_line(line) for line in one.score_lines],
        "disqualified_reason": "" if masked else one.disqualified_reason,
        "source": {"id": str(one.source_id), "name": one.source.name},
        "status": {"id": str(one.status_id), "name": one.status.name, "kind": one.status_kind},
        "stage": one.stage,
        "owner": member(one.owner),
        "do_not_contact": one.do_not_contact,
        "is_test": one.is_test,
        **{name: iso(getattr(one, name)) for name in MOMENTS},
    }


class TeaserShape(serializers.Serializer[Any]):
    """What a lead shows before it is somebody's: the same for everyone it is put to."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    company = serializers.CharField()
    where = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    campaign = serializers.CharField()
    facts = serializers.ListField(child=serializers.CharField())
    received_at = serializers.DateTimeField()


def teaser(one: Lead, *, masked: bool, keys: Any = ()) -> Shape:
    """Needs the source loaded; `keys` are the facts that the decision used."""
    shown = card(one, masked=masked, keys=keys)
    return {
        "id": str(one.pk),
        "name": shown.name,
        "company": shown.company,
        "where": shown.where,
        "source": shown.source,
        "campaign": shown.campaign,
        "facts": list(shown.facts),
        "received_at": iso(one.received_at),
    }


class OfferShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    lead = TeaserShape()
    state = serializers.ChoiceField(choices=Offer.State.choices)
    is_exclusive = serializers.BooleanField()
    is_mine = serializers.BooleanField()
    candidates = serializers.IntegerField()
    opened_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    taken_by = MemberShape(allow_null=True)


def _hides(one: Offer, by: Access) -> bool:
    """Who it was put to alone reads the name while she may take it; it is not hers to keep."""
    if by.masked or not one.is_exclusive:
        return True
    is_asked = one.state == Offer.State.OPEN and by.member_id == one.member_id
    is_hers = one.lead.owner_id is not None and one.lead.owner_id == by.member_id
    return not (is_asked or is_hers or by.can(Permission.SEE_OTHERS))


def offer(one: Offer, *, by: Access) -> Shape:
    """Needs lead with source, decision, and who took it loaded."""
    keys = one.decision.trace.get("facts", {})
    return {
        "id": str(one.pk),
        "lead": teaser(one.lead, masked=_hides(one, by), keys=keys),
        "state": one.state,
        "is_exclusive": one.is_exclusive,
        "is_mine": by.member_id in one.candidates,
        "candidates": len(one.candidates),
        "opened_at": iso(one.opened_at),
        "expires_at": iso(one.expires_at),
        "closed_at": iso(one.closed_at),
        "taken_by": member(one.taken_by),
    }


class AssignmentShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    lead = serializers.UUIDField()
    member = MemberShape()
    how = serializers.ChoiceField(choices=Assignment.How.choices)
    started_at = serializers.DateTimeField()
    respond_by = serializers.DateTimeField(allow_null=True)
    responded_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.CharField()


def assignment(one: Assignment) -> Shape:
    """Needs member and user loaded."""
    return {
        "id": str(one.pk),
        "lead": str(one.lead_id),
        "member": member(one.member),
        "how": one.how,
        "started_at": iso(one.started_at),
        "respond_by": iso(one.respond_by),
        "responded_at": iso(one.responded_at),
        "ended_at": iso(one.ended_at),
        "end_reason": one.end_reason,
    }


class WonLeadShape(serializers.Serializer[Any]):
    """The lead with the contact details that were hidden until now."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    name = serializers.CharField()
    company = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    country = serializers.CharField()
    city = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    campaign = serializers.CharField()
    message = serializers.CharField()
    facts = serializers.DictField()
    do_not_contact = serializers.BooleanField()
    received_at = serializers.DateTimeField()


class WonShape(serializers.Serializer[Any]):
    lead = WonLeadShape()
    assignment = serializers.UUIDField()
    respond_by = serializers.DateTimeField(allow_null=True)


def won(one: Lead, owned: Assignment) -> Shape:
    """What the winner of a claim needs to call at once. Reads nothing more."""
    return {
        "lead": {
            "id": str(one.pk),
            "version": one.version,
            "name": one.name,
            "company": one.company,
            "email": one.email,
            "phone": one.phone,
            "country": one.country,
            "city": one.city,
            "source": one.source.name,
            "campaign": one.campaign,
            "message": one.message,
            "facts": one.facts,
            "do_not_contact": one.do_not_contact,
            "received_at": iso(one.received_at),
        },
        "assignment": str(owned.pk),
        "respond_by": iso(owned.respond_by),
    }


class HopperShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    lead = TeaserShape()
    pool = serializers.CharField()
    entered_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


def hopper_entry(one: HopperEntry) -> Shape:
    """Always masked: contact details are hidden until it is picked."""
    return {
        "id": str(one.pk),
        "lead": teaser(one.lead, masked=True, keys=one.decision.trace.get("facts", {})),
        "pool": one.pool.name if one.pool else "",
        "entered_at": iso(one.entered_at),
        "expires_at": iso(one.expires_at),
    }


class DecisionShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    lead = serializers.UUIDField()
    at = serializers.DateTimeField()
    door = serializers.CharField()
    hop = serializers.IntegerField()
    outcome = serializers.ChoiceField(choices=Decision.Outcome.choices)
    chosen = serializers.UUIDField(allow_null=True)
    deadline = serializers.DateTimeField(allow_null=True)
    milliseconds = serializers.FloatField()


class DecisionInWordsShape(DecisionShape):
    words = serializers.ListField(child=serializers.CharField())
    rules = serializers.ListField(
        child=serializers.DictField(), help_text="Each rule until the match. Managers only."
    )
    steps = serializers.ListField(
        child=serializers.DictField(),
        help_text="Each pool with its candidates and their numbers; credit in nano-turns. "
        "Managers only.",
    )


def decision(one: Decision) -> Shape:
    return {
        "id": str(one.pk),
        "lead": str(one.lead_id),
        "at": iso(one.at),
        "door": one.door,
        "hop": one.hop,
        "outcome": one.outcome,
        "chosen": str(one.chosen_id) if one.chosen_id else None,
        "deadline": iso(one.deadline),
        "milliseconds": one.milliseconds,
    }


class AttemptShape(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    channel = serializers.CharField()
    at = serializers.DateTimeField()
    member = serializers.UUIDField()
    outcome = serializers.CharField()
    confirmed_at = serializers.DateTimeField(allow_null=True)


def attempt(one: Attempt) -> Shape:
    return {
        "id": str(one.pk),
        "channel": one.channel,
        "at": iso(one.at),
        "member": str(one.member_id),
        "outcome": one.outcome,
        "confirmed_at": iso(one.confirmed_at),
    }
