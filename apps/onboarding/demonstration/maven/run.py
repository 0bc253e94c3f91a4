"""A whole company's pipeline through the road, and the figures it left: `make demo-maven`.

It ends on the team dashboard's own figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from apps.assignments.models import Decision
from apps.capture import sources
from apps.dashboards.figures import metrics
from apps.dashboards.figures.periods import DEFAULT, Period
from apps.dashboards.figures.questions import Question
from apps.dashboards.kept import counting
from apps.leads.models import Lead, Source
from apps.leads.speed import Clock
from apps.onboarding.demonstration.maven import company, sending, stages
from apps.onboarding.demonstration.maven.files import Books
from apps.onboarding.demonstration.maven.listening import Heard, Listeners, percentile
from apps.onboarding.demonstration.maven.sending import Sending
from apps.teams import tokens
from apps.teams.access import Access
from apps.teams.models import ApiToken, Membership, Team
from apps.teams.permissions import Role

Say = Callable[[str], None]
_WAIT_FOR_ALERTS = 30.0
_FRESH = 201


@dataclass(frozen=True, slots=True)
class Listening:
    """The alerts that new leads raised, against when their captures were answered."""

    expected: int
    missing: int
    from_receipt: Sequence[float]  # milliseconds from the capture's receipt to the frame
    from_answer: Sequence[float]  # from the answer, which follows the commit; may be negative


def run(books: Books, *, server: str, password: str, say: Say) -> dict[str, Any]:
    """Build the team, send every opportunity, apply the stages, and count. Ready for JSON.

    A second run finds everything there: it sends the same captures again and makes nothing new.
    """
    now = timezone.now()
    team = company.build(books, password=password, now=now)
    say(f"{len(books.agents)} agents, {len(books.managers)} managers, {len(books.offices)} offices")
    say(f"Sending {len(books.opportunities)} captures …")
    sent, heard = _send(books, team, server)
    say("Applying the stages …")
    stages.apply(books.opportunities, team=team, now=timezone.now())
    return _figures(team, sent, heard)


def _send(books: Books, team: Team, server: str) -> tuple[Sending, Listening]:
    source = Source.objects.get(team=team, slug="pipeline")
    by, now = Access.system(team), timezone.now()
    keys = [tokens.create_token(member, name="demo", by=by, now=now) for member in _agents(team)]
    try:
        with Listeners(server, [key.secret for key in keys]) as listeners:
            sent = sending.send(books.opportunities, address=f"{server}{sources.path_of(source)}")
            fresh = {one.answer["lead"] for one in sent.sent if one.status == _FRESH} - {None}
            missing = listeners.wait_for(fresh, seconds=_WAIT_FOR_ALERTS)
    finally:
        ApiToken.objects.filter(pk__in=[key.token.pk for key in keys]).delete()
    return sent, _listening(sent, listeners.heard, fresh, missing)


def _agents(team: Team) -> list[Membership]:
    rows = Membership.objects.active().filter(team=team, role=Role.SALESPERSON)
    return list(rows.select_related("team", "user"))


def _listening(
    sent: Sending, heard: Sequence[Heard], fresh: set[str], missing: set[str]
) -> Listening:
    answered = {one.answer["lead"]: one.answered_at for one in sent.sent}
    first = [one for one in heard if one.lead in fresh]
    return Listening(
        expected=len(fresh),
        missing=len(missing),
        from_receipt=[1000 * (one.heard_at - one.raised_at) for one in first],
        from_answer=[1000 * (one.heard_at - answered[one.lead]) for one in first],
    )


def _figures(team: Team, sent: Sending, heard: Listening) -> dict[str, Any]:
    leads = Lead.objects.filter(team=team, source__slug="pipeline")
    unrouted = leads.exclude(owner__isnull=False)
    return {
        "team": team.slug,
        "captures": len(sent.sent),
        "answers": dict(Counter(str(one.status) for one in sent.sent)),
        "seconds": round(sent.seconds, 1),
        "captures_per_second": round(sent.per_second, 1),
        "connections": sending.CONNECTIONS,
        "outcomes": dict(Counter(one.answer["outcome"] for one in sent.sent)),
        "rules": _rules(team),
        "agents": _shares(team),
        "unrouted": unrouted.count(),
        "alerts": {"expected": heard.expected, "missing": heard.missing},
        "alert_latency_ms": {
            "receipt_to_frame": _latency(heard.from_receipt),
            "answer_to_frame": _latency(heard.from_answer),
        },
        "recount": recount(team, now=timezone.now()),
    }


def _latency(values: Sequence[float]) -> dict[str, float | None]:
    marks = {"p50": percentile(values, 0.5), "p99": percentile(values, 0.99)}
    return {name: None if mark is None else round(mark, 1) for name, mark in marks.items()}


def _rules(team: Team) -> list[dict[str, Any]]:
    """How many leads each rule decided first, in the order of the rules."""
    rows = (
        Decision.objects.filter(team=team, hop=0, rule__isnull=False)
        .order_by("rule__position")
        .values("rule__position", "rule__name", "pool__name")
        .annotate(leads=Count("lead", distinct=True))
    )
    return [
        {"n": row["rule__position"], "rule": row["rule__name"], "pool": row["pool__name"],
         "leads": row["leads"]}
        for row in rows
    ]  # fmt: skip


def _shares(team: Team) -> list[dict[str, Any]]:
    """What each agent's turns were due and what she received, by the ledger and by her leads."""
    question = _question(team, timezone.now())
    turns = counting.turns(question, access=Access.system(team))
    due = {UUID(section.key["member"]): section.figures for section in turns}
    rows = _agents_with_leads(team)
    return [
        {
            "agent": name,
            "due": round(due[member_id]["due"], 3) if member_id in due else 0.0,
            "turns": due[member_id]["taken"] if member_id in due else 0,
            "leads": count,
        }
        for member_id, name, count in rows
    ]


def _agents_with_leads(team: Team) -> Any:
    agents = Membership.objects.filter(team=team, role=Role.SALESPERSON)
    counted = agents.annotate(count=Count("leads")).order_by("-count", "user__name")
    return counted.values_list("pk", "user__name", "count")


def recount(team: Team, *, now: datetime) -> Mapping[str, Mapping[str, int]]:
    """Won, lost and open: as the rows say it, and as the team dashboard says it."""
    question = _question(team, now)
    board = metrics.figures(question, access=Access.system(team)).now
    leads = Lead.objects.filter(team=team)
    return {
        "leads": {
            "won": leads.filter(status_kind="won").count(),
            "lost": leads.filter(status_kind="lost").count(),
            "open": leads.open().count(),
        },
        "dashboard": {"won": board.won, "lost": board.lost, "open": board.open},
    }


def _question(team: Team, now: datetime) -> Question:
    period = Period.ending(now, key=DEFAULT, timezone=team.timezone)
    return Question(period=period, clock=Clock.REAL, source_id=None, now=now)
