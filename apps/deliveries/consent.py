"""Consent between teams: given once by who gets the leads, ended by either side at once.

Each team's log says what was done in that team's own name, and its managers are told.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.alerts.models import Kind
from apps.deliveries.models import Delivery
from apps.deliveries.telling import tell_managers
from apps.leads.models import Source
from apps.leads.sources import free_slug
from apps.rules import agreements
from apps.rules.agreements import AgreementRefused
from apps.rules.models import Agreement, Recipient
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Permission
from apps.teams.scope import deed
from apps.teams.team_settings import routing_moved

State = Agreement.State
Side = Agreement.Side
WAITING = (Delivery.State.QUEUED, Delivery.State.FAILED)


def accept(agreement: Agreement, *, team: Team, by: Access, now: datetime) -> Agreement:
    """`team` takes the sender's leads from now on, by a source of its own, “From <sender>”.

    Of two answers at once one counts. AgreementRefused where it can't be.
    """
    if by.team.pk != team.pk:
        raise Agreement.DoesNotExist
    by.require(Permission.EDIT_SOURCES)
    try:
        with transaction.atomic():
            row = _open(agreement, now)
            _refuse_odd_pair(row.team, team)
            return _agree(row, team, by=by, now=now)
    except IntegrityError as error:
        raise AgreementRefused(_already(agreement.team)) from error


def decline(agreement: Agreement, *, by: Access | None, now: datetime) -> Agreement:
    """Say no; whoever has the link may. Nothing else happens, and the sender may ask again."""
    with transaction.atomic():
        row = _open(agreement, now)
        row.state, row.token_hash = State.DECLINED, None
        row.decided_at, row.decided_by = now, by.user if by else None
        row.save()
        _note("agreement.declined", row, row.team, now)
        _tell_sender(row, _("They do not want your leads."), now)
        return row


def end(agreement: Agreement, *, side: str, by: Access, now: datetime) -> Agreement:
    """Either side ends it, at once: what is still on its way is refused, nothing more is sent.

    Ending what has ended changes nothing.
    """
    by.require(Permission.EDIT_ROUTING if side == Side.SENDER else Permission.EDIT_SOURCES)
    with transaction.atomic():
        row = _locked(agreement)
        if by.team.pk != (row.team_id if side == Side.SENDER else row.to_id):
            raise Agreement.DoesNotExist
        if row.state != State.ACCEPTED:
            return row
        row.state, row.ended_at, row.ended_by, row.ended_side = State.ENDED, now, by.user, side
        row.save()
        _hurry(row, now)
        _tell_of_end(row, by, now)
        return row


@transaction.atomic
def adopt(delivery: Delivery, team: Team, by: Access, now: datetime) -> Delivery:
    """An e-mail recipient takes its copies into an account, this one among them.

    The recipient becomes the team; the same row of this copy goes out once more, to the team, with
    all that was written down about it so far. Once more of the same changes nothing.
    """
    if by.team.pk != team.pk:
        raise Agreement.DoesNotExist
    by.require(Permission.EDIT_SOURCES)
    rows = Delivery.objects.select_for_update(of=("self",), no_key=True)
    found: Delivery = rows.select_related("team").get(pk=delivery.pk)
    recipient = Recipient.objects.select_for_update(no_key=True).get(pk=found.recipient_id)
    if recipient.kind == Recipient.Kind.TEAM and recipient.agreement is not None:
        return _adopted(found, recipient.agreement, team)
    if recipient.kind != Recipient.Kind.EMAIL:
        raise AgreementRefused(_("Only copies that go to an e-mail address can be taken in."))
    _refuse_own(found.team, team)
    agreement = _agreed(found.team, by, asker=Access.system(found.team), now=now)
    address = recipient.email
    recipient.kind, recipient.email, recipient.agreement = Recipient.Kind.TEAM, "", agreement
    recipient.save(update_fields=["kind", "email", "agreement"])
    _redirect(found, recipient, now)
    audit.record(
        by=Access.system(found.team), action="rules.recipient_taken_in", target=recipient, now=now,
        detail={"email": address, "agreement": str(agreement.pk)},
    )  # fmt: skip
    routing_moved(found.team)
    return found


def _agreed(sender: Team, to: Access, *, asker: Access, now: datetime) -> Agreement:
    """The pair's agreement; made and accepted at once if there is none."""
    known = agreements.between(sender, to.team)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            row = Agreement(team=sender, asked_at=now, **deed(asker))
            return _agree(row, to.team, by=to, now=now)
    except IntegrityError:  # somebody agreed at the same moment
        known = agreements.between(sender, to.team)
        if known is None:
            raise
        return known


