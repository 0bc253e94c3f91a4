"""Forms of the team's holidays, skills and territories. They check shape; services decide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from apps.teams import expertise, holidays
from apps.teams.forms import LEVELS
from apps.teams.models import Membership, Skill, Team, Territory
from apps.teams.team_settings import SettingRefused

PARTS = ("countries", "regions", "cities", "postcodes")


class FollowForm(forms.Form):
    """Whose public holidays the team keeps. Regions are those of the country that is kept."""

    country = forms.ChoiceField(label=_("Country"), required=False)
    region = forms.ChoiceField(label=_("Region"), required=False)

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        kwargs["initial"] = {"country": team.holiday_country, "region": team.holiday_region}
        super().__init__(*args, **kwargs)
        # A region of the country before is of no use to another one.
        self._country = self.data.get("country") if self.is_bound else team.holiday_country
        regions = holidays.region_names(str(self._country or ""))
        fields: dict[str, Any] = dict(self.fields)
        fields["country"].choices = [("", _("No public holidays")), *holidays.country_names()]
        fields["region"].choices = [("", _("The whole country")), *regions]
        if self.is_bound and self.data.get("region") not in dict(regions):
            self.data = {**self.data.dict(), "region": ""}  # type: ignore[attr-defined]

    @property
    def has_regions(self) -> bool:
        return bool(holidays.region_names(str(self._country or "")))


class HolidayForm(forms.Form):
    date = forms.DateField(
        label=_("Date"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    name = forms.CharField(label=_("Name"), max_length=120)
    is_open = forms.BooleanField(
        label=_("We work on that day"),
        required=False,
        help_text=_("For a public holiday on which you are open."),
    )


class SkillForm(forms.ModelForm):
    class Meta:
        model = Skill
        fields = ["name", "kind"]


class RenameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)


class LevelsForm(forms.Form):
    """One choice a member: not at all, or a level from 1 to 5."""

    def __init__(
        self,
        *args: Any,
        members: Iterable[Membership],
        had: Mapping[UUID, int],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._members = {f"level_{member.pk}": member.pk for member in members}
        names = {f"level_{member.pk}": str(member) for member in members}
        for key, member_id in self._members.items():
            self.fields[key] = forms.TypedChoiceField(
                label=names[key], choices=LEVELS, coerce=int, initial=had.get(member_id, 0)
            )

    @property
    def levels(self) -> dict[UUID, int]:
        return {member: self.cleaned_data[key] for key, member in self._members.items()}


class TerritoryForm(forms.Form):
    """A territory as lists of words, parted by commas or lines, and who sells there."""

    name = forms.CharField(label=_("Name"), max_length=80)
    countries = forms.CharField(
        label=_("Countries"), required=False, help_text=_("Codes or names: AT, DE, Switzerland")
    )
    regions = forms.CharField(label=_("Regions"), required=False)
    cities = forms.CharField(label=_("Cities"), required=False)
    postcodes = forms.CharField(
        label=_("Postcodes"),
        required=False,
        help_text=_("Ranges, or how they begin: 10115-12099, 80, 803"),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    members = forms.ModelMultipleChoiceField(
        label=_("Who sells here"),
        queryset=Membership.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, *args: Any, members: Any, territory: Territory | None = None, **kwargs: Any
    ) -> None:
        if territory is not None:
            area = {part: ", ".join(territory.area.get(part, [])) for part in PARTS}
            sellers = territory.memberterritory_set.values_list("membership_id", flat=True)
            kwargs["initial"] = {"name": territory.name, "members": list(sellers), **area}
        super().__init__(*args, **kwargs)
        field: Any = self.fields["members"]
        field.queryset = members

    def clean_countries(self) -> str:
        """Names become codes, as leads have them."""
        return ", ".join(_country(word) for word in _words(self.cleaned_data["countries"]))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        if not self.area:
            raise forms.ValidationError(_("Name at least one country, region, city or postcode."))
        for part, words in self.area.items():
            try:
                expertise.check_area({part: words})
            except SettingRefused as refused:
                self.add_error(part, str(refused).partition(": ")[2] or str(refused))
        return cleaned

    @property
    def area(self) -> dict[str, list[str]]:
        lists = {part: _words(self.cleaned_data.get(part, "")) for part in PARTS}
        return {part: words for part, words in lists.items() if words}


def _words(text: str) -> list[str]:
    return [word.strip() for word in re.split(r"[,;\n]", text) if word.strip()]


def _country(word: str) -> str:
    if word.upper() in dict(countries):
        return word.upper()
    code = countries.by_name(word)
    if not code:
        message = _("“%(word)s” is no country that is known: use a code such as AT.")
        raise forms.ValidationError(message % {"word": word[:40]})
    return str(code)
