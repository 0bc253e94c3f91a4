"""Weekly hours as a form: seven days of at most two shifts each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

SHIFTS = 2
MIDNIGHT = "24:00"


@dataclass(frozen=True, slots=True)
class Day:
    """A row of the form: the day's name and its shifts as pairs of fields."""

    name: str
    shifts: list[tuple[BoundField, BoundField]]


class HoursForm(forms.Form):
    """`cleaned_hours` is what `Schedule` reads; an end of 00:00 means midnight.

    Given the `team`'s hours, a box says that those count; the rows then start from them and
    are ignored while it is ticked.
    """

    def __init__(
        self,
        *args: Any,
        hours: Mapping[str, Any] | None = None,
        team: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if team is not None:
            self.fields["is_team"] = forms.BooleanField(
                label=_("Same hours as the team"), required=False, initial=hours is None
            )
        shown = hours if hours is not None else team or {}
        for day in range(7):
            self._add_day(day, list(shown.get(str(day), [])))

    def _add_day(self, day: int, shifts: list[list[str]]) -> None:
        for number in range(SHIFTS):
            shift = shifts[number] if number < len(shifts) else ["", ""]
            for end, value in zip(("from", "to"), shift, strict=True):
                label = _("%(day)s, from") if end == "from" else _("%(day)s, until")
                self.fields[f"{end}_{day}_{number}"] = forms.TimeField(
                    required=False,
                    label=label % {"day": WEEKDAYS[day]},
                    initial="00:00" if value == MIDNIGHT else value,
                    widget=forms.TimeInput(
                        format="%H:%M",
                        attrs={
                            "type": "time",
                            "class": "control",
                            "aria-label": label % {"day": WEEKDAYS[day]},
                        },
                    ),
                )

    def days(self) -> Iterator[Day]:
        for day in range(7):
            pairs = [
                (self[f"from_{day}_{number}"], self[f"to_{day}_{number}"])
                for number in range(SHIFTS)
            ]
            yield Day(str(WEEKDAYS[day]), pairs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for day in range(7):
            for number in range(SHIFTS):
                start, end = (cleaned.get(f"{part}_{day}_{number}") for part in ("from", "to"))
                if (start is None) != (end is None):
                    self.add_error(
                        f"from_{day}_{number}",
                        _("%(day)s: give both a start and an end.") % {"day": WEEKDAYS[day]},
                    )
        return cleaned

    @property
    def cleaned_hours(self) -> dict[str, list[list[str]]] | None:
        """None when the team's hours count."""
        if self.cleaned_data.get("is_team"):
            return None
        days = {str(day): self._cleaned_day(day) for day in range(7)}
        return {day: shifts for day, shifts in days.items() if shifts}

    def _cleaned_day(self, day: int) -> list[list[str]]:
        shifts = []
        for number in range(SHIFTS):
            start: time | None = self.cleaned_data[f"from_{day}_{number}"]
            end: time | None = self.cleaned_data[f"to_{day}_{number}"]
            if start is not None and end is not None:
                closing = MIDNIGHT if end == time(0) else end.isoformat("minutes")
                shifts.append([start.isoformat("minutes"), closing])
        return shifts

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong, in the order of the days."""
        return [str(message) for messages in self.errors.values() for message in messages]
