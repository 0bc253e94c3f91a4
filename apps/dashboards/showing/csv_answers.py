"""A table as a file to keep."""

from django.http import HttpResponse

from apps.dashboards.showing.tables import Table
from apps.teams.models import Team


def csv_answer(table: Table, *, name: str, team: Team) -> HttpResponse:
    """The download `team-name.csv`."""
    return HttpResponse(
        table.as_csv(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{team.slug}-{name}.csv"'},
    )
