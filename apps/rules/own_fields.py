"""A team's own fields in forms about a lead: their inputs, and values as leads keep them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from apps.leads import normalise
from apps.routing import values
from apps.routing.fields import CUSTOM_PREFIX, Field, FieldType, Registry
from apps.teams.models import Team
from apps.teams.presentation import minor_digits

LONGEST_TEXT = 500
LARGEST = Decimal(10**15)  # as a capture's amounts
PLACES = 4

Stored = dict[str, Any]


def own(registry: Registry) -> list[Field]:
    """The team's own fields, in their order."""
    return [field for field in registry if field.key.startswith(CUSTOM_PREFIX)]


def inputs(registry: Registry) -> dict[str, forms.Field]:
    """A form field for each, named by its key; none has to be filled."""
    return {field.key: _INPUTS[field.type](field) for field in own(registry)}


def shown(registry: Registry, custom: Mapping[str, Any]) -> Stored:
    """What a lead keeps, as the inputs show it."""
    found = {}
    for field in own(registry):
        name = field.key.removeprefix(CUSTOM_PREFIX)
        value = custom.get(name)
        if value in (None, "", []):
            continue
        found[field.key] = _shown(field, value, str(custom.get(f"{name}_currency", "")))
    return found


def kept(
    registry: Registry, cleaned: Mapping[str, Any], before: Mapping[str, Any], team: Team
) -> Stored:
    """The lead’s own values after a form: filled ones typed, emptied ones gone, the rest kept."""
    after = dict(before)
    for field in own(registry):
        if field.key not in cleaned:
            continue
        name = field.key.removeprefix(CUSTOM_PREFIX)
        currency = str(after.pop(f"{name}_currency", "") or team.currency)
        after.pop(name, None)
        if cleaned[field.key] not in (None, "", []):
            after |= _stored(field, name, cleaned[field.key], currency, team.timezone)
    return after


def as_answers(registry: Registry, cleaned: Mapping[str, Any]) -> Stored:
    """The filled inputs as a capture's body says them."""
    answers = {}
    for field in own(registry):
        value = cleaned.get(field.key)
        if value not in (None, "", []):
            answers[field.key] = value if isinstance(value, list) else _plain(value)
    return answers


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _shown(field: Field, value: Any, currency: str) -> Any:
    match field.type:
        case FieldType.MONEY if isinstance(value, int):
            return Decimal(value).scaleb(-minor_digits(currency))
        case FieldType.DATE:
            moment = values.moment(value)
            return moment.date() if isinstance(moment, datetime) else moment
        case FieldType.YES_NO:
            return "yes" if value else "no"
    return value


def _stored(field: Field, name: str, value: Any, currency: str, timezone: str) -> Stored:
    match field.type:
        case FieldType.MONEY:
            minor = int(value.scaleb(minor_digits(currency)).to_integral_value())
            return {name: minor, f"{name}_currency": currency}
        case FieldType.NUMBER:
            return {name: int(value) if value == int(value) else float(value)}
        case FieldType.DATE:
            moment = normalise.when(value.isoformat(), timezone)
            return {name: moment.isoformat()} if moment else {}
        case FieldType.YES_NO:
            return {name: value == "yes"}
    return {name: value}


def _text(field: Field) -> forms.Field:
    return forms.CharField(label=field.label, required=False, max_length=LONGEST_TEXT)


def _number(field: Field) -> forms.Field:
    return forms.DecimalField(
        label=field.label, required=False, min_value=-LARGEST, max_value=LARGEST,
        decimal_places=PLACES,
    )  # fmt: skip


def _date(field: Field) -> forms.Field:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=field.label, required=False, widget=widget)


def _choice(field: Field) -> forms.Field:
    if not field.options:
        return _text(field)
    options = [("", _("not known")), *((option, option) for option in field.options)]
    return forms.ChoiceField(label=field.label, required=False, choices=options)


def _set(field: Field) -> forms.Field:
    options = [(option, option) for option in field.options]
    return forms.MultipleChoiceField(
        label=field.label, required=False, choices=options, widget=forms.CheckboxSelectMultiple
    )


def _yes_no(field: Field) -> forms.Field:
    options = [("", _("not known")), ("yes", _("yes")), ("no", _("no"))]
    return forms.ChoiceField(label=field.label, required=False, choices=options)


_INPUTS: dict[FieldType, Callable[[Field], forms.Field]] = {
    FieldType.TEXT: _text,
    FieldType.PLACE: _text,
    FieldType.NUMBER: _number,
    FieldType.MONEY: _number,
    FieldType.DATE: _date,
    FieldType.CHOICE: _choice,
    FieldType.SET: _set,
    FieldType.YES_NO: _yes_no,
}
