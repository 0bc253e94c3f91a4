"""Where an alert leads: to its lead, or to Today for what is still to be claimed."""

from django.urls import reverse

from apps.alerts.models import Alert, Kind

# The lead is not (or no longer) this person's: its card is on Today, if anywhere.
_ON_TODAY = frozenset({Kind.OFFERED, Kind.OPEN, Kind.EXPIRED})


def address_of(alert: Alert) -> str:
    """The path of the page to open. Needs the alert's `team` loaded."""
    slug = alert.team.slug
    if alert.lead_id is None or alert.kind in _ON_TODAY:
        return reverse("assignments:today", kwargs={"team": slug})
    return reverse("assignments:lead", kwargs={"team": slug, "lead": alert.lead_id})
