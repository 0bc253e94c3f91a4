"""Template words about agencies and what they are granted."""

from __future__ import annotations

from django import template

from apps.agency import grant_words
from apps.teams import audit_words
from apps.teams.models import ClientGrant, ClientInvitation

register = template.Library()


@register.filter
def grant_brief(row: ClientGrant | ClientInvitation) -> str:
    """ "See leads, Scripts; contact details hidden": what is granted, in one line."""
    return grant_words.brief(row.allows, is_masked=row.is_masked)


@register.filter
def grant_lines(row: ClientGrant | ClientInvitation) -> list[str]:
    """Everything that is granted, a sentence each."""
    return grant_words.lines(row.allows, is_masked=row.is_masked)


@register.filter
def said(action: str) -> str:
    """What a code of the agency's own log says."""
    return audit_words.words(action)
