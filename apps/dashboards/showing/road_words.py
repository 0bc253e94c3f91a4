"""What each figure of the road is called, and what exactly it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# key: (label, definition)
ROAD_WORDS: Mapping[str, tuple[StrOrPromise, StrOrPromise]] = {
    "accepted": (_("Acceptance"), _("Accepted ÷ exclusive offers accepted, declined or run out.")),
    "declined": (_("Declined"), _("Declined ÷ the same offers.")),
    "expired": (_("Ran out"), _("Not answered in time ÷ the same offers.")),
    "claimed": (_("Claimed"), _("Claimed ÷ offers open to many that were claimed or ran out.")),
    "reroute": (_("Re-routed"), _("Leads taken back for want of an attempt ÷ leads assigned.")),
    "follow_up": (
        _("Follow-up compliance"),
        _("Follow-ups done by the due time ÷ follow-ups due by now."),
    ),
    "persistence": (
        _("Persistence"),
        _("Of the leads never contacted, those with at least 6 attempts."),
    ),
    "duplicates": (
        _("Duplicates"),
        _("Captures that joined a lead that was there already ÷ captures received, without tests."),
    ),
    "disqualified": (_("Disqualified"), _("Leads disqualified by now ÷ received.")),
    "catch_all": (
        _("Catch-all"),
        _("Leads first placed by a rule without conditions, or by no rule ÷ received."),
    ),
    "failed": (_("Failed deliveries"), _("Copies of these leads that were given up.")),
}
