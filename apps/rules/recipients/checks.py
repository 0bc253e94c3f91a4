"""What can't be kept of a recipient's settings: each problem at the setting that it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.conf import settings as conf
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from apps.routing.calendar import Schedule
from apps.routing.fields import CUSTOM_PREFIX, FieldType
from apps.rules.models import Agreement, CapWindow, Recipient
from apps.rules.recipients.settings import RecipientSettings
from apps.rules.refusals import Problem
from apps.rules.registry import registry
from apps.teams import egress
from apps.teams.models import Membership, Team

LARGEST = 1_000_000
LONGEST_RETURN = 90
LONGEST_RENAME = 80
MOST_FIELDS = 200
LARGEST_PRICE = 10**12
LONGEST = {"name": 120, "campaign": 120, "email": 254, "contact_email": 254, "url": 500}
COUNTS = ("cap_hour", "cap_day", "cap_week", "cap_month", "quota")
# A copy without either is of no use to people; a program may know the lead by other means.
CONTACT = frozenset({"email", "phone"})
# Never part of a copy, so that nothing is in the way of a field that is called so.
NEVER_SENT = frozenset({"score", "interest_group"})
WHERE = {
    Recipient.Kind.TEAM: "agreement_id",
    Recipient.Kind.MEMBER: "membership_id",
    Recipient.Kind.EMAIL: "email",
    Recipient.Kind.WEBHOOK: "url",
}


def problems(
    settings: RecipientSettings, team: Team, *, recipient: Recipient | None
) -> list[Problem]:
    """Everything wrong with these settings for a new recipient, or for `recipient` as it stands.

    The network is not asked: `address_problem` does that, outside of transactions.
    """
    return [
        *_texts(settings),
        *_name(settings, team, recipient),
        *_where(settings, team, recipient),
        *_fields(settings, team),
        *_hours(settings),
        *_numbers(settings),
    ]


def address_problem(url: str) -> str | None:
    """What is wrong with the address of a webhook. Looks its name up in the network."""
    problem = egress.check_url(url)
    if problem:
        return problem
    if urlsplit(url).scheme != "https" and not conf.EGRESS_TO_THIS_MACHINE:
        return _("Use an address that begins with https://: leads must not travel in the clear.")
    return None


def _texts(settings: RecipientSettings) -> Iterator[Problem]:
    for name, most in LONGEST.items():
        text = getattr(settings, name)
        if len(text) > most or not text.isprintable():
            words = _("Use at most %(most)d plain characters, in one line.")
            yield Problem(name, words % {"most": most})


def _name(
    settings: RecipientSettings, team: Team, recipient: Recipient | None
) -> Iterator[Problem]:
    if not settings.name.strip():
        yield Problem("name", _("Give the recipient a name."))
        return
    if not settings.name.isprintable():  # said already, and no database takes a NUL
        return
    others = Recipient.objects.filter(team=team, name=settings.name)
    if (others.exclude(pk=recipient.pk) if recipient else others).exists():
        yield Problem("name", _("There is a recipient of this name already."))


def _where(
    settings: RecipientSettings, team: Team, recipient: Recipient | None
) -> Iterator[Problem]:
    if settings.kind not in Recipient.Kind.values:
        yield Problem("kind", _("Choose what the recipient is."))
        return
    if recipient and recipient.kind != settings.kind:
        yield Problem("kind", _("The kind can’t change: make a new recipient, archive this one."))
        return
    wanted = WHERE[Recipient.Kind(settings.kind)]
    for kind, name in WHERE.items():
        if name != wanted and getattr(settings, name):
            words = _("Leave this empty: the recipient is not “%(kind)s”.")
            yield Problem(name, words % {"kind": kind.label})
    value = getattr(settings, wanted)
    if recipient is None or value != getattr(recipient, wanted):
        problem = _missing(settings, team)
        if problem:
            yield Problem(wanted, problem)
    if settings.contact_email and not _is_email(settings.contact_email):
        yield Problem("contact_email", _("This is no e-mail address."))


def _missing(settings: RecipientSettings, team: Team) -> str | None:
    """What is wrong with where the copies are to go."""
    match settings.kind:
        case Recipient.Kind.TEAM:
            given = Agreement.objects.filter(team=team, state__in=["asked", "accepted"])
            agreement_id = settings.agreement_id
            return (
                None
                if agreement_id and given.filter(pk=agreement_id).exists()
                else _("Ask the team for its consent first.")
            )
        case Recipient.Kind.MEMBER:
            members = Membership.objects.active().filter(team=team)
            member_id = settings.membership_id
            return (
                None
                if member_id and members.filter(pk=member_id).exists()
                else _("Choose an active member of this team.")
            )
        case Recipient.Kind.EMAIL:
            return None if _is_email(settings.email) else _("This is no e-mail address.")
    return None if settings.url else _("Give the address that copies are sent to.")


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _fields(settings: RecipientSettings, team: Team) -> Iterator[Problem]:
    given = {field.key: field for field in registry(team).given() if field.key not in NEVER_SENT}
    gone = [key for key in settings.fields if len(key) > 80 or not key.isprintable()]
    if gone or len(settings.fields) > MOST_FIELDS:
        yield Problem("fields", _("Choose among the fields of this team."))
        return
    chosen = [key for key in settings.fields if key in given] if settings.fields else list(given)
    people = (Recipient.Kind.TEAM, Recipient.Kind.EMAIL)
    if settings.kind in people and not CONTACT & set(chosen):
        yield Problem("fields", _("Include the e-mail or the phone, or nobody can be reached."))
    if settings.fields and not chosen:
        yield Problem("fields", _("Choose at least one field of this team."))
    names: Counter[str] = Counter()
    for key in chosen:
        names.update([name := settings.renames.get(key) or key.removeprefix(CUSTOM_PREFIX)])
        if given[key].type is FieldType.MONEY and settings.kind != Recipient.Kind.TEAM:
            names.update([f"{name}_currency"])
    yield from _renames(settings, names)


def _renames(settings: RecipientSettings, names: Counter[str]) -> Iterator[Problem]:
    """`names` counts what the fields of a copy are called."""
    for key, name in settings.renames.items():
        if not isinstance(name, str) or len(name) > LONGEST_RENAME or not name.isprintable():
            words = _("Use at most %(most)d plain characters, in one line.")
            yield Problem(f"renames.{key}", words % {"most": LONGEST_RENAME})
        elif names[name] > 1:
            words = _("Two fields would be called “%(name)s”: choose another name.")
            yield Problem(f"renames.{key}", words % {"name": name})


def _hours(settings: RecipientSettings) -> Iterator[Problem]:
    if settings.timezone and settings.timezone not in available_timezones():
        yield Problem("timezone", _("Choose a time zone from the list."))
    if settings.hours is None:
        return
    try:
        Schedule.from_json(settings.hours)
    except ValueError as error:
        yield Problem("hours", str(error))
        return
    if not any(settings.hours.values()):
        yield Problem("hours", _("Give at least one day hours, or choose “Day and night”."))


def _numbers(settings: RecipientSettings) -> Iterator[Problem]:
    words = _("Use a number from %(least)d to %(most)d, or leave it empty.")
    for name in COUNTS:
        count = getattr(settings, name)
        if count is not None and not 1 <= count <= LARGEST:
            yield Problem(name, words % {"least": 1, "most": LARGEST})
    if not 0 <= settings.return_days <= LONGEST_RETURN:
        yield Problem("return_days", words % {"least": 0, "most": LONGEST_RETURN})
    if not 0 <= settings.price_minor <= LARGEST_PRICE:
        yield Problem("price_minor", _("Give a price from 0 upwards."))
    if settings.cap_window not in CapWindow.values:
        yield Problem("cap_window", _("Choose one of the answers."))
