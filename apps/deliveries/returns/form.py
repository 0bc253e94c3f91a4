"""What somebody with the link of a copy says is wrong with it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.deliveries.models import Dispute
from apps.deliveries.returns.disputes import LONGEST_NOTE


class ReturnForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("What is wrong with it?"),
        choices=Dispute.Reason,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is wrong with the lead.")},
    )
    note = forms.CharField(
        label=_("What the sender should know"),
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
