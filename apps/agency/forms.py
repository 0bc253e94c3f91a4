"""The forms of agencies and of what clients grant them. They check shape; services decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import TimezoneField
from apps.agency import grant_words
from apps.teams.models import Agency, ClientGrant, ClientInvitation, Operator, Team
from apps.teams.permissions import Grant

MASKED, WHOLE = "masked", "whole"


class GrantForm(forms.Form):
    """What an agency may do, a tick each, and how much of a person it sees."""

    allows = forms.MultipleChoiceField(
        label=_("Besides the figures, the agency may"),
        choices=[(grant.value, grant_words.TITLES[grant]) for grant in Grant],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    details = forms.ChoiceField(
        label=_("Contact details of leads"),
        choices=(
            (MASKED, _("Hidden: initials, no phone numbers, e-mails or messages")),
            (WHOLE, _("Whole")),
        ),
        widget=forms.RadioSelect,
        initial=MASKED,
    )

    @classmethod
    def showing(cls, row: ClientGrant | ClientInvitation, **kwargs: Any) -> GrantForm:
        """The form with what is granted, or asked for, filled in."""
        details = MASKED if row.is_masked else WHOLE
        return cls(initial={"allows": row.allows, "details": details}, **kwargs)

    @property
    def is_masked(self) -> bool:
        return bool(self.cleaned_data["details"] != WHOLE)

    @property
    def lines(self) -> list[tuple[grant_words.Line, bool]]:
        """Each grant in words, and whether it is ticked."""
        ticked = self["allows"].value() or []
        return [(line, line.grant in ticked) for line in grant_words.all_of(ticked)]


class ClientForm(GrantForm):
    """Asks a company that has a team."""

    name = forms.CharField(label=_("Client"), max_length=120)
    email = forms.EmailField(
        label=_("E-mail of its admin"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    message = forms.CharField(
        label=_("A few words"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    field_order = ("name", "email", "message", "allows", "details")


class NewClientForm(GrantForm):
    """Makes a team for a company that has none."""

    name = forms.CharField(label=_("Name of the team"), max_length=120)
    timezone = TimezoneField(initial="UTC")
    country = forms.CharField(
        label=_("Country"),
        max_length=2,
        required=False,
        help_text=_("Two letters, such as AT or US: for phone numbers without a prefix."),
    )
    email = forms.EmailField(
        label=_("E-mail of whoever will run it"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    field_order = ("name", "email", "timezone", "country", "allows", "details")

    def clean_country(self) -> str:
        country: str = self.cleaned_data["country"].upper()
        if country and (len(country) != 2 or not (country.isascii() and country.isalpha())):
            raise forms.ValidationError(_("Two letters, such as AT or US."))
        return country


class StartForm(forms.Form):
    """A new agency."""

    name = forms.CharField(label=_("Name of the agency"), max_length=120)
    timezone = TimezoneField(initial="UTC")
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        label=_("Currency"),
        initial="EUR",
        help_text=_("Three letters, such as EUR or USD. A client with another one shows its own."),
    )

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()


class SettingsForm(StartForm):
    """What an owner may change of her agency."""

    sending_team = forms.ModelChoiceField(
        label=_("Team that sends leads to the clients"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=_("None"),
        help_text=_("Leads that it delivers are followed up to what became of them."),
    )

    def __init__(self, *args: Any, agency: Agency, teams: Sequence[Team], **kwargs: Any) -> None:
        names = ("name", "timezone", "currency", "sending_team")
        kwargs["initial"] = {name: getattr(agency, name) for name in names}
        super().__init__(*args, **kwargs)
        ids = {team.pk for team in teams} | {agency.sending_team_id}
        field: Any = self.fields["sending_team"]
        field.queryset = Team.objects.filter(pk__in=[each for each in ids if each])


class InviteOperatorForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        label=_("Role"), choices=Operator.Role.choices, initial=Operator.Role.OPERATOR
    )


class OperatorForm(forms.Form):
    """One colleague: what she is, and whether she may come in."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=Operator.Role.choices,
        widget=forms.Select(attrs={"class": "control"}),
    )
    is_active = forms.BooleanField(label=_("May come in"), required=False)
