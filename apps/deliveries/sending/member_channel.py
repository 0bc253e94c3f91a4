"""Copies for members, and offers to members and teams: an alert on their pages, and a mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.alerts import services as alerts
from apps.alerts.models import Alert, Kind
from apps.alerts.services import NewAlert
from apps.assignments.road.telling import managers
from apps.deliveries import links
from apps.deliveries.models import Delivery
from apps.deliveries.sending import emailing
from apps.deliveries.sending.outcomes import Came, Copy, Result
from apps.leads.masking import headline
from apps.leads.models import Lead
from apps.rules.models import Agreement
from apps.teams.models import Membership, Team


def send(copy: Copy, now: datetime) -> Result:
    """The copy, or the offer of it, for a member of the sender's own team."""
    member = copy.recipient.membership
    if member is None or not member.is_active:
        return Result(Came.FAILED, error=_("She is not in the team any more."))
    return _reach([member.user], copy, copy.team, now)


def offer_to_team(copy: Copy, now: datetime) -> Result:
    """An offer for another team: its managers hear of it there. The copy itself comes by intake."""
    agreement = copy.recipient.agreement
    to = agreement.to if agreement else None
    if agreement is None or to is None or agreement.state != Agreement.State.ACCEPTED:
        return Result(Came.FAILED, error=_("This team does not take your leads any more."))
    people = [member.user for member in _managers(to)]
    if not people:
        return Result(Came.FAILED, error=_("Nobody manages this team: nobody could accept."))
    return _reach(people, copy, to, now)


def _managers(team: Team) -> Sequence[Membership]:
    found = {member.pk for member in managers(team)}
    rows = Membership.objects.active().filter(pk__in=found).select_related("user")
    return list(rows.order_by("pk"))


def _reach(people: Iterable[User], copy: Copy, team: Team, now: datetime) -> Result:
    """Alert and mail each of them once; delivered when the alerts are written.

    A mail that fails is said and costs nothing: the alert stands, and where alerts are mailed,
    it goes out with them.
    """
    told = _told(copy, team)
    failures = []
    for user in people:
        if user.pk in told:
            continue
        result = _mail(user, copy)
        failures += [] if result is None or result.is_success else [result.error]
        is_mailed = result is not None and result.is_success
        _alert(user, copy, team, now, is_mailed=is_mailed)
    return Result(Came.DELIVERED, answer="; ".join(failures)[:1000])


def _told(copy: Copy, team: Team) -> set[object]:
    """Whom an earlier try has reached."""
    rows = Alert.objects.filter(team=team, kind=_kind(copy), data__id=str(copy.delivery.pk))
    return set(rows.values_list("user_id", flat=True))


def _mail(user: User, copy: Copy) -> Result | None:
    if not user.wants_email_alerts:
        return None
    return emailing.send_to(user.email, copy, zone=ZoneInfo(user.timezone))


def _alert(user: User, copy: Copy, team: Team, now: datetime, *, is_mailed: bool) -> None:
    """Written with its own transaction: the next of them may fail."""
    new = NewAlert(user.pk, _kind(copy), data=_data(copy))
    with transaction.atomic():
        rows = alerts.unsaved([new], team=team, now=now)
        for row in rows:
            row.email_due = row.email_due and not is_mailed
        Alert.objects.bulk_create(rows)
        alerts.announce_on_commit()


def _kind(copy: Copy) -> str:
    return (Kind.COPY_OFFERED if copy.is_offer else Kind.COPY).value


def _data(copy: Copy) -> dict[str, str]:
    """What the alert says: nothing personal, and where it leads."""
    delivery = copy.delivery
    until = delivery.offered_until
    said = {
        "title": _headline(delivery),
        "page": "offer" if copy.is_offer else "copy",
        "id": str(delivery.pk),
        "url": links.path_of(delivery),
        "from": copy.team.name,
    }
    if copy.is_offer and until is not None:
        said["expires_at"] = until.astimezone(UTC).isoformat()
    return said


def _headline(delivery: Delivery) -> str:
    return headline(Lead.objects.select_related("source").get(pk=delivery.lead_id))
