"""What a pool asks of its members (filters) or weighs for a match (fit), as rows of a form.

Works without scripts: after the rows that are filled in there are always empty ones, and a row
that is emptied goes when the form is saved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.routing.fields import Field, FieldType, Registry
from apps.routing.items import HEAVIEST, HIGHEST_LEVEL, MOST_STEPS, MOST_YEARS, NUMBERS, TEXTS
from apps.rules.refusals import Problem

MOST_ROWS = 12
STEPS = 3
# How many rows of each kind wait to be filled in.
EMPTY = {"skill": 2, "experience": 1, "similar": 1}
Item = dict[str, Any]
Choices = list[Any]


@dataclass(frozen=True, slots=True)
class Offers:
    """What rows may name: the team's skills, and its fields by what they can be used for."""

    skills: Sequence[str]
    registry: Registry

    def named(self) -> Choices:
        """A skill of the team, or a field of the lead that names one."""
        own = [(f"skill:{name}", name) for name in self.skills]
        by_field = [(f"field:{key}", label) for key, label in self._of(*TEXTS, FieldType.SET)]
        named = (_("What the lead says as its"), by_field)
        return [("", _("Choose")), *([(_("Skills"), own)] if own else []), named]

    def numbers(self) -> Choices:
        return [("", _("Choose")), *self._of(*NUMBERS)]

    def texts(self) -> Choices:
        return [("", _("Choose")), *self._of(*TEXTS)]

    def _of(self, *types: FieldType) -> Choices:
        return [(each.key, each.label) for each in self.registry if self._fits(each, types)]

    def _fits(self, field: Field, types: Sequence[FieldType]) -> bool:
        return field.type in types and not field.is_personal


