"""Making copied drafts live, where nothing is missing and nothing looks wrong.

Each publication is a transaction of its own after the copy: what processes remember of rules goes
by a version that must not be read before it is committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from apps.rules.builder import board
from apps.rules.models import RuleSet
from apps.rules.refusals import Refused
from apps.rules.sets import versions
from apps.teams.access import Access

LONGEST_REASON = 500
UNDONE = ("same", "skip")


def publish(lines: Sequence[dict[str, Any]], *, by: Access, now: datetime) -> None:
    """Publish what was copied; each line then says whether it is live, and if not, why."""
    for line in lines:
        if line["key"].startswith("set:") and line["did"] not in UNDONE:
            why = _published(line, by=by, now=now)
            line["published"], line["why"] = not why, why[:LONGEST_REASON]


def _published(line: Mapping[str, Any], *, by: Access, now: datetime) -> str:
    """ "" if it is live now, else why not."""
    rule_set = RuleSet.objects.visible_to(by).filter(pk=UUID(line["id"])).first()
    if rule_set is None:
        return _("It was deleted meanwhile.")
    why = _flaws(line, rule_set, by, now)
    if why:
        return why
    note = _("Copied by %(agency)s") % {"agency": by.grant.agency.name if by.grant else ""}
    try:
        versions.publish(rule_set, by=by, now=now, note=note)
    except Refused as refused:
        return "; ".join(problem.message for problem in refused.problems)
    return ""


def _flaws(line: Mapping[str, Any], rule_set: RuleSet, by: Access, now: datetime) -> str:
    if line["gaps"] or not rule_set.is_active:
        return _("Something is missing here.")
    notes = board.load(by, rule_set.pk, now=now).notes
    return " ".join(f"{note.title}: {note.text}" for note in notes if note.tone == "urgent")
