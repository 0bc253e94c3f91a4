"""Fields and live rules over the API: read by those who may see them."""

from __future__ import annotations

import pytest

from apps.rules import custom_fields
from apps.teams.access import Access
from tests.api.caller import Caller, body
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db


def test_a_field_of_the_team_s_own_is_there_at_once(world: World) -> None:
    manager = world.member("Henrike", role="manager")
    by = Access.of(manager)
    custom_fields.add_field(label="Stage", type="choice", options=["Early"], by=by, now=NOW)

    fields = {each["key"]: each for each in body(Caller(manager).get("/fields/"))["results"]}

    assert fields["custom.stage"]["options"] == ["Early"]
    assert "is_one_of" in fields["custom.stage"]["operators"]
    assert fields["silent_days"]["is_derived"]
    assert "within_area" in fields["postcode"]["operators"]


def test_live_rules_are_told_in_data_and_in_words(world: World) -> None:
    manager, mia = world.member("Henrike", role="manager"), world.member("Mia")
    pool = world.pool(mia, name="DACH")
    conditions = {"all": [{"field": "country", "op": "is_one_of", "value": ["DE", "AT"]}]}
    world.rules({"destination": "pool", "pool": pool, "conditions": conditions}, mia)

    (found,) = body(Caller(manager).get("/rule-sets/"))["results"]

    first, last = found["rules"]
    assert first["conditions"] == conditions
    assert first["words"] == ["country is one of DE, AT", "DACH"]
    assert last["words"] == ["every lead", "Mia"]
    assert (found["trigger"], found["asked"]) == ("new", "for every new lead")


def test_a_salesperson_reads_fields_and_no_rules(world: World) -> None:
    mia = Caller(world.member("Mia"))

    assert mia.get("/fields/").status_code == 200
    assert mia.get("/rule-sets/").status_code == 403