class WeightField(forms.IntegerField):
    """How much an item counts beside the others."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Weight"))
        super().__init__(min_value=1, max_value=HEAVIEST, required=False, **kwargs)


class Row(forms.Form):
    """One item; `item` is None while nothing is chosen. Weights are for a fit only."""

    first: str

    def __init__(self, *args: Any, offers: Offers, has_weight: bool, **kwargs: Any) -> None:
        kwargs.setdefault("use_required_attribute", False)
        super().__init__(*args, **kwargs)
        self.has_weight = has_weight
        if not has_weight:
            self.fields.pop("weight", None)
        self.offer(offers)

    def offer(self, offers: Offers) -> None:
        """Fill in what may be chosen."""

    def item(self) -> Item | None:
        """The item as it is stored."""
        if not self.cleaned_data.get(self.first):
            return None
        weight = {"weight": self.cleaned_data.get("weight") or 1} if self.has_weight else {}
        return {**self.own(), **weight}

    def own(self) -> Item:
        raise NotImplementedError


class SkillRow(Row):
    first = "what"
    what = forms.ChoiceField(label=_("Knows"), required=False)
    level = forms.TypedChoiceField(
        label=_("From level"),
        coerce=int,
        required=False,
        empty_value=1,  # type: ignore[arg-type]  # typed as text, returned as it is
        choices=[(level, level) for level in range(1, HIGHEST_LEVEL + 1)],
    )
    weight = WeightField()

    def offer(self, offers: Offers) -> None:
        _choose(self.fields["what"], offers.named(), self.initial.get("what"))

    def own(self) -> Item:
        by, _colon, name = self.cleaned_data["what"].partition(":")
        return {"kind": "skill", by: name, "level": self.cleaned_data["level"]}

    @staticmethod
    def initial_of(item: Mapping[str, Any]) -> Item:
        by = "field" if item.get("field") is not None else "skill"
        what = f"{by}:{item.get(by, '')}"
        return {"what": what, "level": item.get("level", 1), "weight": item.get("weight", 1)}


class ExperienceRow(Row):
    """The years that a lead needs, by how large a number of it is."""

    first = "field"
    field = forms.ChoiceField(label=_("Years by"), required=False)
    weight = WeightField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = max(STEPS, self._numbered(self.initial, ""), self._posted())
        for number in range(self.count):
            self.fields[f"from_{number}"] = forms.DecimalField(
                label=_("From"), required=False, max_digits=15, decimal_places=2
            )
            self.fields[f"years_{number}"] = forms.IntegerField(
                label=_("Years"), required=False, min_value=0, max_value=MOST_YEARS
            )

    def offer(self, offers: Offers) -> None:
        _choose(self.fields["field"], offers.numbers(), self.initial.get("field"))

    def own(self) -> Item:
        given = self.cleaned_data
        steps = [
            [_plain(given[f"from_{number}"]), given[f"years_{number}"] or 0]
            for number in range(self.count)
            if given.get(f"from_{number}") is not None
        ]
        return {"kind": "experience", "field": given["field"], "steps": steps}

    def _posted(self) -> int:
        return self._numbered(self.data, f"{self.prefix}-") if self.is_bound else 0

    def _numbered(self, given: Mapping[str, Any], prefix: str) -> int:
        """How many steps there are among these values."""
        return sum(f"{prefix}from_{number}" in given for number in range(MOST_STEPS))

    @property
    def steps(self) -> Iterator[tuple[Any, Any]]:
        for number in range(self.count):
            yield self[f"from_{number}"], self[f"years_{number}"]

    @staticmethod
    def initial_of(item: Mapping[str, Any]) -> Item:
        initial = {"field": item.get("field"), "weight": item.get("weight", 1)}
        for number, (bound, years) in enumerate(item.get("steps") or ()):
            initial |= {f"from_{number}": bound, f"years_{number}": years}
        return initial


class SimilarRow(Row):
    """Who wins leads that have the same value."""

    first = "field"
    field = forms.ChoiceField(label=_("Wins leads of the same"), required=False)
    weight = WeightField()

    def offer(self, offers: Offers) -> None:
        _choose(self.fields["field"], offers.texts(), self.initial.get("field"))

    def own(self) -> Item:
        return {"kind": "similar", "field": self.cleaned_data["field"]}

    @staticmethod
    def initial_of(item: Mapping[str, Any]) -> Item:
        return {"field": item.get("field"), "weight": item.get("weight", 1)}


ROWS: dict[str, type[Any]] = {
    "skill": SkillRow,
    "experience": ExperienceRow,
    "similar": SimilarRow,
}
# What is said where it must be so, and where it has a weight.
PLAIN_LABELS = {
    "territory": (
        _("The lead is in one of the member’s territories"),
        _("Weight of the territory"),
    ),
    "language": (_("The member speaks the lead’s language"), _("Weight of the language")),
}
PLAIN = tuple(PLAIN_LABELS)


class _Plain(forms.Form):
    """The needs that have nothing to choose but whether they count, or how much."""

    match = forms.ChoiceField(
        label=_("Who must match"),
        choices=[("all", _("all of it")), ("any", _("any of it"))],
        required=False,
    )

    def __init__(self, *args: Any, has_weight: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, (asked, weighed) in PLAIN_LABELS.items():
            self.fields[kind] = (
                WeightField(label=weighed)
                if has_weight
                else forms.BooleanField(label=asked, required=False)
            )


class NeedsForm:
    """Items as a form. `items` and `match` are what was given, once it is valid."""

    def __init__(
        self,
        data: Any,
        *,
        prefix: str,
        items: Iterable[Mapping[str, Any]],
        match: str = "all",
        offers: Offers,
        has_weight: bool,
    ) -> None:
        self.has_weight = has_weight
        self._given = list(items)
        self._items: list[tuple[Item, Any]] = []
        self.plain = _Plain(
            data, prefix=prefix, has_weight=has_weight, initial=self._plain_initial(match)
        )
        self.rows = {
            kind: list(self._rows(kind, data, f"{prefix}-{kind}", offers))
            for kind in ROWS
            if has_weight or kind != "similar"
        }
        self.other_errors: list[str] = []

    @property
    def items(self) -> list[Item]:
        return [item for item, _form in self._items]

    @property
    def match(self) -> str:
        return self.plain.cleaned_data.get("match") or "all"

    @property
    def has_errors(self) -> bool:
        forms_of = [self.plain, *(row for rows in self.rows.values() for row in rows)]
        return bool(self.other_errors) or any(form.is_bound and form.errors for form in forms_of)

    def is_valid(self) -> bool:
        rows = [row for kind in self.rows.values() for row in kind]
        is_valid = all([self.plain.is_valid(), *(row.is_valid() for row in rows)])
        if is_valid:
            self._items = [*self._plain_items(), *self._row_items(rows)]
        return is_valid

    def refuse(self, problem: Problem) -> None:
        """Show what is wrong with "items[2].field", or with all of it, where it was typed."""
        found = re.match(r"(?:items)?\[(\d+)\]\.?(\w*)", problem.path)
        number = int(found[1]) if found else len(self._items)
        if found is None or number >= len(self._items):
            self.other_errors.append(problem.message)
            return
        form, part = self._items[number][1], found[2]
        form.add_error(
            part if part in form.fields else getattr(form, "first", None), problem.message
        )

    def _plain_initial(self, match: str) -> Item:
        chosen = {item["kind"]: item for item in self._given if item.get("kind") in PLAIN}
        values = {
            kind: item.get("weight", 1) if self.has_weight else True
            for kind, item in chosen.items()
        }
        return {"match": match, **values}

    def _rows(self, kind: str, data: Any, prefix: str, offers: Offers) -> Iterator[Row]:
        form = ROWS[kind]
        if data is not None:
            for number in range(MOST_ROWS):
                if f"{prefix}-{number}-{form.first}" in data:
                    yield self._row(form, data, f"{prefix}-{number}", offers, {})
            return
        own = [item for item in self._given if item.get("kind") == kind]
        initials = [form.initial_of(item) for item in own] + [{} for _more in range(EMPTY[kind])]
        for number, initial in enumerate(initials):
            yield self._row(form, None, f"{prefix}-{number}", offers, initial)

    def _row(self, form: type[Any], data: Any, prefix: str, offers: Offers, initial: Item) -> Row:
        row: Row = form(
            data, prefix=prefix, offers=offers, has_weight=self.has_weight, initial=initial
        )
        return row

    def _plain_items(self) -> Iterator[tuple[Item, Any]]:
        for kind in PLAIN:
            given = self.plain.cleaned_data.get(kind)
            if given:
                yield {"kind": kind, **({"weight": given} if self.has_weight else {})}, self.plain

    def _row_items(self, rows: Iterable[Row]) -> Iterator[tuple[Item, Any]]:
        for row in rows:
            item = row.item()
            if item is not None:
                yield item, row


def _choose(field: Any, choices: Choices, kept: Any) -> None:
    """Offer these; what is kept already stays a choice, although nobody may choose it anew."""
    listed = {
        value
        for choice in choices
        for value, _label in (choice[1] if isinstance(choice[1], list) else [choice])
    }
    field.choices = choices if not kept or kept in listed else [*choices, (kept, kept)]


def _plain(number: Decimal) -> int | float:
    return int(number) if number == int(number) else float(number)
