"""Forms of seats, and durations as forms ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.rules.models import Seat
from apps.rules.pools.seats import CAPS, SeatFields
from apps.rules.wording import UNITS
from apps.teams.models import Membership

UNIT_NAMES = {1: _("seconds"), 60: _("minutes"), 3_600: _("hours"), 86_400: _("days")}


class DurationWidget(forms.MultiWidget):
    """A number and its unit, side by side."""

    def __init__(self) -> None:
        number = forms.NumberInput(attrs={"min": 0, "inputmode": "numeric", "class": "control"})
        unit = forms.Select(choices=sorted(UNIT_NAMES.items()), attrs={"class": "control"})
        number.attrs["aria-label"], unit.attrs["aria-label"] = _("How long"), _("Unit")
        super().__init__([number, unit])

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        return format_html('<span class="duration">{}</span>', super().render(*args, **kwargs))

    def decompress(self, value: Any) -> list[Any]:
        if value is None:
            return [None, 60]
        unit = next((unit for unit in UNITS if value and value % unit == 0), 1)
        return [value // unit, unit]


class DurationField(forms.MultiValueField):
    """Whole seconds, typed as a number of seconds, minutes, hours or days."""

    def __init__(self, **kwargs: Any) -> None:
        fields = (
            forms.IntegerField(min_value=0, max_value=1_000_000, required=False),
            forms.TypedChoiceField(choices=sorted(UNIT_NAMES.items()), coerce=int),
        )
        super().__init__(fields, widget=DurationWidget(), require_all_fields=False, **kwargs)

    def compress(self, data_list: list[Any]) -> int | None:
        if not data_list or data_list[0] is None:
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return None
        return int(data_list[0] * (data_list[1] or 1))


class StartForm(forms.Form):
    """What is chosen only when a pool is made: who sits there, and what lies below it."""

    members = forms.ModelMultipleChoiceField(
        label=_("Who sits here"),
        queryset=Membership.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each gets a seat of weight 1; weights and limits are on the next page."),
    )
    then_open = forms.BooleanField(
        label=_("What nobody accepts is then open to all who sit here"),
        required=False,
        help_text=_("Makes a second pool below this one; it goes on as set here."),
    )
    then_open_time = DurationField(label=_("Open to all for"), required=False, initial=600)

    def __init__(self, *args: Any, members: Any, opens_to_all: bool, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"then_open": opens_to_all})
        super().__init__(*args, **kwargs)
        self.fields["members"].queryset = members  # type: ignore[attr-defined]

    @property
    def then_open_seconds(self) -> int | None:
        """How long the pool below is open; None if there is to be none."""
        if not self.cleaned_data["then_open"]:
            return None
        return self.cleaned_data["then_open_time"] or 600


class SeatForm(forms.Form):
    """A new seat."""

    member = forms.ModelChoiceField(
        label=_("Member"), queryset=Membership.objects.none(), empty_label=_("Choose a member")
    )
    weight = forms.IntegerField(label=_("Weight"), min_value=1, max_value=1_000, initial=1)
    cap_day = forms.IntegerField(
        label=_("Leads a day"), min_value=1, max_value=100_000, required=False
    )

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].queryset = members  # type: ignore[attr-defined]


class CreditForm(forms.Form):
    """Credit moved by hand."""

    turns = forms.DecimalField(
        label=_("Turns"),
        max_digits=6,
        decimal_places=2,
        help_text=_("Above 0: the member is owed more. The others pay, so the sum stays zero."),
    )
    reason = forms.CharField(label=_("Why"), max_length=300)


def read_seats(data: QueryDict, seats: Iterable[Seat]) -> dict[UUID, SeatFields]:
    """The seats table as posted; a number that can't be read is one that is refused."""
    return {
        seat.pk: SeatFields(
            weight=_whole(data.get(f"weight-{seat.pk}", "")) or 0,
            has_head_start=f"head_start-{seat.pk}" in data,
            is_active=f"active-{seat.pk}" in data,
            **{name: _cap(data.get(f"{name}-{seat.pk}", "")) for name in CAPS},
        )
        for seat in seats
        if f"weight-{seat.pk}" in data
    }


def _cap(text: str) -> int | None:
    return None if not text.strip() else (_whole(text) or 0)


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 10 else None
