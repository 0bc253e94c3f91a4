"""Where an alert leads: to its lead, to Today for what is still to be claimed, to what it names."""

from collections.abc import Callable, Mapping
from uuid import UUID

from django.urls import reverse

from apps.alerts.models import Alert, Kind

# The lead is not (or no longer) this person's: its card is on Today, if anywhere.
_ON_TODAY = frozenset({Kind.OFFERED, Kind.OPEN, Kind.EXPIRED})
# Pages for whoever has their link; an alert of a copy brings its own along.
PUBLIC_COPIES = "/d/"
# What `page` names → the page of the object whose id is beside it, or a list that it is in.
_OWN_PAGES: Mapping[str, str] = {
    "delivery": "deliveries:delivery",
    "recipient": "deliveries:recipient",
    "dispute": "deliveries:dispute",
    "member": "people:member",
}
_LISTS: Mapping[str, str] = {
    "agreement": "deliveries:recipients",
    "sender": "capture:senders",
    "grant": "consents:agencies",
}
# The list, even where a lead is named: who asked may not see it any more.
_ALWAYS_LISTS: Mapping[str, str] = {
    "requests": "assignments:requests",
    "my_requests": "assignments:my_requests",
}


def address_of(alert: Alert) -> str:
    """The path of the page to open. Needs the alert's `team` loaded."""
    slug = alert.team.slug
    page = _NAMED.get(alert.data.get("page", ""))
    if page is not None and (path := page(alert, slug)):
        return path
    if alert.lead_id is None or alert.kind in _ON_TODAY:
        return reverse("assignments:today", kwargs={"team": slug})
    return reverse("assignments:lead", kwargs={"team": slug, "lead": alert.lead_id})


def _own_page(alert: Alert, slug: str) -> str:
    name: str = alert.data["page"]
    try:
        wanted = UUID(str(alert.data.get("id", "")))
    except ValueError:
        return ""
    return reverse(_OWN_PAGES[name], kwargs={"team": slug, name: wanted})


def _list(alert: Alert, slug: str) -> str:
    """The list; but what is said of a lead is said on its page."""
    if alert.lead_id is not None:
        return ""
    return reverse(_LISTS[alert.data["page"]], kwargs={"team": slug})


def _always_list(alert: Alert, slug: str) -> str:
    return reverse(_ALWAYS_LISTS[alert.data["page"]], kwargs={"team": slug})


def _copy(alert: Alert, slug: str) -> str:
    path = str(alert.data.get("url", ""))
    return path if path.startswith(PUBLIC_COPIES) else ""


_NAMED: Mapping[str, Callable[[Alert, str], str]] = {
    **dict.fromkeys(_OWN_PAGES, _own_page),
    **dict.fromkeys(_LISTS, _list),
    **dict.fromkeys(_ALWAYS_LISTS, _always_list),
    "copy": _copy,
    "offer": _copy,
}
