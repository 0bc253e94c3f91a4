"""Copies and offers by e-mail: one designed mail, and what the mail server said about it."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass
from datetime import datetime
from email.utils import formataddr, parseaddr
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.deliveries import links
from apps.deliveries.models import Delivery
from apps.deliveries.sending import sheets
from apps.deliveries.sending.outcomes import Came, Copy, Result
from apps.deliveries.sending.sheets import Sheet
from apps.leads import normalise
from apps.rules.models import Recipient
from apps.rules.registry import registry
from apps.teams.models import Membership

LONGEST_SUBJECT = 160
LONGEST_MESSAGE = 4000  # the rest is on the page: some programs cut mails at 100 kB
LONGEST_ANSWER = 300
ACCEPTED = 250
# Refusals of the address that say something else than that nobody lives there: a full mailbox,
# and a policy about us. The first passes, the second is ours to mend.
NOT_ABOUT_THE_ADDRESS = ("5.2.2", "5.2.3", "5.3.", "5.4.", "5.5.", "5.6.", "5.7.")
FULL = 552


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail before it is sent."""

    subject: str
    text: str
    html: str


def send(copy: Copy, now: datetime) -> Result:
    """Mail the copy, or the offer of it, to its recipient's address. Speaks to the mail server."""
    zone = ZoneInfo(copy.recipient.timezone or copy.team.timezone)
    return send_to(copy.recipient.email, copy, zone=zone)


def send_to(address: str, copy: Copy, *, zone: ZoneInfo) -> Result:
    """The same to any address; times are told in `zone`."""
    with timezone.override(zone):
        letter = written(copy)
    try:
        with get_connection() as server:
            _mail(letter, address, copy, server).send()
    except smtplib.SMTPRecipientsRefused as refused:
        return _refused(refused, address)
    except smtplib.SMTPResponseException as error:
        return _failed(error.smtp_code, _text(error.smtp_error))
    except (smtplib.SMTPException, OSError) as error:
        words = _("The mail server can't be reached: %(why)s") % {"why": str(error)[:200]}
        return Result(Came.FAILED, error=words)
    except ValueError:  # an address that no mail can be addressed to
        return Result(Came.GONE, error=_("No mail can be sent to this address."))
    return Result(Came.SENT, ACCEPTED)


def written(copy: Copy) -> Letter:
    """The mail in the zone that is active. Whatever a lead says of itself, it stays text."""
    sheet = sheets.of(copy.delivery, registry(copy.team), masked=copy.is_offer)
    context = _context(copy, sheet)
    name = "offer" if copy.is_offer else "copy"
    return Letter(
        subject=_subject(copy, sheet),
        text=render_to_string(f"emails/deliveries/{name}.txt", context),
        html=render_to_string(f"emails/deliveries/{name}.html", context),
    )


def message_id(copy: Copy, address: str = "") -> str:
    """The same at every try, so that a repetition can be told; an offer is another message."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "leadrelay"
    kind = ".offer" if copy.is_offer else ""
    return f"<{copy.delivery.pk}{kind}@{domain}>"


def _context(copy: Copy, sheet: Sheet) -> dict[str, Any]:
    delivery, recipient = copy.delivery, copy.recipient
    message = sheet.message
    return {
        "sheet": sheet,
        "delivery": delivery,
        "team": copy.team,
        "zone": timezone.get_current_timezone_name(),
        "message": message[:LONGEST_MESSAGE],
        "is_message_cut": len(message) > LONGEST_MESSAGE,
        "address": links.address_of(delivery),
        "return_address": links.return_address_of(delivery),
        "return_days": recipient.return_days,
        "adopt_address": _adopt_address(delivery, recipient),
        "until": delivery.offered_until,
    }


def _adopt_address(delivery: Delivery, recipient: Recipient) -> str:
    return links.adopt_address_of(delivery) if recipient.kind == Recipient.Kind.EMAIL else ""


def _subject(copy: Copy, sheet: Sheet) -> str:
    """One line, whatever is in the names."""
    if copy.is_offer:
        return normalise.line(_offer_subject(copy.delivery, sheet), LONGEST_SUBJECT)
    name = f": {sheet.headline}" if sheet.has_name or sheet.where else ""
    campaign = copy.delivery.campaign or sheet.campaign
    tail = f" ({normalise.line(campaign, 60)})" if campaign else ""
    return normalise.line(_("New lead") + name + tail, LONGEST_SUBJECT)


def _offer_subject(delivery: Delivery, sheet: Sheet) -> str:
    """ "Offer: a lead in Graz, solar roof (open until 14:35)"."""
    place = sheet.where.split(", ")[0]
    what = _("a lead in %(place)s") % {"place": place} if place else _("a lead")
    about = ", ".join(part for part in (what, sheet.product[:60]) if part)
    until = delivery.offered_until
    if until is None:
        return _("Offer: %(what)s") % {"what": about}
    words = {"what": about, "when": date_format(timezone.localtime(until), "H:i")}
    return _("Offer: %(what)s (open until %(when)s)") % words


def _mail(letter: Letter, address: str, copy: Copy, server: Any) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        letter.subject,
        letter.text,
        from_email=_from(copy),
        to=[address],
        reply_to=_reply_to(copy.recipient),
        connection=server,
        headers={
            "Message-ID": message_id(copy),
            "X-Leadrelay-Delivery": str(copy.delivery.pk),
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(letter.html, "text/html")
    return mail


def _from(copy: Copy) -> str:
    """ "Sun GmbH via Leadrelay", at our own address: nobody else's may be claimed."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    via = _("%(team)s via %(site)s") % {"team": copy.team.name, "site": name or "Leadrelay"}
    return formataddr((normalise.line(via), address))


def _reply_to(recipient: Recipient) -> list[str]:
    """Whoever of the sender's team entered this recipient, while she is in it: they know her."""
    if recipient.created_by_id is None:
        return []
    rows = Membership.objects.active().filter(team=recipient.team_id)
    member = rows.select_related("user").filter(user=recipient.created_by_id).first()
    return [_named(member.user)] if member else []


def _named(user: User) -> str:
    return formataddr((normalise.line(user.name), user.email))


def _refused(error: smtplib.SMTPRecipientsRefused, address: str) -> Result:
    code, said = next(iter(error.recipients.values()), (0, b""))
    text = _text(said)
    is_for_ever = 500 <= code < 600 and code != FULL
    if not is_for_ever or text.startswith(NOT_ABOUT_THE_ADDRESS):
        return _failed(code, text)
    words = _("The mail server does not take mail for %(address)s.") % {"address": address}
    return Result(Came.GONE, code, words, text)


def _failed(code: int, text: str) -> Result:
    words = _("The mail server answered %(code)d: %(text)s") % {"code": code, "text": text}
    return Result(Came.FAILED, code, words[:LONGEST_ANSWER], text)


def _text(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return normalise.line(text, LONGEST_ANSWER)
