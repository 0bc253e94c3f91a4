"""The forms of the first set-up."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import NewPersonForm, TimezoneField


class FoundForm(NewPersonForm):
    """The first person and her team."""

    email = forms.EmailField(
        label=_("Your e-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    team = forms.CharField(label=_("Your team"), max_length=120)
    timezone = TimezoneField(initial="UTC")
    country = forms.CharField(
        label=_("Country"),
        max_length=2,
        required=False,
        help_text=_("Two letters, such as AT or US: for phone numbers without a prefix."),
    )

    field_order = ("name", "email", "password", "team", "timezone", "country")

    def clean_country(self) -> str:
        country: str = self.cleaned_data["country"].upper()
        if country and (len(country) != 2 or not country.isalpha()):
            raise forms.ValidationError(_("Two letters, such as AT or US."))
        return country


class JoinForm(FoundForm):
    """An account and a team for somebody whose address is proven; the team alone for a user."""

    def __init__(self, *args: Any, email: str = "", knows_person: bool = False, **kw: Any) -> None:
        super().__init__(*args, email=email, **kw)
        for name in ("email", *(("name", "password") if knows_person else ())):
            del self.fields[name]


class SourceForm(forms.Form):
    """What to connect first."""

    KINDS = (
        ("json", _("A webhook: our website or another program sends leads")),
        ("form", _("A form: Leadrelay shows it, we link to it")),
    )
    kind = forms.ChoiceField(
        label=_("Where will leads come from?"),
        choices=KINDS,
        initial="json",
        widget=forms.RadioSelect,
    )
    name = forms.CharField(label=_("What do you call it?"), max_length=120, initial=_("Website"))


class PeopleForm(forms.Form):
    """E-mail addresses, one a line."""

    MOST = 50
    emails = forms.CharField(
        label=_("E-mail addresses"),
        help_text=_("One a line. They join as salespeople and get leads by turn."),
        widget=forms.Textarea(attrs={"rows": 5}),
        required=False,
    )

    def clean_emails(self) -> list[str]:
        given: Any = self.cleaned_data["emails"].replace(",", "\n").replace(";", "\n").split()
        if len(given) > self.MOST:
            raise forms.ValidationError(_("At most 50 at a time."))
        return list(dict.fromkeys(_address(each).casefold() for each in given))


def _address(text: str) -> str:
    """An e-mail address; the refusal names what is none."""
    try:
        return str(forms.EmailField().clean(text))
    except forms.ValidationError:
        words = _("“%(text)s” is no e-mail address.") % {"text": text[:60]}
        raise forms.ValidationError(words) from None
