"""The database refuses a row that joins two teams."""

from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from apps.teams.scope import TeamRow
from tests import factories

pytestmark = pytest.mark.django_db

FACTORIES = {
    getattr(factories, name)._meta.model: getattr(factories, name) for name in factories.__all__
}


def _keys_between_rows_of_a_team() -> list[tuple[type[TeamRow], str]]:
    """Every foreign key from a row of a team to a row of a team."""
    return [
        (model, field.name)
        for model in apps.get_models()
        if issubclass(model, TeamRow) and model.__module__.startswith("apps.")
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TeamRow)
    ]


def _columns_of_keys(model: type[models.Model]) -> list[list[str]]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    return [key["columns"] for key in found.values() if key["foreign_key"]]


@pytest.mark.parametrize(
    ("model", "field"),
    _keys_between_rows_of_a_team(),
    ids=lambda part: part if isinstance(part, str) else part.__name__,
)
def test_every_key_between_rows_of_a_team_holds_the_team(model: type[TeamRow], field: str) -> None:
    key: Any = model._meta.get_field(field)
    column = key.column

    keys = _columns_of_keys(model)

    assert sorted(["team_id", column]) in [sorted(columns) for columns in keys]
    assert [column] not in keys, "Django's own key would be checked a second time"


CROSSINGS = [
    (factories.LeadFactory, "owner", factories.MembershipFactory, {"stage": "owned"}),
    (factories.LeadFactory, "source", factories.SourceFactory, {}),
    (factories.LeadFactory, "status", factories.StatusFactory, {}),
    (factories.ActivityFactory, "lead", factories.LeadFactory, {}),
    (factories.SeatFactory, "membership", factories.MembershipFactory, {}),
    (factories.SeatFactory, "pool", factories.PoolFactory, {}),
    (factories.OfferFactory, "lead", factories.LeadFactory, {}),
    (factories.AssignmentFactory, "member", factories.MembershipFactory, {}),
    (factories.CaptureFactory, "lead", factories.LeadFactory, {}),
    (factories.TimeOffFactory, "membership", factories.MembershipFactory, {}),
]


@pytest.mark.parametrize(
    ("factory", "field", "relative", "with_it"),
    CROSSINGS,
    ids=lambda part: (
        getattr(getattr(part, "_meta", None), "model", part).__class__.__name__
        if not isinstance(part, str)
        else part
    ),
)
def test_a_crossing_row_is_refused(
    factory: Any, field: str, relative: Any, with_it: dict[str, Any]
) -> None:
    row = factory()
    foreigner = relative()

    with pytest.raises(IntegrityError):
        _change_at_once(row, **{field: foreigner}, **with_it)


def _change_at_once(row: Any, **columns: Any) -> None:
    with transaction.atomic():
        type(row).objects.filter(pk=row.pk).update(**columns)
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_row_of_the_same_team_is_taken() -> None:
    lead = factories.LeadFactory()
    colleague = factories.MembershipFactory(team=lead.team)

    type(lead).objects.filter(pk=lead.pk).update(owner=colleague, stage="owned")

    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_an_empty_key_is_no_crossing() -> None:
    activity = factories.ActivityFactory(member=None)

    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")

    assert activity.member is None
