"""After a lead is kept: what can be learnt of its company, and whether it is somebody known.

The row is what drives it (`look_up_at`): a worker that dies loses nothing, two at once do no
harm. Only what is empty is filled, under the lead's lock and never with the network inside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import phonenumbers
import structlog
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from apps.leads import company_provider, events, likeness
from apps.leads.companies import company_keys, guessed_name
from apps.leads.company_provider import COLUMNS, Sources
from apps.leads.models import Activity, Lead, LeadEvent
from apps.leads.services import activity
from apps.teams.access import Access
from apps.teams.egress import EgressFailed
from apps.teams.models import Team

log = structlog.get_logger(__name__)

AT_ONCE = 200
LONGEST_RUN = timedelta(seconds=20)
# Longer than a run with its last question: a worker that died lets go of the provider then.
ALONE_FOR = timedelta(seconds=60)
MOST_TRIES = 5
# Columns that may be filled, with those that follow from them.
WRITTEN = [*COLUMNS, "company_key", "facts", "version"]
Clock = Callable[[], datetime]


def look_up_due(*, clock: Clock, longest: timedelta = LONGEST_RUN) -> dict[str, int]:
    """Look up the leads whose time has come; how many were suggested, filled and asked about.

    A provider that hangs keeps one worker for one question, then rests for a minute.
    """
    due = _due()
    if not due:
        return {}
    done: Counter[str] = Counter(suggested=likeness.suggest(due))
    teams = {lead.team_id: lead.team for lead in due}
    sources = {pk: Sources.of(team) for pk, team in teams.items()}
    found = {lead.pk: nearby(lead, sources[lead.team_id]) for lead in due}
    filled, busy = fill(due, found, source="lead", now=clock())
    done["filled"] = filled
    by_team: dict[UUID, list[Lead]] = {}
    settled: list[Lead] = []
    for lead in due:
        is_asked = sources[lead.team_id].url and company_provider.is_worth_asking(lead)
        if is_asked and lead.is_open:
            by_team.setdefault(lead.team_id, []).append(lead)
        elif lead.pk not in busy:
            settled.append(lead)
    _settle(settled, now=clock())
    until = clock() + longest
    for leads in by_team.values():
        done["asked"] += _ask_about(leads, clock=clock, until=until)
    return dict(done)


def _due() -> list[Lead]:
    rows = Lead.objects.filter(look_up_at__lte=Now()).select_related("team", "source")
    return list(rows.order_by("look_up_at", "id")[:AT_ONCE])


def nearby(lead: Lead, sources: Sources) -> dict[str, Any]:
    """What the lead's own e-mail and phone say of its company."""
    found: dict[str, Any] = {}
    if sources.by_domain and lead.domain:
        found["company"] = guessed_name(lead.domain)
    if sources.by_phone and lead.phone_key:
        found["country"] = _country_of(lead.phone_key)
    return {key: value for key, value in found.items() if value}


def _country_of(phone_key: str) -> str:
    try:
        number = phonenumbers.parse(phone_key)
    except phonenumbers.NumberParseException:
        return ""
    region = phonenumbers.region_code_for_number(number) or ""
    return region if region.isalpha() else ""  # "001" is a number of no country


@transaction.atomic
def fill(
    leads: Sequence[Lead], found: Mapping[UUID, Mapping[str, Any]], *, source: str, now: datetime
) -> tuple[int, set[UUID]]:
    """Write what the leads do not know yet; how many were filled, and whom somebody else held.

    `source` is "lead" (its own e-mail and phone) or "provider". Each gets a line on its timeline,
    and rules hear of the change. Four statements for all of them; they leave here up to date.
    """
    wanted = {
        lead.pk: lead
        for lead in leads
        if any(_is_empty(lead, key) for key in found.get(lead.pk, {}))
    }
    if not wanted:
        return 0, set()
    rows = Lead.objects.filter(pk__in=wanted, deleted_at=None).order_by("pk")
    held = {
        row.pk: row for row in rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
    }
    filled = {pk: named for pk, row in held.items() if (named := _take(row, found[pk]))}
    changed = [held[pk] for pk in filled]
    Lead.objects.bulk_update(changed, WRITTEN)
    _write_down(changed, {pk: wanted[pk].team for pk in filled}, filled, source, now)
    for row in changed:
        for column in WRITTEN:
            setattr(wanted[row.pk], column, getattr(row, column))
    return len(filled), wanted.keys() - held.keys()


def _take(lead: Lead, found: Mapping[str, Any]) -> list[str]:
    """Put what is new on the lead; the names of the facts, without their currencies."""
    new = {key: value for key, value in found.items() if _is_empty(lead, key)}
    named = sorted(key for key in new if not key.endswith("_currency"))
    if not named:
        return []
    columns = {key: value for key, value in new.items() if key in COLUMNS}
    facts = {key: value for key, value in new.items() if key not in COLUMNS}
    lead.facts = {**lead.facts, **facts}
    for column, value in {**columns, **company_keys(columns)}.items():
        setattr(lead, column, value)
    lead.version += 1
    return named


