"""What a page draws for each row of the rule editor: choices, inputs and suggestions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from apps.routing import arguments
from apps.routing.arguments import AREA_FIELDS
from apps.routing.fields import CUSTOM_PREFIX, Field, FieldType, Registry
from apps.routing.operators import Takes, of
from apps.routing.wording import Group, describe
from apps.rules.builder.sample import Sample, choices_of, suggestions
from apps.rules.builder.sheets import (
    ALL,
    ANY,
    KEPT,
    NONE,
    NOT_ALL,
    OWN_HOURS,
    Row,
    Sheet,
    operator_of,
)

INPUTS = {FieldType.NUMBER: "number", FieldType.MONEY: "number", FieldType.DATE: "date"}
MOST_BOXES = 24  # more choices than these are typed, with suggestions
DEEPEST_BUTTON = 5  # groups within groups that the page offers; deeper ones are drawn all the same


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A named part of a value: a kind of place, or a day of the week."""

    key: str
    label: str
    lines: str


@dataclass(frozen=True, slots=True)
class Control:
    """A row ready to draw. `draws` names the input: text, many, boxes, range, choice, area, …"""

    row: Row
    word: str
    is_joiner: bool
    draws: str
    fields: tuple[tuple[str, tuple[Option, ...]], ...] = ()
    operators: tuple[Option, ...] = ()
    choices: tuple[Option, ...] = ()
    input_type: str = "text"
    suggested: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    kinds: tuple[Option, ...] = ()
    inner: tuple[Control, ...] = ()
    may_nest: bool = False
    kept: Group | None = None
    label: str = ""
    unit: str = ""

    @property
    def kind_label(self) -> str:
        return next((kind.label for kind in self.kinds if kind.is_chosen), "")


def controls(
    sheet: Sheet, registry: Registry, sample: Sample, *, currency: str = ""
) -> tuple[Control, ...]:
    """Every row with what goes before it: "When", then "and" or "or"."""
    return _Drawing(registry, sample, currency).all(sheet.rows, sheet.joiner, is_top=True)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Draws rows with one registry and one sample of leads."""

    registry: Registry
    sample: Sample
    currency: str

    def all(self, rows: Sequence[Row], joiner: str, *, is_top: bool) -> tuple[Control, ...]:
        between = _("and") if joiner.endswith(ALL) else _("or")
        first = _("When") if is_top else ""
        return tuple(
            self.one(row, between if place else first, is_joiner=is_top and place == 1)
            for place, row in enumerate(rows)
        )

    def one(self, row: Row, word: str, *, is_joiner: bool) -> Control:
        if row.kind == KEPT:
            kept = describe(row.kept, self.registry)
            return Control(row, word, is_joiner, "kept", kept=kept)
        if row.is_group:
            inner = self.all(row.rows, row.kind, is_top=False)
            may_nest = row.depth < DEEPEST_BUTTON
            kinds = _kinds(row)
            return Control(
                row, word, is_joiner, "group", kinds=kinds, inner=inner, may_nest=may_nest
            )
        return self.leaf(row, word, is_joiner)

    def leaf(self, row: Row, word: str, is_joiner: bool) -> Control:
        found = self.registry.get(row.field)
        is_money = found is not None and found.type is FieldType.MONEY
        return Control(
            row,
            word,
            is_joiner,
            draws=self.draws(row, found),
            fields=_fields(row, self.registry),
            operators=_operators(row, found),
            choices=self.choices(row, found),
            input_type=INPUTS.get(found.type, "text") if found else "text",
            suggested=tuple(suggestions(found, self.sample, self.registry)) if found else (),
            parts=_parts(row),
            label=found.label if found else row.field,
            unit=self.currency if is_money else "",
        )

    def draws(self, row: Row, found: Field | None) -> str:
        operator = operator_of(row, self.registry)
        if operator is None or found is None:
            return Takes.NOTHING.value
        options = choices_of(found, self.registry)
        if operator.parse is arguments.many:
            return "boxes" if 0 < len(options) <= MOST_BOXES else Takes.MANY.value
        is_choice = found.type is FieldType.YES_NO or bool(options)
        if operator.takes is Takes.ONE and is_choice and operator.name != "matches":
            return "choice"
        return operator.takes.value

    def choices(self, row: Row, found: Field | None) -> tuple[Option, ...]:
        operator = operator_of(row, self.registry)
        if operator is None or found is None:
            return ()
        if operator.takes is Takes.HOURS:
            listed = {
                "open": _("open hours"), "closed": _("closed hours"),
                OWN_HOURS: _("hours of its own"),
            }  # fmt: skip
        elif found.type is FieldType.YES_NO:
            listed = {"yes": _("yes"), "no": _("no")}
        else:
            listed = {option: option for option in choices_of(found, self.registry)}
        chosen = {text.casefold() for text in row.texts}
        known = {value.casefold() for value in listed}
        gone = [text for text in row.texts if text and text.casefold() not in known]
        return tuple(
            Option(value, label, value.casefold() in chosen)
            for value, label in (listed | {text: text for text in gone}).items()
        )


def _fields(row: Row, registry: Registry) -> tuple[tuple[str, tuple[Option, ...]], ...]:
    """The fields in groups: given, then what follows from what happened, then the team's own."""

    def heading(field: Field) -> str:
        if field.key.startswith(CUSTOM_PREFIX):
            return _("Your own fields")
        return _("What happened") if field.is_derived else _("The lead")

    found = [
        (title, tuple(Option(each.key, each.label, each.key == row.field) for each in group))
        for title, group in groupby(registry, heading)
    ]
    if registry.get(row.field) is None:
        found.append((_("No longer there"), (Option(row.field, row.field, True),)))
    return tuple(found)


def _operators(row: Row, found: Field | None) -> tuple[Option, ...]:
    if found is None:
        return (Option(row.op, row.op, True),)
    return tuple(Option(each.name, each.words, each.name == row.op) for each in of(found).values())


def _parts(row: Row) -> tuple[Part, ...]:
    if row.text == OWN_HOURS:
        days: Mapping[int, object] = WEEKDAYS
        return tuple(
            Part(str(day), str(name), row.hours.get(str(day), "")) for day, name in days.items()
        )
    labels = {
        "countries": _("Countries"),
        "regions": _("Regions"),
        "cities": _("Cities"),
        "postcodes": _("Postcodes: beginnings, or ranges such as 10115-12099"),
    }
    return tuple(Part(key, labels[key], row.area.get(key, "")) for key in AREA_FIELDS)


def _kinds(row: Row) -> tuple[Option, ...]:
    words = {
        ANY: _("any of these"), ALL: _("all of these"),
        NONE: _("none of these"), NOT_ALL: _("not all of these"),
    }  # fmt: skip
    return tuple(Option(kind, label, kind == row.kind) for kind, label in words.items())
