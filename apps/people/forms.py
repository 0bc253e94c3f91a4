"""The forms of an invitation and of the list of members. They check shape; services decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _

from apps.rules.models import Pool
from apps.rules.pools import invited
from apps.rules.pools.seats import HEAVIEST
from apps.teams import invitations
from apps.teams.access import Access
from apps.teams.forms import InviteForm, SkillsForm
from apps.teams.hours_form import HoursForm
from apps.teams.models import Invitation
from apps.teams.permissions import Permission, Role
from apps.teams.starting import Start


class PoolsForm(forms.Form):
    """A weight for each pool; none or 0 is no seat."""

    def __init__(
        self, data: Any = None, *, pools: Iterable[Pool], weights: Mapping[UUID, int]
    ) -> None:
        super().__init__(data)
        self.pools = list(pools)
        for pool in self.pools:
            self.fields[f"weight_{pool.pk}"] = forms.IntegerField(
                label=pool.name, min_value=0, max_value=HEAVIEST, required=False,
                initial=weights.get(pool.pk),
                widget=forms.NumberInput(
                    attrs={"class": "control control--num", "placeholder": "–"}
                ),
            )  # fmt: skip

    @property
    def weights(self) -> dict[UUID, int]:
        chosen = {pool.pk: self.cleaned_data[f"weight_{pool.pk}"] for pool in self.pools}
        return {pk: weight for pk, weight in chosen.items() if weight}


class InvitationSheet:
    """Everything an invitation can carry, as far as this person may give it: several forms in one.

    Parts that are not hers to give are None, and stay as they are.
    """

    def __init__(
        self, access: Access, data: Any = None, *, invitation: Invitation | None = None
    ) -> None:
        row = invitation or Invitation(team=access.team)
        self.invitation, self.access = invitation, access
        self.who = _who(access, data, row, is_new=invitation is None)
        self.pools = self.skills = self.hours = None
        if access.can(Permission.EDIT_ROUTING):
            carried = invited.seats_of([row]).get(row.pk, []) if invitation else []
            weights = {each.pool_id: each.weight for each in carried}
            self.pools = PoolsForm(data, pools=invited.open_pools(access), weights=weights)
            has = {UUID(each["skill"]): each["level"] for each in row.skills}
            self.skills = SkillsForm(data, team_id=access.team.pk, has=has)
        if access.can(Permission.PAUSE_OTHERS):
            self.hours = HoursForm(data, hours=row.hours, team=access.team.hours)

    @property
    def _forms(self) -> list[forms.Form]:
        return [form for form in (self.who, self.pools, self.skills, self.hours) if form]

    def is_valid(self) -> bool:
        if sum(bool(form.errors) for form in self._forms):
            return False
        if self.who.cleaned_data["role"] == Role.VIEWER and self.weights:
            self.who.add_error("role", _("Viewers take no leads: leave the pools empty."))
            return False
        return True

    @property
    def start(self) -> Start:
        return Start(
            title=self.who.cleaned_data["title"],
            switches=self.who.cleaned_data.get("switches"),
            hours=(self.hours.cleaned_hours or {}) if self.hours else None,
            skills=self.skills.levels if self.skills else None,
        )

    @property
    def weights(self) -> dict[UUID, int] | None:
        return self.pools.weights if self.pools else None


def _who(access: Access, data: Any, row: Invitation, *, is_new: bool) -> InviteForm:
    initial = {} if is_new else {"role": row.role, "title": row.title, "switches": row.switches}
    form = InviteForm(
        data, initial=initial, roles=invitations.roles_to_invite(access),
        may_switch=access.can(Permission.EDIT_MEMBERS),
    )  # fmt: skip
    if not is_new:
        del form.fields["email"]
    return form
