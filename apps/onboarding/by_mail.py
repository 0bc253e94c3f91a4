"""A team, and an account, for whoever followed a link in a mail and has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.accounts.people import find_person
from apps.accounts.signing_in import sign_in
from apps.onboarding import services as onboarding
from apps.onboarding.forms import JoinForm
from apps.onboarding.services import PersonKnown


def found(
    request: HttpRequest,
    *,
    email: str,
    then: str,
    template: str,
    context: Mapping[str, Any],
    initial: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The form, and what becomes of it. The link in the mail proved that `email` is hers.

    Whoever has an account already goes on to `then`, where she can sign in.
    """
    user = request.user if request.user.is_authenticated else None
    if user is None and (not email or find_person(email)):
        return redirect(then)
    form = JoinForm(
        request.POST or None, email=email, knows_person=user is not None, initial=initial
    )
    if not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, template, {**context, "form": form}, status=status)
    try:
        made = onboarding.found_by_mail(email, user=user, now=timezone.now(), **form.cleaned_data)
    except PersonKnown:
        return redirect(then)
    if user is None:
        sign_in(request, made)
    return redirect(then)