def _write_down(
    leads: Sequence[Lead],
    teams: Mapping[UUID, Team],
    named: Mapping[UUID, list[str]],
    source: str,
    now: datetime,
) -> None:
    """A line for each on its timeline, and the event that rules may ask for."""
    lines, happened = [], []
    for lead in leads:
        by, fields = Access.system(teams[lead.pk]), named[lead.pk]
        data = {"fields": fields, "from": source}
        lines.append(activity(lead, Activity.Kind.ENRICHED, by=by, now=now, data=data))
        told = {"fields": fields}
        happened += events.unsaved(lead, LeadEvent.Kind.CHANGED, told, by=by, now=now)
    Activity.objects.bulk_create(lines)
    LeadEvent.objects.bulk_create(happened)


def _is_empty(lead: Lead, key: str) -> bool:
    if key.endswith("_currency"):  # goes with its amount
        return lead.facts.get(key.removesuffix("_currency")) in (None, "")
    known = getattr(lead, key) if key in COLUMNS else lead.facts.get(key)
    return known in (None, "", [])


def _ask_about(leads: Sequence[Lead], *, clock: Clock, until: datetime) -> int:
    """Ask a team's provider about its leads, one worker at a time; how many were asked about."""
    team = leads[0].team
    if clock() >= until:
        return 0
    if not _take_provider(team):
        _put_off(leads, clock() + ALONE_FOR / 4)
        return 0
    asked, problem = 0, ""
    for place, lead in enumerate(leads):
        if clock() >= until:
            break
        problem = _ask(lead, clock)
        asked += 1
        if problem:
            _put_off(leads[place + 1 :], clock() + ALONE_FOR)
            break
    _give_back(team, problem, clock())
    return asked


def _ask(lead: Lead, clock: Clock) -> str:
    """Ask about one lead and write what is learnt; what went wrong, in words."""
    sources, question = Sources.of(lead.team), company_provider.question_of(lead)
    try:
        found = company_provider.ask(sources, question, currency=lead.team.currency, now=clock())
    except EgressFailed as error:
        _try_again(lead, str(error), now=clock())
        return str(error)
    _filled, busy = fill([lead], {lead.pk: found}, source="provider", now=clock())
    if lead.pk in busy:  # asked again in a moment
        _put_off([lead], clock())
    else:
        _settle([lead], now=clock())
    return ""


def _take_provider(team: Team) -> bool:
    """Nobody else asks this team's provider meanwhile; False if somebody does, or it rests."""
    is_free = Q(enrichment_free_at=None) | Q(enrichment_free_at__lte=Now())
    mine = Team.objects.filter(is_free, pk=team.pk)
    return bool(mine.update(enrichment_free_at=Now() + ALONE_FOR))


def _give_back(team: Team, problem: str, now: datetime) -> None:
    """After a failure the provider is left alone for a minute."""
    free_at = now + ALONE_FOR if problem else None
    Team.objects.filter(pk=team.pk).update(
        enrichment_free_at=free_at, enrichment_error=problem[:200]
    )


# Whoever holds one of them just now may have brought something new: it is looked up again.
_SETTLE = """
WITH held AS (
    SELECT lead.id FROM leads_lead AS lead
    JOIN unnest(%s::uuid[], %s::timestamptz[]) AS told (id, at)
    ON lead.id = told.id AND lead.look_up_at = told.at
    ORDER BY lead.id FOR NO KEY UPDATE OF lead SKIP LOCKED
)
UPDATE leads_lead AS lead
SET look_up_at = NULL, look_ups = 0, enriched_at = %s, enrichment_error = ''
FROM held WHERE lead.id = held.id
"""


def _settle(leads: Sequence[Lead], *, now: datetime) -> None:
    """These are done, unless something new came in since they were read."""
    if not leads:
        return
    values: Any = [[lead.pk for lead in leads], [lead.look_up_at for lead in leads], now]
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, values)


def _put_off(leads: Iterable[Lead], until: datetime) -> None:
    for lead in leads:
        Lead.objects.filter(pk=lead.pk, look_up_at=lead.look_up_at).update(look_up_at=until)


def _try_again(lead: Lead, problem: str, *, now: datetime) -> None:
    """Later, twice as long after each time; in the end the lead stays as it is."""
    tries = lead.look_ups + 1
    again = now + ALONE_FOR * 2**tries if tries < MOST_TRIES else None
    log.info("provider_failed", lead=str(lead.pk), tries=tries, error=problem)
    Lead.objects.filter(pk=lead.pk).update(
        look_up_at=again, look_ups=tries, enrichment_error=problem[:200]
    )
