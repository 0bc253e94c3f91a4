"""Forms of the capture pages. They state the courtesies; services state what holds."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from apps.capture.providers import form as form_provider
from apps.leads import normalise
from apps.leads.models import Source
from apps.routing.fields import Registry
from apps.rules import own_fields

LARGEST_FILE = 10 * 1024 * 1024
LABELS = {
    "name": _("Name"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "company": _("Company"),
    "message": _("What can we do for you?"),
    "job_title": _("Job title"),
    "country": _("Country"),
    "city": _("City"),
    "postcode": _("Postcode"),
    "product": _("Product"),
    "budget": _("Budget"),
    "timeline": _("When do you need it?"),
}
AUTOCOMPLETE = {
    "name": "name", "email": "email", "phone": "tel", "company": "organization",
    "job_title": "organization-title", "country": "country-name", "city": "address-level2",
    "postcode": "postal-code",
}  # fmt: skip
LONGEST = {"message": 5000, "postcode": 20}


def answer_field(key: str) -> forms.CharField:
    """The public form's field for a key: always text, since nothing typed may be lost."""
    widget: forms.Widget = forms.TextInput()
    if key == "message":
        widget = forms.Textarea(attrs={"rows": 4})
    elif key in ("email", "phone"):
        widget = forms.TextInput(attrs={"type": "email" if key == "email" else "tel"})
    if key in AUTOCOMPLETE:
        widget.attrs["autocomplete"] = AUTOCOMPLETE[key]
    return forms.CharField(
        label=LABELS[key], required=False, max_length=LONGEST.get(key, 200), widget=widget
    )


