"""What a page draws for each row of the rule editor: choices, inputs and suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.routing.arguments import AREA_FIELDS
from apps.routing.fields import Field, FieldType, Registry
from apps.routing.operators import Takes, of
from apps.routing.wording import Group, describe
from apps.rules.editor import ALL, ANY, KEPT, NONE, Row, Sheet, operator_of
from apps.rules.sample import Sample, suggestions

INPUTS = {FieldType.NUMBER: "number", FieldType.MONEY: "number", FieldType.DATE: "date"}


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class AreaPart:
    key: str
    label: str
    lines: str


@dataclass(frozen=True, slots=True)
class Control:
    """A row ready to draw. `draws` names the input: text, many, range, choice, area, …"""

    row: Row
    word: str
    is_joiner: bool
    draws: str
    fields: tuple[Option, ...] = ()
    operators: tuple[Option, ...] = ()
    choices: tuple[Option, ...] = ()
    input_type: str = "text"
    suggested: tuple[str, ...] = ()
    area: tuple[AreaPart, ...] = ()
    kinds: tuple[Option, ...] = ()
    inner: tuple[Control, ...] = ()
    kept: Group | None = None
    label: str = ""


def controls(sheet: Sheet, registry: Registry, sample: Sample) -> tuple[Control, ...]:
    """Every row with what goes before it: "When", then "and" or "or"."""
    return _controls(sheet.rows, sheet.joiner, registry, sample, is_top=True)


def _controls(
    rows: Sequence[Row], joiner: str, registry: Registry, sample: Sample, *, is_top: bool
) -> tuple[Control, ...]:
    between = _("and") if joiner == ALL else _("or")
    return tuple(
        _control(
            row,
            word=between if place else (_("When") if is_top else ""),
            is_joiner=is_top and place == 1,
            registry=registry,
            sample=sample,
        )
        for place, row in enumerate(rows)
    )


def _control(
    row: Row, *, word: str, is_joiner: bool, registry: Registry, sample: Sample
) -> Control:
    if row.kind == KEPT:
        return Control(row, word, is_joiner, "kept", kept=describe(row.kept, registry))
    if row.is_group:
        joiner = ALL if row.kind == ALL else ANY
        inner = _controls(row.rows, joiner, registry, sample, is_top=False)
        return Control(row, word, is_joiner, "group", kinds=_kinds(row), inner=inner)
    found = registry.get(row.field)
    return Control(
        row,
        word,
        is_joiner,
        draws=_draws(row, found, registry),
        fields=_fields(row, registry),
        operators=_operators(row, found),
        choices=_choices(row, found, registry),
        input_type=INPUTS.get(found.type, "text") if found else "text",
        suggested=tuple(suggestions(found, sample)) if found else (),
        area=_area(row),
        label=found.label if found else row.field,
    )


def _draws(row: Row, found: Field | None, registry: Registry) -> str:
    operator = operator_of(row, registry)
    if operator is None or found is None:
        return Takes.NOTHING.value
    is_choice = found.type is FieldType.YES_NO or bool(found.options)
    if operator.takes is Takes.HOURS or (operator.takes is Takes.ONE and is_choice):
        return "choice"
    return operator.takes.value


def _fields(row: Row, registry: Registry) -> tuple[Option, ...]:
    listed = tuple(Option(each.key, each.label, each.key == row.field) for each in registry)
    known = registry.get(row.field) is not None
    return listed if known else (*listed, Option(row.field, row.field, True))


def _operators(row: Row, found: Field | None) -> tuple[Option, ...]:
    if found is None:
        return (Option(row.op, row.op, True),)
    return tuple(Option(each.name, each.words, each.name == row.op) for each in of(found).values())


def _choices(row: Row, found: Field | None, registry: Registry) -> tuple[Option, ...]:
    operator = operator_of(row, registry)
    if operator is None or found is None:
        return ()
    if operator.takes is Takes.HOURS:
        listed = {"open": _("open hours"), "closed": _("closed hours")}
    elif found.type is FieldType.YES_NO:
        listed = {"yes": _("yes"), "no": _("no")}
    else:
        listed = {option: option for option in found.options}
    return tuple(Option(value, label, value == row.text) for value, label in listed.items())


def _area(row: Row) -> tuple[AreaPart, ...]:
    labels = {
        "countries": _("Countries"),
        "regions": _("Regions"),
        "cities": _("Cities"),
        "postcodes": _("Postcodes that begin with"),
    }
    return tuple(AreaPart(key, labels[key], row.area.get(key, "")) for key in AREA_FIELDS)


def _kinds(row: Row) -> tuple[Option, ...]:
    words = {ANY: _("any of"), ALL: _("all of"), NONE: _("none of")}
    return tuple(Option(kind, label, kind == row.kind) for kind, label in words.items())
