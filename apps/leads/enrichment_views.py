"""Team settings: where facts of companies come from, with a try for one domain."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from apps.leads import enrichment_settings
from apps.leads.company_provider import Sources, domain_asked
from apps.teams import egress
from apps.teams.access import Access
from apps.teams.egress import LONGEST_URL, EgressFailed
from apps.teams.permissions import Permission
from apps.teams.policy import team_page
from apps.teams.presentation import money


class EnrichmentForm(forms.Form):
    by_domain = forms.BooleanField(
        label=gettext_lazy("Guess the company from the e-mail’s domain"), required=False,
        help_text=gettext_lazy("Mail providers such as gmail.com say nothing and are left out."),
    )  # fmt: skip
    by_phone = forms.BooleanField(
        label=gettext_lazy("Take the country from the phone number"), required=False
    )
    url = forms.CharField(
        label=gettext_lazy("Address of your provider"), required=False, max_length=LONGEST_URL,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "We POST domain, company and country there; its JSON may say employees, revenue, "
            "industry, country, city and company."
        ),
    )  # fmt: skip
    secret = forms.CharField(
        label=gettext_lazy("Secret that signs our questions"), required=False, max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Empty: the one there is stays, or one is made and shown once."),
    )  # fmt: skip

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        problem = egress.check_url(url) if url else None
        if problem:
            raise forms.ValidationError(problem)
        return url


@team_page(Permission.EDIT_TEAM)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, access: Access) -> HttpResponse:
    if request.method != "POST":
        return _page(request, access, _form(access))
    form = EnrichmentForm(request.POST)
    if not form.is_valid():
        return _page(request, access, form, status=422)
    made = enrichment_settings.change(**form.cleaned_data, by=access, now=timezone.now())
    if made:
        return _page(request, access, _form(access), secret=made)
    messages.success(request, _("Saved."))
    return redirect("leads:enrichment", team=access.team.slug)


@team_page(Permission.EDIT_TEAM)
@require_POST
def try_it(request: HttpRequest, access: Access) -> HttpResponse:
    """Ask the provider about one domain, and show what it says."""
    domain = domain_asked(request.POST.get("domain", ""))
    tried: dict[str, Any] = {"domain": domain or request.POST.get("domain", "")[:100]}
    if not domain:
        tried["problem"] = _("Give the domain of a company, such as example.com.")
        return _page(request, access, _form(access), status=422, tried=tried)
    try:
        found = enrichment_settings.try_it(domain, by=access, now=timezone.now())
    except EgressFailed as error:
        tried["problem"] = str(error)
        return _page(request, access, _form(access), status=422, tried=tried)
    tried["facts"] = _facts(found, access)
    return _page(request, access, _form(access), tried=tried)


def _form(access: Access) -> EnrichmentForm:
    access.team.refresh_from_db(fields=["enrichment", "enrichment_error"])
    kept = Sources.of(access.team)
    return EnrichmentForm(
        initial={"by_domain": kept.by_domain, "by_phone": kept.by_phone, "url": kept.url}
    )


def _facts(found: dict[str, Any], access: Access) -> list[tuple[str, str]]:
    labels = {
        "company": _("Company"), "country": _("Country"), "city": _("City"),
        "industry": _("Industry"), "employees": _("Employees"), "revenue": _("Revenue"),
    }  # fmt: skip
    currency = found.get("revenue_currency", access.team.currency)
    words = {"revenue": money(found["revenue"], currency)} if "revenue" in found else {}
    return [
        (label, words.get(key, str(found[key]))) for key, label in labels.items() if key in found
    ]


def _page(
    request: HttpRequest, access: Access, form: EnrichmentForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    kept = Sources.of(access.team)
    context = {
        "access": access, "section": "settings", "form": form, "has_provider": bool(kept.url),
        "has_secret": bool(kept.secret), "problem": access.team.enrichment_error, **more,
    }  # fmt: skip
    return render(request, "leads/enrichment.html", context, status=status)
