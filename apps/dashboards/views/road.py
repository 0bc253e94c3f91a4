"""What happens on the road: its figures, conversion at fixed days, and fairness."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.dashboards.figures.conversion import conversion
from apps.dashboards.figures.fairness import fairness
from apps.dashboards.figures.periods import LABELS
from apps.dashboards.figures.road import road
from apps.dashboards.showing import words
from apps.dashboards.showing.asking import Links, choices, question_of
from apps.dashboards.showing.csv_answers import csv_answer
from apps.dashboards.showing.road_words import ROAD_WORDS
from apps.dashboards.showing.tables import Table
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission
from apps.teams.policy import team_page


@team_page(Permission.SEE_DASHBOARD)
@require_safe
def road_page(request: HttpRequest, access: Access) -> HttpResponse:
    """Each figure with its definition, and the leads behind it."""
    question = question_of(request, access)
    found = road(question, access=access)
    people = Membership.objects.filter(
        team=access.team, pk__in=[row.member_id for row in found.claims]
    ).select_related("user")
    by_id = {person.pk: person for person in people}
    context: dict[str, Any] = {
        "access": access,
        "section": "dashboard",
        "tab": "road",
        "now": question.now,
        "figures": [(figure, *ROAD_WORDS[figure.key]) for figure in found.figures],
        "hops": found.hops,
        "claims": [(by_id.get(row.member_id), row) for row in found.claims],
        "months": conversion(access, now=question.now),
        "fairness": fairness(question, access=access),
        "periods": choices(LABELS, question.period.key),
        "leads": Links(access, question),
        "span": words.span_of(question.period),
        "may_see_captures": access.can(Permission.SEE_CAPTURES),
        "query": request.GET.urlencode(),
    }
    return render(request, "dashboards/road.html", context)


@team_page(Permission.SEE_DASHBOARD)
@require_safe
def road_csv(request: HttpRequest, access: Access) -> HttpResponse:
    question = question_of(request, access)
    columns = [_("Figure"), _("Leads or rows"), _("Of"), _("Share"), _("Definition")]
    rows = [
        [str(label), figure.part, "" if figure.of is None else figure.of,
         words.percent(figure.rate, 1), str(definition)]
        for figure in road(question, access=access).figures
        for label, definition in (ROAD_WORDS[figure.key],)
    ]  # fmt: skip
    name = f"road-{question.period.last_day}"
    return csv_answer(Table(columns, rows), name=name, team=access.team)
