"""The forms of Members, Me and Team settings. They check shape; services decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.forms import TimezoneField
from apps.teams.models import Membership, Skill, Team, Territory
from apps.teams.permissions import Role, Switch

MOST_YEARS = 60
FIRST_YEAR, LAST_YEAR = 2000, 2199
LEVELS = [(0, _("no")), (1, "1"), (2, "2"), (3, "3"), (4, "4"), (5, "5")]


class MomentField(forms.DateTimeField):
    """A date and time typed by the reader's own clock."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
        super().__init__(widget=widget, **kwargs)

    def clean(self, value: Any) -> datetime | None:
        moment = super().clean(value)
        if moment is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise forms.ValidationError(_("Check the year."))
        return moment


class PauseForm(forms.Form):
    """For how long: a choice, or a moment of one's own."""

    LENGTHS = (
        ("30", _("30 minutes")),
        ("60", _("1 hour")),
        ("240", _("4 hours")),
        ("tomorrow", _("Until tomorrow")),
        ("open", _("Until I resume")),
    )
    length = forms.ChoiceField(
        label=_("For how long"), choices=LENGTHS, widget=forms.RadioSelect, initial="60"
    )
    hand_back = forms.BooleanField(
        label=_("Hand back the leads without an attempt"),
        help_text=_("They go on to colleagues at once. Leads that were answered stay."),
        required=False,
    )

    def until(self, now: datetime) -> datetime | None:
        """When the pause ends by itself; None if it does not."""
        length = self.cleaned_data["length"]
        if length == "open":
            return None
        if length != "tomorrow":
            return now + timedelta(minutes=int(length))
        tomorrow = timezone.localtime(now).date() + timedelta(days=1)
        return timezone.make_aware(datetime.combine(tomorrow, time(0)))


class TimeOffForm(forms.Form):
    starts_at = MomentField(label=_("From"))
    ends_at = MomentField(label=_("Until"))
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class CoverForm(forms.Form):
    """Who takes a member's new leads, and from when until when."""

    by_member = forms.ModelChoiceField(
        label=_("Who"), queryset=Membership.objects.none(), empty_label=_("Choose a colleague")
    )
    starts_at = MomentField(label=_("From"))
    ends_at = MomentField(label=_("Until"))

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        # The page has another form with moments.
        super().__init__(*args, **{"auto_id": "cover_%s", **kwargs})
        field: Any = self.fields["by_member"]
        colleagues = Membership.objects.active().filter(team_id=member.team_id)
        colleagues = colleagues.exclude(pk=member.pk).exclude(role=Role.VIEWER)
        field.queryset = colleagues.select_related("user").order_by("user__name", "pk")
        field.error_messages["invalid_choice"] = _("Choose an active colleague of this team.")


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class SwitchesForm(forms.Form):
    switches = forms.MultipleChoiceField(
        label=_("Beyond the role"),
        choices=Switch.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class ProfileForm(forms.ModelForm):
    """What routing knows of a member: title, experience, how much she takes."""

    class Meta:
        model = Membership
        fields = ["title", "experience", "capacity"]
        help_texts = {"capacity": _("Empty: no limit. New leads go to others while it is reached.")}

    def clean_experience(self) -> int:
        experience: int = self.cleaned_data["experience"]
        if experience > MOST_YEARS:
            raise forms.ValidationError(_("Use years from 0 to %d.") % MOST_YEARS)
        return experience


class SkillsForm(forms.Form):
    """One choice a skill of the team: not at all, or a level from 1 to 5."""

    def __init__(self, *args: Any, team_id: UUID, has: Mapping[UUID, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.skills = list(Skill.objects.filter(team_id=team_id))
        for skill in self.skills:
            self.fields[f"skill_{skill.pk}"] = forms.TypedChoiceField(
                label=skill.name, choices=LEVELS, coerce=int, initial=has.get(skill.pk, 0),
                widget=forms.Select(attrs={"class": "control"}),
            )  # fmt: skip

    @property
    def levels(self) -> dict[Any, int]:
        """Only the skills that she has."""
        chosen = {skill.pk: self.cleaned_data[f"skill_{skill.pk}"] for skill in self.skills}
        return {key: level for key, level in chosen.items() if level}


class TerritoriesForm(forms.Form):
    territories = forms.ModelMultipleChoiceField(
        label=_("Territories"),
        queryset=Territory.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, member: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["territories"]
        field.queryset = Territory.objects.filter(team_id=member.team_id)
        field.initial = list(member.territories.values_list("pk", flat=True))


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"))
    title = forms.CharField(label=_("Job title"), max_length=120, required=False)
    switches = forms.MultipleChoiceField(
        label=_("Beyond the role"),
        choices=Switch.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, *args: Any, roles: list[Role], may_switch: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["role"]
        field.choices = [(role.value, role.label) for role in roles]
        if not may_switch:
            del self.fields["switches"]


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What is it for?"),
        max_length=80,
        widget=forms.TextInput(attrs={"placeholder": _("Reporting script")}),
    )


class TeamForm(forms.ModelForm):
    timezone = TimezoneField()

    class Meta:
        model = Team
        fields = [
            "name", "timezone", "country", "currency", "response_seconds", "claims_per_day",
            "max_unworked", "hopper_days", "duplicate_policy",
        ]  # fmt: skip
        help_texts = {
            "duplicate_policy": _(
                "By e-mail, phone or the provider’s id. Within an hour it is always the same "
                "enquiry. After a won lead comes a new one, linked to it."
            ),
            "response_seconds": _("Pools may set their own. 0: leads are never taken back."),
            "claims_per_day": _("A member may claim so many leads a day. Empty: no limit."),
            "max_unworked": _("Who has so many leads without an attempt claims no more."),
        }

    def clean_country(self) -> str:
        country: str = self.cleaned_data["country"].upper()
        if country and (len(country) != 2 or not country.isalpha()):
            raise forms.ValidationError(_("Two letters, such as AT or US."))
        return country

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].upper()
        if len(currency) != 3 or not currency.isalpha():
            raise forms.ValidationError(_("Three letters, such as EUR or USD."))
        return currency
