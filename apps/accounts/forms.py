"""What a person says about herself."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User


def timezone_choices() -> list[tuple[str, str]]:
    """Every zone by area and city; the old abbreviations are left out."""
    names = sorted(name for name in available_timezones() if "/" in name or name == "UTC")
    kept = [name for name in names if not name.startswith(("Etc/", "SystemV/", "US/"))]
    return [(name, name.replace("_", " ")) for name in kept]


class TimezoneField(forms.ChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=timezone_choices, label=_("Time zone"), **kwargs)


class NewPersonForm(forms.Form):
    """Name and password of somebody whose e-mail is already known to be hers."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Choose a password"),
        strip=False,
        help_text=_("At least ten characters; a short sentence is best."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password:
            someone = User(
                email=self._email or cleaned.get("email", ""), name=cleaned.get("name", "")
            )
            try:
                password_validation.validate_password(password, user=someone)
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class NotificationsForm(forms.ModelForm):
    """How Leadrelay reaches her, and by which clock it speaks to her."""

    timezone = TimezoneField()

    class Meta:
        model = User
        fields = [
            "name", "timezone", "wants_email_alerts", "wants_weekly", "wants_reports",
            "wants_sound", "quiet_from", "quiet_until",
        ]  # fmt: skip
        widgets = {
            name: forms.TimeInput(format="%H:%M", attrs={"type": "time"})
            for name in ("quiet_from", "quiet_until")
        }
        help_texts = {
            "quiet_until": _(
                "In between, only what can’t wait is mailed or chimes: new leads and offers, "
                "deadlines, escalations. The rest is mailed when the quiet hours end."
            ),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        begin, end = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        if (begin is None) != (end is None):
            missing = "quiet_from" if begin is None else "quiet_until"
            self.add_error(missing, _("Give both times, or neither for no quiet hours."))
        elif begin is not None and begin == end:
            self.add_error("quiet_until", _("Choose another time than the beginning."))
        return cleaned
