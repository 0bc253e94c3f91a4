"""A team's own fields of a lead: made, named, put in order, and taken away when nothing asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.leads.models import CustomField
from apps.routing.fields import CUSTOM_PREFIX
from apps.routing.values import fold
from apps.rules.refusals import Refused
from apps.rules.registry import routing_moved
from apps.rules.usage import users_of, users_of_option
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.permissions import Permission

WITH_OPTIONS = (CustomField.Type.CHOICE, CustomField.Type.SET)
MOST_FIELDS = 100
MOST_OPTIONS = 200
LONGEST_LABEL, LONGEST_OPTION, LONGEST_KEY = 80, 80, 40
MOST_NAMED = 5
CURRENCY = "_currency"  # beside an amount of money stands its currency


@transaction.atomic
def add_field(
    *,
    label: str,
    type: str,
    options: Sequence[str] = (),
    is_personal: bool = False,
    by: Access,
    now: datetime,
) -> CustomField:
    """A new field, known at once wherever fields are chosen. May raise Refused."""
    by.require(Permission.EDIT_ROUTING)
    if type not in CustomField.Type.values:
        raise Refused.at("type", _("Choose what the field holds."))
    mine = CustomField.objects.filter(team=by.team)
    if mine.count() >= MOST_FIELDS:
        raise Refused.at("", _("A team has at most %(n)d fields of its own.") % {"n": MOST_FIELDS})
    label = _label(label)
    field = CustomField(
        team=by.team,
        label=label,
        type=type,
        key=_free_key(label, set(mine.values_list("key", flat=True))),
        options=_options(type, options),
        is_personal=is_personal,
        position=(mine.aggregate(last=Max("position"))["last"] or 0) + 1,
    )
    try:
        with transaction.atomic():
            field.save(force_insert=True)
    except IntegrityError as error:  # the same name twice in one moment
        raise Refused.at("label", _("There is such a field already.")) from error
    _moved(field, "fields.added", by=by, now=now)
    return field


@transaction.atomic
def change_field(
    field: CustomField,
    *,
    label: str,
    options: Sequence[str] = (),
    is_personal: bool = False,
    by: Access,
    now: datetime,
) -> CustomField:
    """Another name or other options; what it holds stays. May raise Refused, naming the rules
    that ask for an option that would go."""
    field = _locked(field, by)
    wanted = _options(field.type, options)
    kept = set(map(fold, wanted))
    for option in field.options:
        if fold(str(option)) not in kept:
            _refuse_if_asked(field, str(option))
    field.label, field.options, field.is_personal = _label(label), wanted, is_personal
    field.save(update_fields=["label", "options", "is_personal"])
    _moved(field, "fields.changed", by=by, now=now)
    return field


@transaction.atomic
def move_field(field: CustomField, *, step: int, by: Access, now: datetime) -> None:
    """One place up (-1) or down (1) in every list of fields."""
    field = _locked(field, by)
    order = list(CustomField.objects.filter(team=by.team).order_by("position", "pk"))
    place = next(number for number, each in enumerate(order) if each.pk == field.pk)
    order.insert(max(0, min(place + step, len(order) - 1)), order.pop(place))
    for position, each in enumerate(order, start=1):
        each.position = position
    CustomField.objects.bulk_update(order, ["position"])
    _moved(field, "fields.moved", by=by, now=now)


@transaction.atomic
def remove_field(field: CustomField, *, by: Access, now: datetime) -> None:
    """Take it from every list; what leads hold of it stays with them. Refused while it is used,
    naming by what."""
    field = _locked(field, by)
    users = users_of(by.team, CUSTOM_PREFIX + field.key)
    if users:
        text = _("“%(label)s” is used by %(users)s. Change that first.")
        raise Refused.at("", text % {"label": field.label, "users": _listed(users)})
    _moved(field, "fields.removed", by=by, now=now)
    field.delete()


def _refuse_if_asked(field: CustomField, option: str) -> None:
    users = users_of_option(field.team, CUSTOM_PREFIX + field.key, option)
    if users:
        text = _("The option “%(option)s” is asked for by %(users)s. Change that first.")
        raise Refused.at("options", text % {"option": option, "users": _listed(users)})


def _listed(users: Sequence[str]) -> str:
    shown = ", ".join(users[:MOST_NAMED])
    more = len(users) - MOST_NAMED
    return _("%(users)s and %(n)d more") % {"users": shown, "n": more} if more > 0 else shown


def _label(label: str) -> str:
    label = " ".join(label.replace("\x00", "").split())
    if not label:
        raise Refused.at("label", _("Give the field a name."))
    if len(label) > LONGEST_LABEL:
        raise Refused.at("label", _("Use at most %(n)d characters.") % {"n": LONGEST_LABEL})
    return label


def _options(type: str, options: Sequence[str]) -> list[str]:
    """Cleaned options, each once; only choices have any."""
    if type not in WITH_OPTIONS:
        return []
    cleaned = [" ".join(option.replace("\x00", "").split()) for option in options]
    once = list({fold(option): option for option in reversed(cleaned) if option}.values())[::-1]
    if not once:
        raise Refused.at("options", _("Name at least one option, one a line."))
    if len(once) > MOST_OPTIONS:
        raise Refused.at("options", _("Use at most %(n)d options.") % {"n": MOST_OPTIONS})
    if any(len(option) > LONGEST_OPTION for option in once):
        text = _("Keep each option below %(n)d characters.")
        raise Refused.at("options", text % {"n": LONGEST_OPTION + 1})
    return once


def _free_key(label: str, taken: set[str]) -> str:
    """The key by which rules, API and imports know the field; it never changes."""
    base = slugify(label).replace("-", "_")[: LONGEST_KEY - 4].strip("_") or "field"
    if base.endswith(CURRENCY):
        base += "_code"
    return next(
        key
        for number in range(1, MOST_FIELDS + 2)
        if (key := base if number == 1 else f"{base[: LONGEST_KEY - 4]}_{number}") not in taken
    )


def _locked(field: CustomField, by: Access) -> CustomField:
    by.require(Permission.EDIT_ROUTING)
    mine = CustomField.objects.filter(team=by.team).select_related("team")
    return mine.select_for_update(of=("self",), no_key=True).get(pk=field.pk)


def _moved(field: CustomField, action: str, *, by: Access, now: datetime) -> None:
    detail = {"key": field.key, "label": field.label, "type": field.type}
    audit.record(by=by, action=action, target=field, now=now, detail=detail)
    routing_moved(by.team)
