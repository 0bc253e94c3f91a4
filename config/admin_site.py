"""The Django admin as a site: our name on it, our sign-in before it, our pages in it."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from apps.teams.policy import public_page


class Administration(admin.AdminSite):
    """Shows what we registered; what libraries register by themselves may show secrets."""

    site_header = "Leadrelay"
    site_title = "Leadrelay"
    index_title = _("Administration")
    site_url = "/"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        module = getattr(admin_class, "__module__", "")
        if module.startswith("apps."):
            super().register(model_or_iterable, admin_class, **options)

    @public_page("sends to the one sign-in, which counts attempts and asks for a second factor")
    def login(  # type: ignore[override]
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        view = secure_admin_login(super().login)
        response: HttpResponse = view(request, extra_context)
        return response
