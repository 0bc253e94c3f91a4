"""The pages around captures: shown to those who may, and doing what they say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.capture import sources
from apps.capture.models import Capture, Import
from apps.leads.models import Lead, Source
from tests.capture.inbox import now

if TYPE_CHECKING:
    from tests.capture.inbox import Inbox

MARKUP = "<script>alert(1)</script>"


def page(response: Any) -> str:
    text: str = response.content.decode()
    return text


def test_from_zero_to_a_first_lead(inbox: Inbox) -> None:
    manager = inbox.signed_in(inbox.manager)

    made = manager.post("/t/acme/sources/new/", {"kind": "json", "name": "Shop"}, follow=True)
    source = Source.objects.get(name="Shop")
    base = f"/t/acme/sources/{source.pk}/"
    tested = manager.post(base + "test/", follow=True)

    assert sources.token_of(source) in page(made)
    assert "whsec_" in page(made)
    assert "whsec_" not in page(manager.get(base))
    assert "Rosa Steiner" in page(tested)
    assert Lead.objects.get().is_test


def test_a_sources_fields_are_shown_with_samples_and_mapped(inbox: Inbox) -> None:
    source = inbox.webhook.source
    inbox.post({"epost": "rosa@example.com", "namn": MARKUP})
    manager = inbox.signed_in(inbox.manager)
    base = f"/t/acme/sources/{source.pk}/"

    shown = page(manager.get(base))
    fields = {"path": ["epost", "namn"], "field": ["email", "name"]}
    manager.post(base + "mapping/", fields)
    manager.post("/t/acme/captures/replay/")

    source.refresh_from_db()
    assert "rosa@example.com" in shown
    assert MARKUP not in shown
    assert source.mapping == {"email": "epost", "name": "namn"}
    assert inbox.only_lead().name == MARKUP


def test_two_paths_for_one_field_are_not_saved(inbox: Inbox) -> None:
    source = inbox.webhook.source
    manager = inbox.signed_in(inbox.manager)

    fields = {"path": ["a", "b"], "field": ["email", "email"]}
    response = manager.post(f"/t/acme/sources/{source.pk}/mapping/", fields, follow=True)

    source.refresh_from_db()
    assert "Nothing was saved" in page(response)
    assert source.mapping == {}


def test_settings_of_a_source_are_saved_and_bad_origins_refused(inbox: Inbox) -> None:
    form = inbox.connect(Source.Kind.FORM, name="Form").source
    manager = inbox.signed_in(inbox.manager)
    address = f"/t/acme/sources/{form.pk}/settings/"
    values = {"name": "Contact", "is_active": "on", "fields_shown": ["name", "email"]}

    good = manager.post(address, {**values, "allowed_origins": "https://www.Example.com/x"})
    bad = manager.post(address, {**values, "allowed_origins": "javascript:alert(1)"})

    form.refresh_from_db()
    assert (good.status_code, bad.status_code) == (302, 422)
    assert (form.name, form.allowed_origins) == ("Contact", ["https://www.example.com"])


def test_rotating_and_revoking(inbox: Inbox) -> None:
    source = inbox.webhook.source
    manager = inbox.signed_in(inbox.manager)
    old = sources.token_of(source)

    manager.post(f"/t/acme/sources/{source.pk}/rotate/")
    source.refresh_from_db()
    rotated = sources.token_of(source)
    manager.post(f"/t/acme/sources/{source.pk}/revoke/")

    assert rotated != old
    assert sources.for_token(rotated, now=now()) is None
    assert sources.for_token(old, now=now()) is None


def test_a_capture_is_shown_escaped_with_its_reason(inbox: Inbox) -> None:
    inbox.post(f'{{"name": "{MARKUP}"}}'.encode())
    capture = inbox.only_capture()
    manager = inbox.signed_in(inbox.manager)

    shown = page(manager.get(f"/t/acme/captures/{capture.pk}/"))
    listed = page(manager.get("/t/acme/captures/?state=waiting"))

    assert "no e-mail and no phone" in shown
    assert MARKUP not in shown
    assert "&lt;script&gt;" in shown
    assert "no e-mail and no phone" in listed


@pytest.mark.parametrize("query", ["", "?state=done", "?before=x", "?source=x", "?state=zzz"])
def test_the_inbox_opens_whatever_its_address_asks(inbox: Inbox, query: str) -> None:
    inbox.post({"email": "rosa@example.com"})

    assert inbox.signed_in(inbox.manager).get(f"/t/acme/captures/{query}").status_code == 200


def test_the_inbox_goes_on_with_older_captures(inbox: Inbox) -> None:
    for number in range(53):
        inbox.post({"name": f"n{number}"})
    manager = inbox.signed_in(inbox.manager)
    oldest_shown = Capture.objects.order_by("-received_at", "-pk")[49]

    first = page(manager.get("/t/acme/captures/"))
    second = page(manager.get(f"/t/acme/captures/?before={oldest_shown.pk}"))

    assert f"before={oldest_shown.pk}" in first
    assert second.count("data-row") == 3


def test_a_file_is_imported_through_the_pages(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = inbox.signed_in(inbox.manager)
    asked: list[str] = []
    monkeypatch.setattr(
        "apps.capture.views.imports.nudge", lambda task, run_id: asked.append(run_id)
    )
    file = SimpleUploadedFile("fair.csv", b"Nombre,Mail\nRosa,rosa@x.com\nNobody,\n")

    mapped = manager.post("/t/acme/imports/", {"file": file, "source": "Fair"}, follow=True)
    run = Import.objects.get()
    base = f"/t/acme/imports/{run.pk}/"
    chosen = {"header": ["Nombre", "Mail"], "field": ["name", "email"]}
    running = manager.post(base + "start/", chosen, follow=True)
    from apps.capture.tasks import run_import

    run_import(asked[0])
    done = manager.get(base + "progress/")
    report = page(manager.get(base))
    refused = manager.get(base + "refused.csv")

    assert "rosa@x.com" in page(mapped)
    assert "every 2s" in page(running)
    assert done["HX-Refresh"] == "true"
    assert "no e-mail and no phone" in report
    assert "Nobody" in page(refused)
    assert inbox.only_lead().name == "Rosa"


def test_an_empty_file_is_refused_in_words(inbox: Inbox) -> None:
    manager = inbox.signed_in(inbox.manager)

    response = manager.post("/t/acme/imports/", {"file": SimpleUploadedFile("x.csv", b"a,b\n")})

    assert response.status_code == 422
    assert "no rows" in page(response)


def test_a_lead_typed_in_is_routed_and_sent_twice_is_one(inbox: Inbox) -> None:
    seller = inbox.signed_in(inbox.seller)
    typed = {"name": "Rosa", "email": "rosa@example.com", "once": "abc"}

    answers = [seller.post("/t/acme/leads/new/", typed) for _ in range(2)]

    lead = inbox.only_lead()
    assert [answer.status_code for answer in answers] == [302, 302]
    assert (lead.owner, lead.source.kind) == (inbox.seller, "hand")
    assert inbox.captures == 1


@pytest.mark.parametrize("typed", [{"name": "Rosa"}, {"email": "a@b.co\r\nBcc: c@d.eu"}])
def test_a_lead_without_contact_is_not_typed_in(inbox: Inbox, typed: dict[str, str]) -> None:
    response = inbox.signed_in(inbox.seller).post("/t/acme/leads/new/", typed)

    assert response.status_code == 422
    assert inbox.leads == 0


@pytest.mark.parametrize("path", ["sources/", "sources/new/", "captures/", "imports/"])
def test_pages_of_managers_are_closed_to_salespeople(inbox: Inbox, path: str) -> None:
    assert inbox.signed_in(inbox.manager).get(f"/t/acme/{path}").status_code == 200
    assert inbox.signed_in(inbox.seller).get(f"/t/acme/{path}").status_code == 403


def test_another_teams_rows_do_not_exist(inbox: Inbox) -> None:
    from tests.capture.inbox import Inbox as AnotherInbox

    others = AnotherInbox("other")
    others.post({"name": "x"})
    manager = inbox.signed_in(inbox.manager)
    paths = [
        f"sources/{others.webhook.source.pk}/", f"captures/{others.only_capture().pk}/",
    ]  # fmt: skip

    assert [manager.get(f"/t/acme/{path}").status_code for path in paths] == [404, 404]


def test_the_list_of_sources_tells_which_one_went_silent(inbox: Inbox) -> None:
    inbox.post({"name": "Rosa Steiner", "email": "rosa@example.com"})
    manager = inbox.signed_in(inbox.manager)
    assert "went silent" not in manager.get("/t/acme/sources/").content.decode()

    Lead.objects.update(received_at=now() - timedelta(days=9))

    assert "went silent" in manager.get("/t/acme/sources/").content.decode()


def test_what_a_colleague_types_wrong_is_said_at_once(inbox: Inbox) -> None:
    typed = {"name": "Rosa", "email": "rosa@x.com", "country": "Atlantis", "budget": "lots"}

    page = inbox.signed_in(inbox.seller).post("/t/acme/leads/new/", typed)

    assert page.status_code == 422
    assert "No such country" in page.content.decode()
    assert "Expected an amount" in page.content.decode()
    assert not Lead.objects.exists()
