"""A lead's timeline in words, grouped by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from apps.leads.models import Activity, Channel, Lead, Outcome
from apps.teams.access import Access, Via
from apps.teams.agency_access import agency_name
from apps.teams.presentation import clock_face

Kind = Activity.Kind
SHOWN = 200

SYMBOLS = {
    Kind.RECEIVED: "inbox", Kind.ATTACHED: "repeat", Kind.ROUTED: "split", Kind.OFFERED: "split",
    Kind.OPENED: "zap", Kind.ASSIGNED: "user-check", Kind.CLAIMED: "zap", Kind.ACCEPTED: "check",
    Kind.DECLINED: "x", Kind.EXPIRED: "hourglass", Kind.TAKEN_BACK: "undo-2",
    Kind.RELEASED: "undo-2", Kind.REASSIGNED: "arrow-right", Kind.HOPPER: "funnel",
    Kind.HELD: "pause", Kind.MANAGER: "hand", Kind.DISQUALIFIED: "ban", Kind.ATTEMPT: "phone",
    Kind.OUTCOME: "message-circle", Kind.CONTACT: "message-circle", Kind.STATUS: "tag",
    Kind.NOTE: "pencil", Kind.FOLLOW_UP: "calendar", Kind.FOLLOW_UP_DONE: "check",
    Kind.EDITED: "pencil", Kind.DELETED: "trash-2", Kind.RESTORED: "undo-2",
    Kind.DO_NOT_CONTACT: "ban", Kind.MERGED: "merge", Kind.SCORED: "gauge",
    Kind.ENRICHED: "building-2", Kind.GROUPED: "tags", Kind.REPORTED: "flag",
    Kind.REPORT_DECIDED: "flag", Kind.PUT_BACK: "undo-2", Kind.HANDED_BACK: "log-out",
    Kind.RULE: "split", Kind.HEARD: "ear", Kind.COPIED: "send", Kind.CAME_BACK: "undo-2",
    Kind.DISPUTED: "undo-2", Kind.REMINDED: "bell-ring",
}  # fmt: skip
# Lines whose words somebody typed: not for those who see a lead masked.
WRITTEN_BY_PEOPLE = frozenset({
    Kind.RECEIVED, Kind.ATTACHED, Kind.DECLINED, Kind.RELEASED, Kind.FOLLOW_UP, Kind.NOTE,
    Kind.STATUS, Kind.PUT_BACK,
})  # fmt: skip
CHANNEL_SYMBOLS = {
    "call": "phone", "whatsapp": "message-circle", "sms": "message-square-more", "email": "mail",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    kind: str
    symbol: str
    title: str
    text: str
    quote: str
    at: datetime
    is_open: bool = False
    undo_url: str = ""


@dataclass(frozen=True, slots=True)
class TimelineDay:
    """`label` is "" for today."""

    label: str
    entries: list[Entry] = field(default_factory=list)


def of(lead: Lead, access: Access, now: datetime, *, masked: bool) -> list[TimelineDay]:
    """The newest 200 lines of it, and of what was merged into it, newest first, by days."""
    messages = dict(Lead.objects.filter(merged_into=lead).values_list("pk", "message"))
    messages[lead.pk] = lead.message
    rows = (
        Activity.objects.visible_to(access)
        .filter(lead__in=list(messages))
        .select_related("member__user", "actor")
        .annotate(agency_name=agency_name())
        .order_by("-at", "-id")[:SHOWN]
    )
    zone = ZoneInfo(access.user.timezone if access.user else access.team.timezone)
    known = {row.data.get("attempt") for row in rows if row.kind == Kind.OUTCOME}
    entries = [
        _entry(row, messages[row.lead_id], access, masked=masked, known=known) for row in rows
    ]
    return list(_by_day(entries, zone, now))


def _by_day(entries: list[Entry], zone: ZoneInfo, now: datetime) -> Iterator[TimelineDay]:
    today = now.astimezone(zone).date()
    for day, group in groupby(entries, key=lambda entry: entry.at.astimezone(zone).date()):
        yield TimelineDay("" if day == today else _day(day, today), list(group))


def _day(day: date, today: date) -> str:
    return date_format(day, "j F" if day.year == today.year else "j F Y")


def _entry(
    row: Activity, message: str, access: Access, *, masked: bool, known: set[str | None]
) -> Entry:
    """One line; `message` came with the lead, `known` are attempts whose outcome is told."""
    title, text = words(row, access)
    is_open = row.kind == Kind.ATTEMPT and row.data.get("attempt") not in known
    if is_open:
        text = _("Counts once the outcome is known.")
    quote = ""
    if masked:
        text = "" if row.kind in WRITTEN_BY_PEOPLE else text
    else:
        quote = message if row.kind == Kind.RECEIVED else _quoted(row)
    if (by := operator(row)) and by not in title:
        text = " · ".join(part for part in (text, by) if part)
    symbol = SYMBOLS.get(Kind(row.kind), "circle")
    if row.kind == Kind.ATTEMPT:
        symbol = CHANNEL_SYMBOLS.get(row.data.get("channel", ""), symbol)
    return Entry(row.kind, symbol, title, text, quote, row.at, is_open=is_open)


def _quoted(row: Activity) -> str:
    key = {Kind.NOTE: "text", Kind.REPORTED: "note"}.get(Kind(row.kind))
    return str(row.data.get(key, "")) if key else ""


def _who(row: Activity, access: Access) -> str:
    if row.member_id is not None and row.member_id == access.member_id:
        return _("You")
    if row.member is not None:
        return str(row.member)
    return operator(row) or (str(row.actor) if row.actor else _("Leadrelay"))


def operator(row: Activity) -> str:
    """Who of which agency did it; "" for everybody else. Needs `agency_name` annotated."""
    if row.via != Via.GRANT:
        return ""
    return _("%(name)s of %(agency)s") % {
        "name": row.actor or _("Somebody"), "agency": getattr(row, "agency_name", None) or "?",
    }  # fmt: skip


def words(row: Activity, access: Access) -> tuple[str, str]:
    """What one line says: its title, and what else there is to it."""
    who, data = _who(row, access), row.data
    said = _SAYINGS.get(Kind(row.kind))
    return said(who, data) if said else (str(row.get_kind_display()).capitalize(), "")


def _rule(data: dict[str, Any]) -> str:
    parts = []
    if data.get("rule"):
        parts.append(_("Rule %(n)s, %(name)s") % {"n": data.get("n") or "", "name": data["rule"]})
    if data.get("pool"):
        parts.append(_("pool %(name)s") % {"name": data["pool"]})
    return ", ".join(parts)


def _instead(data: dict[str, Any]) -> str:
    return _("In place of %(name)s.") % {"name": data["for"]} if data.get("for") else ""


def _caretaker(data: dict[str, Any]) -> str:
    if not data.get("caretaker"):
        return ""
    return _("%(name)s looks after it there.") % {"name": data["caretaker"]}


def _done(data: dict[str, Any]) -> str:
    """What a rule did to the lead beside sending it somewhere."""
    parts = []
    if data.get("groups"):
        parts.append(_("Interest groups: %(names)s.") % {"names": ", ".join(data["groups"])})
    if data.get("priority") is not None:
        parts.append(_("Priority %(n)s.") % {"n": data["priority"]})
    if data.get("told"):
        parts.append(_("Told %(names)s.") % {"names": ", ".join(data["told"])})
    return " ".join(parts)


def _reason(data: dict[str, Any]) -> str:
    reason = str(data.get("reason") or "").replace("_", " ")
    return reason[:1].upper() + reason[1:] + "." if reason else ""


def _and(rule: str, rest: str) -> str:
    return ". ".join(part for part in (rule, rest) if part)


def _listed(data: dict[str, Any]) -> str:
    return ", ".join(str(key).replace("_", " ") for key in data.get("fields", []))


def _label(kinds: Any, value: Any) -> str:
    return str(kinds(value).label) if value in kinds.values else str(value or "")


def _source(data: dict[str, Any], words: str, of_copy: str) -> str:
    """A source of copies says by its own name whence they come: “From Agency”."""
    return (of_copy if data.get("copy") else words) % {"source": data.get("source", _("a source"))}


def _again(data: dict[str, Any]) -> str:
    if data.get("linked"):
        return _("A new lead was made of it.")
    return _("Opened again.") if data.get("reopened") else _("Kept as the same person.")


_HEARD = {
    "opened_content": _lazy("Opened what was sent"),
    "replied": _lazy("Replied"),
    "came_again": _lazy("Came again"),
}

_SAYINGS: dict[Kind, Any] = {
    Kind.RECEIVED: lambda who, d: (
        _source(d, _("Received from %(source)s"), _("Received: %(source)s")),
        str(d.get("form") or d.get("campaign") or ""),
    ),
    Kind.ATTACHED: lambda who, d: (
        _source(d, _("Came again from %(source)s"), _("Came again: %(source)s")), _again(d),
    ),
    Kind.OFFERED: lambda who, d: (
        _("Offered to %(who)s") % {"who": _low(who)}, _and(_rule(d), _instead(d)),
    ),
    Kind.OPENED: lambda who, d: (
        _("Open to %(n)s members") % {"n": d.get("members", 0)}, _rule(d),
    ),
    Kind.ASSIGNED: lambda who, d: (
        _("Assigned to %(who)s") % {"who": _low(who)}, _and(_rule(d), _instead(d)),
    ),
    Kind.CLAIMED: lambda who, d: (
        _("%(who)s picked it from the hopper") % {"who": who} if d.get("from") == "hopper"
        else _("%(who)s claimed it") % {"who": who}, _after(d),
    ),
    Kind.ACCEPTED: lambda who, d: (_("%(who)s accepted the offer") % {"who": who}, _after(d)),
    Kind.DECLINED: lambda who, d: (_("%(who)s declined") % {"who": who}, str(d.get("reason", ""))),
    Kind.EXPIRED: lambda who, d: (
        _("No attempt in time"), _("It stays with %(who)s; the managers know.") % {"who": _low(who)}
    ) if d.get("stays") else (
        _("The offer expired"),
        _("%(n)s members could have taken it.") % {"n": d["members"]}
        if d.get("members", 1) > 1 else _("No answer from %(who)s.") % {"who": _low(who)},
    ),
    Kind.TAKEN_BACK: lambda who, d: (
        _("Taken back from %(who)s") % {"who": _low(who)}, _("No attempt in time."),
    ),
    Kind.RELEASED: lambda who, d: (
        _("%(who)s gave it back") % {"who": who}, str(d.get("reason", "")),
    ),
    Kind.REASSIGNED: lambda who, d: (
        _("Handed over to %(who)s") % {"who": _low(who)},
        _("By %(by)s.") % {"by": d["by"]} if d.get("by") else "",
    ),
    Kind.HOPPER: lambda who, d: (
        _("Put into the hopper"), _and(_rule(d), _reason(d) or _caretaker(d)),
    ),
    Kind.HELD: lambda who, d: (_("Held until someone is available"), _rule(d)),
    Kind.MANAGER: lambda who, d: (_("A manager decides"), _and(_rule(d), _reason(d))),
    Kind.DISQUALIFIED: lambda who, d: (_("Disqualified"), _and(_rule(d), _reason(d))),
    Kind.ATTEMPT: lambda who, d: (_attempt(who, d), ""),
    Kind.OUTCOME: lambda who, d: (
        _label(Outcome, d.get("outcome")), _label(Channel, d.get("channel")),
    ),
    Kind.STATUS: lambda who, d: (
        _("%(who)s set the status to %(to)s") % {"who": who, "to": d.get("to", "")}, _reason(d),
    ),
    Kind.NOTE: lambda who, d: (_("Note by %(who)s") % {"who": _low(who)}, ""),
    Kind.FOLLOW_UP: lambda who, d: (_("Follow-up planned"), str(d.get("note", ""))),
    Kind.FOLLOW_UP_DONE: lambda who, d: (
        _("Follow-up done"), "" if d.get("in_time", True) else _("Late."),
    ),
    Kind.EDITED: lambda who, d: (
        _("%(who)s edited the facts") % {"who": who},
        ", ".join(str(key).replace("_", " ") for key in d.get("fields", [])),
    ),
    Kind.DELETED: lambda who, d: (_("%(who)s deleted the lead") % {"who": who}, ""),
    Kind.RESTORED: lambda who, d: (_("%(who)s restored the lead") % {"who": who}, ""),
    Kind.DO_NOT_CONTACT: lambda who, d: (
        _("Do not contact") if d.get("on", True) else _("May be contacted again"), "",
    ),
    Kind.MERGED: lambda who, d: (_("%(who)s merged two leads") % {"who": who}, _listed(d)),
    Kind.SCORED: lambda who, d: (
        _("Score %(score)s, band %(band)s")
        % {"score": d.get("score", ""), "band": d.get("band", "")},
        _("It was %(score)s, band %(band)s.")
        % {"score": d["from"], "band": d.get("from_band") or "–"}
        if d.get("from") is not None else "",
    ),
    Kind.ENRICHED: lambda who, d: (_("Facts about the company were added"), _listed(d)),
    Kind.GROUPED: lambda who, d: (
        _("Interest groups: %(names)s") % {"names": ", ".join(d.get("groups", [])) or _("none")},
        _rule(d),
    ),
    Kind.REPORTED: lambda who, d: (
        _("%(who)s reported a bad lead") % {"who": who}, _reason(d),
    ),
    Kind.REPORT_DECIDED: lambda who, d: (
        _("The report was accepted") if d.get("accepted") else _("The report was refused"),
        _reason(d) + (" " + _("The turn was given back.") if d.get("gave_back") else ""),
    ),
    Kind.PUT_BACK: lambda who, d: (_("%(who)s put it back") % {"who": who}, _reason(d)),
    Kind.HANDED_BACK: lambda who, d: (
        _("Handed back by %(who)s") % {"who": _low(who)}, _("Off duty before an attempt."),
    ),
    Kind.ROUTED: lambda who, d: (_("A rule stopped the lead"), _rule(d)),
    Kind.RULE: lambda who, d: (_("A rule changed the lead"), _and(_rule(d), _done(d))),
    Kind.COPIED: lambda who, d: (
        _("Sent to %(names)s") % {"names": ", ".join(d["recipients"])}
        if d.get("recipients") else _("Rules sent it to nobody"),
        _("It stays out of this team.") if d.get("keeps_out") else "",
    ),
    Kind.CAME_BACK: lambda who, d: (_("Came back"), _("No recipient has it.")),
    Kind.DISPUTED: lambda who, d: (
        _("%(who)s returned it to %(team)s") % {"who": who, "team": d.get("sender", "")},
        str(d.get("why", "")),
    ),
    Kind.REMINDED: lambda who, d: (
        _("%(who)s was reminded") % {"who": who},
        _("By %(by)s.") % {"by": d["by"]} if d.get("by") else "",
    ),
    Kind.HEARD: lambda who, d: (_HEARD.get(d.get("event", ""), _("It did something")), ""),
}  # fmt: skip


def _low(who: str) -> str:
    return _("you") if who == _("You") else who


def _after(data: dict[str, Any]) -> str:
    seconds = data.get("seconds")
    return "" if seconds is None else _("After %(time)s.") % {"time": clock_face(seconds)}


def _attempt(who: str, data: dict[str, Any]) -> str:
    verbs = {
        "call": _("%(who)s called"), "whatsapp": _("%(who)s wrote on WhatsApp"),
        "sms": _("%(who)s sent an SMS"), "email": _("%(who)s wrote an e-mail"),
    }  # fmt: skip
    return verbs.get(data.get("channel", ""), _("%(who)s made an attempt")) % {"who": who}
