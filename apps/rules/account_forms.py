"""Forms of named accounts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.rules.refusals import Problem
from apps.teams.models import Membership

SHOWN = 10


class AccountForm(forms.Form):
    name = forms.CharField(label=_("Company"), max_length=200)
    domain = forms.CharField(
        label=_("E-mail domain"),
        max_length=253,
        required=False,
        help_text=_("Such as example.com: whoever writes from there belongs to the company."),
    )
    keeper = forms.ModelChoiceField(
        label=_("Keeper"), queryset=Membership.objects.none(), empty_label=_("Choose a member")
    )

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["keeper"].queryset = members  # type: ignore[attr-defined]


class PasteForm(forms.Form):
    lines = forms.CharField(
        label=_("Company; domain; keeper"),
        max_length=1_000_000,
        widget=forms.Textarea(attrs={"rows": 5, "placeholder": "Isarwerk; isarwerk.example; Mia"}),
        help_text=_("One a line, as from a spreadsheet. The domain may be empty."),
    )

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Say what is wrong with which line; nothing was kept."""
        listed = list(problems)
        for problem in listed[:SHOWN]:
            line = _("Line %(number)s: %(message)s") if problem.path else "%(message)s"
            self.add_error("lines", line % {"number": problem.path, "message": problem.message})
        if len(listed) > SHOWN:
            self.add_error("lines", _("… and %d more lines.") % (len(listed) - SHOWN))
