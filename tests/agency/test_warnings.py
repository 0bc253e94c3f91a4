"""What an agency is told of its clients: slower than before, or a source that went silent."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core import mail
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.agency import warning_finder
from apps.agency.warnings import standing
from apps.leads.models import Source
from apps.teams.models import ClientGrant
from tests import factories
from tests.factories.teams import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def grant() -> ClientGrant:
    operator = factories.OperatorFactory()
    team = factories.TeamFactory(name="Casa Verde")
    factories.StatusFactory(team=team)
    return factories.ClientGrantFactory(agency=operator.agency, team=team)


@pytest.fixture
def source(grant: ClientGrant) -> Source:
    return factories.SourceFactory(team=grant.team, name="Website")


def leads(source: Source, days_ago: float, number: int, wait: int | None = 60) -> None:
    for n in range(number):
        received = NOW - timedelta(days=days_ago, minutes=n)
        answered = None if wait is None else received + timedelta(seconds=wait)
        factories.LeadFactory(
            team=source.team, source=source, received_at=received, first_attempt_at=answered,
        )  # fmt: skip


def found(grant: ClientGrant, *, now: datetime = NOW) -> list[str]:
    warning_finder.find(now=now)
    grant.refresh_from_db()
    return sorted(warning.kind for warning in standing([grant], now=now).get(grant.pk, ()))


@pytest.mark.parametrize(
    ("before", "wait", "expected"),
    [(10, 90, ["slow"]), (10, 89, []), (9, 90, []), (10, None, ["slow"])],
)
def test_half_as_long_again_is_slower_from_ten_leads_on(
    grant: ClientGrant, source: Source, before: int, wait: int | None, expected: list[str]
) -> None:
    leads(source, 20, before, 60)
    leads(source, 1, 10, wait)
    assert found(grant) == expected


@pytest.mark.parametrize(
    ("days_ago", "number", "expected"),
    [(3, 14, ["silent"]), (3, 13, []), (8, 1, ["silent"]), (1, 14, []), (15, 30, [])],
)
def test_a_source_that_brought_leads_is_missed(
    grant: ClientGrant, source: Source, days_ago: int, number: int, expected: list[str]
) -> None:
    leads(source, days_ago, number)
    assert found(grant) == expected


def test_a_source_that_is_switched_off_is_not_missed(grant: ClientGrant, source: Source) -> None:
    leads(source, 8, 3)
    source.is_active = False
    source.save()
    assert found(grant) == []


def test_operators_hear_of_a_client_once_a_day(
    grant: ClientGrant, source: Source,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:  # fmt: skip
    leads(source, 8, 3)
    for hours in (0, 1, 30):
        with django_capture_on_commit_callbacks(execute=True):
            warning_finder.find(now=NOW + timedelta(hours=hours))
    assert len(mail.outbox) == 1  # it stands, and that was said
    assert "Casa Verde" in mail.outbox[0].subject
    assert "Website is silent" in mail.outbox[0].body

    other = factories.SourceFactory(team=grant.team, name="Fair")
    leads(other, 7, 1)
    for hours in (31, 32, 60):
        with django_capture_on_commit_callbacks(execute=True):
            warning_finder.find(now=NOW + timedelta(hours=hours))
    assert len(mail.outbox) == 2
    assert "Fair is silent" in mail.outbox[1].body


def test_news_within_a_day_wait_for_the_next(
    grant: ClientGrant, source: Source,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:  # fmt: skip
    leads(source, 8, 3)
    other = factories.SourceFactory(team=grant.team, name="Fair")
    leads(other, 6.9, 1)
    for hours in (0, 5, 20, 25):
        with django_capture_on_commit_callbacks(execute=True):
            warning_finder.find(now=NOW + timedelta(hours=hours))
    assert [("Fair is silent" in message.body) for message in mail.outbox] == [False, True]


def test_what_is_over_is_shown_no_more(grant: ClientGrant, source: Source) -> None:
    leads(source, 8, 3)
    assert found(grant) == ["silent"]
    leads(source, 0, 1)
    assert found(grant) == []


def test_an_ended_grant_is_not_looked_at(grant: ClientGrant, source: Source) -> None:
    leads(source, 8, 3)
    ClientGrant.objects.update(ended_at=NOW)
    assert warning_finder.find(now=NOW) == 0
    assert found(grant) == []
