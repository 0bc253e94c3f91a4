"""The form by which an agency orders reports. It checks shape; services decide."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from apps.agency.models import ReportPlan
from apps.agency.reports.models import LATEST_DAY
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import Operator

Rhythm = ReportPlan.Rhythm
ALL = "all"


def _days() -> list[tuple[object, list[tuple[str, str]]]]:
    """Every day on which a report may go out, in words that say how often."""
    weekly = [
        (f"weekly-{n + 1}", _("Every %(weekday)s") % {"weekday": WEEKDAYS[n]}) for n in range(7)
    ]
    monthly = [
        (f"monthly-{n}", _("Day %(n)d of every month") % {"n": n}) for n in range(1, LATEST_DAY + 1)
    ]
    return [(_("By the month"), monthly), (_("By the week"), weekly)]


class PlanForm(forms.Form):
    """Which client, when, and who gets it."""

    client = forms.ChoiceField(label=_("Client"))
    when = forms.ChoiceField(
        label=_("Day"),
        choices=_days,
        initial="monthly-1",
        help_text=_("It covers the whole week or month before."),
    )
    hour = forms.TypedChoiceField(
        label=_("Hour"),
        coerce=int,
        choices=[(n, f"{n:02d}:00") for n in range(24)],
        initial=8,
        help_text=_("By the client’s clock."),
    )
    operators = forms.MultipleChoiceField(
        label=_("At the agency"), widget=forms.CheckboxSelectMultiple, required=False
    )
    to_client = forms.ChoiceField(
        label=_("At the client"),
        choices=ReportPlan.ToClient.choices,
        widget=forms.RadioSelect,
        initial=ReportPlan.ToClient.NOBODY,
        help_text=_("The client reads in its settings that you send it, and may stop it."),
    )
    is_active = forms.BooleanField(label=_("Send it"), required=False, initial=True)

    def __init__(self, *args: Any, by: AgencyAccess, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._grants = {str(grant.pk): grant for grant in by.clients()}
        people = Operator.objects.filter(agency=by.agency, is_active=True, user__is_active=True)
        fields: dict[str, Any] = self.fields
        fields["client"].choices = [
            (ALL, _("All clients, now and later")),
            *((pk, grant.team.name) for pk, grant in self._grants.items()),
        ]
        fields["operators"].choices = [
            (str(one.pk), str(one.user)) for one in people.select_related("user")
        ]
        fields["operators"].initial = [str(by.operator.pk)]

    @classmethod
    def showing(cls, plan: ReportPlan, *, by: AgencyAccess) -> PlanForm:
        initial = {
            "client": str(plan.grant_id or ALL), "when": f"{plan.rhythm}-{plan.day}",
            "hour": plan.hour, "operators": [str(pk) for pk in plan.operators],
            "to_client": plan.to_client, "is_active": plan.is_active,
        }  # fmt: skip
        form = cls(initial=initial, by=by)
        form.fields["operators"].initial = initial["operators"]
        return form

    @property
    def values(self) -> dict[str, Any]:
        """The columns of a plan."""
        cleaned = self.cleaned_data
        rhythm, _dash, day = cleaned["when"].partition("-")
        return {
            "grant": self._grants.get(cleaned["client"]), "rhythm": rhythm, "day": int(day),
            "hour": cleaned["hour"], "operators": [UUID(pk) for pk in cleaned["operators"]],
            "to_client": cleaned["to_client"], "is_active": cleaned["is_active"],
        }  # fmt: skip
