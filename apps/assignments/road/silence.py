"""Leads that have been silent: found once for each rule set and each silence."""

from __future__ import annotations

from typing import Any

from django.db import connection

from apps.rules.models import RuleSet

AT_ONCE = 1000

# The name tells one silence from the next: it holds when the lead was heard of last.
_FIND = """
    INSERT INTO leads_leadevent (id, team_id, lead_id, kind, data, at, once)
    SELECT gen_random_uuid(), lead.team_id, lead.id, 'silent',
           jsonb_build_object('rule_set', %(rule_set)s::text, 'days', %(days)s::int),
           statement_timestamp(),
           'silent:' || %(rule_set)s || ':' || extract(epoch FROM lead.last_heard_at)::bigint
    FROM leads_lead AS lead
    WHERE lead.team_id = %(team)s AND lead.deleted_at IS NULL
      AND lead.status_kind IN ('new', 'working', 'qualified')
      AND NOT lead.is_test AND NOT lead.is_spam
      AND lead.last_heard_at <= statement_timestamp() - make_interval(days => %(days)s)
      AND NOT EXISTS (
          SELECT 1 FROM leads_leadevent AS told
          WHERE told.lead_id = lead.id AND told.once = 'silent:' || %(rule_set)s || ':'
                || extract(epoch FROM lead.last_heard_at)::bigint
      )
    ORDER BY lead.last_heard_at
    LIMIT %(limit)s
    ON CONFLICT DO NOTHING
"""


def find_silent(*, limit: int = AT_ONCE) -> int:
    """Write an event for every lead that has been silent as long as a rule set asks for.

    By the database's clock; may run twice at once. How many were found, at most `limit` a set.
    """
    sets = RuleSet.objects.filter(
        trigger=RuleSet.Trigger.SILENT,
        is_active=True,
        team__is_active=True,
        versions__state="published",
    )
    return sum(_find(each, limit) for each in sets)


def _find(rule_set: RuleSet, limit: int) -> int:
    days = rule_set.trigger_settings.get("days")
    if not isinstance(days, int) or days < 1:
        return 0
    wanted: dict[str, Any] = {
        "rule_set": str(rule_set.pk), "team": rule_set.team_id, "days": days, "limit": limit,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FIND, wanted)
        return int(cursor.rowcount)