class LeadForm(forms.Form):
    """What somebody says about herself; an e-mail or a phone number is enough."""

    def __init__(self, *args: Any, keys: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key in keys:
            if key in LABELS:
                self.fields[key] = answer_field(key)
        if {"email", "phone"} <= set(keys):
            self.fields["email"].help_text = _("An e-mail or a phone number is enough.")

    def clean_email(self) -> str:
        given = str(self.data.get(self.add_prefix("email"), ""))
        checked = normalise.email(given)
        if checked.problem:
            raise ValidationError(
                _("This is not an e-mail address: %(why)s"), params={"why": checked.problem}
            )
        return checked.shown

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or {}
        has_error = "email" in self.errors or "phone" in self.errors
        if not has_error and not (answers.get("email") or answers.get("phone")):
            raise ValidationError(_("Leave an e-mail or a phone number, so that we can answer."))
        return answers


class NewLeadForm(LeadForm):
    """A lead typed in by a colleague."""

    KEYS = form_provider.OFFERED

    def __init__(self, *args: Any, registry: Registry, **kwargs: Any) -> None:
        super().__init__(*args, keys=self.KEYS, **kwargs)
        self.registry = registry
        self.fields["message"].label = _("Notes on what they asked for")
        self.fields |= own_fields.inputs(registry)

    def clean_country(self) -> str:
        given = str(self.cleaned_data.get("country", ""))
        if given and not normalise.country(given):
            raise ValidationError(_("No such country: use its name or a code such as DE."))
        return given

    def answers(self) -> dict[str, Any]:
        """What was filled in, as a body says it."""
        own = own_fields.as_answers(self.registry, self.cleaned_data)
        named = {key: self.cleaned_data[key] for key in self.KEYS if self.cleaned_data.get(key)}
        return named | own

    def clean_budget(self) -> str:
        given = str(self.cleaned_data.get("budget", ""))
        if given and normalise.money(given, "EUR") is None:
            raise ValidationError(_("Expected an amount, such as 50,000 or 50k."))
        return given


class SourceForm(forms.Form):
    """A new source: its kind, its name and where its phone numbers are dialled."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(Source.Kind.JSON, _("Webhook")), (Source.Kind.FORM, _("Hosted form"))],
        widget=forms.RadioSelect,
        initial=Source.Kind.JSON,
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("As your team says it: “Website”, “Trade fair Graz”. Shown on every lead."),
    )
    campaign = forms.CharField(
        label=_("Campaign"),
        max_length=200,
        required=False,
        help_text=_("For leads that name none themselves."),
    )
    default_country = forms.ChoiceField(
        label=_("Country"),
        required=False,
        choices=lambda: [("", _("The team’s")), *countries],
        help_text=_("Where phone numbers without a prefix are dialled."),
    )


class SourceSettingsForm(SourceForm):
    """What may be changed later; the kind stays."""

    is_active = forms.BooleanField(
        label=_("On"),
        required=False,
        help_text=_("While it is off, what comes is kept in quarantine."),
    )
    is_signed = forms.BooleanField(
        label=_("Signature required"),
        required=False,
        help_text=_("Refuse captures that are not signed with the source’s secret."),
    )
    id_field = forms.CharField(
        label=_("Id field"),
        max_length=120,
        required=False,
        help_text=_("The path of an id in the body: the same id twice is one lead."),
    )
    allowed_origins = forms.CharField(
        label=_("Sites that may embed the form"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, such as https://www.example.com"),
    )
    title = forms.CharField(label=_("Title of the form"), max_length=120, required=False)
    intro = forms.CharField(
        label=_("Words below the title"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    thanks = forms.CharField(
        label=_("Words of thanks"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    fields_shown = forms.MultipleChoiceField(
        label=_("Fields"),
        required=False,
        choices=[(key, LABELS[key]) for key in form_provider.OFFERED],
        widget=forms.CheckboxSelectMultiple,
    )
    FORM_ONLY = ("allowed_origins", "title", "intro", "thanks", "fields_shown")
    WEBHOOK_ONLY = ("is_signed", "id_field")
    UNSIGNED = (Source.Kind.FORM, Source.Kind.COPY)

    def __init__(self, source: Source, data: Any = None) -> None:
        super().__init__(data, initial=self.initial_of(source))
        unused = [] if source.kind == Source.Kind.FORM else [*self.FORM_ONLY]
        # Copies are told apart by the sender's own ids, and nobody signs them.
        unused += self.WEBHOOK_ONLY if source.kind in self.UNSIGNED else ()
        for key in ("kind", *unused):
            del self.fields[key]

    @staticmethod
    def initial_of(source: Source) -> dict[str, Any]:
        shown = {key: source.form_settings.get(key, "") for key in ("title", "intro", "thanks")}
        return {
            "name": source.name,
            "campaign": source.campaign,
            "default_country": source.default_country,
            "is_active": source.is_active,
            "is_signed": source.is_signed,
            "id_field": source.id_field,
            "allowed_origins": "\n".join(source.allowed_origins),
            "fields_shown": form_provider.fields(source.form_settings),
            **shown,
        }

    def clean_allowed_origins(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["allowed_origins"].splitlines()]
        return [_origin(line) for line in lines if line][:50]

    def clean_fields_shown(self) -> list[str]:
        chosen = self.cleaned_data["fields_shown"]
        if chosen and not {"email", "phone"} & set(chosen):
            raise ValidationError(_("Ask for an e-mail or a phone number, or nobody can answer."))
        return [key for key in form_provider.OFFERED if key in chosen]

    def changes(self) -> dict[str, Any]:
        """The columns of the source to write."""
        data = dict(self.cleaned_data)
        shown = {key: data.pop(key) for key in ("title", "intro", "thanks") if key in data}
        if "fields_shown" in data:
            data["form_settings"] = {**shown, "fields": data.pop("fields_shown")}
        return data


def _origin(line: str) -> str:
    """scheme://host[:port] in lower case; only http and https, and nothing behind it."""
    try:
        parts = urlsplit(line)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.hostname or ""
    is_plain = bool(host) and all(c.isascii() and (c.isalnum() or c in ".-") for c in host)
    if parts.scheme not in ("http", "https") or not is_plain or parts.username:
        raise ValidationError(
            _("“%(line)s” is no origin; write it as https://www.example.com"),
            params={"line": line[:80]},
        )
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


class UploadForm(forms.Form):
    """A file of leads."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("Any encoding, any separator, up to 10 MB. The first row names the columns."),
    )
    source = forms.CharField(
        label=_("Where these leads come from"),
        max_length=120,
        required=False,
        help_text=_("Shown on every lead, such as “Trade fair Graz”."),
    )

    def clean_file(self) -> Any:
        given = self.cleaned_data["file"]
        if given.size > LARGEST_FILE:
            raise ValidationError(_("The file has more than 10 MB. Split it."))
        return given
