"""The Lead page: everything known of one lead, and what to do next."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.alerts import services as alerts
from apps.assignments import services
from apps.assignments.models import Assignment, BadLeadReport, Decision, HopperEntry
from apps.assignments.moves import merging
from apps.assignments.pages import asked, cards, kinship, lead_page, reasons, timeline
from apps.assignments.pages.forms import ReportForm
from apps.assignments.work import contacting
from apps.content.services import scripts_for
from apps.leads.masking import is_masked
from apps.leads.models import FollowUp, Lead, Status
from apps.teams import visits
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


def visible_lead(access: Access, lead_id: UUID) -> Lead:
    """The lead, if this reader may see it; else 404, whatever the reason."""
    leads = Lead.objects.visible_to(access).select_related("source", "status", "owner__user")
    return get_object_or_404(leads, pk=lead_id)


def see_whole(access: Access) -> None:
    """PermissionDenied to whom contact details are hidden: what follows shows or changes them."""
    if access.masked:
        raise PermissionDenied("Contact details are hidden from you, so you can’t change them.")


@team_page(Permission.SEE_TEAM)
@require_safe
def lead(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    now = clock()
    merged = merging.into(lead, access)
    if merged is not None:
        return redirect(cards.address(access, "lead", lead=merged.pk))
    found = visible_lead(access, lead)
    services.mark_viewed(found, by=access, now=now)
    alerts.mark_lead_read(found.pk, by=access, now=now)
    visits.note_reveal(found, by=access, now=now)
    return render(request, "assignments/lead.html", context(found, access, request, now))


def context(found: Lead, access: Access, request: HttpRequest, now: Any) -> dict[str, Any]:
    """What templates/assignments/lead.html asks for."""
    assignment = Assignment.objects.live().filter(lead=found).first()
    last = Decision.objects.visible_to(access).filter(lead=found).first()
    used = set(last.trace.get("facts", {})) if last else set()
    masked = is_masked(found, by=access)
    facts = lead_page.facts(found, access, used, masked=masked)
    may = _may(found, access)
    return {
        "access": access,
        "section": "today" if _is_mine(found, access) else "leads",
        "now": now,
        "lead": found,
        "card": cards.lead_card(found, access, masked=masked),
        "headline": lead_page.headline(found, masked=masked),
        "local_time": None,
        "back": _back(found, access),
        "next_url": _next(found, access),
        "may": may,
        **_reporting(found, access),
        **asked.on_lead(found, access),
        "clock": lead_page.clock(found, assignment),
        "contacts": contacting.buttons(found, access) if may["log"] and not masked else [],
        "attempt": lead_page.open_question(found, access, now),
        "script": None if masked else _script(found, access),
        "timeline": timeline.of(found, access, now, masked=masked),
        "follow_up": _follow_up(found, access, masked=masked),
        "why": reasons.in_words(last, access) if last else None,
        "why_not_me": [] if _is_mine(found, access) else reasons.why_not_me(found, access),
        "facts": facts,
        "facts_used": any(fact.is_used for fact in facts),
        "warnings": [] if masked else found.warnings,
        "is_unowned": found.owner_id is None,
        "owner": _owner(found, access),
        "members": _members(found, access) if may["reassign"] else [],
        "statuses": Status.objects.visible_to(access).filter(is_active=True),
        **_addresses(found, access),
        **kinship.of(found, access, may_edit=may["edit"]),
    }


def _reporting(found: Lead, access: Access) -> dict[str, Any]:
    """The owner may report an open lead; whoever decides sees what was reported."""
    waiting = BadLeadReport.objects.filter(lead=found, state=BadLeadReport.State.OPEN)
    report = waiting.select_related("member__user").first()
    may = found.is_open and report is None and _is_mine(found, access)
    said: dict[str, Any] = {"report": report, "report_url": "", "accept_url": ""}
    if may:
        url = cards.address(access, "report", lead=found.pk)
        said |= {"report_url": url, "report_form": ReportForm()}
    if report is not None and access.can(Permission.ADJUST_CREDIT):
        said["accept_url"] = cards.address(access, "report_accept", report=report.pk)
        said["refuse_url"] = cards.address(access, "report_refuse", report=report.pk)
    return said


def _is_mine(found: Lead, access: Access) -> bool:
    return found.owner_id is not None and found.owner_id == access.member_id


def _may(found: Lead, access: Access) -> dict[str, bool]:
    edits = services.may_edit(found, access)
    return {
        "edit": edits,
        "log": edits and access.membership is not None,
        "reassign": access.can(Permission.REASSIGN),
        "release": found.owner_id is not None and edits and found.is_open,
        "delete": access.can(Permission.DELETE_LEADS),
    }


def _addresses(found: Lead, access: Access) -> dict[str, str]:
    names = ("status", "owner", "release", "delete", "do_not_contact", "edit", "note")
    found_at = {name: cards.address(access, name, lead=found.pk) for name in names}
    in_hopper = HopperEntry.objects.visible_to(access).waiting().filter(lead=found).exists()
    return {
        "status_url": found_at["status"],
        "owner_url": found_at["owner"],
        "release_url": found_at["release"],
        "delete_url": found_at["delete"],
        "dnc_url": found_at["do_not_contact"],
        "edit_url": found_at["edit"],
        "note_url": found_at["note"],
        "take_url": cards.address(access, "pick", lead=found.pk) if in_hopper else "",
    }


def _owner(found: Lead, access: Access) -> dict[str, Any] | None:
    if found.owner is None:
        return None
    return {"name": str(found.owner), "is_me": _is_mine(found, access)}


def _members(found: Lead, access: Access) -> list[dict[str, Any]]:
    members = Membership.objects.active().filter(team=access.team).select_related("user")
    return [
        {
            "id": member.pk,
            "name": str(member),
            "note": _("paused") if member.is_paused else _open(member.open_leads),
        }
        for member in members.exclude(role="viewer")
        if member.pk != found.owner_id
    ]


def _open(count: int) -> str:
    return _("%(n)d open leads") % {"n": count}


def _back(found: Lead, access: Access) -> dict[str, str]:
    if _is_mine(found, access):
        return {"url": cards.address(access, "today"), "label": _("Today"), "place": ""}
    return {
        "url": reverse("leads:list", kwargs={"team": access.team.slug}),
        "label": _("Leads"),
        "place": "",
    }


def _next(found: Lead, access: Access) -> str | None:
    """The next of my leads that wait for a first attempt."""
    rows = cards.new_rows(access) if _is_mine(found, access) else []
    return next((row.lead.url for row in rows if row.lead.id != found.pk), None)


def _script(found: Lead, access: Access) -> dict[str, Any] | None:
    calls = scripts_for(access, contacting.script_values(found)).get("call", [])
    if not calls:
        return None
    edit = reverse("content:scripts", kwargs={"team": access.team.slug})
    may_edit = access.can(Permission.EDIT_CONTENT)
    return {"name": calls[0].name, "text": calls[0].body, "choose_url": edit if may_edit else ""}


def _follow_up(found: Lead, access: Access, *, masked: bool) -> dict[str, Any] | None:
    row = FollowUp.objects.visible_to(access).filter(
        lead=found, done_at=None, cancelled_at=None
    ).first()  # fmt: skip
    if row is None:
        return None
    return {
        "due_at": row.due_at,
        "note": "" if masked else row.note,
        "channel": row.channel,
        "done_url": cards.address(access, "follow_up_done", follow_up=row.pk),
        "cancel_url": cards.address(access, "follow_up_cancel", follow_up=row.pk),
    }


@team_page(Permission.SEE_TEAM)
@require_safe
def decision(request: HttpRequest, access: Access, decision: UUID) -> HttpResponse:
    """One decision in words, with the lead's others."""
    rows = Decision.objects.visible_to(access).select_related(
        "lead__source", "rule", "pool", "chosen__user", "version", "actor"
    )
    is_kept = Q(lead__deleted_at=None) | Q(lead__merged_into__isnull=False)
    found = get_object_or_404(rows.filter(is_kept), pk=decision)
    others = rows.filter(lead=found.lead).order_by("at", "id")
    page = {
        "access": access,
        "section": "leads",
        "now": clock(),
        "decision": found,
        "card": cards.lead_card(found.lead, access, masked=_hides(found.lead, access)),
        "why": reasons.in_words(found, access),
        "others": [(one, cards.address(access, "decision", decision=one.pk)) for one in others],
        "steps": _steps(found, access),
    }
    return render(request, "assignments/decision.html", page)


def _hides(found: Lead, access: Access) -> bool:
    """Someone who was only asked knows of the decision, not of the person."""
    sees = access.can(Permission.SEE_OTHERS) or _is_mine(found, access)
    return access.masked or not sees


def _steps(found: Decision, access: Access) -> list[dict[str, Any]]:
    """Pools with their candidates, for those who see the team's decisions."""
    if not access.can(Permission.SEE_DECISIONS):
        return []
    members = Membership.objects.filter(team=access.team).select_related("user")
    names = {str(member.pk): str(member) for member in members}
    zone = ZoneInfo(access.user.timezone if access.user else access.team.timezone)
    return [
        {**step, "candidates": [_candidate(one, names, zone) for one in step["candidates"]]}
        for step in found.trace.get("steps", [])
    ]


def _candidate(one: dict[str, Any], names: dict[str, str], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "name": names.get(one["member"], _("A former member")),
        "skip": str(one["skip"]).replace("_", " ") if one.get("skip") else "",
        "credit": one["credit"] / 10**9,
        "due": one.get("due", 0) / 10**9,
        "weight": one.get("weight"),
    }
