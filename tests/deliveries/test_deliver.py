"""The deliver process: it delivers by itself, survives kill -9, shares work, and ends cleanly."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db.models.functions import Now
from django.utils import timezone

from apps.alerts.models import RelayHeartbeat
from apps.deliveries.models import ARRIVED, WAITING, Delivery
from apps.rules.models import Recipient
from apps.rules.recipients import secrets
from ops import embedded
from tests import factories
from tests.deliveries.receiver import Receiver, receiving
from tests.site import Site, environment_on_test_database

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = ("alps", "north")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def deliverers(transactional_db: None, tmp_path: Path) -> Iterator[Site]:
    """A site of which only deliver processes are started."""
    site = Site(environment_on_test_database(), tmp_path, EGRESS_TO_THIS_MACHINE="1")
    yield site
    site.stop()


def soon(is_true: Callable[[], bool], what: str, seconds: float = 60) -> None:
    embedded.wait_until(is_true, seconds=seconds, what=what)


def broadcast(receiver: Receiver, leads: int) -> set[str]:
    """Copies of so many leads for every address of the receiver; their ids."""
    team = factories.TeamFactory()
    recipients = [recipient_at(receiver, name, team) for name in NAMES]
    now = timezone.now()
    ids = set()
    for _lead in range(leads):
        distribution = factories.DistributionFactory(team=team)
        for recipient in recipients:
            delivery = factories.DeliveryFactory(
                team=team, lead=distribution.lead, distribution=distribution, recipient=recipient,
                queued_at=now, next_attempt_at=now,
            )  # fmt: skip
            ids.add(str(delivery.pk))
    return ids


def recipient_at(receiver: Receiver, name: str, team: object) -> Recipient:
    secret, encrypted = secrets.first()
    receiver[name].secret = secret
    made: Recipient = factories.RecipientFactory(
        team=team, name=name, url=receiver.url_of(name), secrets_encrypted=encrypted
    )
    return made


def arrived(receiver: Receiver) -> list[str]:
    return [one for name in NAMES for one in receiver[name].ids]


def is_all_settled() -> bool:
    return not Delivery.objects.filter(state__in=WAITING).exists()


def test_killed_in_the_middle_every_copy_arrives_under_its_one_id(
    deliverers: Site, receiver: Receiver
) -> None:
    for name in NAMES:
        receiver[name].hangs = 0.05
    ids = broadcast(receiver, leads=60)
    deliverers.start("deliver")
    soon(lambda: len(arrived(receiver)) > 30, "The first copies")

    deliverers.kill("deliver")
    assert not is_all_settled()
    # A minute passes: what the dead process held is free again.
    Delivery.objects.exclude(locked_until=None).update(locked_until=Now())
    deliverers.start("deliver")
    soon(is_all_settled, "The rest")

    assert set(arrived(receiver)) == ids
    assert all(each.is_genuine for name in NAMES for each in receiver[name].taken)
    assert Delivery.objects.filter(state__in=ARRIVED, attempts_made__gte=1).count() == len(ids)


def test_two_processes_share_the_work_and_send_nothing_twice(
    deliverers: Site, receiver: Receiver, tmp_path: Path
) -> None:
    ids = broadcast(receiver, leads=60)
    second = tmp_path / "second"
    second.mkdir()
    other = Site(environment_on_test_database(), second, EGRESS_TO_THIS_MACHINE="1")
    try:
        deliverers.start("deliver")
        other.start("deliver")
        soon(is_all_settled, "All copies")
    finally:
        other.stop()

    assert sorted(arrived(receiver)) == sorted(ids)


def test_sigterm_lets_what_is_under_way_arrive_and_ends_cleanly(
    deliverers: Site, receiver: Receiver
) -> None:
    for name in NAMES:
        receiver[name].hangs = 0.3
    broadcast(receiver, leads=20)
    process = deliverers.start("deliver")
    soon(lambda: bool(arrived(receiver)), "The first copy")

    os.killpg(process.pid, signal.SIGTERM)

    assert process.wait(timeout=15) == 0
    deliverers.running.pop("deliver")
    assert RelayHeartbeat.objects.filter(name__startswith="deliver ").count() == 1
    settled = Delivery.objects.filter(state__in=ARRIVED).count()
    assert settled == len(arrived(receiver))
    assert not Delivery.objects.exclude(locked_until=None).exists()
    assert Delivery.objects.filter(state__in=WAITING).exists()


def test_once_does_everything_and_says_what(
    receiver: Receiver, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EGRESS_TO_THIS_MACHINE = True
    broadcast(receiver, leads=1)

    call_command("deliver", "--once")

    assert "'tries': 2" in capsys.readouterr().out
    assert is_all_settled()
