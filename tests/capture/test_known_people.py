"""Somebody known comes again: what the team's policy makes of it; and what peers do then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.alerts.models import Alert, Kind
from apps.assignments.models import Assignment
from apps.assignments.services import change_status
from apps.leads.models import Activity, Lead, LeadEvent, Source, Status, StatusKind
from apps.teams.models import DuplicatePolicy, Membership, Team
from tests.capture.inbox import ROSA, Inbox, answer, in_own_connection, now

POLICIES = tuple(DuplicatePolicy.values)


def follow(inbox: Inbox, policy: str) -> None:
    Team.objects.filter(pk=inbox.team.pk).update(duplicate_policy=policy)


def close(inbox: Inbox, lead: Lead, kind: str) -> None:
    status = Status.objects.get(team=inbox.team, kind=kind)
    change_status(lead, status=status, by=inbox.access, now=now())


def last_week(lead: Lead) -> None:
    """As if the lead had come a week ago."""
    past = now() - timedelta(days=7)
    Lead.objects.filter(pk=lead.pk).update(received_at=past, last_heard_at=past)


def the_new_one(inbox: Inbox, old: Lead) -> Lead:
    return Lead.objects.exclude(pk=old.pk).get(team=inbox.team)


@pytest.fixture
def rosa(inbox: Inbox) -> Lead:
    """A lead of last week, owned by the seller."""
    inbox.post(ROSA)
    lead = inbox.only_lead()
    last_week(lead)
    return lead


@pytest.mark.parametrize("policy", [DuplicatePolicy.ATTACH, DuplicatePolicy.REOPEN])
def test_an_open_lead_takes_it_in_counts_it_and_keeps_its_owner(
    inbox: Inbox, rosa: Lead, policy: str
) -> None:
    follow(inbox, policy)

    again = answer(inbox.post(ROSA))

    lead = inbox.only_lead()
    assert (again["outcome"], again["owner"]) == ("duplicate", inbox.seller.user.email)
    assert (lead.came_again, lead.owner_id) == (1, inbox.seller.pk)
    assert lead.last_heard_at is not None
    assert now() - lead.last_heard_at < timedelta(minutes=1)


def test_rules_may_ask_whether_it_came_again(inbox: Inbox, rosa: Lead) -> None:
    inbox.post(ROSA)

    [event] = LeadEvent.objects.filter(lead=rosa)
    assert (event.kind, event.data) == ("activity", {"event": "came_again"})


def test_facts_that_it_brings_are_told_as_a_change(inbox: Inbox, rosa: Lead) -> None:
    inbox.post({**ROSA, "job_title": "Head of fleet", "employees": "80"})

    changed = LeadEvent.objects.get(lead=rosa, kind="changed")
    assert changed.data["fields"] == ["facts", "job_title"]


def test_a_team_that_links_makes_a_new_lead_of_it(inbox: Inbox, rosa: Lead) -> None:
    follow(inbox, DuplicatePolicy.LINK)

    again = answer(inbox.post(ROSA))

    new = the_new_one(inbox, rosa)
    rosa.refresh_from_db()
    assert (again["outcome"], again["lead"]) == ("assigned", str(new.pk))
    assert (new.linked_to_id, new.came_again, rosa.came_again) == (rosa.pk, 1, 1)
    line = rosa.activities.get(kind=Activity.Kind.ATTACHED)
    assert line.data["linked"] == str(new.pk)
    assert Alert.objects.filter(kind=Kind.CAME_AGAIN, lead_id=rosa.pk).count() == 1


def test_a_double_click_is_one_enquiry_also_where_a_team_links(inbox: Inbox) -> None:
    follow(inbox, DuplicatePolicy.LINK)

    outcomes = [answer(inbox.post(ROSA))["outcome"] for _ in range(2)]

    assert outcomes == ["assigned", "duplicate"]
    assert inbox.leads == 1


@pytest.mark.parametrize("kind", [StatusKind.WON, StatusKind.LOST, StatusKind.DISQUALIFIED])
@pytest.mark.parametrize("policy", [DuplicatePolicy.ATTACH, DuplicatePolicy.LINK])
def test_after_a_closed_lead_comes_a_new_one_that_is_linked(
    inbox: Inbox, rosa: Lead, policy: str, kind: str
) -> None:
    follow(inbox, policy)
    close(inbox, rosa, kind)

    again = answer(inbox.post(ROSA))

    new = the_new_one(inbox, rosa)
    rosa.refresh_from_db()
    assert (again["outcome"], new.linked_to_id) == ("assigned", rosa.pk)
    assert (rosa.status_kind, rosa.is_open) == (kind, False)


@pytest.mark.parametrize("kind", [StatusKind.LOST, StatusKind.DISQUALIFIED])
def test_a_team_that_reopens_opens_a_closed_lead_for_its_owner(
    inbox: Inbox, rosa: Lead, kind: str
) -> None:
    follow(inbox, DuplicatePolicy.REOPEN)
    close(inbox, rosa, kind)
    before = Membership.objects.get(pk=inbox.seller.pk).open_leads

    again = answer(inbox.post(ROSA))

    rosa.refresh_from_db()
    live = Assignment.objects.get(lead=rosa, ended_at=None)
    assert (again["outcome"], inbox.leads) == ("duplicate", 1)
    assert (rosa.status_kind, rosa.closed_at) == (StatusKind.NEW, None)
    assert (live.member_id, live.stopped_at) == (inbox.seller.pk, None)
    assert live.respond_by is not None
    assert live.respond_by > now()
    assert Membership.objects.get(pk=inbox.seller.pk).open_leads == before + 1
    assert Alert.objects.filter(kind=Kind.CAME_AGAIN, user=inbox.seller.user).exists()


def test_a_closed_lead_whose_owner_left_goes_on_its_road(inbox: Inbox, rosa: Lead) -> None:
    follow(inbox, DuplicatePolicy.REOPEN)
    close(inbox, rosa, StatusKind.LOST)
    jonas = inbox.world.member("Jonas")
    inbox.world.rules(inbox.world.pool(jonas))
    Membership.objects.filter(pk=inbox.seller.pk).update(is_active=False)

    again = answer(inbox.post(ROSA))

    rosa.refresh_from_db()
    assert (rosa.owner_id, rosa.stage, rosa.is_open) == (jonas.pk, "owned", True)
    assert (again["lead"], again["owner"]) == (str(rosa.pk), jonas.user.email)
    assert Assignment.objects.filter(lead=rosa, ended_at=None).count() == 1


def test_a_won_lead_is_never_opened_again(inbox: Inbox, rosa: Lead) -> None:
    follow(inbox, DuplicatePolicy.REOPEN)
    close(inbox, rosa, StatusKind.WON)

    inbox.post(ROSA)

    rosa.refresh_from_db()
    assert rosa.status_kind == StatusKind.WON
    assert the_new_one(inbox, rosa).linked_to_id == rosa.pk


@pytest.mark.parametrize("policy", POLICIES)
def test_a_merged_lead_is_found_by_all_that_it_was_known_by(
    inbox: Inbox, rosa: Lead, policy: str
) -> None:
    follow(inbox, policy)
    inbox.post({"email": "steiner@example.com"})
    gone = the_new_one(inbox, rosa)
    Lead.objects.filter(pk=gone.pk).update(
        merged_into=rosa, deleted_at=now(), owner=None, stage=Lead.Stage.OUT
    )
    Lead.objects.filter(pk=rosa.pk).update(last_heard_at=now())

    again = answer(inbox.post({"email": "steiner@example.com"}))

    assert (again["outcome"], again["lead"]) == ("duplicate", str(rosa.pk))


@pytest.mark.parametrize("policy", POLICIES)
def test_fifty_captures_of_one_person_at_once_are_one_lead(live_inbox: Inbox, policy: str) -> None:
    follow(live_inbox, policy)
    send = lambda n: in_own_connection(live_inbox.post, ROSA, key=f"key {n}")  # noqa: E731

    with ThreadPoolExecutor(16) as threads:
        outcomes = [answer(response)["outcome"] for response in threads.map(send, range(50))]

    lead = live_inbox.only_lead()
    assert sorted(outcomes) == ["assigned"] + ["duplicate"] * 49
    assert (live_inbox.captures, lead.came_again) == (50, 49)


def test_fifty_captures_after_a_closed_lead_open_it_once(live_inbox: Inbox) -> None:
    follow(live_inbox, DuplicatePolicy.REOPEN)
    live_inbox.post(ROSA)
    close(live_inbox, live_inbox.only_lead(), StatusKind.LOST)
    send = lambda n: in_own_connection(live_inbox.post, ROSA, key=f"key {n}")  # noqa: E731

    with ThreadPoolExecutor(16) as threads:
        statuses = {response.status_code for response in threads.map(send, range(50))}

    lead = live_inbox.only_lead()
    opened = lead.activities.filter(kind=Activity.Kind.STATUS, data__reopened=True)
    assert (statuses, lead.is_open, lead.came_again) == ({201}, True, 50)
    assert opened.count() == 1
    assert Membership.objects.get(pk=live_inbox.seller.pk).open_leads == 1


@pytest.mark.parametrize("policy", POLICIES)
def test_somebody_known_costs_at_most_twelve_statements(
    inbox: Inbox, rosa: Lead, policy: str
) -> None:
    follow(inbox, policy)
    inbox.post({"email": "warm@example.com"})  # what each process remembers is loaded once

    with CaptureQueriesContext(connection) as statements:
        inbox.post(ROSA)

    transaction = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    counted = [one["sql"] for one in statements if not one["sql"].startswith(transaction)]
    assert len(counted) <= 12, "\n".join(counted)


# Behaviour of peers, as cases.


def test_an_american_number_with_and_without_its_prefix_is_one_person(inbox: Inbox) -> None:
    Team.objects.filter(pk=inbox.team.pk).update(country="US")
    inbox.post({"phone": "+1 (555) 123-4567"})

    again = answer(inbox.post({"phone": "5551234567"}))

    assert again["outcome"] == "duplicate"
    assert inbox.leads == 1


def test_a_webhook_and_then_the_sheet_are_one_lead(inbox: Inbox) -> None:
    sheet = inbox.connect(name="Sheet")
    row = {"id": "l:444", "email": "rosa@example.com", "full_name": "Rosa Steiner"}
    inbox.post(row)

    again = answer(inbox.post({**row, "id": "444"}, to=inbox.path(sheet)))

    assert again["outcome"] == "duplicate"
    assert inbox.leads == 1


def test_another_person_under_the_same_provider_id_is_another_lead(inbox: Inbox) -> None:
    inbox.post({"id": "l:1", "email": "rosa@example.com"})

    inbox.post({"id": "l:1", "email": "mia@example.com"})
    inbox.post({"id": "l:1", "email": "mia@example.com"})

    assert inbox.leads == 2


def test_an_email_in_other_case_is_the_same_and_its_name_is_kept(inbox: Inbox) -> None:
    inbox.post({"name": "Rosa Steiner", "phone": "+4930123456"})

    inbox.post({"name": "ROSA", "phone": "+49 30 123456", "email": "Rosa@Example.com"})
    inbox.post({"email": "rosa@EXAMPLE.com"})

    lead = inbox.only_lead()
    assert (lead.name, lead.email) == ("Rosa Steiner", "Rosa@Example.com")


# What tells companies apart is set with the lead.


def test_a_new_lead_has_the_keys_of_its_company(inbox: Inbox) -> None:
    inbox.post({**ROSA, "company": "Isarwerk Logistik GmbH", "email": "rosa@isarwerk.example"})

    lead = inbox.only_lead()
    assert (lead.company_key, lead.domain) == ("isarwerk logistik", "isarwerk.example")
    assert lead.look_up_at is not None


def test_what_comes_later_fills_the_keys(inbox: Inbox) -> None:
    inbox.post({"phone": "+4930123456"})

    inbox.post({"phone": "+4930123456", "email": "rosa@isarwerk.example", "company": "Isarwerk"})

    lead = inbox.only_lead()
    assert (lead.company_key, lead.domain) == ("isarwerk", "isarwerk.example")


def test_a_test_lead_is_not_looked_up(inbox: Inbox) -> None:
    inbox.post({**ROSA, "test": True})

    assert inbox.only_lead().look_up_at is None


def test_a_source_of_another_team_finds_nobody(inbox: Inbox, rosa: Lead) -> None:
    others = Inbox("other")
    Source.objects.filter(team=others.team).update(default_country="DE")

    others.post(ROSA)

    assert others.only_lead().linked_to_id is None
