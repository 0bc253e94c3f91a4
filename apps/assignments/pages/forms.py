"""The forms of the Lead page: its facts, and what is wrong with it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.assignments.models import BadLeadReport
from apps.assignments.moves.approvals import LONGEST_ANSWER, LONGEST_REASON, MOST_TURNS
from apps.assignments.work.bad_leads import LONGEST_NOTE
from apps.leads import normalise
from apps.leads.models import Lead
from apps.rules import own_fields
from apps.rules.registry import registry
from apps.teams.models import Membership, Team

COLUMNS = (
    "name", "email", "phone", "company", "job_title", "country", "region", "city", "postcode",
    "language",
)  # fmt: skip


class FactsForm(forms.Form):
    """Standard columns of a lead; addresses are normalised as a capture's are."""

    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    email = forms.CharField(label=_("E-mail"), max_length=254, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=60, required=False)
    company = forms.CharField(label=_("Company"), max_length=200, required=False)
    job_title = forms.CharField(label=_("Job title"), max_length=200, required=False)
    country = forms.CharField(label=_("Country"), max_length=60, required=False)
    region = forms.CharField(label=_("Region"), max_length=120, required=False)
    city = forms.CharField(label=_("City"), max_length=120, required=False)
    postcode = forms.CharField(label=_("Postcode"), max_length=20, required=False)
    language = forms.CharField(label=_("Language"), max_length=35, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, lead: Lead, team: Team) -> None:
        self.lead, self.team, self.registry = lead, team, registry(team)
        initial = {name: getattr(lead, name) for name in COLUMNS} | {"version": lead.version}
        super().__init__(data, initial=initial | own_fields.shown(self.registry, lead.custom))
        self.fields |= own_fields.inputs(self.registry)

    def clean_email(self) -> str:
        found = normalise.email(self.cleaned_data["email"])
        if found.problem and self.cleaned_data["email"]:
            raise forms.ValidationError(found.problem)
        return found.shown

    def clean_country(self) -> str:
        raw = self.cleaned_data["country"]
        code = normalise.country(raw)
        if raw and not code:
            raise forms.ValidationError(_("No such country: use its name or a code such as DE."))
        return code

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not any(cleaned.get(key) for key in ("email", "phone")) and not self.errors:
            raise forms.ValidationError(_("Keep an e-mail or a phone number: one way to answer."))
        return cleaned

    def changes(self) -> dict[str, Any]:
        """The cleaned columns with the keys by which duplicates are found."""
        values = {name: self.cleaned_data[name] for name in COLUMNS}
        phone = normalise.phone(values["phone"], values["country"] or self.team.country)
        email = normalise.email(values["email"])
        own = own_fields.kept(self.registry, self.cleaned_data, self.lead.custom, self.team)
        return values | {"phone_key": phone.key, "email_key": email.key, "custom": own}


class ReportForm(forms.Form):
    """What is wrong with a lead."""

    reason = forms.ChoiceField(
        label=_("What is wrong with it?"),
        choices=BadLeadReport.Reason.choices,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), _("Choose what is wrong with the lead.")
        ),
    )
    note = forms.CharField(
        label=_("Note for the manager"),
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class _WhyForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"), max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 3})
    )


class AskForOwnerForm(_WhyForm):
    """Who should have a lead, and why."""

    to_member = forms.ModelChoiceField(
        label=_("New owner"),
        queryset=Membership.objects.none(),
        required=False,
        empty_label=_("Whoever the rules find"),
    )
    field_order = ("to_member", "reason")

    def __init__(self, data: Any = None, *, members: QuerySet[Membership]) -> None:
        super().__init__(data)
        field: Any = self.fields["to_member"]
        field.queryset = members


class AskForCreditForm(_WhyForm):
    """How many turns, and why."""

    turns = forms.DecimalField(
        label=_("Turns"), min_value=0, max_value=MOST_TURNS, max_digits=5, decimal_places=2,
        initial=1,
    )  # fmt: skip
    field_order = ("turns", "reason")


class AnswerForm(forms.Form):
    """A word to who asked."""

    answer = forms.CharField(max_length=LONGEST_ANSWER, required=False)
