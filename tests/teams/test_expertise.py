"""Territories, skills and languages on their pages."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.teams.models import Membership, MemberSkill, Skill, Team, Territory
from apps.teams.permissions import Role
from tests.factories.teams import MembershipFactory, SkillFactory, TeamFactory, TerritoryFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return TeamFactory()


@pytest.fixture
def desk(team: Team) -> Client:
    """A manager's browser: what members are good at is hers to say."""
    client = Client()
    client.force_login(MembershipFactory(team=team, role=Role.MANAGER).user)
    return client


@pytest.fixture
def mia(team: Team) -> Membership:
    return MembershipFactory(team=team)


def settings(team: Team, path: str = "") -> str:
    return f"/t/{team.slug}/settings/{path}"


class TestTerritories:
    def test_places_and_people_are_kept(self, desk: Client, team: Team, mia: Membership) -> None:
        form = {
            "name": "South", "countries": "at, Switzerland", "cities": "Graz\nLinz;Wels",
            "postcodes": "8010-8999, 60", "members": [str(mia.pk)],
        }  # fmt: skip

        assert desk.post(settings(team, "territories/add/"), form).status_code == 302

        territory = Territory.objects.get(team=team)
        assert territory.area == {
            "countries": ["AT", "CH"],
            "cities": ["Graz", "Linz", "Wels"],
            "postcodes": ["8010-8999", "60"],
        }
        assert list(mia.territories.all()) == [territory]
        assert "8010-8999" in desk.get(settings(team, "territories/")).text

    def test_a_territory_is_set_anew_and_removed(
        self, desk: Client, team: Team, mia: Membership
    ) -> None:
        territory = TerritoryFactory(team=team)
        moved = team.routing_version
        url = settings(team, f"territories/{territory.pk}/")

        desk.post(url, {"name": "East", "regions": "Burgenland", "members": [str(mia.pk)]})

        territory.refresh_from_db()
        team.refresh_from_db()
        assert (territory.name, territory.area) == ("East", {"regions": ["Burgenland"]})
        assert team.routing_version > moved
        desk.post(f"{url}remove/")
        assert not Territory.objects.exists()
        assert not mia.territories.exists()

    @pytest.mark.parametrize(
        ("form", "says"),
        [
            ({"countries": "Narnia"}, "is no country that is known"),
            ({"postcodes": "9000-1000"}, "ends before it begins"),
            ({}, "Name at least one"),
            ({"cities": " , ;"}, "Name at least one"),
            ({"cities": "x" * 5_000}, "too long"),
            ({"cities": "a\x00b"}, "Null characters"),
            ({"countries": "AT", "members": [str(uuid4())]}, "not one of the available choices"),
            ({"countries": "AT", "members": ["x"]}, "not a valid"),
            ({"countries": "AT", "name": "y" * 200}, "at most 80"),
        ],
    )
    def test_what_is_no_territory_is_refused_beside_its_field(
        self, desk: Client, team: Team, form: dict[str, Any], says: str
    ) -> None:
        answer = desk.post(settings(team, "territories/add/"), {"name": "South"} | form)

        assert answer.status_code == 422
        assert says in answer.text
        assert not Territory.objects.exists()

    def test_a_name_is_given_once(self, desk: Client, team: Team) -> None:
        TerritoryFactory(team=team, name="South")

        answer = desk.post(settings(team, "territories/add/"), {"name": "south", "countries": "AT"})

        assert answer.status_code == 422
        assert "exists already" in answer.text

    def test_territories_of_others_do_not_exist(self, desk: Client, team: Team) -> None:
        foreign = TerritoryFactory()

        for path in ("", "remove/"):
            answer = desk.post(settings(team, f"territories/{foreign.pk}/{path}"))
            assert answer.status_code == 404
        assert Territory.objects.filter(pk=foreign.pk).exists()


class TestSkills:
    def test_levels_are_given_on_the_skill(self, desk: Client, team: Team, mia: Membership) -> None:
        desk.post(settings(team, "skills/add/"), {"name": "Solar", "kind": "skill"})
        skill = Skill.objects.get(team=team)
        url = settings(team, f"skills/{skill.pk}/")
        others = {f"level_{member.pk}": "0" for member in Membership.objects.filter(team=team)}

        desk.post(url, others | {"name": "Solar power", f"level_{mia.pk}": "4"})

        assert Skill.objects.get(team=team).name == "Solar power"
        assert MemberSkill.objects.get(skill=skill, membership=mia).level == 4
        desk.post(url, others | {"name": "Solar power"})
        assert not MemberSkill.objects.exists()

    @pytest.mark.parametrize("level", ["6", "-1", "x", "", "4.5"])
    def test_levels_that_are_none_are_refused(
        self, desk: Client, team: Team, mia: Membership, level: str
    ) -> None:
        skill = SkillFactory(team=team)
        others = {f"level_{member.pk}": "0" for member in Membership.objects.filter(team=team)}

        answer = desk.post(
            settings(team, f"skills/{skill.pk}/"),
            others | {"name": skill.name, f"level_{mia.pk}": level},
        )

        assert answer.status_code == 422
        assert not MemberSkill.objects.exists()

    def test_a_skill_of_others_does_not_exist(self, desk: Client, team: Team) -> None:
        foreign = SkillFactory()

        assert desk.get(settings(team, f"skills/{foreign.pk}/")).status_code == 404
        assert desk.post(settings(team, f"skills/{foreign.pk}/remove/")).status_code == 404

    def test_years_of_experience_are_kept(self, desk: Client, team: Team, mia: Membership) -> None:
        url = f"/t/{team.slug}/members/{mia.pk}/profile/"

        desk.post(url, {"title": "Senior", "experience": "25", "capacity": ""})

        mia.refresh_from_db()
        assert mia.experience == 25
        answer = desk.post(url, {"title": "", "experience": "90", "capacity": ""})
        assert "Use years from 0 to 60" in answer.text


@pytest.mark.parametrize("path", ["territories/", "skills/", "accounts/"])
def test_salespeople_do_not_see_these_pages(team: Team, mia: Membership, path: str) -> None:
    client = Client()
    client.force_login(mia.user)

    assert client.get(settings(team, path)).status_code == 403
