"""Forms of costs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.dashboards.costs import keeping
from apps.dashboards.costs.keeping import CostRefused, NewCost
from apps.leads.models import Source
from apps.teams.access import Access


class CostForm(forms.Form):
    """Money spent on a source or a campaign over some days."""

    source = forms.ChoiceField(label=_("Source"), required=False)
    campaign = forms.CharField(
        label=_("Campaign"),
        max_length=200,
        required=False,
        help_text=_("As leads name it. Leave the source or the campaign empty, if you like."),
    )
    starts_on = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    amount = forms.CharField(label=_("Amount"), max_length=40)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    _FIELDS = {"from": "starts_on", "until": "ends_on"}

    def __init__(self, *args: Any, by: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._by = by
        sources = Source.objects.visible_to(by).order_by("name")
        field: Any = self.fields["source"]
        field.choices = [("", _("no source")), *((str(each.pk), each.name) for each in sources)]
        self.fields["amount"].help_text = by.team.currency

    def new(self) -> NewCost | None:
        """What the form says; None with errors on the form if it can't be read."""
        if not self.is_valid():
            return None
        data = self.cleaned_data
        source = keeping.source_of(UUID(data["source"]), self._by) if data["source"] else None
        try:
            amount = keeping.amount_of(data["amount"], self._by)
        except CostRefused as refused:
            self.refuse(refused)
            return None
        return NewCost(
            data["starts_on"], data["ends_on"], amount, source, data["campaign"], data["note"]
        )

    def refuse(self, refused: CostRefused) -> None:
        """Show what is wrong where it is."""
        name = self._FIELDS.get(refused.field, refused.field)
        self.add_error(name if name in self.fields else None, str(refused))


class CostFileForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("Columns: source or campaign, from, until, amount, note. Up to 1 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
