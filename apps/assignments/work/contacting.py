"""How to reach a lead: one-tap buttons with the team's scripts filled in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from django.utils.translation import gettext as _

from apps.assignments.pages.cards import address
from apps.content.services import RenderedScript, scripts_for
from apps.leads.models import Channel, Lead
from apps.leads.normalise import spaced
from apps.teams.access import Access


@dataclass(frozen=True, slots=True)
class ContactButton:
    """`href` is "" when the way is missing or not allowed; `note` says why or what is sent.

    `is_next` marks the first way that there is.
    """

    channel: str
    label: str
    note: str
    href: str
    attempt_url: str
    script_id: str = ""
    is_next: bool = False


def buttons(lead: Lead, access: Access) -> list[ContactButton]:
    """Call, WhatsApp, SMS and e-mail, in this order; none for a masked reader."""
    if access.masked:
        return []
    scripts = scripts_for(access, script_values(lead))
    found = [_button(channel, lead, access, _first(scripts, channel)) for channel in Channel]
    first = next((button for button in found if button.href), None)
    return [replace(button, is_next=button is first) for button in found]


def script_values(lead: Lead) -> dict[str, str]:
    """What the placeholders of scripts stand for."""
    first = lead.name.split(" ")[0] if lead.name else ""
    return {"lead": lead.name, "first_name": first, "company": lead.company}


def _first(scripts: dict[str, list[RenderedScript]], channel: Channel) -> RenderedScript | None:
    found = scripts.get(channel.value, [])
    return found[0] if found else None


def _button(
    channel: Channel, lead: Lead, access: Access, script: RenderedScript | None
) -> ContactButton:
    href = "" if lead.do_not_contact else _href(channel, lead, script)
    return ContactButton(
        channel=channel.value,
        label=str(channel.label),
        note=_note(channel, lead, script, has_way=bool(href)),
        href=href,
        attempt_url=address(access, "attempt", lead=lead.pk),
        script_id=str(script.id) if script else "",
    )


def _href(channel: Channel, lead: Lead, script: RenderedScript | None) -> str:
    text = quote(script.body) if script else ""
    number = lead.phone_key or "".join(c for c in lead.phone if c.isdigit() or c == "+")
    match channel:
        case Channel.EMAIL if lead.email:
            subject = quote(script.subject) if script else ""
            return f"mailto:{quote(lead.email, safe='@+')}?subject={subject}&body={text}"
        case Channel.CALL if number:
            return f"tel:{number}"
        case Channel.SMS if number:
            return f"sms:{number}?&body={text}"
        case Channel.WHATSAPP if lead.phone_key:
            return f"https://wa.me/{lead.phone_key.lstrip('+')}?text={text}"
    return ""


def _note(channel: Channel, lead: Lead, script: RenderedScript | None, *, has_way: bool) -> str:
    if lead.do_not_contact:
        return _("do not contact")
    if not has_way:
        return _("no address") if channel is Channel.EMAIL else _("no number")
    if channel is Channel.CALL:
        return spaced(lead.phone)
    return script.name if script else (lead.email if channel is Channel.EMAIL else lead.phone)
