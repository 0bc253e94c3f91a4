"""Disqualified leads are kept with their reason, counted apart, and can be put back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from apps.assignments import services
from apps.assignments.models import Assignment, Decision, Door, Offer
from apps.assignments.road import triggers
from apps.assignments.work import qualifying
from apps.leads import events
from apps.leads import services as leads
from apps.leads.models import Activity, Lead, LeadEvent, Status, StatusKind
from apps.rules.models import Destination, Mode, Rule, RuleSet, Version
from apps.rules.scoring import lines
from apps.rules.scoring.lines import LineFields
from apps.teams.models import AuditEntry, Membership, Team
from apps.teams.permissions import Role
from tests.assignments.world import NOW, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(world: World) -> Membership:
    return world.member("Mia")


@pytest.fixture
def henrike(world: World) -> Membership:
    return world.member("Henrike", Role.MANAGER)


@pytest.fixture
def owned(world: World, mia: Membership) -> Lead:
    world.rules(world.pool(mia))
    return world.routed(name="Rosa Steiner")


def browser_of(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def at(world: World, name: str, lead: Lead) -> str:
    return reverse(f"assignments:{name}", kwargs={"team": world.team.slug, "lead": lead.pk})


def disqualified(world: World, lead: Lead, by: Membership, why: str = "need") -> Lead:
    closed = qualifying.disqualify(lead, why=why, by=world.access(by), now=NOW)
    lead.refresh_from_db()
    return closed


def test_the_owner_disqualifies_and_her_place_comes_free(
    world: World, mia: Membership, owned: Lead
) -> None:
    disqualified(world, owned, mia)

    mia.refresh_from_db()
    assert (owned.status_kind, owned.disqualified_reason) == ("disqualified", "No need")
    assert owned.owner == mia
    assert mia.open_leads == 0


def test_an_offered_lead_is_withdrawn(world: World, mia: Membership, henrike: Membership) -> None:
    world.rules(world.pool(mia, mode=Mode.OFFER))
    lead = world.routed()

    disqualified(world, lead, henrike)

    assert Offer.objects.get(lead=lead).state == Offer.State.WITHDRAWN
    assert lead.stage == Lead.Stage.OUT


def test_spam_leaves_every_figure_until_it_is_put_back(
    world: World, mia: Membership, henrike: Membership, owned: Lead
) -> None:
    disqualified(world, owned, mia, why="spam")
    counted = Lead.objects.counted().filter(pk=owned.pk)
    assert not counted.exists()

    qualifying.put_back(owned, by=world.access(henrike), now=NOW)

    assert counted.exists()


def test_a_colleague_s_lead_is_not_hers_to_judge(
    world: World, mia: Membership, owned: Lead
) -> None:
    jonas = world.member("Jonas")

    with pytest.raises(PermissionDenied):
        disqualified(world, owned, jonas)


def test_putting_back_routes_the_lead_again(
    world: World, mia: Membership, henrike: Membership, owned: Lead
) -> None:
    disqualified(world, owned, mia)
    lena = world.member("Lena")
    world.rules(world.pool(lena))

    placed = qualifying.put_back(owned, by=world.access(henrike), now=NOW)

    owned.refresh_from_db()
    assert placed.owner == lena
    assert (owned.status_kind, owned.disqualified_reason, owned.closed_at) == ("new", "", None)
    assert Decision.objects.filter(lead=owned).latest("at", "id").door == Door.PUT_BACK
    assert Assignment.objects.filter(lead=owned, ended_at=None).get().member == lena
    assert Activity.objects.get(lead=owned, kind="put_back").data["reason"] == "No need"
    assert AuditEntry.objects.filter(action="lead.put_back").exists()


def test_what_a_rule_disqualified_can_be_put_back(world: World, henrike: Membership) -> None:
    world.rules({"destination": Destination.DISQUALIFY, "reason": "Out of our market"})
    lead = world.routed()
    assert lead.disqualified_reason == "Out of our market"
    world.rules({"destination": Destination.MANAGER})

    placed = qualifying.put_back(lead, by=world.access(henrike), now=NOW)

    assert placed.outcome == Decision.Outcome.MANAGER


def test_a_lead_is_put_back_once(
    world: World, mia: Membership, henrike: Membership, owned: Lead
) -> None:
    disqualified(world, owned, mia)
    qualifying.put_back(owned, by=world.access(henrike), now=NOW)

    with pytest.raises(qualifying.NotDisqualified):
        qualifying.put_back(owned, by=world.access(henrike), now=NOW)


def test_a_salesperson_puts_nothing_back(world: World, mia: Membership, owned: Lead) -> None:
    disqualified(world, owned, mia)

    with pytest.raises(PermissionDenied):
        qualifying.put_back(owned, by=world.access(mia), now=NOW)


def test_the_page_asks_for_the_reason_and_keeps_what_was_typed(
    world: World, mia: Membership, owned: Lead
) -> None:
    client = browser_of(mia)
    address = at(world, "disqualify", owned)

    asked = client.get(address).content.decode()
    refused = client.post(address, {"why": "other", "text": "x" * 300})
    done = client.post(address, {"why": "budget", "text": "next year"}, follow=True)

    assert "Why is Rosa Steiner disqualified?" in asked
    assert refused.status_code == 422
    assert "Use at most 200 characters." in refused.content.decode()
    assert "No budget: next year" in done.content.decode()


def test_a_team_s_own_status_is_kept(world: World, mia: Membership, owned: Lead) -> None:
    own = Status.objects.create(
        team=world.team, name="Junk", kind=StatusKind.DISQUALIFIED, position=9
    )

    browser_of(mia).post(at(world, "disqualify", owned), {"why": "spam", "status": own.pk})

    owned.refresh_from_db()
    assert owned.status == own


@pytest.mark.parametrize("status", ["x", "\x00", "00000000-0000-0000-0000-000000000000"])
def test_a_status_that_is_none_becomes_the_first(
    world: World, mia: Membership, owned: Lead, status: str
) -> None:
    browser_of(mia).post(at(world, "disqualify", owned), {"why": "need", "status": status})

    owned.refresh_from_db()
    assert owned.status == world.statuses[StatusKind.DISQUALIFIED]


def test_a_manager_puts_back_from_the_page_and_a_salesperson_can_t(
    world: World, mia: Membership, henrike: Membership, owned: Lead
) -> None:
    disqualified(world, owned, mia)

    hers = browser_of(mia).get(at(world, "lead", owned)).content.decode()
    done = browser_of(henrike).post(at(world, "put_back", owned), follow=True).content.decode()
    again = browser_of(henrike).post(at(world, "put_back", owned), follow=True).content.decode()

    assert "put-back" not in hers
    assert "Put back, and routed: Mia." in done
    assert "not disqualified (any more)" in again


def asked_about_status(world: World, conditions: dict[str, Any], to: Membership) -> None:
    """A live rule set that is asked when a lead changes."""
    asked = RuleSet.objects.create(
        team=world.team, name="Second look", trigger=RuleSet.Trigger.CHANGED
    )
    version = Version.objects.create(
        team=world.team, rule_set=asked, number=1, created_at=NOW, saved_at=NOW
    )
    Rule.objects.create(
        team=world.team, version=version, position=1, name="Back", conditions=conditions,
        destination=Destination.MEMBER, member=to,
    )  # fmt: skip
    Version.objects.filter(pk=version.pk).update(state="published", published_at=NOW)
    Team.objects.filter(pk=world.team.pk).update(routing_version=world.team.routing_version + 1)
    world.team.refresh_from_db()


def changed(world: World, lead: Lead) -> None:
    """Tell the rules that the lead changed, and let them be asked."""
    LeadEvent.objects.filter(lead=lead).delete()
    events.changed(lead, ["city"], by=world.system, now=NOW)
    triggers.handle(LeadEvent.objects.get(lead=lead).pk, NOW)
    lead.refresh_from_db()


def test_a_rule_that_asks_for_the_status_puts_a_lead_back(
    world: World, mia: Membership, owned: Lead
) -> None:
    lena = world.member("Lena")
    disqualified(world, owned, mia)
    out = {"field": "status_kind", "op": "is", "value": "disqualified"}
    in_graz = {"field": "city", "op": "is", "value": "Graz"}
    asked_about_status(world, {"all": [out, in_graz]}, to=lena)

    changed(world, owned)
    assert owned.owner == mia
    leads.edit(owned, changes={"city": "Graz"}, by=world.system, now=NOW)
    changed(world, owned)

    assert owned.is_open
    assert owned.owner == lena


def test_a_rule_that_asks_for_anything_else_leaves_it_out(
    world: World, mia: Membership, owned: Lead
) -> None:
    disqualified(world, owned, mia)
    asked_about_status(world, {}, to=world.member("Lena"))

    changed(world, owned)

    assert not owned.is_open
    assert owned.owner == mia


def test_rules_see_the_score_as_a_change_left_it(
    world: World, mia: Membership, henrike: Membership, owned: Lead
) -> None:
    lena = world.member("Lena")
    by = world.access(henrike)
    conditions = {"all": [{"field": "city", "op": "is", "value": "Graz"}]}
    lines.add_line(by.team, LineFields("Graz", 80, conditions), by=by, now=NOW)
    asked_about_status(world, {"field": "score", "op": "gte", "value": 70}, to=lena)
    RuleSet.objects.filter(name="Second look").update(trigger_settings={"changes": ["score"]})
    Team.objects.filter(pk=world.team.pk).update(routing_version=999)
    leads.edit(owned, changes={"city": "Graz"}, by=world.system, now=NOW)

    triggers.handle(LeadEvent.objects.filter(lead=owned).latest("id").pk, NOW)

    owned.refresh_from_db()
    assert (owned.score, owned.band) == (80, "A")
    assert owned.owner == lena


def test_qualifying_keeps_the_lead_with_its_owner(
    world: World, mia: Membership, owned: Lead
) -> None:
    qualifying.qualify(owned, by=world.access(mia), now=NOW)

    owned.refresh_from_db()
    assert owned.status_kind == StatusKind.QUALIFIED
    assert owned.owner == mia


def test_disqualified_leads_have_a_list_of_their_own(
    world: World, mia: Membership, henrike: Membership, owned: Lead
) -> None:
    services.change_status(
        owned, status=world.statuses[StatusKind.DISQUALIFIED], by=world.access(mia), now=NOW,
        reason="No need",
    )  # fmt: skip

    page = browser_of(henrike).get("/t/acme/leads/?status=disqualified").content.decode()

    assert "Rosa Steiner" in page
    assert "No need" in page
