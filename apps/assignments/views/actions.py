"""What one does to a lead from its page: one service call each, then back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now as clock
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.assignments import services
from apps.assignments.pages import cards, lead_page
from apps.assignments.pages.forms import FactsForm
from apps.assignments.views.lead import see_whole, visible_lead
from apps.leads import services as leads
from apps.leads.models import Attempt, FollowUp, Lead, Status
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


def workable(access: Access, lead_id: UUID) -> Lead:
    """A lead that this member may work: 404 if she can't see it, 403 if she only sees it."""
    found = visible_lead(access, lead_id)
    if not services.may_edit(found, access):
        raise PermissionDenied("This lead belongs to somebody else.")
    return found


@contextmanager
def _if_still_there() -> Iterator[None]:
    """A lead that was deleted since we looked is answered as one that never was."""
    try:
        yield
    except Lead.DoesNotExist as error:
        raise Http404 from error


def _back_to(access: Access, lead_id: UUID) -> HttpResponse:
    return redirect(cards.address(access, "lead", lead=lead_id))


@team_page(Permission.WORK_LEADS)
@require_POST
def attempt(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """The tap on a contact button: an attempt without an outcome yet."""
    found, now = workable(access, lead), clock()
    script = request.POST.get("script") or None
    try:
        made = services.log_attempt(
            found, channel=request.POST.get("channel", ""), by=access, now=now,
            script_id=_uuid(script),
        )  # fmt: skip
    except (ValueError, services.DoNotContact) as error:
        return HttpResponse(str(error), status=422, content_type="text/plain; charset=utf-8")
    if request.headers.get("X-Requested-With") or request.headers.get("HX-Request"):
        asked = lead_page.question(made, access, now)
        return render(
            request, "assignments/_outcome.html", {"access": access, "attempt": asked, "now": now}
        )
    return _back_to(access, lead)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _own_attempt(access: Access, attempt_id: UUID) -> Attempt:
    rows = Attempt.objects.visible_to(access).select_related("lead__source")
    found = get_object_or_404(rows, pk=attempt_id, member_id=access.member_id)
    workable(access, found.lead_id)
    return found


@team_page(Permission.WORK_LEADS)
@require_POST
def outcome(request: HttpRequest, access: Access, attempt: UUID) -> HttpResponse:
    """How it went, and what comes next."""
    found, now = _own_attempt(access, attempt), clock()
    try:
        with _if_still_there():
            services.confirm_attempt(
                found, outcome=request.POST.get("outcome", ""), by=access, now=now,
                note=request.POST.get("note", "")[:500],
                follow_up_at=_follow_up_at(request, access, now), follow_up_channel=found.channel,
            )  # fmt: skip
    except ValueError as error:
        messages.error(request, str(error))
        return _back_to(access, found.lead_id)
    messages.success(request, _("Logged. The clock has stopped."))
    return redirect(_next_or_lead(access, found.lead_id, now))


def _next_or_lead(access: Access, lead_id: UUID, now: datetime) -> str:
    """The next lead without an attempt, else the most overdue follow-up, else this lead."""
    rows: list[cards.NewRow | cards.FollowUpRow] = [
        *cards.new_rows(access),
        *cards.follow_ups(access, now)[0],
    ]
    waiting = [row.lead.url for row in rows if row.lead.id != lead_id]
    return waiting[0] if waiting else cards.address(access, "lead", lead=lead_id)


def _follow_up_at(request: HttpRequest, access: Access, now: datetime) -> datetime | None:
    """The chosen moment; ValueError with a remedy if it can't be read or was picked in the past.

    What was offered as a choice may have passed while the page was open: it is due at once.
    """
    chosen = request.POST.get("follow_up", "none")
    if chosen in {"none", ""}:
        return None
    text = request.POST.get("follow_up_at", "") if chosen == "pick" else chosen
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_("Pick a date and time for the follow-up, or choose “None”.")) from None
    zone = ZoneInfo(access.user.timezone if access.user else access.team.timezone)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if chosen == "pick" and moment < now:
        raise ValueError(_("That is in the past. Pick a later date and time, or choose “None”."))
    return moment


@team_page(Permission.WORK_LEADS)
@require_POST
def misdial(request: HttpRequest, access: Access, attempt: UUID) -> HttpResponse:
    """It was nothing: the attempt stays on record and does not count."""
    found = _own_attempt(access, attempt)
    with _if_still_there():
        services.confirm_attempt(found, outcome="misdial", by=access, now=clock())
    messages.info(request, _("Noted as a misdial; the clock runs on."))
    return _back_to(access, found.lead_id)


