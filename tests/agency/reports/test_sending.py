"""Reports go out once to each who gets it, by a real mail server, whatever happens on the way."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.agency.models import ReportMail, ReportPlan, ReportSchedule
from apps.agency.reports import issuing, plans
from apps.teams import posting
from apps.teams.agency_access import AgencyAccess
from apps.teams.models import ClientGrant, Membership, Operator
from tests import factories
from tests.deliveries.post_office import PostOffice, body, subject

pytestmark = pytest.mark.django_db
HOSTILE = 'Pinecrest <script>alert(1)</script> #panic() "東京"\r\nBcc: x@example.com'


@pytest.fixture
def row() -> ReportSchedule:
    """Due a minute ago: to an operator, and to the client's manager and admin."""
    team = factories.TeamFactory(name="Pinecrest", timezone="Europe/Vienna")
    grant = factories.ClientGrantFactory(team=team, agency__name="Fieldnote")
    operator = factories.OperatorFactory(agency=grant.agency, user__email="op@agency.example")
    for role in ("manager", "admin", "salesperson", "viewer"):
        email = f"{role[0]}@client.example"
        factories.MembershipFactory(team=team, role=role, user__email=email)
    plan = factories.ReportPlanFactory(
        agency=grant.agency, grant=grant, rhythm="weekly", operators=[operator.pk],
        to_client="managers",
    )  # fmt: skip
    found: ReportSchedule = factories.ReportScheduleFactory(
        team=team, grant=grant, plan=plan, next_at=timezone.now() - timedelta(minutes=1)
    )
    return found


def due_again(row: ReportSchedule) -> None:
    ReportSchedule.objects.filter(pk=row.pk).update(next_at=timezone.now() - timedelta(minutes=1))


def agency_of(row: ReportSchedule) -> AgencyAccess:
    operator = Operator.objects.get(user__email="op@agency.example")
    return AgencyAccess(row.grant.agency, operator.user, operator)


def readers(post: PostOffice) -> list[str]:
    return sorted(str(mail["To"]) for mail in post.taken)


ALL = ["a@client.example", "m@client.example", "op@agency.example"]


def test_everybody_who_gets_it_gets_it_once(row: ReportSchedule, post: PostOffice) -> None:
    assert issuing.run() == 3
    assert issuing.run() == 0
    due_again(row)  # the same week: it was sent already
    assert issuing.run() == 0

    assert readers(post) == ALL
    row.refresh_from_db()
    assert row.next_at is not None
    assert row.next_at > timezone.now()


