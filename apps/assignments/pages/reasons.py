"""Why a lead went where it went: the stored decision in words, for one reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.assignments.models import Decision
from apps.assignments.pages.cards import address
from apps.leads.models import Lead
from apps.routing import explain
from apps.routing.credit import NANO
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission


@dataclass(frozen=True, slots=True)
class Share:
    """One candidate's credit in the pool when the decision was made."""

    name: str
    is_me: bool
    credit: Decimal
    percent: int
    note: str


@dataclass(frozen=True, slots=True)
class Why:
    sentences: list[str]
    due: list[Share]
    url: str
    quiet: str


def latest(lead: Lead, access: Access) -> Why | None:
    """The lead's newest decision in words; None if the reader may not see one.

    What brought it where it is, before what rules left as it was.
    """
    decisions = Decision.objects.visible_to(access).filter(lead=lead)
    decision = decisions.exclude(outcome=Decision.Outcome.KEPT).first() or decisions.first()
    return in_words(decision, access) if decision else None


def why_not_me(lead: Lead, access: Access) -> list[str]:
    """What the newest choice meant for the acting member herself, who may see the lead.

    It says nothing of her colleagues. Empty for those who see whole decisions, or have no seat.
    """
    if access.member_id is None or access.can(Permission.SEE_DECISIONS) or access.masked:
        return []
    decisions = Decision.objects.filter(team=access.team, lead=lead)
    newest = decisions.exclude(trace__steps=[]).first() or decisions.first()
    if newest is None:
        return []
    zone = access.user.timezone if access.user else access.team.timezone
    return explain.why_not_me(newest.trace, str(access.member_id), timezone=zone)


def in_words(decision: Decision, access: Access, *, names: Mapping[str, str] | None = None) -> Why:
    """A decision for this reader: a salesperson learns nothing of colleagues' turns.

    `names` are members' names by id where they are known already.
    """
    sees_all = access.can(Permission.SEE_DECISIONS)
    if names is None:
        names = _names(decision) if sees_all or access.member_id else {}
    sentences = explain.explain(
        decision.trace,
        names=names,
        registry=registry(access.team),
        perspective=None if sees_all else str(access.member_id),
        timezone=access.user.timezone if access.user else access.team.timezone,
    )
    sentences = [*_by_hand(decision), *sentences]
    unmatched = [one for one in sentences if one.startswith("Rule") and "not match" in one]
    return Why(
        sentences=[one for one in sentences if one not in unmatched],
        due=list(_shares(decision, names, access)) if sees_all else [],
        url=address(access, "decision", decision=decision.pk),
        quiet=" ".join(unmatched),
    )


def _by_hand(decision: Decision) -> list[str]:
    if decision.trace.get("reason") != "by_hand":
        return []
    by = str(decision.actor) if decision.actor else _("Leadrelay")
    return [_("%(by)s assigned it by hand.") % {"by": by}]


def _names(decision: Decision) -> dict[str, str]:
    trace = decision.trace
    candidates = [one for step in trace.get("steps", []) for one in step.get("candidates", [])]
    wanted = {one[key] for one in candidates for key in ("member", "taker") if key in one}
    wanted |= {member for action in trace.get("actions", []) for member in action["notify"]}
    wanted |= {trace["member"]} if "member" in trace else set()
    members = Membership.objects.filter(pk__in=wanted, team_id=decision.team_id)
    return {str(one.pk): str(one.user) for one in members.select_related("user")}


def _shares(decision: Decision, names: Mapping[str, str], access: Access) -> Iterator[Share]:
    for step in decision.trace.get("steps", [])[-1:]:
        if step["pool"]["ranking"] != "turn":
            return
        for one in step["candidates"]:
            yield _share(one, names, access)


def _share(one: dict[str, Any], names: Mapping[str, str], access: Access) -> Share:
    credit = Decimal(one["credit"] + one.get("due", 0)) / NANO
    percent = int(min(max(float(credit), 0.0), 1.0) * 100)
    return Share(
        name=names.get(one["member"], _("A former member")),
        is_me=one["member"] == str(access.member_id),
        credit=credit,
        percent=percent,
        note=str(one["skip"]).replace("_", " ") if one.get("skip") else "",
    )
