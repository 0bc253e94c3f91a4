"""The team's shared scripts: filled in for a lead, written, ordered, taken out of use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from apps.content.models import Script
from apps.content.placeholders import MEANINGS, fill, refuse_unknown
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.permissions import Permission


class NameTaken(ValueError):
    """Another script of the channel has this name already."""


@dataclass(frozen=True, slots=True)
class RenderedScript:
    """A script as it will be said or sent."""

    id: UUID
    name: str
    subject: str
    body: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class ScriptText:
    """What somebody wrote."""

    channel: str
    name: str
    body: str
    subject: str = ""
    language: str = ""


def scripts_for(access: Access, lead_values: Mapping[str, str]) -> dict[str, list[RenderedScript]]:
    """The team's scripts by channel, in the team's order, filled in for one lead.

    `lead_values` may hold lead, first_name and company; masked values stay masked. Empty for
    those who may not use scripts.
    """
    if not access.can(Permission.USE_CONTENT):
        return {}
    values = _values(access, lead_values)
    found: dict[str, list[RenderedScript]] = {channel: [] for channel in Script.Channel.values}
    for script in Script.objects.visible_to(access).filter(is_active=True):
        found[script.channel].append(rendered(script, values))
    return found


def rendered(script: Script, values: Mapping[str, str]) -> RenderedScript:
    return RenderedScript(
        id=script.pk,
        name=script.name,
        subject=" ".join(fill(script.subject, values).split()),
        body=fill(script.body, values),
        language=script.language,
    )


@transaction.atomic
def add(text: ScriptText, *, by: Access, now: datetime) -> Script:
    """A new script, last of its channel. NameTaken, also for the second of a double click."""
    by.require(Permission.EDIT_CONTENT)
    _check(text)
    last = _of_channel(by, text.channel).aggregate(last=Max("position"))["last"]
    with _named_once(text):
        script = Script.objects.create(
            team=by.team,
            channel=text.channel,
            name=text.name,
            subject=text.subject,
            body=text.body,
            language=text.language,
            position=0 if last is None else last + 1,
        )
    audit.record(by=by, action="script.added", target=script, now=now)
    return script


@transaction.atomic
def edit(script: Script, text: ScriptText, *, by: Access, now: datetime) -> None:
    """Other words for a script; what was sent with it before stays as it was. NameTaken."""
    by.require(Permission.EDIT_CONTENT)
    _check(text)
    with _named_once(text):
        _of_team(script, by).update(
            channel=text.channel,
            name=text.name,
            subject=text.subject,
            body=text.body,
            language=text.language,
        )
    audit.record(by=by, action="script.edited", target=script, now=now)


@contextmanager
def _named_once(text: ScriptText) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise NameTaken(_("There is a script called “%s” already.") % text.name) from error


@transaction.atomic
def move(script: Script, *, up: bool, by: Access, now: datetime) -> None:
    """One place up or down among the scripts in use of its channel."""
    by.require(Permission.EDIT_CONTENT)
    order = list(_of_channel(by, script.channel).filter(is_active=True).select_for_update())
    here = next((n for n, each in enumerate(order) if each.pk == script.pk), None)
    if here is None:
        return
    there = here - 1 if up else here + 1
    if not 0 <= there < len(order):
        return
    order[here], order[there] = order[there], order[here]
    for position, each in enumerate(order):
        each.position = position
    Script.objects.bulk_update(order, ["position"])
    audit.record(by=by, action="script.moved", target=script, now=now)


@transaction.atomic
def set_in_use(script: Script, *, is_active: bool, by: Access, now: datetime) -> None:
    """Take a script out of use, or bring it back: attempts that named it keep their name."""
    by.require(Permission.EDIT_CONTENT)
    if _of_team(script, by).exclude(is_active=is_active).update(is_active=is_active):
        action = "script.restored" if is_active else "script.removed"
        audit.record(by=by, action=action, target=script, now=now)


def sample_values(access: Access) -> dict[str, str]:
    """A made-up lead, to show what a script will look like."""
    made_up = {"lead": _("Rosa Steiner"), "first_name": _("Rosa"), "company": _("Alpen Solar")}
    return _values(access, made_up)


def _values(access: Access, lead_values: Mapping[str, str]) -> dict[str, str]:
    me = str(access.user) if access.user else ""
    known = {**dict.fromkeys(MEANINGS, ""), "me": me, "team": access.team.name}
    return {**known, **{key: text for key, text in lead_values.items() if key in known}}


def _check(text: ScriptText) -> None:
    for part in (text.subject, text.body):
        refuse_unknown(part)
    if "\n" in text.subject or "\r" in text.subject:
        raise ValidationError(_("A subject is one line."))


def _of_team(script: Script, by: Access) -> QuerySet[Script]:
    rows: QuerySet[Script] = Script.objects.visible_to(by)
    return rows.filter(pk=script.pk)


def _of_channel(by: Access, channel: str) -> QuerySet[Script]:
    rows: QuerySet[Script] = Script.objects.visible_to(by)
    return rows.filter(channel=channel)
