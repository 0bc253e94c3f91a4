"""Who hears of a return: the sender of a new one, the recipient of what was decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.alerts import services as alerts
from apps.alerts.models import Kind
from apps.alerts.services import NewAlert
from apps.deliveries import links
from apps.deliveries.models import Arrival, Dispute
from apps.deliveries.telling import tell_managers
from apps.rules.models import Recipient


def tell_sender(made: Dispute, *, now: datetime) -> None:
    """Somebody has to decide."""
    tell_managers(
        made.team, Kind.DISPUTED, title=_title(made.recipient.name, made), page="dispute",
        page_id=made.pk, now=now,
    )  # fmt: skip


def tell_recipient(dispute: Dispute, *, now: datetime) -> None:
    """An alert to a team's managers or a member, a mail to an address; a webhook hears nothing."""
    kind = dispute.recipient.kind
    if kind == Recipient.Kind.TEAM:
        _tell_team(dispute, now)
    elif kind == Recipient.Kind.MEMBER:
        _tell_member(dispute, now)
    elif kind == Recipient.Kind.EMAIL:
        with timezone.override(ZoneInfo(dispute.team.timezone)):
            mail = mail_of_decision(dispute)
        transaction.on_commit(lambda: _post(mail), robust=True)


def _tell_team(dispute: Dispute, now: datetime) -> None:
    agreement = dispute.recipient.agreement
    if agreement is None or agreement.to is None:
        return
    tell_managers(
        agreement.to, Kind.DISPUTE_DECIDED, title=_title(dispute.team.name, dispute),
        page="sender", page_id=agreement.pk, lead_id=_their_lead(dispute), now=now,
        reason=f"return_{dispute.state}",
    )  # fmt: skip


def _their_lead(dispute: Dispute) -> UUID | None:
    """What the copy became in the recipient's team."""
    found = Arrival.objects.filter(delivery_id=dispute.delivery_id)
    lead_id: UUID | None = found.values_list("lead", flat=True).first()
    return lead_id


def _tell_member(dispute: Dispute, now: datetime) -> None:
    membership = dispute.recipient.membership
    if membership is None:
        return
    data = {
        "title": _title(dispute.team.name, dispute), "page": "copy",
        "id": str(dispute.delivery_id), "url": links.path_of(dispute.delivery),
        "reason": f"return_{dispute.state}",
    }  # fmt: skip
    told = NewAlert(membership.user_id, Kind.DISPUTE_DECIDED, data=data)
    alerts.raise_alerts([told], team=dispute.team, now=now)


def _title(name: str, dispute: Dispute) -> str:
    return _("%(name)s: %(reason)s") % {"name": name, "reason": dispute.get_reason_display()}


def mail_of_decision(dispute: Dispute) -> EmailMultiAlternatives:
    """What an e-mail recipient reads of her return. Needs recipient, team and delivery loaded."""
    words: dict[str, Any] = {
        "dispute": dispute,
        "team": dispute.team,
        "delivered_at": dispute.delivery.delivered_at or dispute.delivery.sent_at,
        "is_accepted": dispute.state == Dispute.State.ACCEPTED,
    }
    subject = _("%(team)s accepted your return") if words["is_accepted"] else _(
        "%(team)s did not accept your return"
    )  # fmt: skip
    mail = EmailMultiAlternatives(
        " ".join((subject % {"team": dispute.team.name}).split()),
        render_to_string("emails/return_decided.txt", words),
        to=[dispute.recipient.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("emails/return_decided.html", words), "text/html")
    return mail


def _post(mail: EmailMultiAlternatives) -> None:
    mail.send(fail_silently=False)
