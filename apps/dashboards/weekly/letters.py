"""The mail of Monday: written when it is due, and sent once."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import connection
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.mail_choices import Mail
from apps.dashboards.models import WeeklyMail
from apps.dashboards.weekly import mondays
from apps.dashboards.weekly.content import Week, week
from apps.teams import posting, stopping
from apps.teams.access import Access
from apps.teams.models import Membership

LONGEST_SUBJECT = 160


def run() -> int:
    """Write down and send what is due; how many went out. May run twice, and at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    mondays.write_down(now=now)
    return posting.post_due(WeeklyMail, lambda mail: write(mail, now=now))


def write(mail: WeeklyMail, *, now: datetime) -> EmailMessage | None:
    """The mail as things are now; None for whoever may not or won't have it, or for nothing."""
    member = mondays.readers().filter(pk=mail.membership_id).first()
    if member is None:
        return None
    access = Access.of(member)
    with timezone.override(ZoneInfo(member.user.timezone)):
        told = week(mail.week, access=access, now=now)
        return None if told.says_nothing else _letter(told, member)


def _letter(told: Week, member: Membership) -> EmailMessage:
    words = {
        "told": told,
        "team": member.team,
        "member": member,
        "days": _("%(first)s to %(last)s")
        % {
            "first": date_format(told.first_day, "j M"),
            "last": date_format(told.last_day, "j M Y"),
        },
        "site": settings.PUBLIC_URL,
        "dashboard": settings.PUBLIC_URL + reverse("dashboards:team", args=[member.team.slug]),
        "stop": stopping.link(member.user_id, Mail.WEEKLY),
    }
    received = told.figures.now.received
    subject = ngettext(
        "%(team)s: %(n)d lead last week", "%(team)s: %(n)d leads last week", received
    ) % {"team": member.team.name, "n": received}
    mail = EmailMultiAlternatives(
        " ".join(subject.split())[:LONGEST_SUBJECT],
        render_to_string("emails/weekly/week.txt", words),
        to=[member.user.email],
        headers=stopping.headers(member.user_id, Mail.WEEKLY),
    )
    mail.attach_alternative(render_to_string("emails/weekly/week.html", words), "text/html")
    return mail
