"""Named accounts: companies with a keeper, one at a time or pasted from a spreadsheet."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.rules.models import NamedAccount, Pool
from apps.rules.pools.settings import PoolSettings
from apps.rules.refusals import Refused
from apps.rules.skills import rename
from apps.teams.access import Access
from apps.teams.models import AuditEntry, Membership, Skill, Team
from tests.factories.rules import NamedAccountFactory
from tests.rules import makers
from tests.rules.makers import NOW, make_pool

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return makers.make_team()


@pytest.fixture
def manager(team: Team) -> Access:
    return makers.manager_of(team)


@pytest.fixture
def mia(team: Team) -> Membership:
    return makers.make_member(team, "Mia Brandt")


@pytest.fixture
def desk(manager: Access) -> Client:
    client = Client()
    assert manager.user is not None
    client.force_login(manager.user)
    return client


def url(team: Team, path: str = "") -> str:
    return f"/t/{team.slug}/settings/accounts/{path}"


def listed(team: Team) -> list[tuple[str, str, str]]:
    rows = NamedAccount.objects.filter(team=team).select_related("keeper__user")
    return [(row.name, row.domain, str(row.keeper)) for row in rows]


def test_an_account_is_added_moved_and_removed(desk: Client, team: Team, mia: Membership) -> None:
    jonas = makers.make_member(team, "Jonas Keller")
    form = {"name": "Isarwerk GmbH", "domain": "https://www.isarwerk.example", "keeper": mia.pk}
    desk.post(url(team, "add/"), form)
    assert listed(team) == [("Isarwerk GmbH", "isarwerk.example", "Mia Brandt")]
    account = NamedAccount.objects.get(team=team)

    desk.post(url(team, f"{account.pk}/"), form | {"keeper": jonas.pk})

    assert listed(team) == [("Isarwerk GmbH", "isarwerk.example", "Jonas Keller")]
    assert NamedAccount.objects.get(team=team).company_key == "isarwerk"
    desk.post(url(team, f"{account.pk}/remove/"))
    assert listed(team) == []
    assert AuditEntry.objects.filter(action__startswith="rules.account_").count() == 3


def test_many_lines_are_pasted_at_once(desk: Client, team: Team, mia: Membership) -> None:
    makers.make_member(team, "Jonas Keller")
    NamedAccountFactory(team=team, name="Nordhafen", company_key="nordhafen", keeper=mia)
    lines = (
        "Isarwerk GmbH;isarwerk.example;Mia Brandt\n\n"
        "Nordhafen AG\tnordhafen.example\tJonas.Keller@acme.example.com\n"
        '"Müller, Söhne", , mia brandt\nAlpenstrom, Mia Brandt\n'
    )

    answer = desk.post(url(team, "paste/"), {"lines": lines}, follow=True)

    assert "3 accounts were added, 1 changed" in answer.text
    assert listed(team) == [
        ("Alpenstrom", "", "Mia Brandt"),
        ("Isarwerk GmbH", "isarwerk.example", "Mia Brandt"),
        ("Müller, Söhne", "", "Mia Brandt"),
        ("Nordhafen AG", "nordhafen.example", "Jonas Keller"),
    ]


def test_nothing_is_kept_if_a_line_is_wrong_and_each_is_named(
    desk: Client, team: Team, mia: Membership
) -> None:
    lines = "Isarwerk;;Mia Brandt\nNordhafen;;Nobody\nAlpenstrom\nPost;gmail.com;Mia Brandt\n"

    answer = desk.post(url(team, "paste/"), {"lines": lines})

    assert answer.status_code == 422
    for words in ("Line 2: Nobody here is called “Nobody”", "Line 3: Write", "Line 4: “gmail.com”"):
        assert words in answer.text
    assert listed(team) == []


def test_two_accounts_may_change_domains_with_each_other(
    desk: Client, team: Team, mia: Membership
) -> None:
    desk.post(url(team, "paste/"), {"lines": "A;a.example;Mia Brandt\nB;b.example;Mia Brandt"})

    desk.post(url(team, "paste/"), {"lines": "A;b.example;Mia Brandt\nB;a.example;Mia Brandt"})

    assert [domain for _name, domain, _keeper in listed(team)] == ["b.example", "a.example"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "GmbH & Co\x00"}, "Null characters"),
        ({"name": "…"}, "Write the company’s name"),
        ({"name": "x" * 300}, "at most 200"),
        ({"domain": "gmail.com"}, "is no company’s domain"),
        ({"domain": "not a domain"}, "is no company’s domain"),
        ({"keeper": str(uuid4())}, "not one of the available"),
        ({"keeper": "x"}, "valid"),
        ({"name": "Isarwerk AG"}, "on the list already"),
        ({"name": "Other", "domain": "isarwerk.example"}, "has this domain already"),
    ],
)
def test_what_is_no_account_is_refused_beside_its_field(
    desk: Client, team: Team, mia: Membership, change: dict[str, Any], says: str
) -> None:
    form = {"name": "Isarwerk", "domain": "isarwerk.example", "keeper": mia.pk}
    desk.post(url(team, "add/"), form)

    answer = desk.post(url(team, "add/"), form | change)

    assert answer.status_code == 422
    assert says in answer.text
    assert len(listed(team)) == 1


@pytest.mark.parametrize("lines", ["", "\x00", "x" * 2_000_000, "a;b;c\n" * 3_000, '"', "\t\t\t\t"])
def test_pasted_nonsense_is_answered(desk: Client, team: Team, mia: Membership, lines: str) -> None:
    answer = desk.post(url(team, "paste/"), {"lines": lines})

    assert answer.status_code == 422
    assert listed(team) == []


def test_accounts_of_others_do_not_exist(desk: Client, team: Team) -> None:
    foreign = NamedAccountFactory()

    assert desk.get(url(team, f"{foreign.pk}/")).status_code == 404
    assert desk.post(url(team, f"{foreign.pk}/remove/")).status_code == 404
    assert NamedAccount.objects.filter(pk=foreign.pk).exists()


def test_a_company_is_found_by_its_folded_name(desk: Client, team: Team, mia: Membership) -> None:
    for name in ("Isarwerk GmbH", "Nordhafen AG"):
        desk.post(url(team, "add/"), {"name": name, "keeper": mia.pk})

    page = desk.get(url(team), {"q": "ISARWERK"})

    assert [row.name for row in page.context["page"]] == ["Isarwerk GmbH"]
    assert desk.get(url(team), {"q": "\x00%'", "page": "x"}).status_code == 200


class TestSkillsOfPools:
    def test_a_new_name_is_a_revision_of_every_pool_that_asks(
        self, team: Team, manager: Access
    ) -> None:
        skill = Skill.objects.create(team=team, name="Solar")
        asking = make_pool(
            manager,
            filters={"match": "any", "items": [{"kind": "skill", "skill": "solar", "level": 2}]},
        )
        other = make_pool(manager, "Other", filters={"items": [{"kind": "language"}]})

        rename(skill, name="Sun", by=manager, now=NOW)

        asking.refresh_from_db()
        assert asking.filters["items"] == [{"kind": "skill", "skill": "Sun", "level": 2}]
        assert asking.revision == 2
        assert PoolSettings.of(Pool.objects.get(pk=other.pk)) == PoolSettings.of(other)

    def test_a_skill_that_a_pool_asks_for_stays(
        self, desk: Client, team: Team, manager: Access
    ) -> None:
        skill = Skill.objects.create(team=team, name="Solar")
        make_pool(manager, filters={"items": [{"kind": "skill", "skill": "Solar", "level": 1}]})
        address = f"/t/{team.slug}/settings/skills/{skill.pk}/remove/"

        answer = desk.post(address, follow=True)

        assert "DACH asks for “Solar”" in answer.text
        assert Skill.objects.filter(pk=skill.pk).exists()

    def test_a_pool_asks_for_no_skill_that_is_not_there(self, manager: Access) -> None:
        with pytest.raises(Refused, match="no skill of the team"):
            make_pool(manager, filters={"items": [{"kind": "skill", "skill": "Nope", "level": 1}]})
