"""Looking for what is due costs the same however much is pending: an index says so."""

from __future__ import annotations

import pytest
from django.db import connection

from apps.assignments.road.timers import TIMERS, Timer

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("timer", TIMERS, ids=lambda timer: timer.name)
def test_a_due_row_is_found_by_its_time_in_an_index(timer: Timer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {timer.sql}", [[]])
        plan = "\n".join(line for (line,) in cursor.fetchall())

    searched = [line for line in plan.splitlines() if "Index Cond" in line]
    assert any("<= statement_timestamp()" in line for line in searched), plan