@team_page(Permission.WORK_LEADS)
@require_POST
def note(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    found = workable(access, lead)
    try:
        leads.add_note(found, text=request.POST.get("note", ""), by=access, now=clock())
    except ValueError as error:
        messages.error(request, str(error))
    return _back_to(access, lead)


@team_page(Permission.WORK_LEADS)
@require_POST
def status(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    found = workable(access, lead)
    chosen = get_object_or_404(
        Status.objects.visible_to(access), pk=_uuid(request.POST.get("status")), is_active=True
    )
    with _if_still_there():
        services.change_status(found, status=chosen, by=access, now=clock())
    messages.success(request, _("Status: %(status)s.") % {"status": chosen})
    return _back_to(access, lead)


@team_page(Permission.REASSIGN)
@require_POST
def owner(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    found = visible_lead(access, lead)
    members = Membership.objects.active().filter(team=access.team).exclude(role="viewer")
    member = get_object_or_404(
        members.select_related("user"), pk=_uuid(request.POST.get("assignee"))
    )
    counts = request.POST.get("counts_as_turn") == "on"
    with _if_still_there():
        services.assign_by_hand(found, member=member, by=access, now=clock(), counts_as_turn=counts)
    messages.success(request, _("Moved to %(member)s, who has been told.") % {"member": member})
    return _back_to(access, lead)


@team_page(Permission.WORK_LEADS)
@require_POST
def release(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    found = workable(access, lead)
    reason = request.POST.get("reason", "")
    try:
        with _if_still_there():
            services.release(found, by=access, now=clock(), reason=reason)
    except services.ClaimRefused as refused:
        messages.error(request, refused.message)
        return _back_to(access, lead)
    messages.success(request, _("Given back: the lead has gone on."))
    return redirect("assignments:today", team=access.team.slug)


@team_page(Permission.DELETE_LEADS)
@require_POST
def delete(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    found = visible_lead(access, lead)
    with _if_still_there():
        services.delete_lead(found, by=access, now=clock())
    return redirect(cards.address(access, "deleted", lead=lead))


@team_page(Permission.DELETE_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def deleted(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """A deleted lead's page: nothing but the way back."""
    gone = Lead.objects.filter(team=access.team, merged_into=None).exclude(deleted_at=None)
    gone = gone.exclude(stage=Lead.Stage.AWAY)
    found = get_object_or_404(gone.select_related("source"), pk=lead)
    if request.method == "POST":
        services.restore_lead(found, by=access, now=clock())
        messages.success(request, _("Restored."))
        return _back_to(access, lead)
    page = {"access": access, "section": "leads", "lead": found, "now": clock()}
    return render(request, "assignments/deleted.html", page)


@team_page(Permission.WORK_LEADS)
@require_POST
def do_not_contact(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    found = workable(access, lead)
    now = clock()
    changes = {"do_not_contact": not found.do_not_contact}
    leads.edit(found, changes=changes, by=access, now=now)
    return _back_to(access, lead)


@team_page(Permission.WORK_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, access: Access, lead: UUID) -> HttpResponse:
    """Mend the facts of a lead."""
    found = workable(access, lead)
    see_whole(access)
    form = FactsForm(request.POST or None, lead=found, team=access.team)
    if request.method == "POST" and form.is_valid():
        try:
            services.edit(
                found, changes=form.changes(), by=access, now=clock(),
                version=form.cleaned_data["version"],
            )  # fmt: skip
        except leads.StaleLead:
            form.add_error(None, _("Somebody changed this lead meanwhile. Look at it again."))
        else:
            messages.success(request, _("Saved."))
            return _back_to(access, lead)
    page = {
        "access": access, "section": "leads", "form": form, "lead": found, "now": clock(),
        "card": cards.lead_card(found, access, masked=False),
    }  # fmt: skip
    return render(request, "assignments/edit.html", page)


def _own_follow_up(access: Access, follow_up_id: UUID) -> FollowUp:
    rows = FollowUp.objects.visible_to(access).select_related("lead__source")
    found = get_object_or_404(rows, pk=follow_up_id)
    workable(access, found.lead_id)
    return found


@team_page(Permission.WORK_LEADS)
@require_POST
def follow_up_done(request: HttpRequest, access: Access, follow_up: UUID) -> HttpResponse:
    found = _own_follow_up(access, follow_up)
    leads.finish_follow_up(found, by=access, now=clock())
    messages.success(request, _("Follow-up done."))
    return _back_to(access, found.lead_id)


@team_page(Permission.WORK_LEADS)
@require_POST
def follow_up_cancel(request: HttpRequest, access: Access, follow_up: UUID) -> HttpResponse:
    found = _own_follow_up(access, follow_up)
    leads.cancel_follow_up(found, by=access, now=clock())
    messages.info(request, _("Follow-up cancelled."))
    return _back_to(access, found.lead_id)
