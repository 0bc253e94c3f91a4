"""Scores as leads keep them: counted by the table, again when it changes, and as days pass."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.leads import services as leads
from apps.leads.models import Activity, Lead, LeadEvent
from apps.rules.facts import lead_facts
from apps.rules.models import RuleSet, ScoreLine
from apps.rules.refusals import Refused
from apps.rules.registry import registry
from apps.rules.scoring import lines, points, rescoring
from apps.rules.scoring.lines import LineFields
from apps.rules.scoring.starter import usual
from apps.teams.access import Access
from apps.teams.models import AuditEntry, Team
from tests.rules import makers
from tests.rules.makers import NOW, leaf

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def by(team: Team) -> Access:
    return makers.manager_of(team)


def line(
    by: Access, points: int, conditions: dict[str, Any] | None = None, **more: Any
) -> ScoreLine:
    fields = LineFields(more.pop("name", "Line"), points, conditions or {}, **more)
    return lines.add_line(by.team, fields, by=by, now=NOW)


def a_lead(team: Team, **values: Any) -> Lead:
    return makers.make_lead(team, makers.make_source(team), **values)


def counted(lead: Lead) -> tuple[int | None, str]:
    lead.refresh_from_db()
    return lead.score, lead.band


def sweep(team: Team, *, days: float = 0) -> bool:
    at = NOW + timedelta(days=days, seconds=1)
    return rescoring.sweep(Team.objects.get(pk=team.pk), clock=lambda: at)


def test_without_lines_nothing_is_counted_and_nothing_asked(team: Team) -> None:
    lead = a_lead(team)
    points.table(team)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        columns = points.score_lead(lead, team, NOW)

    assert columns == {}
    assert len(queries) == 0


def test_a_score_that_a_source_sent_stays_and_gets_its_band(team: Team) -> None:
    lead = a_lead(team, score=81)

    assert points.score_lead(lead, team, NOW) == {"band": "A"}


def test_a_lead_is_counted_without_a_query_once_the_table_is_known(team: Team, by: Access) -> None:
    line(by, 40, leaf("country", "is", "AT"))
    lead = a_lead(team, country="AT")
    points.score_lead(lead, team, NOW)

    with CaptureQueriesContext(connection) as queries:
        columns = points.score_lead(lead, team, NOW)

    assert (columns["score"], columns["band"], columns["scored_at"]) == (40, "B", NOW)
    assert [each["words"] for each in columns["score_lines"]] == ["country is AT"]
    assert len(queries) == 0


def test_facts_alone_can_be_counted(team: Team, by: Access) -> None:
    line(by, 40, leaf("country", "is", "AT"))
    facts = lead_facts(a_lead(team, country="AT"), registry(team))

    score = points.score_of(facts, team, NOW)

    assert score is not None
    assert score.points == 40


def test_a_line_that_is_switched_off_gives_nothing(team: Team, by: Access) -> None:
    off = line(by, 40)
    line(by, 5)
    lines.switch_line(team, off.pk, is_active=False, by=by, now=NOW)

    assert points.score_lead(a_lead(team), team, NOW)["score"] == 5


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        (LineFields("", 5), "name"),
        (LineFields("x" * 121, 5), "name"),
        (LineFields("Zero", 0), "points"),
        (LineFields("No number", None), "points"),
        (LineFields("Too many", 501), "points"),
        (LineFields("Too few", -501), "points"),
        (LineFields("No days", 5, {}, 0), "half_life"),
        (LineFields("No number of days", 5, {}, None, True), "half_life"),
        (LineFields("Unknown field", 5, leaf("gone", "is", "x")), "conditions.field"),
        (LineFields("Itself", 5, leaf("score", "gte", 10)), "conditions"),
        (LineFields("Its band", 5, {"not": leaf("band", "is", "A")}), "conditions"),
    ],
    ids=lambda part: part.name if isinstance(part, LineFields) else part,
)
def test_a_line_that_would_not_work_is_refused_where_it_is_wrong(
    team: Team, by: Access, fields: LineFields, path: str
) -> None:
    with pytest.raises(Refused) as refused:
        lines.add_line(team, fields, by=by, now=NOW)

    assert [problem.path for problem in refused.value.problems] == [path]
    assert not ScoreLine.objects.exists()


@pytest.mark.parametrize(
    ("bands", "path"),
    [
        ({"A": 70, "B": 70, "C": 10}, "band_B"),
        ({"A": 70, "B": 40, "C": 50}, "band_C"),
        ({"A": None, "B": 40, "C": 10}, "band_A"),
        ({"A": 70, "B": 40}, "band_C"),
        ({"A": 70_000, "B": 40, "C": 10}, "band_A"),
    ],
)
def test_bands_that_would_not_part_leads_are_refused(
    team: Team, by: Access, bands: dict[str, int | None], path: str
) -> None:
    with pytest.raises(Refused) as refused:
        lines.set_bands(team, bands, by=by, now=NOW)

    assert [problem.path for problem in refused.value.problems] == [path]


def test_every_change_of_the_table_is_in_the_log_and_moves_the_version(
    team: Team, by: Access
) -> None:
    before = team.routing_version
    first, second = line(by, 10, name="First"), line(by, 20, name="Second")
    changed = LineFields("First", 15)
    lines.save_line(team, first.pk, changed, by=by, now=NOW)
    lines.move_line(team, second.pk, to=1, by=by, now=NOW)
    lines.switch_line(team, first.pk, is_active=False, by=by, now=NOW)
    lines.remove_line(team, first.pk, by=by, now=NOW)
    lines.set_bands(team, {"A": 50, "B": 30, "C": 0}, by=by, now=NOW)

    log = list(AuditEntry.objects.order_by("at", "id").values_list("action", "detail"))

    assert [action for action, _detail in log] == [
        "scoring.line_added", "scoring.line_added", "scoring.line_changed", "scoring.line_moved",
        "scoring.line_switched", "scoring.line_removed", "scoring.bands",
    ]  # fmt: skip
    assert log[2][1]["before"]["points"] == 10
    assert log[2][1]["after"]["points"] == 15
    assert team.routing_version == before + len(log)
    assert [each.name for each in lines.lines_of(team)] == ["Second"]


def test_a_table_holds_only_so_many_lines(team: Team, by: Access) -> None:
    for _ in range(60):
        line(by, 1)

    with pytest.raises(Refused, match="60 lines"):
        line(by, 1)


def test_the_starter_fills_an_empty_table_once(team: Team, by: Access) -> None:
    assert lines.start_with(team, usual(), by=by, now=NOW)
    assert not lines.start_with(team, usual(), by=by, now=NOW)

    good = a_lead(
        team, company="Isarwerk", email="k@isarwerk.example",
        facts={"budget": 2_500_000, "need": "Depot", "timeline": "Within a month",
               "decision_maker": True, "employees": 640},
    )  # fmt: skip
    poor = makers.make_lead(team, good.source, email="x@gmail.com")

    assert points.score_lead(good, team, good.received_at)["score"] == 100
    assert points.score_lead(poor, team, poor.received_at)["score"] == -15


def test_a_lead_that_changed_is_counted_again_and_the_rules_are_told(
    team: Team, by: Access
) -> None:
    line(by, 50, leaf("city", "is", "Graz"))
    lead = a_lead(team)
    rescoring.rescore(lead, by=by, now=NOW)
    LeadEvent.objects.all().delete()
    leads.edit(lead, changes={"city": "Graz"}, by=by, now=NOW)

    moved = rescoring.rescore(lead, by=by, now=NOW)

    assert moved
    assert counted(lead) == (50, "B")
    assert LeadEvent.objects.get().data == {"fields": ["band", "city", "score"], "score": [0, 50]}
    assert Activity.objects.get(kind="scored").data["from_band"] == "D"


def test_a_score_that_moves_by_itself_is_a_change_of_its_own(team: Team, by: Access) -> None:
    lead = a_lead(team)
    line(by, 50)

    rescoring.rescore(lead, by=by, now=NOW)

    assert LeadEvent.objects.get().data == {"fields": ["band", "score"], "score": [None, 50]}


def test_a_lead_whose_score_stands_tells_nobody(team: Team, by: Access) -> None:
    line(by, 50)
    lead = a_lead(team)
    rescoring.rescore(lead, by=by, now=NOW)
    LeadEvent.objects.all().delete()

    assert not rescoring.rescore(lead, by=by, now=NOW)
    assert not LeadEvent.objects.exists()


def test_a_new_table_counts_open_leads_and_asks_no_rules(team: Team, by: Access) -> None:
    RuleSet.objects.create(team=team, name="Hot", trigger=RuleSet.Trigger.CHANGED)
    open_lead = a_lead(team)
    closed = makers.make_lead(team, open_lead.source, status_kind="lost")
    line(by, 30)

    finished = sweep(team)

    assert finished
    assert counted(open_lead) == (30, "C")
    assert counted(closed) == (None, "")
    assert not LeadEvent.objects.exists()


def test_progress_is_told_while_leads_are_counted(team: Team, by: Access) -> None:
    first = a_lead(team)
    makers.make_lead(team, first.source)
    line(by, 30)
    rescoring.rescore(first, by=by, now=NOW + timedelta(seconds=1))

    halfway = rescoring.progress(team, NOW)
    sweep(team)

    assert halfway == rescoring.Progress(1, 2)
    assert rescoring.progress(team, NOW) is None


def test_without_its_last_line_a_team_has_no_scores(team: Team, by: Access) -> None:
    lead = a_lead(team)
    only = line(by, 30)
    sweep(team)
    lines.remove_line(team, only.pk, by=by, now=NOW + timedelta(seconds=2))

    sweep(team, days=1)

    assert counted(lead) == (None, "")
    lead.refresh_from_db()
    assert lead.score_lines == []


def test_age_takes_points_day_by_day_and_tells_the_rules(team: Team, by: Access) -> None:
    RuleSet.objects.create(team=team, name="Cold", trigger=RuleSet.Trigger.CHANGED)
    line(by, 80, half_life_days=10)
    lead = a_lead(team)
    sweep(team)
    assert counted(lead) == (80, "A")

    sweep(team, days=10)

    assert counted(lead) == (40, "B")
    assert LeadEvent.objects.get().data == {"fields": ["band", "score"], "score": [80, 40]}
    assert Activity.objects.get(kind="scored").data["band"] == "B"


def test_only_leads_from_which_age_takes_are_looked_at(team: Team, by: Access) -> None:
    line(by, 80, leaf("city", "is", "Graz"), half_life_days=10)
    line(by, 10)
    steady = a_lead(team, city="Linz")
    fading = makers.make_lead(team, steady.source, city="Graz")
    sweep(team)

    sweep(team, days=3)

    steady.refresh_from_db()
    fading.refresh_from_db()
    assert steady.scored_at == NOW + timedelta(seconds=1)
    assert fading.scored_at == NOW + timedelta(days=3, seconds=1)


def test_a_lead_is_not_counted_twice_a_day(team: Team, by: Access) -> None:
    line(by, 80, half_life_days=10)
    lead = a_lead(team)
    sweep(team)

    sweep(team, days=0.5)

    lead.refresh_from_db()
    assert lead.scored_at == NOW + timedelta(seconds=1)


def test_a_sweep_goes_in_batches_of_few_statements(
    team: Team, by: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescoring, "BATCH", 4)
    source = makers.make_source(team)
    made = [makers.make_lead(team, source) for _ in range(9)]
    line(by, 30)

    with CaptureQueriesContext(connection) as queries:
        sweep(team)

    assert all(counted(lead) == (30, "C") for lead in made)
    assert sum("UPDATE leads_lead" in query["sql"] for query in queries) == 3


def test_a_sweep_that_runs_out_of_time_is_gone_on_with(team: Team, by: Access) -> None:
    lead = a_lead(team)
    line(by, 30)
    fresh = Team.objects.get(pk=team.pk)
    ticks = iter([NOW, NOW + timedelta(minutes=2)])

    finished = rescoring.sweep(fresh, clock=lambda: next(ticks), longest=timedelta(minutes=1))

    assert not finished
    assert counted(lead) == (None, "")
    assert [each.pk for each in rescoring.teams_due(NOW)] == [team.pk]
