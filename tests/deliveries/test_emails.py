"""Copies and offers by e-mail: through a real SMTP server, and read back as programs read them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from apps.alerts.models import Alert
from apps.deliveries import links
from apps.deliveries.sending import emailing, member_channel
from apps.deliveries.sending.outcomes import Came
from apps.teams.models import Team
from tests import factories
from tests.deliveries.letters import LEAD, a_copy
from tests.deliveries.post_office import PostOffice, body, subject
from tests.factories.teams import NOW

pytestmark = pytest.mark.django_db


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.tags: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "href":
                self.hrefs.append(value or "")
            if name in ("src", "background"):
                self.sources.append(value or "")


def parsed(html: str) -> _Links:
    parser = _Links()
    parser.feed(html)
    return parser


def test_a_copy_says_who_where_and_how_to_reach_them(post: PostOffice) -> None:
    copy = a_copy(campaign="Roofs 2026", delivery__campaign="Roofs 2026")

    result = emailing.send(copy, NOW)

    mail = post.only
    assert result.came is Came.SENT
    assert subject(mail) == "New lead: Rosa Steiner · Graz (Roofs 2026)"
    assert mail["To"] == "partner@example.com"
    assert mail["From"] == f"{copy.team.name} via Leadrelay <leads@relay.example>"
    hrefs = parsed(body(mail, "html")).hrefs
    assert {"tel:+4331687900", "https://wa.me/4331687900", "mailto:rosa@steiner-bau.at"} <= {*hrefs}
    for part in ("plain", "html"):
        said = body(mail, part)
        assert "Call me after five, please." in said
        assert "Solar roof, 12 kW" in said
        assert "4 Mar 2026, 11:00 (Europe/Vienna)" in said  # ten o'clock in UTC
        assert links.address_of(copy.delivery) in said
        assert "within 7 days" in said


def test_the_mail_loads_nothing_from_anywhere_and_reports_nothing(post: PostOffice) -> None:
    emailing.send(a_copy(), NOW)

    html = parsed(body(post.only, "html"))
    assert html.sources == []
    assert not {"img", "script", "link", "iframe", "form"} & {*html.tags}
    assert "url(" not in body(post.only, "html")


def test_a_repetition_is_told_by_its_id(post: PostOffice) -> None:
    copy = a_copy()

    emailing.send(copy, NOW)
    emailing.send(copy, NOW)
    emailing.send(a_copy(), NOW)

    first, again, other = post.taken
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["X-Leadrelay-Delivery"] == str(copy.delivery.pk)


def test_answers_go_to_who_entered_the_recipient_while_she_is_in_the_team(
    post: PostOffice,
) -> None:
    member = factories.MembershipFactory()
    copy = a_copy(team=member.team, created_by=member.user)

    emailing.send(copy, NOW)
    member.is_active = False
    member.save()
    emailing.send(copy, NOW)

    with_her, without = post.taken
    assert member.user.email in with_her["Reply-To"]
    assert without["Reply-To"] is None


def test_fields_stand_under_the_recipients_names(post: PostOffice) -> None:
    payload = {"Kunde": "Rosa Steiner", "Telefon": "+43 316 8790 0", "Dach": "Ziegel"}
    renames = {"name": "Kunde", "phone": "Telefon", "product": "Dach"}

    emailing.send(a_copy(payload=payload, renames=renames), NOW)

    assert "Rosa Steiner" in subject(post.only)
    assert "Telefon" in body(post.only, "html")
    assert "Dach: Ziegel" in body(post.only, "plain")
    assert "tel:+4331687900" in parsed(body(post.only, "html")).hrefs


def test_an_offer_tells_nothing_that_would_reach_the_person(post: PostOffice) -> None:
    copy = a_copy(is_offer=True, delivery__offered_until=NOW.replace(hour=14, minute=35))

    emailing.send(copy, NOW)

    mail = post.only
    assert subject(mail) == "Offer: a lead in Graz, Solar roof, 12 kW (open until 15:35)"
    for part in ("plain", "html"):
        said = body(mail, part)
        for secret in ("Rosa", "Steiner", "879", "rosa@", "after five", "tel:", "wa.me", "mailto:"):
            assert secret not in said
        assert "Solar roof, 12 kW" in said
        assert links.address_of(copy.delivery) in said
    assert mail["Message-ID"] != emailing.message_id(a_copy())


HOSTILE: dict[str, dict[str, Any]] = {
    "line breaks": {"name": "Rosa\r\nBcc: all@example.com\r\n\r\nHi", "city": "Gr\naz"},
    "markup": {"name": "<b onclick=x>Rosa</b>", "message": "<script>alert(1)</script><img src=x>"},
    "a long message": {"name": "R" * 5000, "message": "word " * 2000},
    "no phone": {"name": "Rosa"},
    "nothing": {},
    "right to left": {"name": "נועה כהן", "city": "חיפה", "message": "שלום, נא להתקשר"},
    "direction marks": {"name": "Rosa \u202egpj.exe", "company": "\u2066x"},
    "odd types": {"name": 5, "phone": ["+43"], "city": {"a": 1}, "message": 1.5, "email": None},
    "bad links": {"name": "R", "phone": "javascript:alert(1)", "email": "a@b\r\nBcc: c@d.example"},
    "surrogates": {"name": "Rosa \ud83d", "message": "\x00\x07"},
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_whatever_a_lead_says_of_itself_stays_text(
    post: PostOffice, payload: dict[str, Any]
) -> None:
    copy = a_copy()
    copy.delivery.payload = payload  # as no database would hand it over

    assert emailing.send(copy, NOW).came is Came.SENT

    mail = post.only
    assert mail["Bcc"] is None
    assert "\n" not in subject(mail)
    assert "\u202e" not in subject(mail) + body(mail, "html")
    assert len(subject(mail)) <= emailing.LONGEST_SUBJECT
    html = parsed(body(mail, "html"))
    assert not {"script", "img", "b"} & {*html.tags}
    assert all(href.startswith(("http", "tel:+", "mailto:")) for href in html.hrefs)
    assert len(body(mail, "html")) < 100_000


def test_a_team_of_any_name_is_no_header(post: PostOffice) -> None:
    team = factories.TeamFactory(name='Sun "&" Söhne, <evil@x.example>')

    emailing.send(a_copy(team=team), NOW)

    (sender,) = post.only["From"].addresses
    assert sender.addr_spec == "leads@relay.example"
    assert sender.display_name == 'Sun "&" Söhne, <evil@x.example> via Leadrelay'


ANSWERS = {
    "550 5.1.1 no such user": Came.GONE,
    "551 user not local": Came.GONE,
    "553 bad mailbox": Came.GONE,
    "450 4.2.1 busy, try later": Came.FAILED,
    "552 5.2.2 mailbox full": Came.FAILED,
    "550 5.7.1 blocked by policy": Came.FAILED,
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_address_that_is_refused_for_good_is_gone_any_other_is_tried_again(
    post: PostOffice, answer: str
) -> None:
    post.refusals["partner@example.com"] = answer

    result = emailing.send(a_copy(), NOW)

    assert result.came is ANSWERS[answer]
    assert result.status_code == int(answer[:3])
    assert result.error
    assert post.taken == []


def test_a_mail_that_is_refused_as_a_whole_is_tried_again(post: PostOffice) -> None:
    post.at_data = "554 5.6.0 looks like spam"

    result = emailing.send(a_copy(), NOW)

    assert (result.came, result.status_code) == (Came.FAILED, 554)
    assert "looks like spam" in result.error


def test_a_mail_server_that_is_away_is_tried_again(settings: Any) -> None:
    for name, value in PostOffice().settings.items():  # nobody listens at its port
        setattr(settings, name, value)

    result = emailing.send(a_copy(), NOW)

    assert result.came is Came.FAILED
    assert "can't be reached" in result.error


def _managed(team: Team, **user: Any) -> Any:
    user = factories.UserFactory(**user)
    return factories.MembershipFactory(team=team, role="manager", user=user)


def test_a_member_gets_an_alert_and_a_mail_once(post: PostOffice) -> None:
    member = factories.MembershipFactory()
    recipient = factories.RecipientFactory(team=member.team, kind="member", membership=member)
    copy = a_copy(recipient=recipient)

    results = [member_channel.send(copy, NOW), member_channel.send(copy, NOW)]

    alert = member.user.alerts.get()
    assert [result.came for result in results] == [Came.DELIVERED, Came.DELIVERED]
    assert (alert.kind, alert.team, alert.email_due) == ("copy.sent", member.team, False)
    assert alert.data["url"] == links.path_of(copy.delivery)
    assert "Rosa" not in str(alert.data)
    assert post.only["To"] == member.user.email
    assert "account" not in body(post.only, "plain")


def test_a_member_whose_mail_fails_still_has_the_alert(settings: Any) -> None:
    for name, value in PostOffice().settings.items():
        setattr(settings, name, value)
    member = factories.MembershipFactory()
    recipient = factories.RecipientFactory(team=member.team, kind="member", membership=member)

    result = member_channel.send(a_copy(recipient=recipient, is_offer=True), NOW)

    assert result.came is Came.DELIVERED
    assert "can't be reached" in result.answer
    assert member.user.alerts.get().email_due  # so it goes out with the alerts


def test_an_offer_to_a_team_reaches_its_managers_there(post: PostOffice) -> None:
    agreement = factories.AgreementFactory()
    manager, quiet = _managed(agreement.to), _managed(agreement.to, wants_email_alerts=False)
    factories.MembershipFactory(team=agreement.to)
    recipient = factories.RecipientFactory(team=agreement.team, kind="team", agreement=agreement)

    result = member_channel.offer_to_team(a_copy(recipient=recipient, is_offer=True), NOW)

    assert result.came is Came.DELIVERED
    assert post.only["To"] == manager.user.email
    for member in (manager, quiet):
        alert = member.user.alerts.get()
        assert (alert.kind, alert.team) == ("copy.offered", agreement.to)
    assert Alert.objects.filter(team=agreement.to).count() == 2


def test_a_team_that_ended_it_gets_no_offer(post: PostOffice) -> None:
    agreement = factories.AgreementFactory(state="ended")
    recipient = factories.RecipientFactory(team=agreement.team, kind="team", agreement=agreement)

    result = member_channel.offer_to_team(a_copy(recipient=recipient, is_offer=True), NOW)

    assert result.came is Came.FAILED
    assert post.taken == []


def test_a_link_that_was_changed_finds_nothing() -> None:
    delivery = a_copy().delivery
    token = links.token_of(delivery)

    assert links.find(token) == delivery
    for other in (token[:-1], token + "A", token.upper(), token.replace(".", ":"), "", "é" * 40):
        assert links.find(other) is None
    assert links.find("A" * 100_000) is None
    assert LEAD["name"] not in token
