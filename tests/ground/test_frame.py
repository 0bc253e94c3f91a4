"""Static files, logs, lists of the API: what every part relies on."""

import logging
import sys
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import RequestFactory
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView
from structlog.stdlib import ProcessorFormatter

from apps.teams.secrets import new_token
from config.celery import app
from config.logs import configure, hide_secrets
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


def test_a_key_stays_out_of_the_logs_wherever_it_turns_up() -> None:
    key = new_token()
    logger = logging.getLogger("tests.secrets")
    request = RequestFactory().post(f"/CAPTURE//{key}/?token={key}")
    try:
        raise ValueError(f"lr_{key} is refused")
    except ValueError:
        record = logger.makeRecord(
            logger.name, logging.WARNING, "", 0, "Not Found: %s", (f"/capture/{key}/x",),
            sys.exc_info(), extra={"request": request},
        )  # fmt: skip

    line = ProcessorFormatter(**_without_factory()).format(record)

    assert "Not Found: /capture/…/x" in line
    assert "ValueError: lr_… is refused" in line
    assert key not in line


def _without_factory() -> dict[str, Any]:
    """What the console's lines are made with."""
    made = dict(configure(level="INFO", as_json=True)["formatters"]["lines"])
    del made["()"]
    return made


def test_a_known_ordering_is_followed() -> None:
    assert sorted_by("-name") == ["-name"]


def test_an_unknown_ordering_is_refused() -> None:
    with pytest.raises(ValidationError, match="Unknown field “permissions”"):
        sorted_by("permissions")


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()

    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}

    assert scheduled <= set(app.tasks)
