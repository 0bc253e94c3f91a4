"""Forms of pools and seats. Services judge; forms read and point at what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.rules.models import EmptyPolicy, Overflow, Pool, Ranking, Seat
from apps.rules.pools import PoolSettings
from apps.rules.refusals import Refused
from apps.rules.seats import SeatFields
from apps.rules.wording import UNITS
from apps.teams.models import Membership

UNIT_NAMES = {1: _("seconds"), 60: _("minutes"), 3_600: _("hours"), 86_400: _("days")}
HOURS = [("team", _("The team’s hours")), ("always", _("Day and night")), ("own", _("Its own"))]
RANKED = (Ranking.TURN, Ranking.LOAD, Ranking.FIXED)


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


class PoolForm(forms.Form):
    """`settings(hours)` is what the services take. `handover` is a cell such as "turn:offer"."""

    name = forms.CharField(label=_("Name"), max_length=120)
    handover = forms.ChoiceField(
        label=_("How it hands over"),
        choices=[
            *((f"{ranking}:{mode}", "") for ranking in RANKED for mode in ("assign", "offer")),
            ("none:claim", ""),
            ("none:hopper", ""),
        ],
    )
    window_seconds = DurationField(
        label=_("An offer or claim is open for"),
        help_text=_("Then it goes to the next member, or to the overflow."),
    )
    response_seconds = DurationField(
        label=_("First attempt within"),
        required=False,
        help_text=_("Empty: the team’s response time. 0: leads are never taken back."),
    )
    business_time = forms.BooleanField(
        label=_("Deadlines run in business time only"), required=False
    )
    respects_hours = forms.BooleanField(
        label=_("Only members in their working hours"), required=False
    )
    open_hours = forms.ChoiceField(label=_("Open"), choices=HOURS)
    max_hops = forms.IntegerField(
        label=_("Members asked at most"),
        min_value=1,
        max_value=100,
        help_text=_("After as many, the lead goes to the overflow."),
    )
    overflow = forms.ChoiceField(label=_("If nobody takes it, to"))
    empty_policy = forms.ChoiceField(label=_("When nobody is eligible"), choices=EmptyPolicy)
    claims_per_day = forms.IntegerField(
        label=_("Claims a member a day"),
        required=False,
        min_value=1,
        max_value=100_000,
        help_text=_("Empty: the team’s limit."),
    )
    max_unworked = forms.IntegerField(
        label=_("Most unworked leads a member"),
        required=False,
        min_value=1,
        max_value=100_000,
        help_text=_("Who has more can’t claim. Empty: the team’s limit."),
    )
    is_active = forms.BooleanField(label=_("Active"), required=False)

    def __init__(
        self,
        *args: Any,
        pool: Pool | None,
        pools: Iterable[Pool],
        members: Iterable[Membership],
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("initial", _initial(pool))
        super().__init__(*args, **kwargs)
        self.fields["overflow"] = forms.ChoiceField(
            label=self.base_fields["overflow"].label, choices=_overflows(pool, pools, members)
        )

    def settings(self, hours: Mapping[str, Any] | None) -> PoolSettings:
        """What the form says; `hours` are the weekly ones typed beside it."""
        given = dict(self.cleaned_data)
        ranking, mode = given.pop("handover").split(":")
        kind, _colon, chosen = given.pop("overflow").partition(":")
        opens = given.pop("open_hours")
        return PoolSettings(
            **given,
            ranking=ranking,
            mode=mode,
            is_always_open=opens == "always",
            hours=hours if opens == "own" else None,
            overflow=kind,
            overflow_pool_id=UUID(chosen) if kind == Overflow.POOL else None,
            overflow_member_id=UUID(chosen) if kind == Overflow.MEMBER else None,
        )

    def refuse(self, refused: Refused) -> None:
        """Show each problem at its field."""
        for problem in refused.problems:
            at = problem.path if problem.path in self.fields else None
            self.add_error(at, problem.message)


def _initial(pool: Pool | None) -> dict[str, Any]:
    settings = PoolSettings.of(pool) if pool else PoolSettings(name="", response_seconds=None)
    target = settings.overflow_pool_id or settings.overflow_member_id
    opens = "always" if settings.is_always_open else "team" if settings.hours is None else "own"
    names = (
        "name", "window_seconds", "response_seconds", "business_time", "respects_hours",
        "max_hops", "empty_policy", "claims_per_day", "max_unworked", "is_active",
    )  # fmt: skip
    return {name: getattr(settings, name) for name in names} | {
        "handover": f"{settings.ranking}:{settings.mode}",
        "open_hours": opens,
        "overflow": f"{settings.overflow}:{target}" if target else settings.overflow,
    }


def _overflows(
    pool: Pool | None, pools: Iterable[Pool], members: Iterable[Membership]
) -> list[Any]:
    kept = pool.overflow_pool_id if pool else None
    others = [
        (f"pool:{each.pk}", each.name)
        for each in pools
        if (each.is_active or each.pk == kept) and (pool is None or each.pk != pool.pk)
    ]
    people = [(f"member:{each.pk}", str(each)) for each in members]
    plain = [
        (Overflow.MANAGER.value, Overflow.MANAGER.label),
        (Overflow.HOPPER.value, Overflow.HOPPER.label),
    ]
    return [*plain, (_("Pools"), others), (_("Members"), people)]


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
            cap_day=_cap(data.get(f"cap-{seat.pk}", "")),
            is_active=f"active-{seat.pk}" in data,
        )
        for seat in seats
        if f"weight-{seat.pk}" in data
    }


def _cap(text: str) -> int | None:
    return None if not text.strip() else (_whole(text) or 0)


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 10 else None
