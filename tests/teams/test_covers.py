"""Cover: a colleague takes the new leads for a span, by herself or by a manager; then it ends."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.teams import covers
from apps.teams.access import Access
from apps.teams.availability import AvailabilityRefused
from apps.teams.models import AuditEntry, AvailabilityChange, Cover, Membership
from tests.factories import CoverFactory, MembershipFactory
from tests.factories.teams import NOW
from tests.teams.people import People, a_team

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def people() -> People:
    return a_team()


def colleague(people: People, **settings: Any) -> Membership:
    made: Membership = MembershipFactory(team=people.team, **settings)
    return made


def cover(
    member: Membership,
    by_member: Membership,
    *,
    starts_at: datetime = NOW,
    ends_at: datetime = NOW + DAY,
    by: Membership | None = None,
) -> Cover:
    return covers.add_cover(
        member, by_member=by_member, starts_at=starts_at, ends_at=ends_at,
        by=Access.of(by or member), now=NOW,
    )  # fmt: skip


def test_a_member_is_covered_and_it_ends_by_itself(people: People) -> None:
    mia = colleague(people)

    made = cover(people.salesperson, mia)

    kept = AvailabilityChange.objects.get(membership=people.salesperson)
    assert kept.after is not None
    assert (kept.kind, kept.after["by"]) == ("cover", str(mia.pk))
    assert AuditEntry.objects.get(action="availability.cover").target_id == people.salesperson.pk
    assert list(covers.ahead(now=NOW)) == [made]
    assert list(covers.ahead(now=NOW + DAY)) == []


def test_it_is_called_off_once_and_that_is_kept(people: People) -> None:
    made = cover(people.salesperson, colleague(people))
    me = Access.of(people.salesperson)

    for later in (1, 2):
        covers.call_off(made, by=me, now=NOW + timedelta(hours=later))

    made.refresh_from_db()
    assert made.ended_at == NOW + timedelta(hours=1)
    kinds = AvailabilityChange.objects.filter(membership=people.salesperson)
    assert [each.kind for each in kinds] == ["cover", "cover_ended"]


def test_only_she_and_those_who_run_the_team_may(people: People) -> None:
    mia = colleague(people)

    cover(people.salesperson, mia, by=people.manager)
    with pytest.raises(PermissionDenied):
        cover(mia, people.salesperson, by=people.salesperson)
    with pytest.raises(PermissionDenied):
        cover(people.viewer, mia)


def itself(people: People) -> tuple[Membership, Membership]:
    return people.salesperson, people.salesperson


def inactive(people: People) -> tuple[Membership, Membership]:
    return people.salesperson, colleague(people, is_active=False)


def onlooker(people: People) -> tuple[Membership, Membership]:
    return people.salesperson, people.viewer


def stranger(people: People) -> tuple[Membership, Membership]:
    return people.salesperson, a_team().salesperson


def taken(people: People) -> tuple[Membership, Membership]:
    cover(people.salesperson, colleague(people))
    return people.salesperson, colleague(people)


def circle(people: People) -> tuple[Membership, Membership]:
    mia = colleague(people)
    cover(mia, people.salesperson)
    return people.salesperson, mia


def chain(people: People) -> tuple[Membership, Membership]:
    mia = colleague(people)
    cover(mia, colleague(people))
    return people.salesperson, mia


@pytest.mark.parametrize(
    "who", [itself, inactive, onlooker, stranger, taken, circle, chain], ids=lambda f: f.__name__
)
def test_what_makes_no_sense_is_refused(
    people: People, who: Callable[[People], tuple[Membership, Membership]]
) -> None:
    member, by_member = who(people)
    before = Cover.objects.count()

    with pytest.raises(AvailabilityRefused):
        cover(member, by_member, by=people.manager)

    assert Cover.objects.count() == before


@pytest.mark.parametrize(
    ("starts_at", "ends_at"), [(NOW, NOW), (NOW + DAY, NOW), (NOW - 2 * DAY, NOW - DAY)]
)
def test_a_span_must_be_one_and_not_over(
    people: People, starts_at: datetime, ends_at: datetime
) -> None:
    with pytest.raises(AvailabilityRefused):
        cover(people.salesperson, colleague(people), starts_at=starts_at, ends_at=ends_at)


def test_covers_that_only_touch_or_were_called_off_stand_in_nobodys_way(people: People) -> None:
    mia, jonas = colleague(people), colleague(people)
    first = cover(people.salesperson, mia)

    cover(people.salesperson, jonas, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY)
    covers.call_off(first, by=Access.of(people.salesperson), now=NOW)
    cover(mia, people.salesperson)

    assert covers.ahead(now=NOW).count() == 2


def test_the_page_adds_shows_and_calls_off(people: People, client: Client) -> None:
    mia = colleague(people)
    client.force_login(people.salesperson.user)
    soon = timezone.now() + DAY
    posted = {
        "by_member": mia.pk, "starts_at": f"{soon:%Y-%m-%dT%H:%M}",
        "ends_at": f"{soon + DAY:%Y-%m-%dT%H:%M}",
    }  # fmt: skip

    client.post(reverse("teams:my_cover", args=[people.team.slug]), posted)

    made = Cover.objects.get()
    me = reverse("teams:me", args=[people.team.slug])
    assert "takes my new leads" in client.get(me).content.decode()
    client.post(reverse("teams:my_cover_call_off", args=[people.team.slug, made.pk]))
    assert "takes my new leads" not in client.get(me).content.decode()


def test_somebody_elses_cover_is_not_hers_to_call_off(people: People, client: Client) -> None:
    other = CoverFactory(team=people.team, membership=colleague(people))
    client.force_login(people.salesperson.user)

    answer = client.post(reverse("teams:my_cover_call_off", args=[people.team.slug, other.pk]))

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"by_member": "\x00"},
        {"by_member": "x" * 10_000},
        {"starts_at": "yesterday"},
        {"starts_at": "0001-01-01T00:00"},
        {"ends_at": "9999-12-31T23:59"},
        {"by_member": ""},
    ],
)
def test_what_can_not_be_read_is_shown_at_its_field(
    people: People, client: Client, wrong: dict[str, Any]
) -> None:
    mia = colleague(people)
    client.force_login(people.manager.user)
    good = {"by_member": mia.pk, "starts_at": "2090-01-01T09:00", "ends_at": "2090-01-02T09:00"}
    where = reverse("people:member_cover", args=[people.team.slug, people.salesperson.pk])

    answer = client.post(where, good | wrong)

    assert answer.status_code == 422
    assert "field--bad" in answer.content.decode()
    assert not Cover.objects.exists()
