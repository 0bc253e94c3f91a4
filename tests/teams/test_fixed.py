"""A fixed query finds what its queryset finds, for any values, with one counted statement."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from apps.teams.fixed import Fixed, columns, instance
from apps.teams.models import Membership
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


def _with_role(*, role: str, least: int) -> QuerySet[Membership, Any]:
    found = Membership.objects.filter(role=role, experience__gte=least, is_paused=False)
    return found.order_by("pk").values_list(*columns(Membership))


def test_it_finds_what_the_queryset_finds_for_other_values() -> None:
    for experience in range(4):
        MembershipFactory(role="manager", experience=experience, hours={"0": [["09:00", "17:00"]]})
    MembershipFactory(role="viewer", experience=9)
    fixed = Fixed(_with_role, role="a role", least=7)

    for role, least in (("manager", 2), ("viewer", 0), ("admin", 0)):
        assert fixed.rows(role=role, least=least) == list(_with_role(role=role, least=least))


def test_its_rows_become_models() -> None:
    manager = MembershipFactory(role="manager", hours={"0": [["09:00", "17:00"]]})

    (row,) = Fixed(_with_role, role="a role", least=7).rows(role="manager", least=0)

    found = instance(Membership, columns(Membership), row)
    assert (found, found.hours, found.role) == (manager, manager.hours, "manager")


def test_each_run_is_one_statement_that_tests_can_count() -> None:
    fixed = Fixed(_with_role, role="a role", least=7)
    fixed.rows(role="manager", least=0)

    with CaptureQueriesContext(connection) as queries:
        fixed.rows(role="viewer", least=1)

    assert len(queries) == 1


def test_an_argument_that_the_query_does_not_use_is_refused() -> None:
    def careless(*, role: str, least: int) -> QuerySet[Membership, Any]:
        return Membership.objects.filter(role=role).values_list("pk")

    with pytest.raises(AssertionError, match="least"):
        Fixed(careless, role="a role", least=7).rows(role="manager", least=0)
