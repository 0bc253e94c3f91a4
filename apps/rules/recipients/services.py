"""Making, changing, pausing and archiving recipients of copies. Every deed is audited.

The row's lock is taken before the team's, in every function that takes both.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.rules import usage
from apps.rules.models import Recipient, RecipientPool
from apps.rules.recipients import checks, secrets
from apps.rules.recipients.secrets import old_until as old_until
from apps.rules.recipients.secrets import secrets_of as secrets_of
from apps.rules.recipients.settings import RecipientSettings as RecipientSettings
from apps.rules.refusals import Problem, Refused
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Team
from apps.teams.permissions import Permission
from apps.teams.team_settings import routing_moved

CAMPAIGN = ("campaign_count", "campaign_since", "warned")


def create(team: Team, settings: RecipientSettings, *, by: Access, now: datetime) -> Recipient:
    """A new recipient; a webhook has a secret (`secrets_of`). May raise Refused.

    Looks the address of a webhook up before its transaction: call it outside of one.
    """
    by.require(Permission.EDIT_ROUTING)
    wrong_address = _judged(settings, None)
    with transaction.atomic():
        _lock_names(team)
        _refuse_if_wrong(settings, team, None, wrong_address)
        recipient = Recipient(team=team, created_at=now, created_by=by.user, **settings.columns())
        if settings.kind == Recipient.Kind.WEBHOOK:
            _secret, recipient.secrets_encrypted = secrets.first()
        if recipient.greatest_cap:
            recipient.capped_at = now
        if settings.quota is not None or settings.ends_at is not None:
            recipient.campaign_since = now
        recipient.save()
        _note(recipient, "rules.recipient_added", by=by, now=now, kind=recipient.kind)
    return recipient


def change(
    recipient: Recipient,
    settings: RecipientSettings,
    *,
    by: Access,
    now: datetime,
    starts_campaign: bool = False,
) -> Recipient:
    """Set a recipient anew; it counts from the next lead. May raise Refused.

    With `starts_campaign` its leads in all are counted from 0. Call it outside of transactions,
    as `create`.
    """
    by.require(Permission.EDIT_ROUTING)
    wrong_address = _judged(settings, recipient)
    with transaction.atomic():
        recipient = lock(recipient)
        before = RecipientSettings.of(recipient)
        if settings == before and not starts_campaign:
            return recipient
        _lock_names(by.team)
        _refuse_if_wrong(settings, by.team, recipient, wrong_address)
        changed = _set(recipient, settings, before, now)
        if starts_campaign or (before.quota is None and settings.quota is not None):
            _count_anew(recipient, now)
        saved = [name.removesuffix("_id") for name in settings.columns()]
        recipient.save(update_fields=[*saved, *CAMPAIGN, "capped_at"])
        _note(recipient, "rules.recipient_changed", by=by, now=now, changed=changed)
    return recipient


@transaction.atomic
def start_campaign(recipient: Recipient, *, by: Access, now: datetime) -> Recipient:
    """Count the leads of the campaign from 0 again, and warn anew."""
    by.require(Permission.EDIT_ROUTING)
    recipient = lock(recipient)
    _count_anew(recipient, now)
    recipient.save(update_fields=CAMPAIGN)
    _note(recipient, "rules.campaign_started", by=by, now=now)
    return recipient


@transaction.atomic
def pause(recipient: Recipient, *, until: datetime | None, by: Access, now: datetime) -> Recipient:
    """No new copies until then, or until it is resumed. May raise Refused."""
    by.require(Permission.EDIT_ROUTING)
    if until is not None and until <= now:
        raise Refused.at("until", _("A pause must end in the future."))
    moment = until.isoformat() if until else None
    return _update(
        recipient, "rules.recipient_paused", by=by, now=now, detail={"until": moment},
        is_paused=True, paused_until=until,
    )  # fmt: skip


@transaction.atomic
def resume(recipient: Recipient, *, by: Access, now: datetime) -> Recipient:
    """It gets copies again, from the next lead on."""
    by.require(Permission.EDIT_ROUTING)
    action = "rules.recipient_resumed"
    return _update(recipient, action, by=by, now=now, is_paused=False, paused_until=None)


@transaction.atomic
def archive(recipient: Recipient, *, by: Access, now: datetime) -> Recipient:
    """Off, and out of the lists; what it got stays. Refused while rules or pools send there."""
    by.require(Permission.EDIT_ROUTING)
    lock(recipient)
    _lock_names(by.team)
    used = uses(recipient)
    if used:
        message = _("Leads still go there from %(places)s: change that first.")
        raise Refused.at("", message % {"places": ", ".join(used)})
    return _update(recipient, "rules.recipient_archived", by=by, now=now, is_active=False)


@transaction.atomic
def restore(recipient: Recipient, *, by: Access, now: datetime) -> Recipient:
    """Bring an archived recipient back; rules may name it again."""
    by.require(Permission.EDIT_ROUTING)
    return _update(recipient, "rules.recipient_restored", by=by, now=now, is_active=True)


@transaction.atomic
def enable(recipient: Recipient, *, by: Access, now: datetime) -> Recipient:
    """Its endpoint is there again: its failures are forgotten and deliveries go on."""
    by.require(Permission.EDIT_ROUTING)
    fresh: dict[str, Any] = {
        "failures": 0, "failing_since": None, "slowed_until": None, "disabled_at": None,
        "disabled_reason": "",
    }  # fmt: skip
    return _update(recipient, "rules.recipient_enabled", by=by, now=now, **fresh)


@transaction.atomic
def rotate_secret(recipient: Recipient, *, by: Access, now: datetime) -> str:
    """A new secret, returned to be shown once; the old one signs as well for 24 hours.

    Refused for what is no webhook. Of many rotations in a day the last five sign.
    """
    by.require(Permission.EDIT_ROUTING)
    recipient = lock(recipient)
    if recipient.kind != Recipient.Kind.WEBHOOK:
        raise Refused.at("", _("Only a webhook has a secret."))
    secret, recipient.secrets_encrypted = secrets.rotated(recipient, now=now)
    recipient.save(update_fields=["secrets_encrypted"])
    _note(recipient, "rules.recipient_secret_rotated", by=by, now=now)
    return secret


def lock(recipient: Recipient) -> Recipient:
    """The recipient's row as it stands, locked against copies and other changes."""
    locked: Recipient = (
        Recipient.objects.select_for_update(no_key=True)
        .filter(team_id=recipient.team_id)
        .get(pk=recipient.pk)
    )
    return locked


