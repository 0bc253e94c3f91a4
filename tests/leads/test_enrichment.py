"""What is learnt of a company after its lead was kept: only what is empty, never in the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.leads import company_provider, enrichment
from apps.leads.company_provider import Sources
from apps.leads.models import Activity, Lead, LeadEvent
from apps.teams import secrets
from apps.teams.egress import EgressFailed
from apps.teams.models import Team
from apps.teams.signing import sign_standard
from tests.assignments.world import World
from tests.capture.inbox import Inbox, in_own_connection
from tests.leads.provider import Provider, running

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def clock() -> datetime:
    return datetime.now(UTC)


def look_up() -> dict[str, int]:
    return enrichment.look_up_due(clock=clock)


def coming(world: World, **fields: Any) -> Lead:
    """A lead that a capture has just made."""
    known = {"domain": "isarwerk.example", "look_up_at": clock() - timedelta(seconds=1)}
    return world.lead(**{**known, **fields})


@pytest.fixture
def provider(world: World, settings: Any) -> Iterator[Provider]:
    settings.EGRESS_TO_THIS_MACHINE = True
    with running() as made:
        use(world.team, made)
        yield made


def use(team: Team, provider: Provider, **more: Any) -> None:
    kept = {"url": provider.url, "secret": secrets.encrypt(SECRET), **more}
    Team.objects.filter(pk=team.pk).update(enrichment=kept, enrichment_free_at=None)


def fresh(lead: Lead) -> Lead:
    return Lead.objects.get(pk=lead.pk)


def test_the_emails_domain_and_the_phone_say_company_and_country(world: World) -> None:
    lead = coming(world, phone_key="+4930123456")

    look_up()

    lead = fresh(lead)
    assert (lead.company, lead.company_key, lead.country) == ("Isarwerk", "isarwerk", "DE")
    assert (lead.look_up_at, lead.enrichment_error) == (None, "")
    assert lead.enriched_at is not None


def test_what_somebody_wrote_stays(world: World) -> None:
    lead = coming(world, phone_key="+4930123456", company="Isar Werke", country="AT")

    look_up()

    assert (fresh(lead).company, fresh(lead).country) == ("Isar Werke", "AT")
    assert not Activity.objects.filter(lead=lead).exists()


def test_rules_hear_of_the_fields_that_were_filled(world: World) -> None:
    lead = coming(world)

    look_up()

    [event] = LeadEvent.objects.filter(lead=lead)
    assert (event.kind, event.data) == ("changed", {"fields": ["company"]})
    line = Activity.objects.get(lead=lead)
    assert (line.kind, line.data) == ("enriched", {"fields": ["company"], "from": "lead"})


def test_a_team_may_leave_the_guessing_be(world: World) -> None:
    kept = {"email_domain": False, "phone_country": False}
    Team.objects.filter(pk=world.team.pk).update(enrichment=kept)
    lead = coming(world, phone_key="+4930123456")

    look_up()

    assert (fresh(lead).company, fresh(lead).country) == ("", "")


def test_a_provider_fills_what_is_empty(world: World, provider: Provider) -> None:
    provider.answer = {
        "employees": 240, "revenue": 12_500_000, "currency": "CHF", "industry": "Logistics",
        "country": "Switzerland", "city": "Bern", "company": "Isarwerk AG", "score": 99,
    }  # fmt: skip
    lead = coming(world, company="Isarwerk", facts={"employees": 3})

    look_up()

    lead = fresh(lead)
    assert lead.facts == {
        "employees": 3, "revenue": 1_250_000_000, "revenue_currency": "CHF",
        "industry": "Logistics",
    }  # fmt: skip
    assert (lead.company, lead.country, lead.city) == ("Isarwerk", "CH", "Bern")
    assert (lead.score, lead.look_up_at) == (None, None)


def test_the_provider_is_told_the_company_and_can_check_who_asks(
    world: World, provider: Provider
) -> None:
    coming(world, name="Rosa Steiner", company="Isarwerk", country="DE")

    look_up()

    [(headers, body)] = provider.asked
    signed = sign_standard(SECRET, headers["webhook-id"], headers["webhook-timestamp"], body)
    assert provider.questions == [
        {"domain": "isarwerk.example", "company": "Isarwerk", "country": "DE"}
    ]
    assert headers["webhook-signature"] == signed
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60


def test_nobody_is_asked_about_a_person_without_a_company(world: World, provider: Provider) -> None:
    lead = coming(world, domain="")

    look_up()

    assert provider.asked == []
    assert fresh(lead).look_up_at is None


@pytest.mark.parametrize("status", [204, 404])
def test_a_provider_may_know_nothing(world: World, provider: Provider, status: int) -> None:
    provider.status, provider.answer = status, b""
    lead = coming(world)

    look_up()

    assert (fresh(lead).look_up_at, fresh(lead).enrichment_error) == (None, "")


@pytest.mark.parametrize("status", [301, 400, 401, 429, 500, 503])
def test_a_failure_is_said_on_lead_and_team_and_tried_again(
    world: World, provider: Provider, status: int
) -> None:
    provider.status = status
    lead, next_one = coming(world), coming(world)

    look_up()

    lead, team = fresh(lead), Team.objects.get(pk=world.team.pk)
    assert lead.enrichment_error
    assert lead.enrichment_error == team.enrichment_error
    assert lead.look_up_at is not None
    assert lead.look_up_at > clock()
    assert len(provider.asked) == 1, "it is left alone for a while"
    assert (fresh(next_one).look_ups, fresh(next_one).enrichment_error) == (0, "")


def test_after_five_times_a_lead_stays_as_it_is(world: World, provider: Provider) -> None:
    provider.status = 500
    lead = coming(world, look_ups=4)

    look_up()

    assert (fresh(lead).look_up_at, fresh(lead).look_ups) == (None, 5)
    assert fresh(lead).enrichment_error


def test_a_provider_that_is_well_again_clears_the_team(world: World, provider: Provider) -> None:
    Team.objects.filter(pk=world.team.pk).update(enrichment_error="It can’t be reached.")
    coming(world)

    look_up()

    team = Team.objects.get(pk=world.team.pk)
    assert (team.enrichment_error, team.enrichment_free_at) == ("", None)


def test_a_worker_that_died_loses_nothing(world: World, provider: Provider) -> None:
    provider.answer = {"employees": 240}
    lead = coming(world)
    Team.objects.filter(pk=world.team.pk).update(enrichment_free_at=clock() + timedelta(minutes=1))
    look_up()  # somebody seems to be at it

    Lead.objects.update(look_up_at=clock() - timedelta(seconds=1))
    Team.objects.update(enrichment_free_at=clock() - timedelta(seconds=1))
    look_up()

    assert fresh(lead).facts == {"employees": 240}


def test_two_workers_at_once_write_it_once(transactional_db: None, settings: Any) -> None:
    settings.EGRESS_TO_THIS_MACHINE = True
    world = World()
    with running() as provider, ThreadPoolExecutor(2) as workers:
        use(world.team, provider)
        provider.answer = {"employees": 240}
        lead = coming(world)
        list(workers.map(lambda _: in_own_connection(look_up), range(2)))
        # One that found the lead held by the other leaves it to a later look.
        Team.objects.update(enrichment_free_at=None)
        Lead.objects.filter(pk=lead.pk).update(look_up_at=clock() - timedelta(seconds=1))
        look_up()

    assert Activity.objects.filter(lead=lead, data__fields=["employees"]).count() == 1


def test_a_lead_that_somebody_holds_is_not_waited_for(transactional_db: None) -> None:
    world = World()
    held, free = coming(world), coming(world)
    with ThreadPoolExecutor(1) as worker, transaction.atomic():
        # As everybody holds a lead: rows that point to it may still be written.
        Lead.objects.select_for_update(no_key=True).get(pk=held.pk)
        worker.submit(in_own_connection, look_up).result(timeout=10)

    assert (fresh(held).company, fresh(free).company) == ("", "Isarwerk")
    assert fresh(held).look_up_at is not None
    look_up()
    assert fresh(held).company == "Isarwerk"


def test_many_leads_cost_as_few_statements_as_one(world: World) -> None:
    for _each in range(40):
        coming(world, phone_key="+4930123456")

    with CaptureQueriesContext(connection) as statements:
        done = look_up()

    assert (done["filled"], Activity.objects.count()) == (40, 40)
    assert len(statements) <= 10


def test_what_came_in_meanwhile_is_looked_up_again(world: World, provider: Provider) -> None:
    lead = coming(world)
    stale = Lead.objects.select_related("team").get(pk=lead.pk)
    later = clock() + timedelta(seconds=1)
    Lead.objects.filter(pk=lead.pk).update(look_up_at=later)

    enrichment._settle([stale], now=clock())

    assert fresh(lead).look_up_at == later


def test_a_provider_that_hangs_does_not_delay_captures(
    transactional_db: None, settings: Any
) -> None:
    settings.EGRESS_TO_THIS_MACHINE = True
    inbox = Inbox()
    with running() as provider, ThreadPoolExecutor(1) as worker:
        use(inbox.team, provider)
        before = captured_in(inbox, "before")
        provider.hangs.set()
        Lead.objects.update(look_up_at=clock() - timedelta(seconds=1))
        looking = worker.submit(in_own_connection, look_up)
        until(lambda: bool(provider.asked))
        meanwhile = captured_in(inbox, "meanwhile")
        was_hanging = not looking.done()
        provider.wakes.set()
        looking.result()

    assert was_hanging
    assert meanwhile < max(before * 2, before + 0.05), (before, meanwhile)


def captured_in(inbox: Inbox, mark: str) -> float:
    """The median time of 15 captures, after one that warms up."""
    spans = []
    for number in range(16):
        began = time.perf_counter()
        assert inbox.post({"email": f"{mark}{number}@isarwerk.example"}).status_code == 201
        spans.append(time.perf_counter() - began)
    return median(spans[1:])


def until(holds: Any) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# Answers of strangers.

ODD_ANSWERS = [
    b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000, b"NaN",
    b'{"employees": ' + b"9" * 70_000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("body", ODD_ANSWERS, ids=range(len(ODD_ANSWERS)))
def test_an_answer_that_is_no_object_is_said_in_words(body: bytes) -> None:
    with pytest.raises(EgressFailed):
        company_provider.read(body, "EUR")


@pytest.mark.parametrize(
    "body",
    [
        b'{"employees": -5, "revenue": [], "industry": 7, "country": "Nowhere", "city": null}',
        b'{"employees": true, "revenue": {}, "company": ["x"], "country": {"a": 1}}',
        b'{"employees": NaN, "revenue": Infinity}',
        b'{"employees": 1e400, "revenue": "lots"}',
    ],
)
def test_facts_of_a_wrong_type_are_left_out(body: bytes) -> None:
    assert company_provider.read(body, "EUR") == {}


def test_texts_are_cut_and_cleaned() -> None:
    told = company_provider.read(
        b'{"company": "A\\u0000cme\\n' + b"x" * 900 + b'", "city": "' + b"y" * 300 + b'"}', "EUR"
    )

    assert told["company"].startswith("Acme x")
    assert (len(told["company"]), len(told["city"])) == (200, 120)


def test_odd_facts_of_a_provider_can_be_kept(world: World, provider: Provider) -> None:
    provider.answer = {"employees": 10**14, "revenue": 10**12, "industry": "\ud83d" * 300}
    lead = coming(world)

    look_up()

    assert fresh(lead).facts["employees"] == 10**14


def test_a_secret_whose_key_is_gone_signs_with_nothing(world: World) -> None:
    world.team.enrichment = {"url": "https://crm.example/", "secret": "not sealed"}

    assert Sources.of(world.team).secret == ""
