"""Static files, logs, lists of the API: what every part relies on."""

import pytest
from django.contrib.auth.models import Group
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from config.celery import app
from config.logs import hide_secrets
from config.rest import StrictOrderingFilter


class ByName(APIView):
    ordering_fields = ("name",)


def sorted_by(ordering: str) -> list[str] | None:
    request = Request(APIRequestFactory().get("/", {"ordering": ordering}))
    return list(StrictOrderingFilter().get_ordering(request, Group.objects.all(), ByName()) or [])


def test_keys_in_addresses_and_query_strings_stay_out_of_the_logs() -> None:
    event = hide_secrets(
        None, "info", {"event": "Not Found: /capture/s3cret/", "request": "GET /f/t0ken/?q=Ada"}
    )

    assert event == {"event": "Not Found: /capture/…/", "request": "GET /f/…/"}


def test_a_known_ordering_is_followed() -> None:
    assert sorted_by("-name") == ["-name"]


def test_an_unknown_ordering_is_refused() -> None:
    with pytest.raises(ValidationError, match="Unknown field “permissions”"):
        sorted_by("permissions")


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()

    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert scheduled <= set(app.tasks)
