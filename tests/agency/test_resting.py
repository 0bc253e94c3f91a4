"""Warnings that an agency knows of: they rest, begin anew, and are shown again when asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.ids import uuid7
from apps.agency import resting
from apps.agency.models import Rest
from apps.agency.resting import RestRefused
from apps.agency.warnings import needing, standing
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import AgencyEntry, ClientGrant, Operator
from tests import factories
from tests.factories.teams import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOSTILE = ["\x00", "9" * 5_000, "' OR 1=1 --", "told", "silent:", "silent:x", "-1", ""]


@pytest.fixture
def operator() -> Operator:
    return factories.OperatorFactory()


@pytest.fixture
def by(operator: Operator) -> AgencyAccess:
    return AgencyAccess(operator.agency, operator.user, operator)


@pytest.fixture
def grant(operator: Operator) -> ClientGrant:
    warned = {"slow": (NOW - DAY).isoformat(), "told": NOW.isoformat()}
    return factories.ClientGrantFactory(agency=operator.agency, warned=warned)


def shown(grant: ClientGrant, *, now: Any = NOW) -> list[str]:
    return [one.key for one in needing([grant], now=now).get(grant.pk, ())]


def test_it_rests_for_so_many_days_and_then_is_shown_again(
    grant: ClientGrant, by: AgencyAccess
) -> None:
    assert shown(grant) == ["slow"]

    resting.rest(grant.pk, warning="slow", days=3, by=by, now=NOW)

    assert shown(grant) == []
    (known,) = standing([grant], now=NOW)[grant.pk]
    assert known.rests_until == NOW + 3 * DAY
    assert shown(grant, now=NOW + 3 * DAY) == ["slow"]
    assert AgencyEntry.objects.get().action == "client.warning_rested"


def test_what_begins_anew_does_not_rest(grant: ClientGrant, by: AgencyAccess) -> None:
    resting.rest(grant.pk, warning="slow", days=30, by=by, now=NOW)
    grant.warned = {"slow": (NOW + DAY).isoformat()}

    assert shown(grant, now=NOW + 2 * DAY) == ["slow"]


def test_woken_it_is_shown_at_once(grant: ClientGrant, by: AgencyAccess) -> None:
    resting.rest(grant.pk, warning="slow", days=7, by=by, now=NOW)
    for _time in range(2):
        resting.wake(grant.pk, warning="slow", by=by, now=NOW)

    assert shown(grant) == ["slow"]
    assert AgencyEntry.objects.filter(action="client.warning_woken").count() == 1


def test_pressed_twice_it_rests_once(grant: ClientGrant, by: AgencyAccess) -> None:
    for _time in range(2):
        resting.rest(grant.pk, warning="slow", days=7, by=by, now=NOW)

    assert Rest.objects.count() == 1


@pytest.mark.parametrize(("warning", "days"), [("silent:x", 7), ("told", 7), ("slow", 8)])
def test_what_does_not_stand_can_not_rest(
    warning: str, days: int, grant: ClientGrant, by: AgencyAccess
) -> None:
    with pytest.raises(RestRefused):
        resting.rest(grant.pk, warning=warning, days=days, by=by, now=NOW)


def test_the_pages_count_those_that_need_a_look(operator: Operator, grant: ClientGrant) -> None:
    browser, base = Client(), f"/agency/{operator.agency.slug}/"
    browser.force_login(operator.user)
    assert browser.get(f"{base}operators/").context["agency_warned"] == 1

    page = browser.post(
        f"{base}clients/{grant.pk}/rest/", {"warning": "slow", "days": "7"}, follow=True
    )

    assert "Show it again" in page.content.decode()
    assert browser.get(f"{base}operators/").context["agency_warned"] == 0
    assert browser.get(base).context["warned"] == []
    browser.post(f"{base}clients/{grant.pk}/wake/", {"warning": "slow"})
    assert browser.get(f"{base}operators/").context["agency_warned"] == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_posted_breaks_nothing(
    text: str, operator: Operator, grant: ClientGrant
) -> None:
    browser, base = Client(), f"/agency/{operator.agency.slug}/clients/"
    browser.force_login(operator.user)
    form = {"warning": text, "days": text}
    theirs = factories.ClientGrantFactory(warned={"slow": timezone.now().isoformat()})

    for deed in ("rest", "wake"):
        assert browser.post(f"{base}{grant.pk}/{deed}/", form).status_code == 302
        for other in (theirs.pk, uuid7()):
            assert browser.post(f"{base}{other}/{deed}/", form).status_code == 404
    assert not Rest.objects.exists()
