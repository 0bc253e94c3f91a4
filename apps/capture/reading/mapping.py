"""From a parsed body to a LeadDraft: mapped by the source, guessed for the rest, typed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.capture.drafts import LeadDraft
from apps.capture.reading.flattening import flatten
from apps.capture.reading.guessing import EXTRA_FIELDS, UTM_FACTS, field_for, is_quiet
from apps.leads import normalise
from apps.routing.fields import CUSTOM_PREFIX, Field, FieldType, Registry

TEST_MARK = "<test lead: dummy data for"
TEST_EMAIL = "test@meta.com"
NO_PERMISSION = "you don't have enough permission"
COLUMNS: Mapping[str, int] = {
    "company": 200, "job_title": 200, "country": 2, "region": 120, "city": 120, "postcode": 20,
    "language": 35, "campaign": 200, "form": 200,
}  # fmt: skip
LONGEST_FACT = 500
_HANDLED = frozenset({"name", "email", "phone", "message", "received_at", "source", *EXTRA_FIELDS})


@dataclass(frozen=True, slots=True)
class Terms:
    """How to read a source's bodies. `mapping` says "field ← dotted path"."""

    registry: Registry
    mapping: Mapping[str, str] = field(default_factory=dict)
    country: str = ""
    currency: str = "EUR"
    timezone: str = "UTC"
    campaign: str = ""
    only: frozenset[str] | None = None  # a form takes these fields and nothing else
    may_be_older: bool = False  # an import may say when the lead really came


@dataclass(slots=True)
class _Reading:
    """A draft in the making."""

    terms: Terms
    facts: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def draft(data: Mapping[str, Any], terms: Terms) -> LeadDraft:
    """What the body says about a lead. Values that can't be used become warnings."""
    flat = {path: _readable(value) for path, value in flatten(data).items()}
    taken, unmapped = _assigned(flat, terms)
    reading = _Reading(terms)
    for key, value in taken.items():
        if key not in _HANDLED and value not in ("", None, []):
            _take(reading, key, value)
    if terms.campaign:
        reading.columns.setdefault("campaign", terms.campaign)
    reading.columns["message"] = normalise.text(_joined(taken.get("message")))
    email, phone = _contact(reading, taken)
    return LeadDraft(
        name=_name(taken),
        email=email,
        phone=phone,
        columns=reading.columns,
        facts=reading.facts,
        custom=reading.custom,
        provider_id=_provider_id(taken.get("provider_id")),
        received_at=_received_at(taken, terms),
        is_test=_is_test(flat, taken),
        warnings=tuple(reading.warnings),
        unmapped=tuple(unmapped),
    )


def guess(paths: Iterable[str], registry: Registry) -> dict[str, str]:
    """A first mapping for these paths: field ← path, each field once."""
    guessed: dict[str, str] = {}
    for path in paths:
        found = field_for(path, registry)
        if found:
            guessed.setdefault(found, path)
    return guessed


def _readable(value: Any) -> Any:
    """A cell in which an export only excused itself is empty."""
    if isinstance(value, str) and NO_PERMISSION in value.casefold().replace("’", "'"):
        return ""
    return value


def _assigned(flat: Mapping[str, Any], terms: Terms) -> tuple[dict[str, Any], list[str]]:
    """Each field's raw value, mapped ones first, and the paths that nothing asked for."""
    taken = {key: flat[path] for key, path in terms.mapping.items() if path in flat}
    mapped = set(terms.mapping.values())
    unmapped = []
    for path, value in flat.items():
        key = "" if path in mapped else field_for(path, terms.registry)
        if key and not taken.get(key):
            taken[key] = value
        elif not key and path not in mapped and value not in ("", None) and not is_quiet(path):
            unmapped.append(path)
    if terms.only is not None:
        return {key: value for key, value in taken.items() if key in terms.only}, []
    return taken, unmapped


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(normalise.line(item) for item in value)
    return normalise.text(value)


def _name(taken: Mapping[str, Any]) -> str:
    whole = normalise.line(_joined(taken.get("name")))
    if whole:
        return whole
    parts = (normalise.line(_joined(taken.get(key)), 100) for key in ("first_name", "last_name"))
    return " ".join(part for part in parts if part)[:200]


