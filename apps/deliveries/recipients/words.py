"""Recipients in words: how one stands, and what each folded section of its form says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.deliveries.recipients.form import last_day
from apps.rules.models import Agreement, CapWindow, Recipient
from apps.rules.recipients import facts
from apps.teams.models import Team
from apps.teams.presentation import money

KIND_ICONS = {
    Recipient.Kind.TEAM: "building-2",
    Recipient.Kind.MEMBER: "user",
    Recipient.Kind.EMAIL: "mail",
    Recipient.Kind.WEBHOOK: "webhook",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether leads go there now: a word with its tone and symbol, until when, and why."""

    key: str
    word: str
    tone: str = ""
    symbol: str = ""
    until: datetime | None = None
    why: str = ""


def standing(recipient: Recipient, team: Team, *, now: datetime) -> Standing:
    """How it stands now. Needs `agreement` and `membership` loaded; no query."""
    barrier = facts.barrier(recipient, team, now=now)
    if barrier is not None:
        return _barred(barrier, recipient, now)
    if recipient.slowed_until is not None and recipient.slowed_until > now:
        why = _("It failed %(n)d times in a row.") % {"n": recipient.failures}
        until = recipient.slowed_until
        return Standing("slowed", _("slowed down"), "soon", "triangle-alert", until, why)
    if recipient.failures:
        why = ngettext(
            "It failed the last time.", "It failed the last %(n)d times.", recipient.failures
        )
        return Standing(
            "failing", _("failing"), "soon", "triangle-alert", None, why % {"n": recipient.failures}
        )
    if not facts.is_open(recipient, team, now=now):
        until = facts.opens_at(recipient, team, now=now)
        return Standing(
            "closed", _("closed"), "", "moon", until, _("Its leads wait until it opens.")
        )
    return Standing("on", _("on"), "calm", "check")


def _barred(barrier: facts.Barrier, recipient: Recipient, now: datetime) -> Standing:
    why = barrier.why
    if why == "off":
        return Standing("archived", _("archived"), "", "archive")
    if why == "switched_off":
        reason = recipient.disabled_reason or _("Its endpoint failed too long.")
        return Standing("off", _("switched off"), "urgent", "ban", None, reason)
    if why == "no_agreement":
        return _consent(recipient.agreement, now)
    if why == "member_inactive":
        return Standing("gone", _("left the team"), "urgent", "user-x")
    if why == "paused":
        word = _("paused") if barrier.until else _("paused until it is resumed")
        return Standing("paused", word, "soon", "pause", barrier.until)
    if why == "campaign_over":
        return Standing("over", _("campaign over"), "soon", "flag")
    if why == "campaign_full":
        return Standing("over", _("campaign full"), "soon", "flag")
    words = {
        "cap_hour": _("at the hour’s limit"),
        "cap_day": _("at the day’s limit"),
        "cap_week": _("at the week’s limit"),
        "cap_month": _("at the month’s limit"),
    }
    return Standing("limit", words.get(why, _("gets nothing now")), "", "gauge", barrier.until)


def _consent(agreement: Agreement | None, now: datetime) -> Standing:
    """No leads without the consent of the team."""
    state = agreement.state if agreement else Agreement.State.ENDED
    if state == Agreement.State.ASKED:
        asked = agreement.expires_at if agreement else None
        if asked is not None and asked <= now:
            why = _("The question got no answer in time: ask again.")
            return Standing("consent", _("no consent yet"), "soon", "hourglass", None, why)
        why = _("Leads go there once the team has said yes.")
        return Standing("consent", _("waits for consent"), "soon", "hourglass", None, why)
    if state == Agreement.State.DECLINED:
        return Standing("consent", _("consent declined"), "urgent", "ban")
    return Standing("consent", _("consent ended"), "urgent", "ban")


def where(recipient: Recipient) -> str:
    """Where its copies go, in one line. Needs `agreement.to` and `membership.user` loaded."""
    agreement, member = recipient.agreement, recipient.membership
    if agreement is not None:
        return str(agreement.to or agreement.email)
    return str(member) if member is not None else recipient.email or recipient.url


def quota(recipient: Recipient, team: Team) -> str:
    """How far the campaign is: "38 of 50, until 30 Nov"; empty without one."""
    day = last_day(recipient, team)
    until = date_format(day, "j N") if day else ""
    counted = {"count": recipient.campaign_count, "quota": recipient.quota or 0, "day": until}
    if recipient.quota is None:
        return _("until %(day)s") % counted if day else ""
    if day:
        return _("%(count)d of %(quota)d, until %(day)s") % counted
    return _("%(count)d of %(quota)d") % counted


def sections(recipient: Recipient | None, team: Team, *, offered: int) -> dict[str, str]:
    """What each folded section of the form says now; `offered` is how many fields there are."""
    row = recipient or Recipient()
    return {
        "fields": _fields(row, offered),
        "hours": _hours(row, team),
        "limits": _limits(row),
        "campaign": _campaign(row, team),
        "money": _money(row, team),
        "told": row.contact_email or _("the managers of this team"),
    }


def _fields(row: Recipient, offered: int) -> str:
    sent = len(row.fields) or offered
    words = (
        _("all of them") if not row.fields else _("%(n)d of %(all)d") % {"n": sent, "all": offered}
    )
    named = len(row.renames)
    if not named:
        return words
    other = ngettext("%d under another name", "%d under other names", named) % named
    return f"{words}, {other}"


def _hours(row: Recipient, team: Team) -> str:
    zone = row.timezone.replace("_", " ") if row.timezone and row.timezone != team.timezone else ""
    words = _("day and night") if row.hours is None else _("at its own hours")
    return f"{words}, {zone}" if zone else words


def _limits(row: Recipient) -> str:
    patterns = (
        (row.cap_hour, _("%d an hour")),
        (row.cap_day, _("%d a day")),
        (row.cap_week, _("%d a week")),
        (row.cap_month, _("%d a month")),
    )
    words = [pattern % cap for cap, pattern in patterns if cap is not None]
    if words and row.cap_window == CapWindow.ROLLING:
        words.append(_("rolling"))
    return ", ".join(words) or _("none")


def _campaign(row: Recipient, team: Team) -> str:
    words = [row.campaign, quota(row, team)]
    return ": ".join(filter(None, words)) or _("none: leads without an end")


def _money(row: Recipient, team: Team) -> str:
    price = _("%(price)s a lead") % {"price": money(row.price_minor, team.currency)}
    words = [price if row.price_minor else _("free")]
    if row.return_days:
        days = ngettext("returned within %d day", "returned within %d days", row.return_days)
        words.append(days % row.return_days)
    else:
        words.append(_("not returned"))
    return ", ".join(words)
