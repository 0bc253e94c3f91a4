"""Which fields a recipient's copies hold, and what they are called there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from apps.deliveries.plans.copying import name_there
from apps.routing.fields import Field
from apps.rules.recipients.checks import LONGEST_RENAME
from apps.rules.refusals import Problem


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the form."""

    label: str
    send: BoundField
    name: BoundField


class FieldsForm(forms.Form):
    """A tick and a name for each field. With all ticked, fields that come later go along too."""

    def __init__(
        self,
        *args: Any,
        offered: Sequence[Field],
        chosen: Sequence[str] = (),
        renames: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("prefix", "fields")
        super().__init__(*args, **kwargs)
        self.offered = offered
        self.refused: list[str] = []
        for field in offered:
            self._add(field, not chosen or field.key in chosen, (renames or {}).get(field.key, ""))

    def _add(self, field: Field, is_sent: bool, name: str) -> None:
        self.fields[f"send-{field.key}"] = forms.BooleanField(
            label=field.label, required=False, initial=is_sent
        )
        words = _("What %(field)s is called there") % {"field": field.label}
        attrs = {"class": "control", "placeholder": name_there(field.key, {}), "aria-label": words}
        self.fields[f"as-{field.key}"] = forms.CharField(
            label=words,
            required=False,
            max_length=LONGEST_RENAME,
            initial=name,
            widget=forms.TextInput(attrs=attrs),
        )

    def rows(self) -> Iterator[Row]:
        for field in self.offered:
            yield Row(field.label, self[f"send-{field.key}"], self[f"as-{field.key}"])

    @property
    def has_errors(self) -> bool:
        return bool(self.refused) or (self.is_bound and bool(self.errors))

    @property
    def chosen(self) -> tuple[str, ...]:
        """The keys of the ticked fields; none if all are ticked."""
        ticked = [f.key for f in self.offered if self.cleaned_data[f"send-{f.key}"]]
        return () if len(ticked) == len(self.offered) else tuple(ticked)

    @property
    def renames(self) -> dict[str, str]:
        """Names that differ from our own."""
        names = {field.key: self.cleaned_data[f"as-{field.key}"] for field in self.offered}
        return {key: name for key, name in names.items() if name and name != name_there(key, {})}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not any(cleaned.get(f"send-{field.key}") for field in self.offered):
            message = _("Tick at least one field.")
            self.refused.append(message)
            self.add_error(None, message)
        return cleaned

    def refuse(self, problem: Problem) -> None:
        """Show what the service says of the fields, or of one name."""
        _part, _dot, key = problem.path.partition(".")
        at = f"as-{key}"
        if at in self.fields:
            self.add_error(at, problem.message)
        else:
            self.refused.append(problem.message)
