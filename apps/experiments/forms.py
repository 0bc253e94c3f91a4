"""The form of an experiment: what is tried, by whom it is decided, and its variants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.rules.experiments import VariantFields
from apps.rules.models import RANKINGS_OF_MODE, Experiment, Mode, Pool, Ranking, RuleSet, Version
from apps.rules.sets import versions
from apps.teams.models import Team

ROWS = 3
SEEN_VERSIONS = 20


class SubjectForm(forms.Form):
    """What to try something with: the rules for new leads, or a pool."""

    subject = forms.ChoiceField(label=gettext_lazy("What do you want to try?"))

    def __init__(self, data: Any = None, *, team: Team) -> None:
        super().__init__(data)
        self.team = team
        pools = Pool.objects.filter(team=team, is_active=True)
        rules = versions.main_set(team)
        self.fields["subject"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose …")),
            (f"rules:{rules.pk}", _("The rules for new leads")),
            (_("A pool"), [(f"pool:{pool.pk}", pool.name) for pool in pools]),
        ]

    def chosen(self) -> RuleSet | Pool:
        kind, _colon, id = self.cleaned_data["subject"].partition(":")
        if kind == "rules":
            found: RuleSet = RuleSet.objects.get(team=self.team, pk=id)
            return found
        pool: Pool = Pool.objects.select_related("team").get(team=self.team, pk=id)
        return pool


class ExperimentForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    measure = forms.ChoiceField(
        label=gettext_lazy("Which variant is better?"), choices=Experiment.Measure.choices,
        help_text=gettext_lazy("The share of leads for which this came true decides."),
    )  # fmt: skip
    horizon_days = forms.IntegerField(
        label=gettext_lazy("Within how many days"), min_value=1, max_value=365, initial=30,
        help_text=gettext_lazy("A lead is judged when it is this old. A response has the team’s"
                               " target instead."),
    )  # fmt: skip


class VariantForm(forms.Form):
    """One variant: rows without a name are left out."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80, required=False)
    percent = forms.IntegerField(
        label=gettext_lazy("Share, %"), min_value=1, max_value=99, required=False
    )

    def fields_of_variant(self) -> VariantFields | None:
        given = self.cleaned_data
        if not given["name"].strip():
            return None
        return VariantFields(given["name"], given["percent"] or 0, **self.tried())

    def tried(self) -> dict[str, Any]:
        raise NotImplementedError


class VersionVariantForm(VariantForm):
    version = forms.ChoiceField(label=gettext_lazy("Rules"), required=False)

    def __init__(self, *args: Any, rule_set: RuleSet, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["version"].choices = list(_versions(rule_set))  # type: ignore[attr-defined]

    def tried(self) -> dict[str, Any]:
        version = self.cleaned_data["version"]
        return {"version_id": UUID(version) if version else None}


class PoolVariantForm(VariantForm):
    """What may differ most usefully: how leads are handed over and how long it may take."""

    handover = forms.ChoiceField(label=gettext_lazy("Handed over"), required=False)
    window_seconds = forms.IntegerField(
        label=gettext_lazy("Open for, s"), min_value=1, max_value=604_800, required=False
    )
    response_seconds = forms.IntegerField(
        label=gettext_lazy("Attempt within, s"), min_value=0, max_value=31_622_400, required=False
    )
    max_hops = forms.IntegerField(
        label=gettext_lazy("Members asked"), min_value=1, max_value=100, required=False
    )

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["handover"].choices = list(_handovers())  # type: ignore[attr-defined]

    def tried(self) -> dict[str, Any]:
        given = self.cleaned_data
        settings = {
            key: given[key]
            for key in ("window_seconds", "response_seconds", "max_hops")
            if given[key] is not None
        }
        if given["handover"]:
            ranking, _colon, mode = given["handover"].partition(":")
            settings |= {"ranking": ranking, "mode": mode}
        return {"settings": settings}


def variant_forms(subject: RuleSet | Pool, data: Any = None) -> list[VariantForm]:
    """An empty row for each variant, or what was sent."""
    first = {"percent": 50}
    rows: list[VariantForm] = []
    for number in range(ROWS):
        named: dict[str, Any] = {"prefix": f"variant-{number}"}
        named["initial"] = {**first, "name": _("As now") if number == 0 else ""}
        if number > 1:
            named["initial"] = {}
        if isinstance(subject, RuleSet):
            rows.append(VersionVariantForm(data, rule_set=subject, **named))
        else:
            rows.append(PoolVariantForm(data, **named))
    return rows


def _versions(rule_set: RuleSet) -> Iterator[tuple[str, str]]:
    yield "", _("Choose …")
    for version in Version.objects.filter(rule_set=rule_set)[:SEEN_VERSIONS]:
        state = str(version.get_state_display())
        note = f" – {version.note}" if version.note else ""
        label = _("Version %(number)d, %(state)s") % {"number": version.number, "state": state}
        yield str(version.pk), label + note


def _handovers() -> Iterator[tuple[str, str]]:
    yield "", _("As now")
    for mode in Mode:
        for ranking in RANKINGS_OF_MODE[mode]:
            yield f"{ranking}:{mode}", f"{mode.label}: {Ranking(ranking).label}"
