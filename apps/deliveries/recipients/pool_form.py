"""Forms of pools of recipients and of their seats."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.routing.performance import BOUNDS, DAYS, MOST_PERCENT
from apps.rules.models import Recipient, RecipientPool, RecipientSeat
from apps.rules.pools.seat_forms import DurationField
from apps.rules.recipients.pools import HEAVIEST, Place, RecipientPoolSettings
from apps.rules.refusals import Refused

USUAL = {"days": DAYS, "most_percent": MOST_PERCENT, "share": 100}
SAME = ("name", "way", "window_seconds", "when_nobody", "is_active")
Way = RecipientPool.Way


class RecipientPoolForm(forms.Form):
    """`settings` is what the services take. What does not go with the way is kept as it was."""

    name = forms.CharField(label=_("Name"), max_length=120)
    way = forms.ChoiceField(label=_("Who gets a lead"), choices=Way, widget=forms.RadioSelect)
    window_seconds = DurationField(
        label=_("An offer is open for"),
        required=False,
        help_text=_("Counted from when the offer is sent. Whoever accepts first gets the lead."),
    )
    when_nobody = forms.ChoiceField(
        label=_("When nobody accepts"), choices=RecipientPool.Nobody, required=False
    )
    days = forms.IntegerField(
        label=_("Over the last (days)"),
        required=False, min_value=BOUNDS["days"][0], max_value=BOUNDS["days"][1],
    )  # fmt: skip
    most_percent = forms.IntegerField(
        label=_("At most ± (%)"),
        required=False, min_value=BOUNDS["most_percent"][0], max_value=BOUNDS["most_percent"][1],
        help_text=_("No weight moves by more than this, so everybody keeps getting leads."),
    )  # fmt: skip
    share = forms.IntegerField(
        label=_("On this share of leads (%)"),
        required=False,
        min_value=0,
        max_value=100,
        help_text=_("The other leads go by plain turn."),
    )
    is_active = forms.BooleanField(label=_("On"), required=False)

    def __init__(self, *args: Any, pool: RecipientPool | None, **kwargs: Any) -> None:
        self.start = RecipientPoolSettings.of(pool) if pool else RecipientPoolSettings(name="")
        initial = {name: getattr(self.start, name) for name in SAME}
        kwargs.setdefault("initial", {**USUAL, **self.start.performance, **initial})
        super().__init__(*args, **kwargs)
        if pool is None:
            del self.fields["is_active"]

    @property
    def settings(self) -> RecipientPoolSettings:
        given, start = self.cleaned_data, self.start
        window = given["window_seconds"]
        return RecipientPoolSettings(
            name=given["name"],
            way=given["way"],
            window_seconds=start.window_seconds if window is None else window,
            when_nobody=given["when_nobody"] or start.when_nobody,
            performance=self._performance(),
            is_active=given.get("is_active", True),
        )

    def refuse(self, refused: Refused) -> None:
        """Show each problem at its field."""
        for problem in refused.problems:
            at = problem.path.removeprefix("performance.")
            self.add_error(at if at in self.fields else None, problem.message)

    def _performance(self) -> dict[str, Any]:
        given = {name: self.cleaned_data[name] for name in USUAL}
        chosen = {name: USUAL[name] if value is None else value for name, value in given.items()}
        return {} if self.cleaned_data["way"] != Way.PERFORMANCE and chosen == USUAL else chosen


class StartForm(forms.Form):
    """Who sits in a new pool."""

    recipients = forms.ModelMultipleChoiceField(
        label=_("Who sits here"),
        queryset=Recipient.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each with weight 1; weights are on the next page."),
    )

    def __init__(self, *args: Any, recipients: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["recipients"].queryset = recipients  # type: ignore[attr-defined]

    @property
    def places(self) -> list[Place]:
        return [Place(recipient.pk) for recipient in self.cleaned_data["recipients"]]


class SeatForm(forms.Form):
    """A new seat."""

    recipient = forms.ModelChoiceField(
        label=_("Recipient"), queryset=Recipient.objects.none(), empty_label=_("Choose a recipient")
    )
    weight = forms.IntegerField(label=_("Weight"), min_value=1, max_value=HEAVIEST, initial=1)

    def __init__(self, *args: Any, recipients: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["recipient"].queryset = recipients  # type: ignore[attr-defined]

    @property
    def place(self) -> Place:
        return Place(self.cleaned_data["recipient"].pk, self.cleaned_data["weight"])


def read_seats(data: QueryDict, seats: Iterable[RecipientSeat]) -> list[Place]:
    """The seats table as posted, in its order after the arrow that was pressed.

    A weight that can't be read is one that is refused.
    """
    places = {
        str(seat.pk): Place(
            seat.recipient_id,
            _whole(data.get(f"weight-{seat.pk}", "")),
            f"active-{seat.pk}" in data,
        )
        for seat in seats
        if f"weight-{seat.pk}" in data
    }
    return [places[each] for each in _ordered(data, list(places))]


def _ordered(data: QueryDict, ids: list[str]) -> list[str]:
    dragged = list(dict.fromkeys(each for each in data.getlist("seat") if each in ids))
    ids = dragged if len(dragged) == len(ids) else ids
    verb, _colon, chosen = data.get("do", "").partition(":")
    if chosen in ids and verb in ("up", "down"):
        place = ids.index(chosen)
        ids.insert(max(place + (-1 if verb == "up" else 1), 0), ids.pop(place))
    return ids


def _whole(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
