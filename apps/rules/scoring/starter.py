"""A table to begin with: what sales people ask of a lead first."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from apps.rules.scoring.lines import LineFields

FREE_MAIL = [
    "@gmail.com", "@googlemail.com", "@hotmail.com", "@outlook.com", "@yahoo.com", "@gmx.de",
    "@gmx.at", "@web.de", "@icloud.com",
]  # fmt: skip
SOON = [
    "now", "asap", "immediate", "at once", "this week", "weeks", "this month", "within a month",
    "within 1 month", "30 days",
]  # fmt: skip


def usual() -> list[LineFields]:
    """Budget, need, timeline, decision-maker, size, and one that takes points away."""
    return [
        LineFields(_("Budget of 10,000 or more"), 25, _all(_leaf("budget", "gte", 10_000))),
        LineFields(_("Tells a budget"), 10, _all(_leaf("budget", "is_known"))),
        LineFields(_("Says what they need"), 10, _all(_leaf("need", "is_known"))),
        LineFields(_("Wants it soon"), 20, _all(_leaf("timeline", "contains", SOON)), 14),
        LineFields(_("Decides"), 20, _all(_leaf("decision_maker", "is", True))),
        LineFields(_("50 employees or more"), 15, _all(_leaf("employees", "gte", 50))),
        LineFields(
            _("Private address, no company"), -15,
            _all(_leaf("email", "ends_with", FREE_MAIL), _leaf("company", "is_empty")),
        ),
    ]  # fmt: skip


def _all(*leaves: dict[str, Any]) -> dict[str, Any]:
    return {"all": list(leaves)}


def _leaf(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})
