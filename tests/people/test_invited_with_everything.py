"""An invitation carries all that somebody needs, and gives it in the moment in which she joins."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from apps.alerts.models import Alert, Kind
from apps.onboarding import joining
from apps.people import inviting
from apps.rules.models import InvitedSeat, Pool, Seat
from apps.rules.refusals import Refused
from apps.teams.access import Access
from apps.teams.invitations import Sent
from apps.teams.models import AuditEntry, Invitation, Membership, Skill
from apps.teams.permissions import Grant, Role
from apps.teams.starting import Start
from tests import factories
from tests.factories.teams import NOW
from tests.teams.people import People, a_team

pytestmark = pytest.mark.django_db
EARLY = {"0": [["07:00", "15:00"]]}
HOSTILE = ["\x00", "9" * 5_000, "-1", "1.5", "<script>", "ünï¢ode"]


@pytest.fixture
def people() -> People:
    return a_team()


@pytest.fixture
def pools(people: People) -> list[Pool]:
    return [factories.PoolFactory(team=people.team, name=name) for name in ("North", "South")]


@pytest.fixture
def skill(people: People) -> Skill:
    return factories.SkillFactory(team=people.team, name="Heat pumps")


def invite(people: People, *, by: Membership | None = None, **more: Any) -> Sent:
    asked = {"role": Role.SALESPERSON, "start": Start(), "weights": None, **more}
    by_whom = Access.of(by or people.admin)
    return inviting.invite(email="nora@example.com", by=by_whom, now=NOW, **asked)


def join(sent: Sent) -> Membership:
    token = sent.link.rstrip("/").rsplit("/", 1)[1]
    return joining.join(token, name="Nora New", password="a quiet green door", now=NOW)


def browser(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def test_she_starts_with_seats_hours_and_skills(
    people: People, pools: list[Pool], skill: Skill
) -> None:
    north, south = pools
    start = Start(title="Closer", switches=["export"], hours=EARLY, skills={skill.pk: 4})

    nora = join(invite(people, start=start, weights={north.pk: 3, south.pk: 1}))

    assert dict(nora.seats.values_list("pool__name", "weight")) == {"North": 3, "South": 1}
    assert (nora.hours, nora.title, nora.switches) == (EARLY, "Closer", ["export"])
    assert list(nora.memberskill_set.values_list("skill", "level")) == [(skill.pk, 4)]
    assert Seat.objects.filter(membership=nora, credit=0).count() == 2


def test_what_is_gone_is_left_out_and_every_admin_reads_what(
    people: People, pools: list[Pool], skill: Skill
) -> None:
    north, south = pools
    sent = invite(
        people, by=people.manager, start=Start(skills={skill.pk: 4}),
        weights={north.pk: 1, south.pk: 2},
    )  # fmt: skip
    skill.delete()
    Pool.objects.filter(pk=north.pk).update(is_active=False)

    nora = join(sent)

    assert list(nora.seats.values_list("pool", "weight")) == [(south.pk, 2)]
    told = Alert.objects.filter(kind=Kind.JOINED)
    assert {each.user for each in told} == {people.admin.user, people.manager.user}
    for each in told:
        assert "“North”, which is switched off" in each.data["reason"]
        assert "“Heat pumps”, which is gone" in each.data["reason"]
    left_out = AuditEntry.objects.filter(team=people.team, detail__has_key="left_out")
    assert {each.action for each in left_out} == {
        "invitation.accepted", "invitation.pools_left_out",
    }  # fmt: skip


def test_without_a_loss_only_whoever_invited_her_is_told(people: People) -> None:
    nora = join(invite(people, by=people.manager))

    (told,) = Alert.objects.filter(kind=Kind.JOINED)
    assert (told.user, told.data["id"]) == (people.manager.user, str(nora.pk))


def test_a_failure_leaves_nobody_half_joined(
    people: People, pools: list[Pool], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = invite(people, weights={pools[0].pk: 1})
    monkeypatch.setattr("apps.rules.pools.seats.add_seat", lambda *a, **k: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        join(sent)

    assert not Membership.objects.filter(user__email="nora@example.com").exists()
    assert Invitation.objects.get().accepted_at is None


def test_a_manager_gives_pools_to_salespeople_alone(people: People, pools: list[Pool]) -> None:
    invite(people, by=people.manager, weights={pools[0].pk: 1})

    with pytest.raises(PermissionDenied):
        invite(people, by=people.manager, role=Role.MANAGER, weights={pools[0].pk: 1})
    assert InvitedSeat.objects.count() == 1


def test_an_operator_without_the_pools_lays_none_on(people: People, pools: list[Pool]) -> None:
    operator = factories.OperatorFactory()
    grant = factories.ClientGrantFactory(
        agency=operator.agency, team=people.team, allows=[Grant.EDIT_MEMBERS]
    )
    access = Access.of_grant(grant, operator.user)

    asked: dict[str, Any] = {"email": "nora@example.com", "role": Role.SALESPERSON, "now": NOW}
    with pytest.raises(PermissionDenied):
        inviting.invite(**asked, start=Start(), weights={pools[0].pk: 1}, by=access)
    with pytest.raises(PermissionDenied):
        inviting.invite(**asked, start=Start(hours=EARLY), weights=None, by=access)
    assert not Invitation.objects.exists()


def test_pools_of_another_team_do_not_exist(people: People) -> None:
    theirs, off = factories.PoolFactory(), factories.PoolFactory(team=people.team, is_active=False)

    invite(people, weights={theirs.pk: 1, off.pk: 1})

    assert not InvitedSeat.objects.exists()


@pytest.mark.parametrize("weight", [0, -1, 1_001])
def test_an_odd_weight_invites_nobody(people: People, pools: list[Pool], weight: int) -> None:
    with pytest.raises(Refused):
        invite(people, weights={pools[0].pk: weight})

    assert not Invitation.objects.exists()


def test_it_is_changed_while_it_is_open_and_the_link_stays(
    people: People, pools: list[Pool], skill: Skill
) -> None:
    north, south = pools
    sent = invite(people, start=Start(switches=["export"]), weights={north.pk: 1})
    where = f"/t/{people.team.slug}/members/invitations/{sent.invitation.pk}/"
    form = {
        "role": "salesperson", "title": "Hunter", "is_team": "on", f"weight_{south.pk}": "5",
        f"skill_{skill.pk}": "2",
    }  # fmt: skip

    page = browser(people.manager).get(where)
    answer = browser(people.manager).post(where, form)

    assert page.status_code == 200
    assert answer.status_code == 302
    nora = join(sent)
    assert list(nora.seats.values_list("pool", "weight")) == [(south.pk, 5)]
    # A manager gives no switches, and takes none away.
    assert (nora.title, nora.switches, nora.hours) == ("Hunter", ["export"], None)
    assert nora.memberskill_set.get().level == 2


def test_once_accepted_it_can_be_changed_no_more(people: People) -> None:
    sent = invite(people)
    join(sent)
    where = f"/t/{people.team.slug}/members/invitations/{sent.invitation.pk}/"

    assert browser(people.admin).post(where, {"role": "admin"}).status_code == 404
    assert browser(people.admin).get(where).status_code == 404


def test_an_invitation_of_an_admin_is_not_a_managers_to_change(people: People) -> None:
    sent = invite(people, role=Role.ADMIN)
    where = f"/t/{people.team.slug}/members/invitations/{sent.invitation.pk}/"

    answer = browser(people.manager).post(where, {"role": "salesperson", "is_team": "on"})

    assert answer.status_code == 302
    assert Invitation.objects.get().role == Role.ADMIN


def test_the_list_says_what_it_carries_and_what_will_be_left_out(
    people: People, pools: list[Pool], skill: Skill
) -> None:
    invite(people, start=Start(skills={skill.pk: 3}), weights={pool.pk: 2 for pool in pools})
    Pool.objects.filter(name="North").update(is_active=False)

    page = browser(people.manager).get(f"/t/{people.team.slug}/members/").content.decode()

    assert "South × 2" in page
    assert "Heat pumps 3" in page
    assert "Will be left out: the pool “North”, which is switched off." in page


def test_a_viewer_gets_no_pools(people: People, pools: list[Pool]) -> None:
    form = {"email": "nora@example.com", "role": "viewer", f"weight_{pools[0].pk}": "1"}

    answer = browser(people.admin).post(f"/t/{people.team.slug}/members/invite/", form)

    assert answer.status_code == 422
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("said", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_forms_invite_nobody(
    people: People, pools: list[Pool], skill: Skill, said: str
) -> None:
    where, client = f"/t/{people.team.slug}/members/invite/", browser(people.admin)
    usual = {"email": "nora@example.com", "role": "salesperson"}

    for field in (f"weight_{pools[0].pk}", f"skill_{skill.pk}", "from_0_0", "role", "switches"):
        answer = client.post(where, {**usual, field: said})
        assert answer.status_code == 422, field
    assert not Invitation.objects.exists()