def uses(recipient: Recipient) -> list[str]:
    """The rules, live or of a draft, and the pools that send leads there, in words."""
    pools = RecipientPool.objects.filter(seats__recipient=recipient, is_active=True)
    return [
        *usage.rules_of_recipient(recipient),
        *(_("the pool “%(name)s”") % {"name": pool.name} for pool in pools),
    ]


def _set(
    recipient: Recipient, settings: RecipientSettings, before: RecipientSettings, now: datetime
) -> list[str]:
    """Set the columns; the names of those that are different now."""
    kept, was, columns = recipient.greatest_cap, before.columns(), settings.columns()
    for name, value in columns.items():
        setattr(recipient, name, value)
    if recipient.greatest_cap > kept:
        recipient.capped_at = now
    again: set[str] = set()  # what the managers are told of another time
    again |= {"quota_80", "quota_100"} if settings.quota != before.quota else set()
    again |= {"ends_soon", "over"} if settings.ends_at != before.ends_at else set()
    recipient.warned = [each for each in recipient.warned if each not in again]
    return [name for name, value in columns.items() if was[name] != value]


def _count_anew(recipient: Recipient, now: datetime) -> None:
    recipient.campaign_count = 0
    recipient.campaign_since = now
    recipient.warned = []


def _update(
    recipient: Recipient,
    action: str,
    *,
    by: Access,
    now: datetime,
    detail: dict[str, Any] | None = None,
    **values: Any,
) -> Recipient:
    """Set columns under the row's lock; nothing is written if they stand so already."""
    recipient = lock(recipient)
    if all(getattr(recipient, name) == value for name, value in values.items()):
        return recipient
    for name, value in values.items():
        setattr(recipient, name, value)
    recipient.save(update_fields=list(values))
    _note(recipient, action, by=by, now=now, **(detail or {}))
    return recipient


def _note(recipient: Recipient, action: str, *, by: Access, now: datetime, **detail: Any) -> None:
    audit.record(by=by, action=action, target=recipient, now=now, detail=detail)
    routing_moved(by.team)


def _lock_names(team: Team) -> None:
    """One change of a team's recipients at a time: names are given once."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)


def _judged(settings: RecipientSettings, recipient: Recipient | None) -> list[Problem]:
    """What the network says of a webhook's address, if it is new."""
    if not settings.url or (recipient and recipient.url == settings.url):
        return []
    problem = checks.address_problem(settings.url)
    return [Problem("url", problem)] if problem else []


def _refuse_if_wrong(
    settings: RecipientSettings,
    team: Team,
    recipient: Recipient | None,
    more: Iterable[Problem],
) -> None:
    problems = [*checks.problems(settings, team, recipient=recipient), *more]
    if problems:
        raise Refused(problems)
