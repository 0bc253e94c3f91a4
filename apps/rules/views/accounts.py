"""Named accounts: the list, one account, and many pasted at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.leads.companies import company_key
from apps.rules import named_accounts
from apps.rules.account_forms import AccountForm, PasteForm
from apps.rules.models import NamedAccount
from apps.rules.refusals import Refused
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission, Role
from apps.teams.policy import team_page

PAGE = 50


@team_page(Permission.EDIT_ROUTING)
@require_safe
def accounts(request: HttpRequest, access: Access) -> HttpResponse:
    """The accounts and their keepers; `?q=` looks for a company."""
    return _page(request, access)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def add(request: HttpRequest, access: Access) -> HttpResponse:
    form = AccountForm(request.POST, members=_members(access))
    if _is_saved(form, access, None):
        messages.success(request, _("%s is a named account now.") % form.cleaned_data["name"])
        return redirect("rules:accounts", team=access.team.slug)
    return _page(request, access, form=form, status=422)


@team_page(Permission.EDIT_ROUTING)
def account(request: HttpRequest, access: Access, account: UUID) -> HttpResponse:
    row = _account(access, account)
    initial = {"name": row.name, "domain": row.domain, "keeper": row.keeper_id}
    data = request.POST if request.method == "POST" else None
    form = AccountForm(data, members=_members(access), initial=initial)
    if data is not None and _is_saved(form, access, row):
        messages.success(request, _("Saved: it counts from the next lead."))
        return redirect("rules:accounts", team=access.team.slug)
    context = {"access": access, "section": "settings", "account": row, "form": form}
    return render(request, "rules/account.html", context, status=422 if form.errors else 200)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def remove(request: HttpRequest, access: Access, account: UUID) -> HttpResponse:
    named_accounts.remove(_account(access, account), by=access, now=timezone.now())
    messages.success(request, _("Removed. Its leads stay where they are."))
    return redirect("rules:accounts", team=access.team.slug)


@team_page(Permission.EDIT_ROUTING)
@require_POST
def paste(request: HttpRequest, access: Access) -> HttpResponse:
    form = PasteForm(request.POST)
    if not form.is_valid():
        return _page(request, access, paste_form=form, status=422)
    try:
        pasted = named_accounts.paste(
            form.cleaned_data["lines"], _members(access), by=access, now=timezone.now()
        )
    except Refused as refused:
        form.add_error("lines", str(refused.problems[0].message))
        return _page(request, access, paste_form=form, status=422)
    if pasted.problems:
        form.refuse(pasted.problems)
        return _page(request, access, paste_form=form, status=422)
    words = ngettext("%d account was added", "%d accounts were added", pasted.added) % pasted.added
    messages.success(request, _("%(added)s, %(changed)d changed.") % {
        "added": words, "changed": pasted.changed,
    })  # fmt: skip
    return redirect("rules:accounts", team=access.team.slug)


def _is_saved(form: AccountForm, access: Access, row: NamedAccount | None) -> bool:
    if not form.is_valid():
        return False
    try:
        named_accounts.save(row, **form.cleaned_data, by=access, now=timezone.now())
    except Refused as refused:
        for problem in refused.problems:
            form.add_error(problem.path or None, problem.message)
        return False
    return True


def _account(access: Access, pk: UUID) -> NamedAccount:
    return get_object_or_404(NamedAccount.objects.visible_to(access), pk=pk)


def _members(access: Access) -> Any:
    members = Membership.objects.visible_to(access).active().exclude(role=Role.VIEWER)
    return members.select_related("user")


def _page(
    request: HttpRequest,
    access: Access,
    *,
    form: AccountForm | None = None,
    paste_form: PasteForm | None = None,
    status: int = 200,
) -> HttpResponse:
    asked = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    rows = NamedAccount.objects.visible_to(access).select_related("keeper__user")
    if asked:
        rows = rows.filter(company_key__contains=company_key(asked)) | rows.filter(
            domain__icontains=asked
        )
    context = {
        "access": access,
        "section": "settings",
        "q": asked,
        "page": Paginator(rows.order_by("name", "pk"), PAGE).get_page(request.GET.get("page")),
        "form": form or AccountForm(members=_members(access)),
        "paste_form": paste_form or PasteForm(),
    }
    return render(request, "rules/accounts.html", context, status=status)
