"""The description of the API: complete, without warnings, and true."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework import serializers

from apps.api import shapes
from apps.rules.models import Mode
from tests.api.caller import Caller, body
from tests.assignments.world import World


def test_it_is_generated_without_a_warning() -> None:
    out = StringIO()

    call_command("spectacular", validate=True, fail_on_warn=True, format="openapi-json", stdout=out)

    paths = json.loads(out.getvalue())["paths"]
    assert "/api/v1/offers/{offer}/claim/" in paths
    assert {"200", "409", "403", "404"} <= paths["/api/v1/offers/{offer}/claim/"]["post"][
        "responses"
    ].keys()


@pytest.mark.django_db
def test_it_is_served_to_anyone() -> None:
    assert Client().get("/api/v1/schema/").status_code == 200


@pytest.mark.django_db
def test_the_page_that_shows_it_needs_no_inline_script() -> None:
    page = Client().get("/api/v1/docs/").content.decode()

    assert "<style" not in page
    assert "<script>" not in page
    assert Client().get("/api/v1/docs/?script=").status_code == 200


def told(shape: type[serializers.Serializer[Any]]) -> set[str]:
    return set(shape().fields)


@pytest.mark.django_db
def test_what_comes_looks_as_described(world: World) -> None:
    mia = world.member("Mia")
    caller = Caller(mia)
    world.rules(world.pool(mia, mode=Mode.CLAIM))
    world.routed()
    (offer,) = body(caller.get("/offers/"))["results"]
    won = body(caller.post(f"/offers/{offer['id']}/claim/"))
    world.rules(world.pool(mia, mode=Mode.HOPPER))
    world.routed()
    lead = body(caller.get(f"/leads/{won['lead']['id']}/"))
    (assignment,) = body(caller.get("/assignments/"))["results"]
    (entry,) = body(caller.get("/hopper/"))["results"]
    decision = body(caller.get("/decisions/"))["results"][0]

    assert offer.keys() == told(shapes.OfferShape)
    assert offer["lead"].keys() == entry["lead"].keys() == told(shapes.TeaserShape)
    assert won.keys() == told(shapes.WonShape)
    assert won["lead"].keys() == told(shapes.WonLeadShape)
    assert lead.keys() == told(shapes.LeadShape)
    assert assignment.keys() == told(shapes.AssignmentShape)
    assert entry.keys() == told(shapes.HopperShape)
    assert decision.keys() == told(shapes.DecisionShape)
