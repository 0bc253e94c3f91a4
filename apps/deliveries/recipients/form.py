"""The form of a recipient. Services judge; the form reads and points at what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as now_
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import timezone_choices
from apps.deliveries.recipients.fields_form import FieldsForm
from apps.leads import normalise
from apps.rules.models import Agreement, CapWindow, Recipient
from apps.rules.recipients.checks import COUNTS, LARGEST, LARGEST_PRICE, LONGEST_RETURN
from apps.rules.recipients.services import RecipientSettings
from apps.rules.refusals import Refused
from apps.teams.models import Membership, Team
from apps.teams.presentation import minor_digits

HOURS = [("always", _("Day and night")), ("own", _("At these hours"))]
SAME = (
    "name", "email", "url", "contact_email", "timezone", *COUNTS, "cap_window", "campaign",
    "return_days",
)  # fmt: skip
# Where a problem of the service is shown.
SHOWN_AT = {
    "agreement_id": "agreement", "membership_id": "member", "price_minor": "price",
    "ends_at": "ends_on", "hours": "open_hours",
}  # fmt: skip
WHERE = {
    Recipient.Kind.TEAM: ("agreement", "ask_email", "message"),
    Recipient.Kind.MEMBER: ("member",),
    Recipient.Kind.EMAIL: ("email",),
    Recipient.Kind.WEBHOOK: ("url",),
}
SECTIONS = {
    "hours": ("open_hours", "timezone"),
    "limits": ("cap_hour", "cap_day", "cap_week", "cap_month", "cap_window"),
    "campaign": ("campaign", "quota", "ends_on", "starts_campaign"),
    "money": ("price", "return_days"),
    "told": ("contact_email",),
}
LAST_YEAR = 2100
ASK = "ask"  # no agreement yet: one is asked for


def _count(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, max_value=LARGEST)


class RecipientForm(forms.Form):
    """`settings(hours)` is what the services take; `fields_form` says what copies hold."""

    name = forms.CharField(label=_("Name"), max_length=120)
    agreement = forms.ChoiceField(label=_("Which team"))
    ask_email = forms.EmailField(
        label=_("Who decides there"),
        required=False,
        max_length=254,
        help_text=_("We ask for consent at this e-mail address. Leads go there once it is given."),
    )
    message = forms.CharField(
        label=_("A word to them"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    member = forms.ModelChoiceField(
        label=_("Which member"),
        queryset=Membership.objects.none(),
        empty_label=_("Choose a member"),
        help_text=_("Gets the copy by e-mail and as an alert; the lead’s owner stays the owner."),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("Each lead arrives as an e-mail to call and answer from, without an account."),
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
        help_text=_("Each lead is sent there by POST as JSON, signed as Standard Webhooks asks."),
    )
    open_hours = forms.ChoiceField(label=_("Leads are sent"), choices=HOURS)
    timezone = forms.ChoiceField(label=_("Time zone"), required=False)
    cap_hour = _count(_("Leads an hour"))
    cap_day = _count(_("Leads a day"))
    cap_week = _count(_("Leads a week"))
    cap_month = _count(_("Leads a month"))
    cap_window = forms.ChoiceField(
        label=_("They count"),
        choices=[
            (CapWindow.CALENDAR.value, _("by the calendar: this hour, today, this week, month")),
            (CapWindow.ROLLING.value, _("rolling: the last 60 minutes, 24 hours, 7 and 30 days")),
        ],
        required=False,
    )
    campaign = forms.CharField(
        label=_("Name of the campaign"),
        required=False,
        max_length=120,
        help_text=_("Stands on the copies and in the statement."),
    )
    quota = _count(_("Leads in all"))
    ends_on = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    starts_campaign = forms.BooleanField(
        label=_("Start a new campaign: count its leads from 0"), required=False
    )
    price = forms.CharField(label=_("Price of a lead"), required=False, max_length=30)
    return_days = forms.IntegerField(
        label=_("Days to return a lead"),
        min_value=0,
        max_value=LONGEST_RETURN,
        help_text=_("So long a bad lead can be returned; you decide. 0: leads are not returned."),
    )
    contact_email = forms.EmailField(
        label=_("Told when deliveries fail"),
        required=False,
        max_length=254,
        help_text=_("Empty: the managers of this team."),
    )

    def __init__(
        self,
        *args: Any,
        kind: str,
        team: Team,
        recipient: Recipient | None,
        agreements: Sequence[Agreement],
        members: Any,
        fields_form: FieldsForm,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("initial", _initial(recipient, team, agreements))
        super().__init__(*args, **kwargs)
        self.kind, self.team, self.fields_form = kind, team, fields_form
        self.is_new = recipient is None
        for name in {name for names in WHERE.values() for name in names} - set(self._where()):
            del self.fields[name]
        if self.is_new:
            del self.fields["starts_campaign"]
        self._offer(agreements, members)

    def _offer(self, agreements: Sequence[Agreement], members: Any) -> None:
        """What may be chosen in this team."""
        fields: dict[str, Any] = dict(self.fields)
        team_zone = now_("The team’s: %(zone)s") % {"zone": self.team.timezone}
        fields["timezone"].choices = [("", team_zone), *timezone_choices()]
        currency = {"currency": self.team.currency}
        fields["price"].help_text = now_("In %(currency)s; for statements.") % currency
        if "member" in fields:
            fields["member"].queryset = members
        if "agreement" in fields:
            given = [(str(each.pk), str(each.to or each.email)) for each in agreements]
            asks = [(ASK, now_("Another one: ask it by e-mail"))] if self.is_new else []
            fields["agreement"].choices = [*given, *asks]
            if not given:  # there is nothing to choose
                del self.fields["agreement"]

    def is_valid(self) -> bool:
        return all([super().is_valid(), self.fields_form.is_valid()])

    @property
    def where(self) -> list[forms.BoundField]:
        """The fields that say where copies go, for the page."""
        return [self[name] for name in self._where() if name in self.fields]

    @property
    def asks(self) -> bool:
        """Whether a team is to be asked for its consent."""
        is_team = self.kind == Recipient.Kind.TEAM
        return is_team and self.cleaned_data.get("agreement", ASK) == ASK

    def settings(
        self, hours: Mapping[str, Any] | None, *, agreement_id: UUID | None = None
    ) -> RecipientSettings:
        """What the form says; `hours` are the weekly ones typed beside it."""
        given = self.cleaned_data
        chosen = None if self.asks else given.get("agreement")
        return RecipientSettings(
            kind=self.kind,
            **{name: given[name] for name in SAME if name in given and name != "cap_window"},
            cap_window=given["cap_window"] or CapWindow.CALENDAR.value,
            agreement_id=UUID(chosen) if chosen else agreement_id,
            membership_id=given["member"].pk if given.get("member") else None,
            fields=self.fields_form.chosen,
            renames=self.fields_form.renames,
            hours=hours if given["open_hours"] == "own" else None,
            ends_at=_end_of(given["ends_on"], given["timezone"] or self.team.timezone),
            price_minor=given["price"],
        )

    def refuse(self, refused: Refused) -> None:
        """Show each problem at its field."""
        for problem in refused.problems:
            part = problem.path.partition(".")[0]
            if part in ("fields", "renames"):
                self.fields_form.refuse(problem)
                self.add_error(None, now_("See what is marked among the fields."))
                continue
            at = SHOWN_AT.get(part, part)
            self.add_error(at if at in self.fields else None, problem.message)

    def sections_with_errors(self) -> set[str]:
        """The folded sections in which something is wrong, so that they are open."""
        wrong = set(self.errors) if self.is_bound else set()
        found = {name for name, fields in SECTIONS.items() if wrong & set(fields)}
        return found | ({"fields"} if self.fields_form.has_errors else set())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_asking = self.kind == Recipient.Kind.TEAM and cleaned.get("agreement", ASK) == ASK
        if self.is_new and is_asking and cleaned.get("ask_email") == "":
            self.add_error("ask_email", now_("Say whom to ask."))
        return cleaned

    def clean_ends_on(self) -> date | None:
        day: date | None = self.cleaned_data["ends_on"]
        if day is not None and not 2000 <= day.year <= LAST_YEAR:
            raise forms.ValidationError(now_("Check the year."))
        return day

    def clean_price(self) -> int:
        text: str = self.cleaned_data["price"].strip()
        if not text:
            return 0
        digits = minor_digits(self.team.currency)
        if re.fullmatch(rf"[0-9]{{1,12}}(\.[0-9]{{1,{max(digits, 1)}}})?", text, re.ASCII):
            minor = int(Decimal(text).scaleb(digits).to_integral_value())
        else:
            money = normalise.money(text, self.team.currency)
            if money is None:
                raise forms.ValidationError(now_("Write an amount, such as 25 or 25.50."))
            if money.currency != self.team.currency:
                words = now_("Prices are in %(currency)s, the currency of this team.")
                raise forms.ValidationError(words % {"currency": self.team.currency})
            minor = money.minor
        if not 0 <= minor <= LARGEST_PRICE:
            raise forms.ValidationError(now_("Give a price from 0 upwards that somebody pays."))
        return minor

    def _where(self) -> tuple[str, ...]:
        names = WHERE[Recipient.Kind(self.kind)]
        return names if self.is_new else names[:1]


def price_text(minor: int, currency: str) -> str:
    """A price as it stands in the form; empty for none."""
    digits = minor_digits(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}" if minor else ""


def _end_of(day: date | None, zone: str) -> datetime | None:
    """The campaign runs until the end of its last day, where the recipient is."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), clock(0), ZoneInfo(zone))


def last_day(recipient: Recipient, team: Team) -> date | None:
    """The last day of the campaign, where the recipient is."""
    if recipient.ends_at is None:
        return None
    zone = ZoneInfo(recipient.timezone or team.timezone)
    return (recipient.ends_at - timedelta(microseconds=1)).astimezone(zone).date()


def _initial(
    recipient: Recipient | None, team: Team, agreements: Sequence[Agreement]
) -> dict[str, Any]:
    if recipient is None:
        known = str(agreements[0].pk) if agreements else ASK
        return {"return_days": 7, "open_hours": "always", "agreement": known}
    return {name: getattr(recipient, name) for name in SAME} | {
        "agreement": str(recipient.agreement_id or ""),
        "member": recipient.membership_id,
        "open_hours": "always" if recipient.hours is None else "own",
        "ends_on": last_day(recipient, team),
        "price": price_text(recipient.price_minor, team.currency),
    }