def test_the_mail_has_words_figures_a_way_to_the_page_and_the_pdf(
    row: ReportSchedule, post: PostOffice
) -> None:
    issuing.run()

    client, agency = (next(m for m in post.taken if m["To"] == to) for to in (ALL[1], ALL[2]))
    assert subject(client).startswith("Pinecrest: ")
    assert "No leads came in." in body(client, "plain")
    assert "Stop these e-mails" in body(client, "html")
    assert f"https://relay.example/t/{row.team.slug}/report/?kind=week" in body(client, "plain")
    assert f"/clients/{row.grant_id}/report/?kind=week" in body(agency, "plain")
    (file,) = client.iter_attachments()
    assert file.get_content_type() == "application/pdf"
    assert file.get_content().startswith(b"%PDF-")
    assert client["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_names_stay_text_and_add_no_header(row: ReportSchedule, post: PostOffice) -> None:
    row.team.name = HOSTILE
    row.team.save()

    issuing.run()

    mail = post.taken[0]
    assert mail["Bcc"] is None
    assert len(subject(mail)) <= 170
    assert "<script>" not in body(mail, "html")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_written_down", [False, True], ids=["due", "waiting"])
def test_of_beats_at_once_each_mail_goes_out_by_one(
    row: ReportSchedule, post: PostOffice, is_written_down: bool
) -> None:
    if is_written_down:
        issuing._issue_next()
    barrier = Barrier(4)

    def beat() -> None:
        barrier.wait()
        try:
            issuing.run()
        finally:
            connection.close()

    beats = [Thread(target=beat) for _n in range(4)]
    for thread in beats:
        thread.start()
    for thread in beats:
        thread.join(timeout=60)

    assert readers(post) == ALL


def _end(row: ReportSchedule) -> None:
    ClientGrant.objects.filter(pk=row.grant_id).update(ended_at=timezone.now())


def _pause(row: ReportSchedule) -> None:
    ReportPlan.objects.filter(pk=row.plan_id).update(is_active=False)


@pytest.mark.parametrize("change", [_end, _pause])
@pytest.mark.parametrize("is_written_down", [False, True], ids=["before", "between"])
def test_nothing_goes_out_without_a_grant_or_while_it_is_paused(
    row: ReportSchedule, post: PostOffice, change: Any, is_written_down: bool
) -> None:
    if is_written_down:
        issuing._issue_next()
    change(row)

    issuing.run()

    assert post.taken == []
    assert ReportMail.objects.filter(state="nothing").count() == (3 if is_written_down else 0)


def test_only_those_who_are_there_and_want_it_get_it(row: ReportSchedule, post: PostOffice) -> None:
    issuing._issue_next()
    Membership.objects.filter(user__email="a@client.example").update(is_active=False)
    Operator.objects.filter(user__email="op@agency.example").update(is_active=False)
    User.objects.filter(email="m@client.example").update(wants_reports=False)

    issuing.run()

    assert post.taken == []


def test_a_client_that_stopped_it_gets_none_and_the_agency_still_does(
    row: ReportSchedule, post: PostOffice
) -> None:
    ReportSchedule.objects.filter(pk=row.pk).update(stopped_at=timezone.now())

    issuing.run()

    assert readers(post) == ["op@agency.example"]


def test_a_server_that_is_away_is_tried_again_and_the_agency_sees_it(
    row: ReportSchedule, settings: Any
) -> None:
    from tests.deliveries.post_office import PostOffice

    away = PostOffice()
    for name, value in away.settings.items():
        setattr(settings, name, value)
    issuing.run()
    assert set(ReportMail.objects.values_list("state", flat=True)) == {"waiting"}
    by = agency_of(row)
    assert "can’t be reached" in plans.failures(by)[0].failure

    away.open()
    try:
        issuing.run()
        assert away.taken == []  # not before its time
        ReportMail.objects.update(try_at=timezone.now() - timedelta(seconds=1))
        issuing.run()
    finally:
        away.close()

    assert readers(away) == ALL
    assert not plans.failures(by).exists()


def test_an_address_that_is_refused_for_good_is_given_up(
    row: ReportSchedule, post: PostOffice
) -> None:
    post.refusals["op@agency.example"] = "550 nobody here"
    post.refusals["m@client.example"] = "450 come back later"

    issuing.run()

    states = dict(ReportMail.objects.values_list("user__email", "state"))
    assert states["op@agency.example"] == "failed"
    assert states["m@client.example"] == "waiting"
    assert readers(post) == ["a@client.example"]


def test_it_is_not_tried_for_ever(row: ReportSchedule, post: PostOffice) -> None:
    post.at_data = "451 later"
    for _attempt in range(len(posting.WAITS) + 2):
        issuing.run()
        waiting = ReportMail.objects.filter(state="waiting")
        waiting.update(try_at=timezone.now() - timedelta(seconds=1))

    assert set(ReportMail.objects.values_list("state", "attempts")) == {
        ("failed", len(posting.WAITS) + 1)
    }


def test_who_died_while_sending_leaves_no_second_mail(
    row: ReportSchedule, post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_args: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(posting, "_end", die)  # the mail is out, and nobody wrote it down
        with pytest.raises(SystemExit):
            issuing.run()
    issuing.run()

    assert readers(post) == ALL
    (broken,) = ReportMail.objects.filter(state="sending")
    assert not plans.failures(agency_of(row)).exists()  # it may just be on its way
    ReportMail.objects.filter(pk=broken.pk).update(try_at=timezone.now() - timedelta(minutes=16))
    assert list(plans.failures(agency_of(row))) == [broken]


def test_the_link_in_the_mail_stops_it_by_a_press_and_not_by_a_look(
    row: ReportSchedule, post: PostOffice
) -> None:
    issuing.run()
    mail = next(m for m in post.taken if m["To"] == "m@client.example")
    path = str(mail["List-Unsubscribe"]).strip(" <>").removeprefix("https://relay.example")
    reader, stranger = User.objects.get(email="m@client.example"), Client(enforce_csrf_checks=True)

    for look in (stranger.get, stranger.head):
        assert look(path).status_code == 200
    reader.refresh_from_db()
    assert reader.wants_reports is True

    pressed = stranger.post(path, {"List-Unsubscribe": "One-Click"})
    reader.refresh_from_db()
    assert (pressed.status_code, reader.wants_reports, reader.wants_weekly) == (200, False, True)
    assert stranger.post(path[:-3] + "xx/").status_code == 404
    stranger.post(path, {"again": "1"})
    reader.refresh_from_db()
    assert reader.wants_reports is True
