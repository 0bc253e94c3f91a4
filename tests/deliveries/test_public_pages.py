"""The public page of a copy: what whoever has the link sees and may do, and nobody else."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.alerts.models import Alert
from apps.deliveries import links
from apps.deliveries.models import Delivery, Dispute
from apps.deliveries.plans import offers
from apps.deliveries.views import public
from apps.leads.models import Lead
from apps.rules.models import Recipient
from apps.teams.permissions import Role
from tests import factories
from tests.browser import assert_accessible
from tests.deliveries.letters import a_copy

pytestmark = pytest.mark.django_db

State = Delivery.State
PERSONAL = ("Rosa", "Steiner Bau", "rosa@steiner-bau.at", "879", "after five")


@pytest.fixture(autouse=True)
def free_posts() -> None:
    public.posts.clear()


def arrived(**of: Any) -> Delivery:
    """A copy that was mailed a moment ago."""
    return a_copy(
        **{"delivery__state": State.SENT, "delivery__sent_at": timezone.now(), **of}
    ).delivery


def offered(**of: Any) -> Delivery:
    pool = factories.RecipientPoolFactory(way="first")
    return a_copy(is_offer=True, team=pool.team, delivery__pool=pool, **of).delivery


def look(delivery: Delivery, method: str = "get", **headers: str) -> Any:
    return getattr(Client(), method)(links.path_of(delivery), headers=headers)


def post(delivery: Delivery, act: str, form: dict[str, str] | None = None, **headers: str) -> Any:
    return Client().post(f"{links.path_of(delivery)}{act}/", form or {}, headers=headers)


def said(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def is_private(answer: Any) -> bool:
    return (
        answer["Cache-Control"] == "no-store"
        and "noindex" in answer["X-Robots-Tag"]
        and answer["Referrer-Policy"] == "no-referrer"
    )


def test_the_page_of_a_copy_has_all_of_it() -> None:
    answer = look(arrived())

    page = said(answer)
    assert answer.status_code == 200
    assert is_private(answer)
    assert not answer.cookies
    for word in ("Rosa Steiner", "Call me after five", "Solar roof, 12 kW", "Autumn roofs"):
        assert word in page
    for href in ("tel:+4331687900", "https://wa.me/4331687900", "mailto:rosa@steiner-bau.at"):
        assert f'href="{href}"' in page


def test_the_first_look_of_a_person_is_noted_once() -> None:
    delivery = arrived()

    look(delivery, "head")
    look(delivery, sec_purpose="prefetch;prerender")
    delivery.refresh_from_db()
    assert delivery.state == State.SENT

    look(delivery)
    delivery.refresh_from_db()
    first = delivery.opened_at
    look(delivery)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.opened_at) == (State.OPENED, first)
    assert first is not None


def test_a_look_does_not_stop_a_copy_that_is_still_on_its_way() -> None:
    delivery = a_copy(delivery__state=State.QUEUED, delivery__accepted_at=timezone.now()).delivery

    assert look(delivery).status_code == 200

    delivery.refresh_from_db()
    assert (delivery.state, delivery.opened_at) == (State.QUEUED, None)
    assert delivery.next_attempt_at is not None


def test_a_token_that_nobody_signed_is_answered_calmly() -> None:
    delivery = arrived()
    for token in ("x", "a.b", links.token_of(delivery)[:-2] + "zz", "%00", "é", "A" * 3000):
        answer = Client().get(f"/d/{token}/")
        assert answer.status_code == 404
        assert is_private(answer)
    assert "This link leads nowhere" in said(Client().get("/d/x/"))


def test_a_team_that_is_gone_takes_its_links_along() -> None:
    delivery = arrived()
    delivery.team.is_active = False
    delivery.team.save()

    assert look(delivery).status_code == 404


def _returned(delivery: Delivery) -> None:
    factories.DisputeFactory(
        team=delivery.team, delivery=delivery, state=Dispute.State.ACCEPTED, answer="You are right"
    )


def _erased(delivery: Delivery) -> None:
    Lead.objects.filter(pk=delivery.lead_id).update(deleted_at=timezone.now())


def _ended(state: str) -> Any:
    return lambda delivery: Delivery.objects.filter(pk=delivery.pk).update(state=state)


NO_LONGER = {
    "withdrawn": _ended(State.WITHDRAWN),
    "refused": _ended(State.REFUSED),
    "dead": _ended(State.DEAD),
    "returned": _returned,
    "erased": _erased,
}


@pytest.mark.parametrize("end", NO_LONGER.values(), ids=NO_LONGER)
def test_a_copy_that_is_theirs_no_more_shows_nothing_personal(end: Any) -> None:
    delivery = arrived()
    end(delivery)

    answer = look(delivery)

    assert answer.status_code == 410
    assert not [word for word in PERSONAL if word in said(answer)]
    assert post(delivery, "return", {"reason": "spam"}).status_code == 302
    assert Dispute.objects.filter(reason="spam").count() == 0


def test_a_lead_that_its_sender_keeps_out_is_shown_to_who_has_it() -> None:
    delivery = arrived()
    Lead.objects.filter(pk=delivery.lead_id).update(
        stage=Lead.Stage.AWAY, deleted_at=timezone.now()
    )

    assert look(delivery).status_code == 200


def test_an_offer_shows_no_contact_and_looking_takes_nothing() -> None:
    delivery = offered()

    answers = [look(delivery), look(delivery, "head"), Client().get(f"{_path(delivery)}accept/")]

    assert [answer.status_code for answer in answers] == [200, 200, 302]
    page = said(answers[0])
    assert "A lead in Graz" in page
    assert "Solar roof, 12 kW" in page
    assert not [word for word in PERSONAL if word in page]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.opened_at) == (State.OFFERED, None)


def _path(delivery: Delivery) -> str:
    return links.path_of(delivery)


def test_accepting_shows_the_whole_lead_at_once() -> None:
    delivery = offered()

    answer = post(delivery, "accept")

    page = said(answer)
    assert answer.status_code == 200
    assert "It’s yours" in page
    assert 'href="tel:+4331687900"' in page
    delivery.refresh_from_db()
    assert delivery.state == State.QUEUED


def test_who_comes_second_is_told_by_how_much_and_not_by_whom() -> None:
    first = offered(name="Winner Ltd")
    second = a_copy(
        is_offer=True, team=first.team, delivery__pool=first.pool, delivery__lead=first.lead,
        delivery__distribution=first.distribution,
    ).delivery  # fmt: skip
    offers.accept(first, now=timezone.now() - timedelta(seconds=2))

    answer = post(second, "accept")

    page = said(answer)
    assert answer.status_code == 409
    assert re.search(r"Another was [2-9]\.\d s before you", page)
    assert "So close" in page
    assert "Winner Ltd" not in page
    assert not [word for word in PERSONAL if word in page]
    assert "Another was faster" in said(look(second))


def test_an_offer_that_ran_out_says_so() -> None:
    delivery = offered(delivery__offered_until=timezone.now() - timedelta(seconds=1))

    assert "The time to accept it is over" in said(look(delivery))
    assert post(delivery, "accept").status_code == 409
    assert post(delivery, "decline").status_code == 409


def test_an_offer_of_a_lead_that_was_deleted_is_none() -> None:
    delivery = offered()
    _erased(delivery)

    assert look(delivery).status_code == 410
    assert post(delivery, "accept").status_code == 410
    delivery.refresh_from_db()
    assert delivery.state == State.OFFERED


def test_declining_is_said_kindly() -> None:
    delivery = offered()

    answer = Client().post(f"{_path(delivery)}decline/", follow=True)

    assert "You passed on it" in said(answer)
    assert post(delivery, "accept").status_code == 409


def test_a_limit_of_the_recipient_is_said_and_the_offer_stays_open() -> None:
    delivery = offered(is_paused=True)

    answer = post(delivery, "accept")

    assert answer.status_code == 403
    assert "Your leads are paused" in said(answer)
    assert "Accept the lead" in said(answer)


def test_a_program_accepts_by_the_same_address() -> None:
    delivery = offered()

    won = post(delivery, "accept", accept="application/json")
    lost = post(
        offered(delivery__offered_until=timezone.now()), "accept", accept="application/json"
    )

    assert (won.status_code, won.json()["accepted"]) == (200, True)
    assert (lost.status_code, lost.json()) == (409, {"accepted": False, "reason": "expired"})


def test_a_lead_is_returned_with_a_reason_and_the_page_says_what_came_of_it() -> None:
    delivery = arrived(name="Partner")

    answer = Client().post(
        f"{_path(delivery)}return/", {"reason": "wrong_number", "note": "Nobody there"}, follow=True
    )

    dispute = Dispute.objects.get(delivery=delivery)
    assert (dispute.reason, dispute.note, dispute.by_name) == (
        "wrong_number", "Nobody there", "Partner",
    )  # fmt: skip
    assert "You returned this lead" in said(answer)
    assert "waits for the sender" in said(answer)
    assert post(delivery, "return", {"reason": "spam"}).status_code == 302  # as by a double click
    assert Dispute.objects.get().reason == "wrong_number"


HOSTILE = {
    "no reason": {},
    "no such reason": {"reason": "because"},
    "NUL": {"reason": "spam\x00"},
    "a huge note": {"reason": "spam", "note": "x" * 100_000},
    "a NUL note": {"reason": "spam", "note": "a\x00b"},
}


@pytest.mark.parametrize("form", HOSTILE.values(), ids=HOSTILE)
def test_a_return_that_says_nothing_sensible_is_sent_back(form: dict[str, str]) -> None:
    delivery = arrived()

    assert post(delivery, "return", form).status_code == 422
    assert Dispute.objects.count() == 0


def test_returning_is_over_after_the_window() -> None:
    delivery = arrived(delivery__sent_at=timezone.now() - timedelta(days=8))

    assert "The time for returning it is over" in said(look(delivery))
    assert post(delivery, "return", {"reason": "spam"}).status_code == 422


def test_a_program_that_posts_and_posts_is_slowed_down() -> None:
    delivery = offered()

    answers = [post(delivery, "decline").status_code for _ in range(40)]

    assert 429 in answers
    assert post(offered(), "accept").status_code == 200  # others are not


def _signed_in(member: Any) -> Client:
    client = Client()
    client.force_login(member.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_leads_are_taken_into_a_team_by_who_connects_its_sources() -> None:
    delivery = arrived()
    admin = factories.MembershipFactory(role=Role.ADMIN)
    seller = factories.MembershipFactory(role=Role.SALESPERSON, user=admin.user)
    page = f"{_path(delivery)}account/"

    assert "Sign in" in said(Client().get(page))
    shown = said(_signed_in(admin).get(page))
    assert admin.team.name in shown
    assert str(seller.team.pk) not in shown
    refused = _signed_in(admin).post(page, {"team": str(seller.team.pk)})
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(admin.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert forged.post(page, {"team": str(admin.team.pk)}).status_code == 403
    taken = _signed_in(admin).post(page, {"team": str(admin.team.pk)})

    assert refused.status_code == 422
    assert taken.status_code == 302
    recipient = Recipient.objects.get(pk=delivery.recipient_id)
    assert recipient.kind == Recipient.Kind.TEAM
    assert recipient.agreement is not None
    assert recipient.agreement.to == admin.team
    assert "arrive in an account now" in said(look(delivery))


@pytest.mark.parametrize("team", ["", "x", "\x00", "é" * 500], ids=["none", "word", "NUL", "long"])
def test_a_team_that_is_none_is_refused(team: str) -> None:
    delivery = arrived()
    admin = factories.MembershipFactory(role=Role.ADMIN)

    answer = _signed_in(admin).post(f"{_path(delivery)}account/", {"team": team})

    assert answer.status_code == 422
    assert Recipient.objects.get(pk=delivery.recipient_id).kind == Recipient.Kind.EMAIL


@pytest.mark.parametrize("act", ["accept", "decline", "return", "account"])
def test_no_act_works_without_a_signed_token(act: str) -> None:
    assert Client().post(f"/d/x.y/{act}/", {"reason": "spam"}).status_code == 404
    assert Alert.objects.count() == 0


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_an_offer_is_accepted_with_one_tap_and_returned_later(sign_in: Any) -> None:
    from playwright.sync_api import expect

    delivery = offered()
    page = sign_in(None, viewport={"width": 390, "height": 844})
    page.set_default_navigation_timeout(30_000)  # the first page of a session is made slowly
    page.goto(_path(delivery))
    expect(page.locator("[data-clock] b")).to_contain_text("14:")
    assert_accessible(page)
    page.get_by_role("button", name="Accept the lead").click()
    expect(page.get_by_text("It’s yours")).to_be_visible()
    expect(page.get_by_role("link", name="Call")).to_have_attribute("href", "tel:+4331687900")
    assert_accessible(page)

    Delivery.objects.update(state=State.SENT, sent_at=timezone.now())
    page.goto(_path(delivery))
    page.get_by_text("Something wrong with this lead?").click()
    page.get_by_label("wrong number or address").check()
    assert_accessible(page)
    page.get_by_role("button", name="Return the lead").click()

    expect(page.get_by_text("You returned this lead")).to_be_visible()
    assert Dispute.objects.get().reason == "wrong_number"
