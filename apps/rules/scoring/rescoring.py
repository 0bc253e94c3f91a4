"""Scores that must be counted again: the lead changed, the table changed, or time passed.

What is due stands in the rows: a lead counted before the last change of the table, or more than
a day ago while age still takes from it. A sweep that dies is gone on with by the next one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, Q

from apps.leads import events
from apps.leads.models import Activity, Lead, LeadEvent
from apps.leads.services import activity
from apps.rules.models import RuleSet, ScoreLine
from apps.rules.scoring import points as scoring
from apps.teams.access import Access
from apps.teams.models import AuditEntry, Team

BATCH = 500
A_DAY = timedelta(days=1)
# A change of the table is long counted by then: older entries of the log need no look.
REMEMBERED = timedelta(days=7)
FIRST_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the open leads are counted by the table as it is now."""

    done: int
    of: int


@transaction.atomic
def rescore(lead: Lead, *, by: Access, now: datetime) -> bool:
    """Count a lead that has changed; whether its score moved. Nothing without a table.

    A score that moved is told to the rules, and stands on the timeline when the band changed.
    """
    if scoring.table(by.team) is None and lead.scored_at is None:
        return False
    locked = Lead.objects.select_for_update(of=("self",), no_key=True).select_related("source")
    fresh = locked.get(pk=lead.pk)
    score, band, lines = fresh.score, fresh.band, fresh.score_lines
    counted = scoring.score_lead(fresh, by.team, now)
    _take(fresh, counted)
    _take(lead, counted)
    if (fresh.score, fresh.band, fresh.score_lines) == (score, band, lines):
        return False
    Lead.objects.filter(pk=fresh.pk).update(**counted)
    if fresh.score == score:
        return False
    fields = ["score"] if fresh.band == band else ["band", "score"]
    _tell_rules(fresh, fields, score, by, now)
    if band and fresh.band != band:
        _line(fresh, score, band, by, now).save()
    return True


def _tell_rules(
    lead: Lead, fields: Sequence[str], before: int | None, by: Access, now: datetime
) -> None:
    """With the change that moved it, if that is written down and not handled yet; else alone."""
    with_it = LeadEvent.objects.filter(
        lead=lead, kind=LeadEvent.Kind.CHANGED, at=now, handled_at=None
    ).first()
    if with_it is None:
        events.changed(lead, fields, by=by, now=now, score=(before, lead.score))
        return
    with_it.data["fields"] = sorted({*with_it.data.get("fields", []), *fields})
    with_it.data["score"] = [before, lead.score]
    with_it.save(update_fields=["data"])


def sweep(team: Team, *, clock: Callable[[], datetime], longest: timedelta | None = None) -> bool:
    """Count the team's open leads that are due, a batch at a time; whether none is left.

    Safe beside itself: leads that another sweep has locked are left to it.
    """
    until = clock() + longest if longest else None
    return _sweep(team, _by_table, clock, until) and _sweep(team, _by_age, clock, until)


def teams_due(now: datetime) -> list[Team]:
    """Teams whose scores may need counting: they have lines, or changed them lately."""
    lines = ScoreLine.objects.filter(team=OuterRef("pk"))
    changed = AuditEntry.objects.filter(
        team=OuterRef("pk"), action__startswith="scoring.", at__gte=now - REMEMBERED
    )
    return list(Team.objects.filter(Exists(lines) | Exists(changed), is_active=True))


def progress(team: Team, now: datetime) -> Progress | None:
    """How far a new table is counted; None when it is, or was not changed lately."""
    due = _by_table(team, now)
    if due is None:
        return None
    open_leads = Lead.objects.open().filter(team=team)
    left = open_leads.filter(due).count()
    if not left:
        return None
    of = open_leads.count()
    return Progress(of - left, of)


Due = Callable[[Team, datetime], Q | None]


