"""Interest groups: made, renamed, merged, retired; rules and captures find them by any name."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.leads import groups
from apps.leads.groups import GREY, PALETTE, GroupRefused
from apps.leads.models import Activity, InterestGroup, Lead, LeadEvent
from apps.rules.facts import lead_facts
from apps.rules.registry import registry
from apps.teams.access import Access
from apps.teams.models import AuditEntry, Membership
from apps.teams.permissions import Role
from tests.assignments.world import NOW, World
from tests.capture.inbox import ROSA, Inbox
from tests.factories import InterestGroupFactory

GROUPS = "/t/acme/groups/"


@pytest.fixture
def manager(world: World) -> Membership:
    return world.member("Henrike", role=Role.MANAGER)


@pytest.fixture
def by(world: World, manager: Membership) -> Access:
    return world.access(manager)


@pytest.fixture
def solar(by: Access) -> InterestGroup:
    return make("Solar", by)


def make(name: str, by: Access, colour: str = GREY) -> InterestGroup:
    return groups.create(name=name, colour=colour, by=by, now=NOW)


def change(group: InterestGroup, by: Access, **values: Any) -> None:
    told = {"name": group.name, "colour": group.colour, **values}
    groups.change(group, **told, by=by, now=NOW)


def merge(group: InterestGroup, into: InterestGroup, by: Access) -> int:
    return groups.merge(group, into=into, by=by, now=NOW)


def asked(lead: Lead, by: Access) -> set[str]:
    """What rules see under “interest group”."""
    by.team.refresh_from_db()
    fresh = Lead.objects.select_related("source").get(pk=lead.pk)
    names: Any = lead_facts(fresh, registry(by.team)).values.get("interest_group", ())
    return set(names)


def fresh(lead: Lead) -> Lead:
    return Lead.objects.get(pk=lead.pk)


def test_a_group_is_found_by_its_name_in_any_case(by: Access, solar: InterestGroup) -> None:
    assert groups.names_of(by.team) == {"solar": solar.pk}


@pytest.mark.parametrize("name", ["", "  ", "\x00", "x" * 81, "solar", " SOLAR ", "So\x00lar"])
def test_a_name_that_is_none_or_is_taken_is_refused(
    by: Access, solar: InterestGroup, name: str
) -> None:
    with pytest.raises(GroupRefused):
        make(name, by)


@pytest.mark.parametrize("colour", ["", "red", "#fff", "#000000", "url(x)", "\x00"])
def test_colours_come_from_the_palette(by: Access, colour: str) -> None:
    with pytest.raises(GroupRefused):
        make("Wind", by, colour)


def test_a_renamed_group_is_still_found_by_its_former_name(
    world: World, by: Access, solar: InterestGroup
) -> None:
    lead = world.lead(group_ids=[solar.pk])

    change(solar, by, name="Solar roofs")

    assert asked(lead, by) == {"Solar roofs", "Solar"}
    assert set(groups.names_of(by.team)) == {"solar roofs", "solar"}


def test_a_former_name_is_nobody_elses_but_may_be_taken_back(
    by: Access, solar: InterestGroup
) -> None:
    change(solar, by, name="Solar roofs")

    with pytest.raises(GroupRefused, match="Solar roofs"):
        make("solar", by)
    change(InterestGroup.objects.get(pk=solar.pk), by, name="Solar")

    assert InterestGroup.objects.get(pk=solar.pk).former_names == ["Solar roofs"]


def test_a_merge_moves_leads_and_names_in_one_statement(
    world: World, by: Access, solar: InterestGroup
) -> None:
    roofs = make("Roofs", by)
    change(solar, by, name="Photovoltaics")
    leads = [world.lead(group_ids=ids) for ids in ([solar.pk], [solar.pk, roofs.pk], [roofs.pk])]

    with CaptureQueriesContext(connection) as statements:
        moved = merge(solar, roofs, by)

    updates = [one["sql"] for one in statements if "UPDATE leads_lead" in one["sql"]]
    assert (moved, len(updates)) == (2, 1)
    assert [fresh(lead).group_ids for lead in leads] == [[roofs.pk]] * 3
    assert asked(leads[0], by) == {"Roofs", "Photovoltaics", "Solar"}
    assert AuditEntry.objects.get(action="group.merged").detail["leads"] == 2


def test_what_sets_a_merged_group_sets_the_one_that_it_is_now(
    by: Access, solar: InterestGroup
) -> None:
    roofs, energy = make("Roofs", by), make("Energy", by)

    merge(solar, roofs, by)
    merge(InterestGroup.objects.get(pk=roofs.pk), energy, by)

    assert groups.known(by.team).current([solar.pk, roofs.pk]) == [energy.pk]


@pytest.mark.parametrize("which", ["itself", "merged", "retired"])
def test_a_merge_that_cant_be_is_refused(by: Access, solar: InterestGroup, which: str) -> None:
    other = make("Roofs", by)
    if which == "itself":
        other = solar
    elif which == "merged":
        merge(other, make("Energy", by), by)
    else:
        groups.set_in_use(other, is_active=False, by=by, now=NOW)

    with pytest.raises(GroupRefused):
        merge(solar, other, by)


def test_a_retired_group_stays_with_its_leads_and_takes_no_new_ones(
    world: World, by: Access, solar: InterestGroup
) -> None:
    lead, other = world.lead(group_ids=[solar.pk]), world.lead()

    groups.set_in_use(solar, is_active=False, by=by, now=NOW)

    assert asked(lead, by) == {"Solar"}
    assert groups.names_of(by.team) == {}
    groups.set_groups(lead, [solar.pk], by=by, now=NOW)
    with pytest.raises(GroupRefused):
        groups.set_groups(other, [solar.pk], by=by, now=NOW)


def test_setting_groups_is_told_to_timeline_and_rules(
    world: World, by: Access, solar: InterestGroup
) -> None:
    lead = world.lead()

    for _twice in range(2):
        groups.set_groups(lead, [solar.pk], by=by, now=NOW)

    line = Activity.objects.get(lead=lead)
    assert (line.kind, line.data) == ("grouped", {"groups": ["Solar"]})
    assert LeadEvent.objects.get(lead=lead).data == {"fields": ["groups"]}
    assert fresh(lead).version == 2


def test_a_foreign_group_is_refused(world: World, by: Access) -> None:
    lead, foreign = world.lead(), InterestGroupFactory()

    for pk in (foreign.pk, uuid4()):
        with pytest.raises(GroupRefused):
            groups.set_groups(lead, [pk], by=by, now=NOW)


def test_only_those_who_may_edit_groups_do(world: World, solar: InterestGroup) -> None:
    mia = world.access(world.member("Mia"))

    for deed in (
        lambda: make("Wind", mia),
        lambda: change(solar, mia, name="Wind"),
        lambda: merge(solar, solar, mia),
        lambda: groups.set_in_use(solar, is_active=False, by=mia, now=NOW),
    ):
        with pytest.raises(PermissionDenied):
            deed()


# Names that captures bring.


@pytest.mark.parametrize("sent", ["SOLAR", ["Solar"], "Solar; Solar"])
def test_a_capture_that_names_a_group_is_in_it(inbox: Inbox, sent: Any) -> None:
    group = make("Solar", inbox.access)

    inbox.post({**ROSA, "interest_group": sent})

    lead = inbox.only_lead()
    assert (lead.group_ids, lead.facts) == ([group.pk], {})


def test_a_name_that_is_no_groups_is_kept_until_it_is(inbox: Inbox) -> None:
    inbox.post({**ROSA, "interest_group": "Solar, Wind"})
    lead = inbox.only_lead()
    assert lead.facts == {"interest_group": ["Solar", "Wind"]}
    assert groups.new_names(inbox.access) == [("Solar", 1), ("Wind", 1)]

    group = make("solar", inbox.access)

    lead.refresh_from_db()
    assert (lead.group_ids, lead.facts) == ([group.pk], {"interest_group": ["Wind"]})
    make("Wind", inbox.access)
    lead.refresh_from_db()
    assert (len(lead.group_ids), lead.facts) == (2, {})


def test_somebody_who_comes_again_brings_a_group_along(inbox: Inbox) -> None:
    group = make("Solar", inbox.access)
    inbox.post(ROSA)

    inbox.post({**ROSA, "interest_group": "solar"})

    assert inbox.only_lead().group_ids == [group.pk]


@pytest.mark.parametrize("sent", [["\x00"], [["x"]], {"a": 1}, "x" * 9000, 7, ["y"] * 500, "🙂"])
def test_odd_names_are_kept_and_break_nothing(inbox: Inbox, sent: Any) -> None:
    make("Solar", inbox.access)

    assert inbox.post({**ROSA, "interest_group": sent}).status_code == 201
    assert groups.new_names(inbox.access) is not None


# The pages.


@pytest.fixture
def browser(manager: Membership) -> Client:
    client = Client()
    client.force_login(manager.user)
    return client


def test_the_page_shows_groups_with_their_leads(
    world: World, browser: Client, solar: InterestGroup
) -> None:
    world.lead(group_ids=[solar.pk])
    world.lead(group_ids=[solar.pk], status_kind="lost")

    page = browser.get(GROUPS).content.decode()

    assert "2 leads" in page
    assert "1 open" in page


def test_a_group_is_made_changed_merged_and_retired_from_the_page(
    by: Access, browser: Client, solar: InterestGroup
) -> None:
    colour = next(iter(PALETTE))
    browser.post(GROUPS, {"name": "Wind", "colour": colour})
    wind = InterestGroup.objects.get(name="Wind")

    browser.post(f"{GROUPS}{wind.pk}/", {"name": "Wind parks", "colour": colour})
    browser.post(f"{GROUPS}{solar.pk}/merge/", {"into": str(wind.pk)})
    browser.post(f"{GROUPS}{wind.pk}/retire/", {})

    wind.refresh_from_db()
    assert (wind.name, wind.is_active) == ("Wind parks", False)
    assert wind.former_names == ["Wind", "Solar"]


@pytest.mark.parametrize(
    "form",
    [
        {}, {"name": ""}, {"name": "x" * 900, "colour": GREY}, {"name": "Wind", "colour": "blue"},
        {"name": "solar", "colour": GREY}, {"name": "a\x00", "colour": GREY},
    ],
)  # fmt: skip
def test_what_cant_be_a_group_is_said_at_the_field(
    browser: Client, solar: InterestGroup, form: dict[str, str]
) -> None:
    for path in (GROUPS, f"{GROUPS}{make_other(solar)}/"):
        assert browser.post(path, form).status_code == 422
    assert set(InterestGroup.objects.values_list("name", flat=True)) == {"Solar", "Other"}


def make_other(solar: InterestGroup) -> str:
    row, _ = InterestGroup.objects.get_or_create(team=solar.team, name="Other")
    return str(row.pk)


@pytest.mark.parametrize("into", ["", "x", "\x00", "00000000-0000-4000-8000-000000000009"])
def test_a_merge_into_nothing_is_a_404(browser: Client, solar: InterestGroup, into: str) -> None:
    assert browser.post(f"{GROUPS}{solar.pk}/merge/", {"into": into}).status_code == 404


def test_an_owner_sets_the_groups_of_her_lead(world: World, solar: InterestGroup) -> None:
    mia = world.member("Mia")
    lead = world.lead(owner=mia, stage="owned")
    client = Client()
    client.force_login(mia.user)

    client.post(f"/t/acme/leads/{lead.pk}/groups/", {"group": str(solar.pk)})

    assert fresh(lead).group_ids == [solar.pk]
    page = client.get(f"/t/acme/leads/{lead.pk}/").content.decode()
    assert "group--grey" in page


@pytest.mark.parametrize(
    "ids", [["x"], ["\x00"], ["00000000-0000-4000-8000-000000000009"], ["1" * 9000], [""] * 50]
)
def test_odd_groups_of_a_lead_are_refused_in_words(
    world: World, browser: Client, solar: InterestGroup, ids: list[str]
) -> None:
    lead = world.lead()

    answer = browser.post(f"/t/acme/leads/{lead.pk}/groups/", {"group": ids}, follow=True)

    assert "Choose among" in answer.content.decode()
    assert fresh(lead).group_ids == []


def test_the_list_shows_and_filters_by_group(
    world: World, browser: Client, solar: InterestGroup
) -> None:
    inside, outside = world.lead(group_ids=[solar.pk]), world.lead()

    page = browser.get(f"/t/acme/leads/?group={solar.pk}").content.decode()

    assert str(inside.pk) in page
    assert str(outside.pk) not in page
    assert "Solar</li>" in page
