"""A report as a mail: what happened, the figures, the page behind them, and the PDF."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.mail_choices import Mail
from apps.accounts.models import User
from apps.agency.reports import content, parts, pdf
from apps.agency.reports.models import ReportMail
from apps.agency.reports.sentences import sentences
from apps.agency.reports.spans import Span
from apps.teams import stopping
from apps.teams.access import Access
from apps.teams.models import ClientGrant

LONGEST_SUBJECT = 160


def report_letter(
    grant: ClientGrant, span: Span, *, user: User, side: str, now: datetime
) -> EmailMessage:
    """What the client granted, alike for both sides. `grant` with its agency and team."""
    access = Access.of_grant(grant, user)
    with timezone.override(ZoneInfo(grant.team.timezone)):
        report = content.report(span, access=access, now=now, agency=grant.agency)
        words = {
            "report": report,
            "grant": grant,
            "sentences": sentences(report),
            "figures": parts.figures(report),
            "link": settings.PUBLIC_URL + _path(grant, span, side),
            "stop": stopping.link(user.pk, Mail.REPORTS),
            "is_client": side == ReportMail.Side.CLIENT,
        }
        mail = EmailMultiAlternatives(
            _subject(grant, span),
            render_to_string("emails/reports/report.txt", words),
            to=[user.email],
            headers=stopping.headers(user.pk, Mail.REPORTS),
        )
        mail.attach_alternative(render_to_string("emails/reports/report.html", words), "text/html")
        mail.attach(pdf.file_name(report), pdf.pdf(report), "application/pdf")
    return mail


def _subject(grant: ClientGrant, span: Span) -> str:
    said = {"team": grant.team.name, "span": span.words}
    return " ".join((_("%(team)s: %(span)s") % said).split())[:LONGEST_SUBJECT]


def _path(grant: ClientGrant, span: Span, side: str) -> str:
    if side == ReportMail.Side.CLIENT:
        return f"{reverse('reports:report', args=[grant.team.slug])}?{span.query}"
    return f"{reverse('agency:report', args=[grant.agency.slug, grant.pk])}?{span.query}"
