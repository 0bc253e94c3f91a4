"""`expire_due` from a terminal."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from apps.rules.models import Mode
from tests.assignments.world import World, overdue_offer

pytestmark = pytest.mark.django_db


def test_expire_due_says_what_it_did(world: World) -> None:
    world.rules(world.pool(world.member("Ann"), world.member("Ben"), mode=Mode.OFFER))
    overdue_offer(world.routed())
    first, second = StringIO(), StringIO()

    call_command("expire_due", "--json", stdout=first)
    call_command("expire_due", stdout=second)

    assert json.loads(first.getvalue())["offers_expired"] == 1
    assert second.getvalue() == "Nothing was due.\n"
