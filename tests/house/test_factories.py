"""Every model can be made, and what is made is of one team."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from apps.teams.scope import TeamRow
from tests import factories

pytestmark = pytest.mark.django_db

MADE = [getattr(factories, name) for name in factories.__all__]
# Rows of other rows, made with them.
ALONG = {"MemberSkill", "MemberTerritory"}


def test_every_row_of_a_team_has_a_factory() -> None:
    ours = {
        model.__name__
        for model in apps.get_models()
        if issubclass(model, TeamRow) and model.__module__.startswith("apps.")
    }

    assert ours - {factory._meta.model.__name__ for factory in MADE} == ALONG


@pytest.mark.parametrize("factory", MADE, ids=lambda factory: factory._meta.model.__name__)
def test_a_made_row_satisfies_the_database(factory: Any) -> None:
    made = factory()

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert made.pk
