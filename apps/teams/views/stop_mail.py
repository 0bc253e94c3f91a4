"""Stopping a mail by the link in it. Looking stops nothing: programs that follow links look."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.accounts import mail_choices
from apps.teams.policy import public_page


@public_page("the link is signed for one person and one kind of mail")
@csrf_exempt  # a mail program presses the button for her, without the page or a cookie
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop_mail(request: HttpRequest, token: str) -> HttpResponse:
    """A button that stops the mail, and one that takes that back."""
    found = mail_choices.read(token)
    if found is None:
        raise Http404("No such link.")
    user, mail = found
    wants = getattr(user, mail.column)
    if request.method == "POST":
        wants = request.POST.get("again") == "1"
        mail_choices.choose(user, mail, wants=wants)
    context = {"mail": mail.value, "wants": wants, "is_done": request.method == "POST"}
    return render(request, "teams/stop_mail.html", context)
