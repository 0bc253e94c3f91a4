"""Campaigns that near their end: their managers are told once a step."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.alerts import services as alerts
from apps.alerts.models import Alert, Kind
from apps.alerts.services import NewAlert
from apps.assignments.road.telling import managers, users
from apps.rules.models import Recipient
from apps.teams.models import Team

ENDS_SOON = timedelta(days=3)
AT_ONCE = 100


def alerts_of(
    warnings: Iterable[tuple[Recipient, str]], *, team: Team, now: datetime
) -> list[Alert]:
    """Unsaved alerts for the managers of the recipients' team; no query without a warning."""
    listed = list(warnings)
    if not listed:
        return []
    everyone = users(managers(team))
    told = [
        NewAlert(
            user,
            Kind.CAMPAIGN,
            data={
                "title": words(recipient, what),
                "page": "recipient",
                "id": str(recipient.pk),
                "reason": what,
            },
        )
        for recipient, what in listed
        for user in everyone
    ]
    return alerts.unsaved(told, team=team, now=now)


def words(recipient: Recipient, what: str) -> str:
    """What a manager reads about a campaign."""
    named = {
        "name": recipient.name, "count": recipient.campaign_count, "quota": recipient.quota,
    }  # fmt: skip
    said = {
        "quota_80": _("%(name)s has %(count)d of its %(quota)d leads."),
        "quota_100": _("%(name)s has all of its %(quota)d leads: it gets no more."),
        "ends_soon": _("The campaign of %(name)s ends within three days."),
        "over": _("The campaign of %(name)s is over: it gets no more leads."),
    }
    return said.get(what, "%(name)s") % named


def warn_due(*, now: datetime) -> int:
    """Tell of campaigns that end soon or ended just now, once each; how many were told."""
    return _warn("ends_soon", Q(ends_at__gt=now, ends_at__lte=now + ENDS_SOON), now) + _warn(
        "over", Q(ends_at__lte=now), now
    )


def _warn(what: str, due: Q, now: datetime) -> int:
    with transaction.atomic():
        rows = Recipient.objects.filter(due, is_active=True).exclude(warned__contains=[what])
        rows = rows.select_related("team").select_for_update(
            of=("self",), skip_locked=True, no_key=True
        )
        found = list(rows.order_by("pk")[:AT_ONCE])
        for recipient in found:
            recipient.warned = [*recipient.warned, what]
            recipient.save(update_fields=["warned"])
            told = alerts_of([(recipient, what)], team=recipient.team, now=now)
            Alert.objects.bulk_create(told)
        if found:
            alerts.announce_on_commit()
    return len(found)
