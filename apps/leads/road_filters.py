"""Leads by what happened to them on their road, as the figures about it count them.

Tables of later apps are reached by the names of their relations alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _

from apps.leads.models.work import Attempt, Outcome

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from apps.leads.models import LeadQuerySet

PERSISTENT = 6  # attempts, before one may say that a lead can't be reached
COUNTS = Q(confirmed_at__isnull=False) & ~Q(outcome=Outcome.MISDIAL)

Narrow = Callable[["LeadQuerySet"], "LeadQuerySet"]


def _having(**related: object) -> Narrow:
    """Leads with a row like that in a table of their own."""

    def narrow(rows: LeadQuerySet) -> LeadQuerySet:
        return rows.filter(pk__in=rows.model.objects.filter(**related).values("pk"))

    return narrow


def _persistent(rows: LeadQuerySet) -> LeadQuerySet:
    tried = Attempt.objects.filter(COUNTS, lead__in=rows).order_by().values("lead")
    often = tried.annotate(times=Count("pk")).filter(times__gte=PERSISTENT)
    return rows.filter(first_contact_at__isnull=True, pk__in=often.values("lead"))


def _kept(rows: LeadQuerySet) -> LeadQuerySet:
    return _having(follow_ups__done_at__lte=F("follow_ups__due_at"))(rows)


ROADS: Mapping[str, tuple[StrOrPromise, Narrow]] = {
    "accepted": (_("offer accepted"),
                 _having(offers__state="accepted", offers__member__isnull=False)),
    "declined": (_("offer declined"),
                 _having(offers__state="declined", offers__member__isnull=False)),
    "expired": (_("offer ran out"),
                _having(offers__state="expired", offers__member__isnull=False)),
    "claimed": (_("claimed"), _having(offers__state="accepted", offers__member__isnull=True)),
    "assigned": (_("assigned"), _having(assignments__isnull=False)),
    "taken_back": (_("taken back"), _having(assignments__end_reason="timeout")),
    "kept": (_("followed up in time"), _kept),
    "uncontacted": (_("never contacted"), lambda rows: rows.filter(first_contact_at=None)),
    "persistent": (_("not reached in 6 attempts"), _persistent),
    "failed": (_("delivery failed"), _having(deliveries__state="dead")),
}  # fmt: skip
