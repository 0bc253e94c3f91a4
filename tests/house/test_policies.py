"""Every address and every websocket says who may use it."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import get_resolver, path

from apps.alerts.consumers import AlertConsumer
from apps.teams.checks import every_view_declares_its_policy, policy_of, walk
from apps.teams.permissions import Permission
from apps.teams.policy import public_page, signed_in_page, team_page


def _view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    return HttpResponse()


class _Addresses:
    """A URLconf with one address."""

    def __init__(self, view: Any) -> None:
        self.urlpatterns = [path("t/<slug:team>/planted/", view)]


def test_every_address_declares_its_policy() -> None:
    assert every_view_declares_its_policy(None) == []


def test_a_view_without_a_policy_is_an_error() -> None:
    with override_settings(ROOT_URLCONF=_Addresses(_view)):
        (error,) = every_view_declares_its_policy(None)

    assert "t/<slug:team>/planted/" in error.msg
    assert error.hint


@pytest.mark.parametrize(
    "declare", [team_page(Permission.SEE_TEAM), signed_in_page, public_page("a reason")]
)
def test_a_declared_policy_is_seen(declare: Any) -> None:
    with override_settings(ROOT_URLCONF=_Addresses(declare(_view))):
        assert every_view_declares_its_policy(None) == []


def _ours() -> list[tuple[str, Any]]:
    return [(address, view) for address, view in walk(get_resolver()) if policy_of(view)]


def test_taking_any_policy_away_is_seen() -> None:
    """Each of our addresses in turn, without its policy."""
    unseen = []
    for address, view in _ours():
        holder = view if hasattr(view, "policy") else getattr(view, "view_class", view)

        def bare(request: HttpRequest) -> HttpResponse:
            return HttpResponse()

        bare.__module__ = holder.__module__
        with override_settings(ROOT_URLCONF=_Addresses(bare)):
            if not every_view_declares_its_policy(None):
                unseen.append(address)

    assert unseen == []


def test_whatever_lies_below_a_team_asks_for_a_member_of_it() -> None:
    wrong = [
        address
        for address, view in _ours()
        if address.startswith("t/<slug:team>/") and policy_of(view).kind != "team"
    ]

    assert wrong == []


def test_a_public_address_says_what_protects_it() -> None:
    silent = [
        address
        for address, view in _ours()
        if policy_of(view).kind == "public" and not policy_of(view).reason
    ]

    assert silent == []


def test_every_action_of_the_websocket_has_its_policy_and_its_proof() -> None:
    """A client may say where she stands, and that she watches: none names an object of a team.

    tests/alerts/test_sockets.py proves of each that nobody hears what is not hers.
    """
    proven = {"resume": "signed_in", "watch": "signed_in"}

    assert {name: policy.kind for name, policy in AlertConsumer.actions.items()} == proven
