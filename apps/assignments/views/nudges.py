"""Nudges: from a figure or a list to the deed, and back to where the button was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.assignments.models import Decision
from apps.assignments.moves import nudging
from apps.assignments.moves.nudging import JustReminded, Moved, NudgeRefused
from apps.assignments.pages import cards, suggesting
from apps.assignments.views.lead import visible_lead
from apps.leads.masking import is_masked
from apps.leads.models import Lead
from apps.teams import presentation
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission, Role
from apps.teams.policy import team_page

RULES = "rules"
LONGEST_ADDRESS = 2000


@team_page(Permission.REASSIGN)
@require_POST
def remind(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Remind the owner of one lead."""
    visible_lead(access, lead)

    def deed() -> dict[str, str]:
        owner = nudging.remind(lead, by=access, now=clock())
        return {"title": _("%(name)s has been reminded.") % {"name": owner}}

    return _do(request, cards.address(access, "lead", lead=lead), deed)


@team_page(Permission.REASSIGN)
@require_POST
def remind_member(request: HttpRequest, access: Access, member: UUID) -> HttpResponse:
    """Remind a member of all leads that she has not tried."""
    found = get_object_or_404(Membership.objects.visible_to(access), pk=member)

    def deed() -> dict[str, str]:
        number = nudging.remind_of_all(found, by=access, now=clock())
        words = ngettext(
            "%(name)s has been reminded of %(n)d lead.",
            "%(name)s has been reminded of %(n)d leads.",
            number,
        )
        return {"title": words % {"name": found, "n": number}}

    return _do(request, cards.address(access, "today"), deed)


@team_page(Permission.REASSIGN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Whom to give a lead to; and giving it. POSTs `to`: "rules" or a member's id."""
    found = visible_lead(access, lead)
    if request.method != "POST":
        return render(request, "assignments/hand_over.html", _choice(request, access, found))
    to, generation = request.POST.get("to") or request.GET.get("to", ""), _generation(request)
    member = None if to == RULES else _member(access, to)

    def deed() -> dict[str, str]:
        if member is None:
            moved = nudging.send_by_rules(lead, generation=generation, by=access, now=clock())
        else:
            moved = nudging.hand_over(
                lead, member=member, generation=generation, by=access, now=clock()
            )
        return _said(moved, access, lead)

    return _do(request, cards.address(access, "lead", lead=lead), deed)


@team_page(Permission.REASSIGN)
@require_POST
def open_lead(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Put a lead into the hopper, for anybody to pick."""
    visible_lead(access, lead)
    generation = _generation(request)

    def deed() -> dict[str, str]:
        moved = nudging.open_to_all(lead, generation=generation, by=access, now=clock())
        return _said(moved, access, lead)

    return _do(request, cards.address(access, "lead", lead=lead), deed)


def _do(request: HttpRequest, otherwise: str, deed: Callable[[], dict[str, str]]) -> HttpResponse:
    """Do it and say so: to a script at once, else on the page that the button was on."""
    try:
        said, is_done = deed(), True
    except (Lead.DoesNotExist, Membership.DoesNotExist) as error:
        raise Http404 from error
    except NudgeRefused as refused:
        said, is_done = {"title": _refusal(refused)}, False
    if request.headers.get("HX-Request"):
        return JsonResponse({**said, "done": is_done})
    (messages.success if is_done else messages.info)(request, said["title"])
    return redirect(_next(request) or otherwise)


def _refusal(refused: NudgeRefused) -> str:
    if not isinstance(refused, JustReminded):
        return str(refused)
    ago = presentation.relative(refused.last.at, now=clock())
    if not refused.last.by:
        return _("Reminded %(ago)s.") % {"ago": ago}
    return _("Reminded %(ago)s by %(name)s.") % {"ago": ago, "name": refused.last.by}


def _said(moved: Moved, access: Access, lead_id: UUID) -> dict[str, str]:
    """Where the lead went, and the address that brings it back."""
    if moved.is_same_owner:
        title = _("The rules gave it to %(name)s again.") % {"name": moved.owner}
    elif moved.owner is not None:
        title = _("Handed over to %(name)s, who has been told.") % {"name": moved.owner}
    elif moved.outcome == Decision.Outcome.HOPPER:
        title = _("In the hopper, for anyone to pick.")
    else:
        where = Decision.Outcome(moved.outcome).label
        title = _("The rules sent it on: %(where)s.") % {"where": where}
    if moved.former is None:
        return {"title": title}
    back = urlencode({"to": str(moved.former), "generation": moved.generation})
    return {"title": title, "undo": f"{cards.address(access, 'hand_over', lead=lead_id)}?{back}"}


def _choice(request: HttpRequest, access: Access, lead: Lead) -> dict[str, Any]:
    now = clock()
    decision = Decision.objects.visible_to(access).filter(lead=lead).first()
    suggested = suggesting.suggest(lead, access, now, decision)
    return {
        "access": access,
        "section": "leads",
        "now": now,
        "lead": lead,
        "card": cards.lead_card(lead, access, masked=is_masked(lead, by=access)),
        "members": [each for each in suggested if each.member_id != lead.owner_id],
        "reminder": nudging.last_reminders([lead.pk], by=access, now=now).get(lead.pk),
        "back": _next(request) or cards.address(access, "lead", lead=lead.pk),
    }


def _member(access: Access, text: str) -> Membership:
    members = Membership.objects.active().filter(team=access.team).exclude(role=Role.VIEWER)
    try:
        wanted: UUID | None = UUID(text)
    except ValueError:
        wanted = None
    return get_object_or_404(members.select_related("user"), pk=wanted)


def _generation(request: HttpRequest) -> int | None:
    """The lead's generation as the page that has the button knew it; None is none."""
    text = request.POST.get("generation") or request.GET.get("generation", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _next(request: HttpRequest) -> str:
    """The page that the button was on; "" for none, or one that is not ours."""
    target = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if is_ours and target.startswith("/") and len(target) < LONGEST_ADDRESS else ""
