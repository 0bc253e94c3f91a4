"""Small forms of deeds at a recipient."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.teams.forms import MomentField


class PauseForm(forms.Form):
    """Until when no leads go there."""

    until = MomentField(
        label=_("No new leads until"),
        required=False,
        help_text=_("Empty: until it is resumed. Copies that are under way wait as well."),
    )