def _agree(row: Agreement, team: Team, *, by: Access, now: datetime) -> Agreement:
    _lock_teams(row.team, team)
    row.state, row.to, row.token_hash = State.ACCEPTED, team, None
    row.decided_at, row.decided_by = now, by.user
    row.save()
    source = _source(row.team, team, now)
    audit.record(
        by=by, action="agreement.accepted", target=row, now=now,
        detail={"from": str(row.team_id), "source": str(source.pk)},
    )  # fmt: skip
    _note("agreement.accepted", row, row.team, now, to=str(team.pk))
    _tell_sender(row, _("They take your leads from now on."), now)
    routing_moved(row.team)
    return row


def _lock_teams(*teams: Team) -> None:
    """In one order, for two teams may agree with each other, both ways, at the same moment."""
    ids = [team.pk for team in teams]
    list(Team.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))


def _source(sender: Team, team: Team, now: datetime) -> Source:
    """Where the sender's leads come in; the one there was, if they agreed before."""
    known = Source.objects.filter(team=team, sender=sender).first()
    if known is not None:
        Source.objects.filter(pk=known.pk).update(revoked_at=None, is_active=True)
        return known
    name = (_("From %(team)s") % {"team": sender.name})[:120]
    made: Source = Source.objects.create(
        team=team, sender=sender, kind=Source.Kind.COPY, name=name, created_at=now,
        slug=free_slug(team, name),
    )  # fmt: skip
    return made


def _open(agreement: Agreement, now: datetime) -> Agreement:
    """The question, locked, while it can be answered."""
    row = _locked(agreement)
    if row.state != State.ASKED or row.expires_at is None or row.expires_at <= now:
        raise AgreementRefused(_("This was answered, taken back or has expired."))
    return row


def _locked(agreement: Agreement) -> Agreement:
    rows = Agreement.objects.select_for_update(of=("self",)).select_related("team", "to")
    return rows.get(pk=agreement.pk)


def _refuse_odd_pair(sender: Team, team: Team) -> None:
    _refuse_own(sender, team)
    if agreements.between(sender, team) is not None:
        raise AgreementRefused(_already(sender))


def _refuse_own(sender: Team, team: Team) -> None:
    if sender.pk == team.pk:
        raise AgreementRefused(_("A team can’t send leads to itself. Choose another team."))


def _already(sender: Team) -> str:
    return _("This team takes leads of %(team)s already.") % {"team": sender.name}


def _hurry(row: Agreement, now: datetime) -> None:
    """What waits for this team is looked at now, and refused: the consent is gone."""
    waiting = Delivery.objects.filter(
        team=row.team_id, recipient__agreement=row, channel=Recipient.Kind.TEAM,
        state__in=[*WAITING, Delivery.State.OFFERED],
    )  # fmt: skip
    waiting.update(next_attempt_at=now)


def _redirect(found: Delivery, recipient: Recipient, now: datetime) -> None:
    """Whatever still waits for the mailbox goes to the team instead; so does this copy."""
    waiting = Delivery.objects.filter(team=found.team_id, recipient=recipient)
    waiting.filter(state__in=[*WAITING, Delivery.State.OFFERED]).update(channel=recipient.kind)
    if found.state in (Delivery.State.OFFERED, Delivery.State.WITHDRAWN):
        return
    found.channel, found.state = recipient.kind, Delivery.State.QUEUED
    found.next_attempt_at, found.ended_at, found.locked_until = now, None, None
    found.save(update_fields=["channel", "state", "next_attempt_at", "ended_at", "locked_until"])


def _adopted(found: Delivery, agreement: Agreement, team: Team) -> Delivery:
    """The copy as it is, if its recipient is this very team already."""
    if agreement.to_id != team.pk:
        raise AgreementRefused(_("These leads go to another account already."))
    return found


def _note(action: str, row: Agreement, team: Team, now: datetime, **detail: str) -> None:
    """A line in the log of the team that did not do it itself."""
    audit.record(by=Access.system(team), action=action, target=row, now=now, detail=detail)


def _tell_sender(row: Agreement, reason: str, now: datetime) -> None:
    name = row.to.name if row.to else row.email
    tell_managers(
        row.team, Kind.AGREEMENT, title=name, page="agreement", page_id=row.pk, now=now,
        reason=reason,
    )  # fmt: skip


def _tell_of_end(row: Agreement, by: Access, now: datetime) -> None:
    """Both teams' logs and managers; the source that it came in by is closed."""
    to = row.to
    if to is None:
        return
    Source.objects.filter(team=to, sender=row.team).update(revoked_at=now)
    audit.record(
        by=by, action="agreement.ended", target=row, now=now, detail={"side": row.ended_side}
    )
    other = to if row.ended_side == Side.SENDER else row.team
    _note("agreement.ended", row, other, now, side=row.ended_side)
    who = row.team.name if row.ended_side == Side.SENDER else to.name
    reason = _("%(team)s ended it. Nothing more is sent.") % {"team": who}
    _tell_sender(row, reason, now)
    tell_managers(
        to, Kind.AGREEMENT, title=row.team.name, page="sender", page_id=row.pk, now=now,
        reason=reason,
    )  # fmt: skip
    routing_moved(row.team)