def _contact(
    reading: _Reading, taken: Mapping[str, Any]
) -> tuple[normalise.Email, normalise.Phone]:
    """E-mail and phone with what is doubtful about them; the values are not repeated."""
    email = normalise.email(_first(taken.get("email")))
    phone = normalise.phone(_first(taken.get("phone")), _country(reading))
    if email.problem:
        reading.warnings.append(_("E-mail: %(problem)s") % {"problem": email.problem})
    if phone.shown and not phone.key:
        reading.warnings.append(_("Phone: the number can’t be dialled as it is."))
    elif phone.shown and not phone.is_valid:
        reading.warnings.append(_("Phone: no such number is known to be in use."))
    return email, phone


def _first(value: Any) -> Any:
    if isinstance(value, list):
        return next((item for item in value if item), "")
    return value


def _country(reading: _Reading) -> str:
    return str(reading.columns.get("country") or reading.terms.country)


def _provider_id(raw: Any) -> str:
    """Without the "l:" that Meta's sheets put in front."""
    given = normalise.line(_joined(raw))
    return given.removeprefix("l:")


def _received_at(taken: Mapping[str, Any], terms: Terms) -> datetime | None:
    if not terms.may_be_older or "received_at" not in taken:
        return None
    return normalise.when(taken["received_at"], terms.timezone, month_first=terms.country == "US")


def _is_test(flat: Mapping[str, Any], taken: Mapping[str, Any]) -> bool:
    if normalise.yes_no(taken.get("test")):
        return True
    if str(_first(taken.get("email"))).strip().casefold() == TEST_EMAIL:
        return True
    return any(
        str(value).removeprefix("p:").lstrip().casefold().startswith(TEST_MARK)
        for value in flat.values()
    )


def _take(reading: _Reading, key: str, raw: Any) -> None:
    """Type one value by its field and put it where the lead keeps it."""
    if key in UTM_FACTS:
        reading.facts[key] = normalise.line(_joined(raw), LONGEST_FACT)
        return
    known = reading.terms.registry.get(key)
    if known is None or known.is_derived:
        return
    value = _typed(known, raw, reading)
    if value is None:
        reading.warnings.append(_misfit(known, raw))
    elif key in COLUMNS:
        reading.columns[key] = value
    elif key == "score":
        reading.columns["score"] = max(-32_000, min(32_000, int(value)))
    else:
        _keep_fact(reading, key, value)


def _keep_fact(reading: _Reading, key: str, value: Any) -> None:
    """Money is kept in minor units beside its currency."""
    place = reading.custom if key.startswith(CUSTOM_PREFIX) else reading.facts
    name = key.removeprefix(CUSTOM_PREFIX)
    if isinstance(value, normalise.Money):
        place[name], place[f"{name}_currency"] = value.minor, value.currency
    else:
        place[name] = value


def _typed(known: Field, raw: Any, reading: _Reading) -> Any:
    """The value in the field's type; None if it is none."""
    if known.key == "country":
        return normalise.country(_first(raw)) or None
    if known.type is FieldType.SET:
        return _set(raw)
    value = _joined(raw) if isinstance(raw, list) else raw
    match known.type:
        case FieldType.NUMBER:
            return normalise.number(value)
        case FieldType.MONEY:
            return normalise.money(value, reading.terms.currency)
        case FieldType.YES_NO:
            return normalise.yes_no(value)
        case FieldType.DATE:
            moment = normalise.when(value, reading.terms.timezone)
            return moment.isoformat() if moment else None
        case FieldType.CHOICE:
            return _choice(known, normalise.line(value, LONGEST_FACT))
    return normalise.line(value, COLUMNS.get(known.key, LONGEST_FACT)) or None


def _set(raw: Any) -> list[str]:
    items = raw if isinstance(raw, list) else str(raw).replace(";", ",").split(",")
    return [word for word in (normalise.line(item) for item in items) if word][:100]


def _choice(known: Field, value: str) -> str | None:
    """The option as the team spells it; anything goes where no options are given."""
    if not known.options:
        return value
    folded = {option.casefold(): option for option in known.options}
    return folded.get(value.casefold())


_EXPECTED = {
    FieldType.NUMBER: "a number",
    FieldType.MONEY: "an amount of money",
    FieldType.YES_NO: "yes or no",
    FieldType.DATE: "a date",
    FieldType.CHOICE: "one of the choices",
    FieldType.PLACE: "a place that we know",
}


def _misfit(known: Field, raw: Any) -> str:
    if known.is_personal:
        return _("%(field)s: the value can’t be used.") % {"field": known.label}
    return _("%(field)s: “%(value)s” is not %(expected)s.") % {
        "field": known.label,
        "value": normalise.line(_joined(raw), 40),
        "expected": _EXPECTED.get(known.type, "usable"),
    }
