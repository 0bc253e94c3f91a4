"""The form of a script. It checks shape and placeholders; services decide."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.content.models import Script
from apps.content.placeholders import refuse_unknown
from apps.content.services import ScriptText
from apps.teams.models import Team


class ScriptForm(forms.ModelForm):
    class Meta:
        model = Script
        fields: ClassVar[list[str]] = ["channel", "name", "subject", "body", "language"]
        widgets: ClassVar[dict[str, Any]] = {"body": forms.Textarea(attrs={"rows": 8})}
        help_texts: ClassVar[dict[str, Any]] = {
            "subject": _("For e-mails."),
            "language": _("Such as en or de. For teams that speak several."),
        }

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.team = team

    def clean_subject(self) -> str:
        return self._known_placeholders("subject")

    def clean_body(self) -> str:
        return self._known_placeholders("body")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        same = Script.objects.filter(
            team=self.instance.team, channel=data.get("channel"), name=data.get("name")
        )
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("name", _("There is already a script of this name for this channel."))
        if data.get("channel") == Script.Channel.EMAIL and not data.get("subject"):
            self.add_error("subject", _("An e-mail needs a subject."))
        return data

    def text(self) -> ScriptText:
        """What was written, once the form is valid."""
        return ScriptText(**self.cleaned_data)

    def _known_placeholders(self, field: str) -> str:
        text: str = self.cleaned_data[field]
        refuse_unknown(text)
        return text