def _by_table(team: Team, now: datetime) -> Q | None:
    """Leads that were counted by an older table, or never although there is one."""
    entries = AuditEntry.objects.filter(
        team=team, action__startswith="scoring.", at__gte=now - REMEMBERED
    )
    changed_at = entries.aggregate(latest=Max("at"))["latest"]
    if changed_at is None:
        return None
    older = Q(scored_at__lt=changed_at)
    return older if scoring.table(team) is None else older | Q(scored_at=None)


def _by_age(team: Team, now: datetime) -> Q | None:
    """Leads of which another day may have taken points."""
    table = scoring.table(team)
    if table is None or not (table.fades or table.asks_for_time):
        return None
    yesterday = Q(scored_at__lt=now - A_DAY)
    if table.asks_for_time:
        return yesterday
    return yesterday & Q(score_lines__contains=[{"decays": True}])


def _sweep(team: Team, due: Due, clock: Callable[[], datetime], until: datetime | None) -> bool:
    last = FIRST_ID
    while (now := clock()) and (until is None or now <= until):
        batch = _batch(team, due, last, now)
        if not batch:
            return True
        last = batch[-1].pk
    return False


@transaction.atomic
def _batch(team: Team, due: Due, last: UUID, now: datetime) -> list[Lead]:
    """Count and write the next leads that are due, in few statements; [] when none is left."""
    wanted = due(team, now)
    if wanted is None:
        return []
    leads = list(
        Lead.objects.open()
        .filter(wanted, team=team, pk__gt=last)
        .select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("source")
        .order_by("pk")[:BATCH]
    )
    were = {lead.pk: (lead.score, lead.band) for lead in leads}
    for lead in leads:
        _take(lead, scoring.score_lead(lead, team, now))
    _write(leads)
    # By a new table many leads move and none of them has changed: rules are not asked.
    if due is _by_age:
        _tell([lead for lead in leads if lead.score != were[lead.pk][0]], were, team, now)
    return leads


WRITE = (
    "UPDATE leads_lead SET score = new.score, band = new.band, score_lines = new.lines, "
    "scored_at = new.scored_at FROM unnest(%s::uuid[], %s::smallint[], %s::text[], "
    "%s::text[]::jsonb[], %s::timestamptz[]) AS new (id, score, band, lines, scored_at) "
    "WHERE leads_lead.id = new.id"
)


def _write(leads: Sequence[Lead]) -> None:
    if not leads:
        return
    columns: list[Any] = [
        [lead.pk for lead in leads],
        [lead.score for lead in leads],
        [lead.band for lead in leads],
        [json.dumps(lead.score_lines) for lead in leads],
        [lead.scored_at for lead in leads],
    ]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, columns)


def _tell(
    moved: Sequence[Lead],
    were: Mapping[UUID, tuple[int | None, str]],
    team: Team,
    now: datetime,
) -> None:
    """Note new bands on the timelines, and write down what rules ask for."""
    by = Access.system(team)
    Activity.objects.bulk_create(
        _line(lead, *were[lead.pk], by, now) for lead in moved if lead.band != were[lead.pk][1]
    )
    asked = RuleSet.objects.filter(team=team, trigger=RuleSet.Trigger.CHANGED, is_active=True)
    if moved and asked.exists():
        LeadEvent.objects.bulk_create(_event(lead, *were[lead.pk], now) for lead in moved)


def _event(lead: Lead, score: int | None, band: str, now: datetime) -> LeadEvent:
    fields = ["score"] if lead.band == band else ["band", "score"]
    data = {"fields": fields, "score": [score, lead.score]}
    kind = LeadEvent.Kind.CHANGED
    return LeadEvent(team_id=lead.team_id, lead=lead, kind=kind, data=data, at=now)


def _line(lead: Lead, score: int | None, band: str, by: Access, now: datetime) -> Activity:
    data: dict[str, Any] = {
        "score": lead.score, "band": lead.band, "from": score, "from_band": band,
    }  # fmt: skip
    return activity(lead, Activity.Kind.SCORED, by=by, now=now, data=data)


def _take(lead: Lead, columns: Mapping[str, Any]) -> None:
    for name, value in columns.items():
        setattr(lead, name, value)
