"""The rest of the first set-up: connect a source, invite people, see a test lead arrive."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.capture import samples, sources
from apps.capture.models import Capture
from apps.leads.models import Source
from apps.onboarding.forms import PeopleForm, SourceForm
from apps.teams import invitations
from apps.teams.access import Access
from apps.teams.invitations import InvitationRefused
from apps.teams.models import Invitation, Membership
from apps.teams.permissions import Permission, Role
from apps.teams.policy import team_page


@team_page(Permission.EDIT_SOURCES)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def source(request: HttpRequest, access: Access) -> HttpResponse:
    """Connect the first source; once there is one, its address and a line that tries it."""
    connected = _first_source(access)
    form = SourceForm(request.POST or None)
    if connected is None and form.is_valid():
        sources.create(**form.cleaned_data, by=access, now=timezone.now())
        return redirect("guide:source", team=access.team.slug)
    is_refused = request.method == "POST" and connected is None
    context = {
        **_frame(access, step=2),
        "form": form,
        "source": connected,
        "address": sources.address_of(connected) if connected else "",
        "curl": samples.curl(connected) if connected else "",
    }
    return render(request, "onboarding/source.html", context, status=422 if is_refused else 200)


@team_page(Permission.EDIT_MEMBERS)
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, access: Access) -> HttpResponse:
    """Invite several at once; who is in the team already is passed over."""
    form = PeopleForm(request.POST or None)
    if not form.is_valid():
        waiting = Invitation.objects.visible_to(access).filter(accepted_at__isnull=True)
        members = Membership.objects.visible_to(access).select_related("user")
        context = {**_frame(access, step=3), "form": form, "waiting": waiting, "members": members}
        status = 422 if request.method == "POST" else 200
        return render(request, "onboarding/people.html", context, status=status)
    sent = _invite(form.cleaned_data["emails"], access)
    if sent:
        words = ngettext("%d invitation is on its way.", "%d invitations are on their way.", sent)
        messages.success(request, words % sent)
    return redirect("guide:test", team=access.team.slug)


@team_page(Permission.EDIT_SOURCES)
@require_safe
def test(request: HttpRequest, access: Access) -> HttpResponse:
    """Send a test lead, by a press or by the line, and see it arrive."""
    connected = _first_source(access)
    if connected is None:
        return redirect("guide:source", team=access.team.slug)
    context = {
        **_frame(access, step=4),
        "source": connected,
        "curl": samples.curl(connected),
        "captures": _arrived(access),
    }
    return render(request, "onboarding/test.html", context)


@team_page(Permission.EDIT_SOURCES)
@require_POST
def send_test(request: HttpRequest, access: Access) -> HttpResponse:
    """A test lead through the same door as every lead; it is marked and nobody is bothered."""
    connected = _first_source(access)
    if connected is not None:
        samples.send_test(connected, now=timezone.now())
    return redirect("guide:test", team=access.team.slug)


@team_page(Permission.EDIT_SOURCES)
@never_cache
@require_safe
def arrivals(request: HttpRequest, access: Access) -> HttpResponse:
    """The fragment that the page asks for every two seconds."""
    return render(
        request, "onboarding/_arrivals.html", {"access": access, "captures": _arrived(access)}
    )


def _frame(access: Access, *, step: int) -> dict[str, object]:
    steps = [_("Team"), _("Source"), _("People"), _("First lead")]
    return {"access": access, "section": "sources", "steps": steps, "step": step}


def _first_source(access: Access) -> Source | None:
    """The first source with an address that is in use, with its team."""
    rows = Source.objects.visible_to(access).filter(
        kind__in=sources.ADDRESSED, revoked_at__isnull=True
    )
    found: Source | None = rows.select_related("team").order_by("created_at", "id").first()
    return found


def _arrived(access: Access) -> list[Capture]:
    rows = Capture.objects.visible_to(access).select_related("lead__owner__user", "source")
    return list(rows.order_by("-received_at", "-id")[:3])


def _invite(emails: list[str], access: Access) -> int:
    sent, now = 0, timezone.now()
    for email in emails:
        try:
            invitations.invite(email=email, role=Role.SALESPERSON, by=access, now=now)
            sent += 1
        except InvitationRefused:
            continue
    return sent
