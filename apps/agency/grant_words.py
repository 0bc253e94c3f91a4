"""What a client grants, in words that nobody has to guess at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.teams.permissions import LOOKS_AT_LEADS, Grant

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TITLES: dict[str, StrOrPromise] = {
    Grant.SEE_LEADS: gettext_lazy("See leads"),
    Grant.ACT_ON_LEADS: gettext_lazy("Act on leads"),
    Grant.EDIT_ROUTING: gettext_lazy("Rules and pools"),
    Grant.EDIT_SOURCES: gettext_lazy("Sources and captures"),
    Grant.EDIT_CONTENT: gettext_lazy("Scripts"),
    Grant.EDIT_MEMBERS: gettext_lazy("Members"),
}
MEANS: dict[str, StrOrPromise] = {
    Grant.SEE_LEADS: gettext_lazy(
        "Look at every lead of the team, its timeline and why it went where it went."
    ),
    Grant.ACT_ON_LEADS: gettext_lazy(
        "Look at leads, add them, hand them over, write notes, change their status. "
        "Never delete or export them."
    ),
    Grant.EDIT_ROUTING: gettext_lazy(
        "Change and publish rules, pools and recipients; try them in the simulator; see who is in "
        "the team."
    ),
    Grant.EDIT_SOURCES: gettext_lazy(
        "Connect sources, see what came in, try it again, import files."
    ),
    Grant.EDIT_CONTENT: gettext_lazy("Use and change scripts."),
    Grant.EDIT_MEMBERS: gettext_lazy(
        "See who is in the team and invite salespeople. Never change anyone’s role or keep anyone "
        "out."
    ),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing an agency may or may not do."""

    grant: str
    title: str
    means: str
    is_on: bool


def all_of(allows: Collection[str]) -> list[Line]:
    """Every grant in order, on or off."""
    return [Line(g.value, str(TITLES[g]), str(MEANS[g]), g.value in allows) for g in Grant]


def details(allows: Collection[str], *, is_masked: bool) -> str:
    """How much of a person they see."""
    if LOOKS_AT_LEADS.isdisjoint(allows):
        return _("No lead is shown to them, and no contact details anywhere.")
    if is_masked:
        return _("Names show as initials; phone numbers, e-mails and messages stay hidden.")
    return _("Names, phone numbers, e-mails and messages are shown whole.")


def lines(allows: Collection[str], *, is_masked: bool) -> list[str]:
    """Everything that is granted, a sentence each; figures always are."""
    granted = [f"{line.title}: {line.means}" for line in all_of(allows) if line.is_on]
    return [
        _("Figures: volume, speed, targets and results of the team."),
        *granted,
        details(allows, is_masked=is_masked),
    ]


def brief(allows: Collection[str], *, is_masked: bool) -> str:
    """ "See leads, Rules and pools; contact details hidden", for the bar of a visitor."""
    titles = [line.title for line in all_of(allows) if line.is_on]
    what = ", ".join(titles) or _("Figures only")
    if LOOKS_AT_LEADS.isdisjoint(allows) or not is_masked:
        return what
    return _("%(what)s; contact details hidden") % {"what": what}
