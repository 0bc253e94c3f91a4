"""Taking a member out of the team, with what becomes of her open leads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from apps.assignments import tasks
from apps.assignments.moves import handing_over
from apps.assignments.moves.bulk import BulkRefused
from apps.assignments.moves.handing_over import Heir, Will
from apps.rules.models import Pool
from apps.teams.access import Access
from apps.teams.members import MemberRefused
from apps.teams.models import Membership
from apps.teams.permissions import Permission, Role
from apps.teams.policy import team_page
from config.celery import nudge


class WillForm(forms.Form):
    """Where the open leads of a member go: the rules, a pool, a colleague or a manager."""

    goal = forms.ChoiceField(label=gettext_lazy("Her open leads go to"))

    def __init__(self, data: Any = None, *, member: Membership, access: Access) -> None:
        super().__init__(data)
        self.fields["goal"].choices = list(_goals(member, access))  # type: ignore[attr-defined]

    def will(self) -> Will:
        heir, _colon, id = self.cleaned_data["goal"].partition(":")
        return Will(Heir(heir), UUID(id) if id else None)


def _goals(member: Membership, access: Access) -> Any:
    colleagues = Membership.objects.visible_to(access).active().exclude(pk=member.pk)
    named = list(colleagues.exclude(role=Role.VIEWER).select_related("user"))
    runs = [one for one in named if one.role in (Role.MANAGER, Role.ADMIN)]
    sells = [one for one in named if one not in runs]
    pools = Pool.objects.visible_to(access).filter(is_active=True)
    yield "", _("Choose …")
    yield Heir.RULES.value, _("whoever the rules find")
    yield _("Pools"), [(f"{Heir.POOL}:{each.pk}", each.name) for each in pools]
    yield _("Members"), [(f"{Heir.MEMBER}:{each.pk}", str(each.user)) for each in sells]
    yield _("Stay with a manager"), [(f"{Heir.MEMBER}:{each.pk}", str(each.user)) for each in runs]
    yield Heir.NOBODY.value, _("nobody yet: they stay hers")


@team_page(Permission.EDIT_MEMBERS)
@require_http_methods(["GET", "HEAD", "POST"])
def leave_team(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    """How many leads she has, and where they go; then she is out, and they are on their way."""
    rows = Membership.objects.visible_to(access).select_related("user", "team")
    found, now = get_object_or_404(rows, pk=member), clock()
    data = request.POST if request.method == "POST" else None
    form = WillForm(data, member=found, access=access)
    if data is not None and form.is_valid():
        try:
            run = handing_over.leave_team(found, form.will(), by=access, now=now)
        except (MemberRefused, BulkRefused) as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("%s is out of the team.") % found.user)
            if run is None:
                return redirect("people:member", team=access.team.slug, member=found.pk)
            nudge(tasks.distribute, str(run.pk))
            return redirect("assignments:distribution", team=access.team.slug, bulk_run=run.pk)
    page = {
        "access": access, "section": "members", "member": found, "form": form,
        "open_leads": handing_over.open_leads(found, by=access, now=now),
    }  # fmt: skip
    status = 422 if form.is_bound else 200
    return render(request, "assignments/leave_team.html", page, status=status)
