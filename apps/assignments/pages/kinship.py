"""What the Lead page says of a lead's groups, of who it may be too, and of what was learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from apps.assignments.pages import cards
from apps.leads import groups, likeness
from apps.leads.groups import Chip
from apps.leads.masking import is_masked
from apps.leads.models import Lead
from apps.teams.access import Access
from apps.teams.permissions import Permission


@dataclass(frozen=True, slots=True)
class Relative:
    """Another lead: likely the same person, or the same person before or after."""

    lead: Lead
    card: cards.LeadCard
    reasons: list[str]
    merge_url: str
    apart_url: str


def of(lead: Lead, access: Access, *, may_edit: bool) -> dict[str, Any]:
    """Context of the Lead page: chips and choices, suggestions, linked leads. Two statements."""
    known = groups.known(access.team)
    names = lead.facts.get(groups.FACT) or []
    listed = [names] if isinstance(names, str) else [str(name) for name in names]
    mine = known.of(lead)
    return {
        "group_chips": mine,
        "group_choices": _choices(known, mine),
        "new_group_names": known.sorted_out(listed)[1],
        "may_make_groups": access.can(Permission.EDIT_GROUPS),
        "groups_url": cards.address(access, "groups", lead=lead.pk),
        "alike": [_relative(one, lead, access) for one in likeness.of_lead(lead, access)],
        "linked": [_relative(one, lead, access) for one in _linked(lead, access)],
        "merge_with_url": cards.address(access, "merge_with", lead=lead.pk) if may_edit else "",
    }


def _choices(known: groups.Known, mine: list[Chip]) -> list[tuple[Chip, bool]]:
    """The groups in use, and the retired ones that the lead is in; whether it is in them."""
    in_use = set(known.ids.values())
    shown = [chip for chip in known.chips.values() if chip.id in in_use or chip in mine]
    return [(chip, chip in mine) for chip in shown]


def _linked(lead: Lead, access: Access) -> list[Lead]:
    """The lead that the person had before, and those that came after it."""
    rows = Lead.objects.visible_to(access).filter(Q(pk=lead.linked_to_id) | Q(linked_to=lead))
    return list(rows.select_related("source", "status", "owner__user").order_by("-received_at")[:5])


def _relative(one: Lead, lead: Lead, access: Access) -> Relative:
    older, newer = sorted((one, lead), key=lambda each: (each.received_at, each.pk))
    return Relative(
        lead=one,
        card=cards.lead_card(one, access, masked=is_masked(one, by=access)),
        reasons=likeness.reasons(one, lead),
        merge_url=cards.address(access, "merge", lead=older.pk, other=newer.pk),
        apart_url=cards.address(access, "keep_apart", lead=lead.pk, other=one.pk),
    )
