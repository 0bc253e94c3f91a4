"""What a caller says about a lead: read strictly, normalised and typed as a capture's would be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from apps.api.base import Strict, printable
from apps.capture.drafts import LeadDraft
from apps.capture.reading import mapping
from apps.capture.services import terms_of
from apps.leads import normalise
from apps.leads.models import LEAD_COLUMNS, Lead, Source
from apps.routing.fields import CUSTOM_PREFIX, Registry
from apps.rules.registry import registry

READ_ONLY = {
    "id": "Read-only.",
    "version": "Read-only: send it in If-Match.",
    "is_masked": "Read-only.",
    "owner": "Read-only: assign the lead with POST /api/v1/assignments/.",
    "status": "Read-only: use POST /api/v1/leads/<id>/status/.",
    "stage": "Read-only: it follows from what happens.",
    "source": "Read-only once the lead is there.",
    "team": "Read-only: a key belongs to one team.",
    "is_test": "Read-only once the lead is there.",
    "score": "Read-only: rules and sources score.",
    **{
        f"{moment}_at": "Read-only: it is when it really happened."
        for moment in (
            "received", "routed", "offered", "assigned", "claimed", "viewed", "first_attempt",
            "first_contact", "qualified", "closed", "deleted",
        )
    },
}  # fmt: skip
PLAIN = (
    "name", "company", "job_title", "region", "city", "postcode", "language", "campaign", "form",
    "message",
)  # fmt: skip


class LeadFacts(Strict):
    """What one may write about a lead."""

    refusals = READ_ONLY

    name = serializers.CharField(max_length=200, allow_blank=True, required=False)
    email = serializers.CharField(max_length=254, allow_blank=True, required=False)
    phone = serializers.CharField(max_length=60, allow_blank=True, required=False)
    company = serializers.CharField(max_length=200, allow_blank=True, required=False)
    job_title = serializers.CharField(max_length=200, allow_blank=True, required=False)
    country = serializers.CharField(max_length=60, allow_blank=True, required=False)
    region = serializers.CharField(max_length=120, allow_blank=True, required=False)
    city = serializers.CharField(max_length=120, allow_blank=True, required=False)
    postcode = serializers.CharField(max_length=20, allow_blank=True, required=False)
    language = serializers.CharField(max_length=35, allow_blank=True, required=False)
    campaign = serializers.CharField(max_length=200, allow_blank=True, required=False)
    form = serializers.CharField(max_length=200, allow_blank=True, required=False)
    message = serializers.CharField(max_length=10_000, allow_blank=True, required=False)
    facts = serializers.DictField(required=False, help_text="The other standard fields, by key.")
    custom = serializers.DictField(required=False, help_text="The team's own fields, by key.")

    def validate_country(self, value: str) -> str:
        code = normalise.country(value)
        if value.strip() and not code:
            raise ValidationError("No such country: use its name or a code such as DE.")
        return code


class NewLead(LeadFacts):
    """A lead that comes in. The same `Idempotency-Key` again gets the stored answer."""

    refusals = {key: word for key, word in READ_ONLY.items() if key not in ("source", "is_test")}

    source = serializers.UUIDField(  # type: ignore[assignment]
        required=False, help_text="Without it: the source “API”."
    )
    is_test = serializers.BooleanField(required=False, default=False)
    provider_id = serializers.CharField(max_length=200, allow_blank=True, required=False)


class LeadChanges(LeadFacts):
    """Facts to change; null takes a fact or custom field away."""

    do_not_contact = serializers.BooleanField(required=False)


def as_draft(body: Mapping[str, Any], source: Source) -> LeadDraft:
    """The draft of a new lead. `source` needs its team loaded."""
    data = {name: body[name] for name in (*PLAIN, "email", "phone", "country") if body.get(name)}
    data |= _by_key(body, registry(source.team))
    if body.get("provider_id"):
        data["provider_id"] = body["provider_id"]
    if body.get("is_test"):
        data["test"] = True
    return mapping.draft(data, terms_of(source, mapping={key: key for key in data}))


def changes(body: Mapping[str, Any], lead: Lead) -> dict[str, Any]:
    """Columns to change on a lead; ValidationError names what can't be used."""
    changed: dict[str, Any] = {name: normalise.line(body[name]) for name in PLAIN if name in body}
    if "message" in body:
        changed["message"] = normalise.text(body["message"])
    for name in ("country", "do_not_contact"):
        if name in body:
            changed[name] = body[name]
    changed |= _contact(body, lead, changed.get("country", lead.country))
    return changed | _typed(body, lead)


def _contact(body: Mapping[str, Any], lead: Lead, country: str) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if "email" in body:
        email = normalise.email(body["email"])
        if email.problem:
            raise ValidationError({"email": [email.problem]})
        changed |= {"email": email.shown, "email_key": email.key}
    if "phone" in body:
        phone = normalise.phone(body["phone"], country or lead.team.country)
        changed |= {"phone": phone.shown, "phone_key": phone.key}
    if not (changed.get("email", lead.email) or changed.get("phone", lead.phone)):
        raise ValidationError({"email": ["Keep an e-mail or a phone: one way to answer."]})
    return changed


def _typed(body: Mapping[str, Any], lead: Lead) -> dict[str, Any]:
    """Facts and custom fields in their types, over what is known already."""
    known = registry(lead.team)
    given = _by_key(body, known)
    wanted = {key: value for key, value in given.items() if value is not None}
    source = lead.source
    source.team = lead.team
    draft = mapping.draft(wanted, terms_of(source, mapping={key: key for key in wanted}))
    if draft.warnings:
        raise ValidationError({"facts": list(draft.warnings)})
    gone = {key.removeprefix(CUSTOM_PREFIX) for key in given.keys() - wanted.keys()}
    changed = {}
    for name, new in (("facts", draft.facts), ("custom", draft.custom)):
        if name in body:
            before = getattr(lead, name)
            kept = {key: value for key, value in before.items() if key not in gone}
            changed[name] = {**kept, **new}
    return changed


def _by_key(body: Mapping[str, Any], known: Registry) -> dict[str, Any]:
    """Facts and custom fields by their key in the registry; one that is none is refused."""
    given, wrong = {}, []
    for name, prefix in (("facts", ""), ("custom", CUSTOM_PREFIX)):
        for key, value in (body.get(name) or {}).items():
            field = known.get(f"{prefix}{key}")
            if field is None or field.is_derived or key in LEAD_COLUMNS or key == "source":
                wrong.append(f"{name}: there is no field “{printable(key)}”.")
            given[f"{prefix}{key}"] = value
    if wrong:
        raise ValidationError({"facts": wrong})
    return given
