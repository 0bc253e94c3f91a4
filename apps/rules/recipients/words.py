"""Why a recipient gets no lead, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _


def why_words(why: str) -> str:
    """What keeps it from a lead (see recipient_facts.WHY), as it follows its name."""
    words = {
        "off": _("is archived"),
        "switched_off": _("is switched off because deliveries failed"),
        "no_agreement": _("does not take leads of this team"),
        "member_inactive": _("is no longer active"),
        "paused": _("is paused"),
        "campaign_over": _("has a campaign that is over"),
        "campaign_full": _("has got all leads of its campaign"),
        "cap_hour": _("has got its leads of this hour"),
        "cap_day": _("has got its leads of today"),
        "cap_week": _("has got its leads of this week"),
        "cap_month": _("has got its leads of this month"),
        "has_it": _("has the lead already"),
        "had_it": _("had the lead already"),
        "too_far": _("is one team too many on the way of this lead"),
    }
    return words.get(why, _("gets none now"))
