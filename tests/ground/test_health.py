"""A process says whether it lives and whether it can work."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone

from apps.alerts.models import RelayHeartbeat
from config.urls import handler500
from config.urls import urlpatterns as site_patterns

__all__ = ["handler500"]


def database_away(request: HttpRequest) -> HttpResponse:
    raise OperationalError("the server closed the connection")


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [
    path("api/away", database_away),
    path("page/away", database_away),
    path("page/broken", broken),
    *site_patterns,
]


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.django_db
def test_ready_while_a_relay_beats(visitor: Client) -> None:
    RelayHeartbeat.objects.create(name="relay", beat_at=timezone.now())

    response = visitor.get("/readyz")

    assert response.status_code == 200
    assert response.json()["ready"] is True
    assert response.json()["relay"] == "ok"


@pytest.mark.django_db
def test_a_courier_that_is_away_is_told_and_takes_no_page_away(visitor: Client) -> None:
    now = timezone.now()
    RelayHeartbeat.objects.create(name="host:1", beat_at=now)
    RelayHeartbeat.objects.create(name="deliver host:2", beat_at=now - timedelta(minutes=1))

    response = visitor.get("/readyz")

    assert response.status_code == 200
    assert response.json()["deliver"] == "silent for 60 s"


@pytest.mark.django_db
def test_a_courier_is_no_relay(visitor: Client) -> None:
    RelayHeartbeat.objects.create(name="deliver host:2", beat_at=timezone.now())

    response = visitor.get("/readyz")

    assert response.status_code == 503
    assert response.json()["deliver"] == "ok"
    assert "manage.py relay" in response.json()["relay"]


@pytest.mark.django_db
def test_not_ready_when_the_relay_has_been_silent_for_ten_seconds(visitor: Client) -> None:
    RelayHeartbeat.objects.create(name="relay", beat_at=timezone.now() - timedelta(seconds=11))

    response = visitor.get("/readyz")

    assert response.status_code == 503
    assert response.json()["relay"] == "silent for 11 s"


@pytest.mark.django_db
def test_not_ready_before_any_relay_was_seen(visitor: Client) -> None:
    response = visitor.get("/readyz")

    assert response.status_code == 503
    assert "manage.py relay" in response.json()["relay"]


def test_alive_without_a_database(visitor: Client) -> None:
    assert visitor.get("/healthz").content == b"ok\n"


@pytest.mark.urls("tests.ground.test_health")
@pytest.mark.parametrize("address", ["/api/away", "/page/away"])
def test_while_the_database_is_away_callers_are_told_to_come_back(
    visitor: Client, address: str
) -> None:
    response = visitor.get(address)

    assert response.status_code == 503
    assert response["Retry-After"] == "5"


@pytest.mark.urls("tests.ground.test_health")
def test_a_bug_of_ours_stays_a_500(visitor: Client) -> None:
    assert visitor.get("/page/broken").status_code == 500
