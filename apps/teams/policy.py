"""What each address asks of its caller. A view without a policy does not start (checks.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone

from apps.accounts.models import User
from apps.teams import visits
from apps.teams.access import Access
from apps.teams.agency_access import AgencyAccess, agency_of, grant_in
from apps.teams.models import Membership
from apps.teams.permissions import Permission

P = ParamSpec("P")
TeamView = Callable[Concatenate[HttpRequest, Access, P], HttpResponseBase]
AgencyView = Callable[Concatenate[HttpRequest, AgencyAccess, P], HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Policy:
    """`kind` is team, agency, api, signed_in or public; `permission` is what a team page asks."""

    kind: str
    permission: Permission | None = None
    reason: str = ""
    by_method: Mapping[str, Permission] = field(default_factory=dict)

    def needed(self, method: str | None) -> Permission | None:
        """The permission for a request of this method."""
        return self.by_method.get(method or "", self.permission)


def api_policy(permission: Permission, **by_method: Permission) -> Policy:
    """What a view of the API asks: `policy = api_policy(SEE_TEAM, POST=ADD_LEADS)`."""
    return Policy("api", permission, by_method=by_method)


def access_to(user: User, slug: str) -> Access:
    """The right of this user in the team of this address; Http404 if there is none.

    A member's own right, else that of an agency's operator by the grant of the client, whose log
    then says that she was here. A team that does not exist and a team of others answer alike.
    """
    membership = (
        Membership.objects.active()
        .select_related("team", "user")
        .filter(team__slug=slug, team__is_active=True, user=user)
        .first()
    )
    if membership is not None:
        return Access.of(membership)
    found = grant_in(user, slug)
    if found is None:
        raise Http404("No such team.")
    access = Access.of_grant(found[0], user)
    visits.note(access, now=timezone.now())
    return access


def team_page(
    permission: Permission,
) -> Callable[[TeamView[P]], Callable[..., HttpResponseBase]]:
    """A page under `/t/<team>/`: the view gets `(request, access, ...)`.

    Not signed in: to the sign-in. Not a member: 404. Without the permission: 403.
    """

    def declare(view: TeamView[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, team: str, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            access = access_to(request.user, team)
            if not access.can(permission):
                raise PermissionDenied(f"This page needs the permission “{permission.value}”.")
            request.access = access  # type: ignore[attr-defined]
            return view(request, access, **kwargs)  # type: ignore[call-arg]

        guarded.policy = Policy("team", permission)  # type: ignore[attr-defined]
        return guarded

    return declare


def agency_page(
    *, owner: bool = False
) -> Callable[[AgencyView[P]], Callable[..., HttpResponseBase]]:
    """A page under `/agency/<agency>/`: the view gets `(request, agency: AgencyAccess, ...)`.

    Not signed in: to the sign-in. Nobody of this agency: 404. With `owner`, only those who run
    it; for its other operators 403.
    """

    def declare(view: AgencyView[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, agency: str, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            found = agency_of(request.user, agency)
            if found is None:
                raise Http404("No such agency.")
            if owner:
                found.require_owner()
            request.agency = found  # type: ignore[attr-defined]
            return view(request, found, **kwargs)  # type: ignore[call-arg]

        guarded.policy = Policy("agency", reason="owner" if owner else "")  # type: ignore[attr-defined]
        return guarded

    return declare


def signed_in_page(
    view: Callable[..., HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """A page of one's own, in no team."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        return view(request, *args, **kwargs)

    guarded.policy = Policy("signed_in")  # type: ignore[attr-defined]
    return guarded


def public_page(
    reason: str,
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """An address open to everyone; `reason` says what protects it instead."""

    def declare(
        view: Callable[..., HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        view.policy = Policy("public", reason=reason)  # type: ignore[attr-defined]
        return view

    return declare


def _to_sign_in(request: HttpRequest) -> HttpResponseBase:
    if request.headers.get("HX-Request"):
        # A fragment can't show a sign-in page: let the whole page go there and come back.
        response = redirect_to_login(request.headers.get("HX-Current-URL", "/"))
        response.status_code = 200
        response["HX-Redirect"] = response["Location"]
        return response
    return redirect_to_login(_way_back(request))


def _way_back(request: HttpRequest) -> str:
    """Where to go once signed in: a form that was sent opens where it stands, and is not sent."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came = urlsplit(request.headers.get("Referer", ""))
    if came.netloc != request.get_host():
        return "/"
    return f"{came.path}?{came.query}" if came.query else came.path
