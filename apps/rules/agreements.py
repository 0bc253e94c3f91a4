"""Asking another team to take this team's leads; the answer is given in `deliveries.consent`.

The question goes out by e-mail. Whoever follows its link and connects sources in a team answers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.rules.models import Agreement
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership, Team
from apps.teams.permissions import Permission
from apps.teams.scope import deed
from apps.teams.secrets import new_token, token_hash

VALID_FOR = timedelta(days=14)
# Nobody's mailbox is filled by somebody who presses a button again and again.
ASKED_AGAIN_AFTER = timedelta(minutes=1)
MOST_WAITING = 200
LONGEST_MESSAGE = 500
State = Agreement.State


class AgreementRefused(ValueError):
    """It can't be asked for, made or ended; the message says why and what to do."""


@transaction.atomic
def ask(
    team: Team, *, email: str, message: str = "", by: Access, now: datetime
) -> tuple[Agreement, str]:
    """Ask whoever reads this mailbox to take leads of `team`; the question and its link's token."""
    by.require(Permission.EDIT_ROUTING)
    address = _address(email)
    # Of two at the same moment, such as a double click, one question goes out.
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    waiting = Agreement.objects.filter(team=team, state=State.ASKED, expires_at__gt=now)
    if waiting.filter(email=address).exists():
        words = _("%(email)s was asked already. Wait for the answer, or ask again there.")
        raise AgreementRefused(words % {"email": address})
    if waiting.count() >= MOST_WAITING:
        raise AgreementRefused(_("Too many questions wait for an answer. Withdraw some first."))
    token = new_token()
    agreement = Agreement.objects.create(
        team=team,
        email=address,
        message=_message(message),
        token_hash=token_hash(token),
        asked_at=now,
        expires_at=now + VALID_FOR,
        **deed(by),
    )
    audit.record(by=by, action="agreement.asked", target=agreement, now=now)
    _send(agreement, token, by)
    return agreement, token


@transaction.atomic
def ask_again(agreement: Agreement, *, by: Access, now: datetime) -> tuple[Agreement, str]:
    """A new link for another fourteen days; the old one stops working.

    Also after a refusal or an end: whoever said no may be asked, and may say no again.
    """
    row = _held(agreement, by)
    if row.state == State.ACCEPTED:
        raise AgreementRefused(_("They take your leads already."))
    if row.state == State.ASKED and row.asked_at > now - ASKED_AGAIN_AFTER:
        raise AgreementRefused(_("They were asked a moment ago. Wait a minute."))
    if row.to_id and between(row.team, row.to) is not None:
        raise AgreementRefused(_("They take your leads already, by another agreement."))
    token = new_token()
    row.state, row.token_hash = State.ASKED, token_hash(token)
    row.asked_at, row.expires_at = now, now + VALID_FOR
    row.decided_at = row.decided_by = row.ended_at = row.ended_by = None
    row.ended_side = ""
    for column, value in deed(by).items():
        setattr(row, column, value)
    row.save()
    audit.record(by=by, action="agreement.asked_again", target=row, now=now)
    _send(row, token, by)
    return row, token


@transaction.atomic
def withdraw(agreement: Agreement, *, by: Access, now: datetime) -> Agreement:
    """Take a question back that nobody has answered; its link stops working at once."""
    row = _held(agreement, by)
    if row.state != State.ASKED:
        raise AgreementRefused(_("This was answered already."))
    row.state, row.token_hash = State.ENDED, None
    row.ended_at, row.ended_by, row.ended_side = now, by.user, Agreement.Side.SENDER
    row.save()
    audit.record(by=by, action="agreement.withdrawn", target=row, now=now)
    return row


def find(token: str, *, now: datetime) -> Agreement | None:
    """The question of a link while it can be answered; None otherwise, whatever the reason."""
    rows = waiting_at(now).select_related("team", "actor", "to")
    return rows.filter(token_hash=token_hash(token)).first()


def waiting_at(now: datetime) -> QuerySet[Agreement]:
    """Questions that can still be answered."""
    return Agreement.objects.filter(state=State.ASKED, expires_at__gt=now, team__is_active=True)


def asked_of(by: Access, *, now: datetime) -> QuerySet[Agreement]:
    """Questions that this reader may answer for her team: put to her mailbox or to the team."""
    if by.user is None or not by.can(Permission.EDIT_SOURCES):
        return Agreement.objects.none()
    is_meant = Q(to=by.team) | Q(to__isnull=True, email__iexact=by.user.email)
    rows = waiting_at(now).filter(is_meant).exclude(team=by.team)
    return rows.select_related("team", "actor").order_by("-asked_at", "-id")


def between(sender: Team | UUID, to: Team | UUID | None) -> Agreement | None:
    """The agreement by which `to` takes leads of `sender` now."""
    if to is None:
        return None
    ids = [team.pk if isinstance(team, Team) else team for team in (sender, to)]
    rows = Agreement.objects.filter(team_id=ids[0], to_id=ids[1], state=State.ACCEPTED)
    return rows.select_related("team", "to").first()


def teams_of(user: User) -> list[Access]:
    """The teams for which this user may agree, by name."""
    members = (
        Membership.objects.active()
        .filter(user=user, team__is_active=True)
        .select_related("team", "user")
        .order_by("team__name", "team_id")
    )
    return [access for access in map(Access.of, members) if access.can(Permission.EDIT_SOURCES)]


def _held(agreement: Agreement, by: Access) -> Agreement:
    """The sender's row, locked."""
    by.require(Permission.EDIT_ROUTING)
    rows = Agreement.objects.visible_to(by).select_for_update(of=("self",))
    return rows.select_related("team", "to").get(pk=agreement.pk)


def _address(email: str) -> str:
    address = email.strip().casefold()
    try:
        validate_email(address)
    except ValidationError:
        raise AgreementRefused(
            _("“%(text)s” is no e-mail address.") % {"text": address.replace("\x00", "")[:60]}
        ) from None
    if len(address) > 254:
        raise AgreementRefused(_("This e-mail address is too long."))
    return address


def _message(text: str) -> str:
    return text.replace("\x00", "").strip()[:LONGEST_MESSAGE]


def link_of(token: str) -> str:
    return settings.PUBLIC_URL + reverse("welcome:agreement", kwargs={"token": token})


def _send(agreement: Agreement, token: str, by: Access) -> None:
    """By mail once it is committed. A team that is asked again is told on its page as well."""
    if not agreement.email:
        return
    words = {"agreement": agreement, "link": link_of(token), "team": by.team, "asker": by.user}
    message = EmailMultiAlternatives(
        subject=_("%(team)s wants to send you leads") % {"team": by.team.name},
        body=render_to_string("emails/agreement.txt", words),
        to=[agreement.email],
    )
    message.attach_alternative(render_to_string("emails/agreement.html", words), "text/html")
    transaction.on_commit(lambda: _post(message), robust=True)


def _post(message: EmailMultiAlternatives) -> None:
    message.send(fail_silently=False)
