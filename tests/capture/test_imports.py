"""A file of leads: every good row becomes a lead, every other row is reported."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command

from apps.capture import imports
from apps.capture.models import Import
from apps.leads.models import Lead, Source
from tests.capture.inbox import now
from tests.data import real

if TYPE_CHECKING:
    from tests.capture.inbox import Inbox

SHEET = "01_sheet_permission_error_and_test_row.utf8.csv"


def imported(inbox: Inbox, body: bytes, mapping: dict[str, str] | None = None) -> Import:
    run = imports.upload(
        body=body, file_name="leads.csv", source_name="Fair", by=inbox.access, now=now()
    )
    imports.begin(run, mapping=mapping or run.mapping, by=inbox.access, now=now())
    imports.work(run.pk, clock=now)
    return Import.objects.get(pk=run.pk)


def test_metas_sheet_makes_two_leads_and_skips_the_test_row(inbox: Inbox) -> None:
    run = imported(inbox, real("meta_lead_sheets", SHEET).read_bytes())

    leads = Lead.objects.order_by("email_key")
    assert (run.state, run.rows_total, run.rows_done) == ("done", 3, 3)
    assert run.counts == {"assigned": 2, "test": 1}
    assert [lead.name for lead in leads] == ["Adv Person One", "Person Two"]
    assert [lead.campaign for lead in leads] == ["IVYhuts Leads v2", ""]
    assert leads[0].phone_key == "+919000000001"
    assert leads[0].provider_id == "1750531792940141"


def test_the_same_sheet_again_creates_nothing(inbox: Inbox) -> None:
    body = real("meta_lead_sheets", SHEET).read_bytes()
    imported(inbox, body)

    again = imported(inbox, body)

    assert again.counts == {"repeated": 2, "test": 1}
    assert inbox.leads == 2


@pytest.mark.parametrize(
    "name",
    [
        "01_same_rows_DERIVED.utf16le_bom_tab.csv",
        "01_same_rows_DERIVED.utf8_bom_crlf_semicolon.csv",
    ],
)
def test_the_same_rows_in_another_encoding_are_the_same_leads(inbox: Inbox, name: str) -> None:
    imported(inbox, real("meta_lead_sheets", SHEET).read_bytes())

    again = imported(inbox, real("meta_lead_sheets", name).read_bytes())

    assert again.counts == {"repeated": 2, "test": 1}


def test_an_email_twice_in_a_file_is_refused_and_names_the_first(inbox: Inbox) -> None:
    run = imported(inbox, b"name,email\nRosa,rosa@x.com\nMia,mia@x.com\nR,ROSA@x.com\n")

    row = run.rows.get()
    assert run.counts == {"assigned": 2, "refused": 1}
    assert (row.number, row.reason) == (4, "The e-mail is in row 2 already.")


def test_bad_rows_are_reported_and_good_rows_kept(inbox: Inbox) -> None:
    body = (
        b"name,email,phone,employees\n"
        b'"Rosa,rosa@x.com\n'
        b"Nobody,,,\n"
        b"Mia,mia@x.com,12,many\n"
        b"Tom,=cmd|' /C calc'!A0,,\n"
        b"Eva,,+49 30 123456,5\n"
    )

    run = imported(inbox, body)

    assert run.counts == {"refused": 3, "assigned": 2}
    assert [row.number for row in run.rows.filter(outcome="refused")] == [2, 3, 5]
    assert [row.number for row in run.rows.filter(outcome="warned")] == [4]


def test_refused_rows_are_given_back_harmless(inbox: Inbox) -> None:
    run = imported(inbox, b"name,email,note\n=1+1,,+49 30 123456\nMia,mia@x.com,\n")

    given_back = imports.refused_csv(run)

    assert '"\'=1+1"' in given_back
    assert '"+49 30 123456"' in given_back
    assert "mia@x.com" not in given_back


def test_a_column_may_say_when_the_lead_came(inbox: Inbox) -> None:
    body = b"email,day\nrosa@x.com,2026-03-14T18:22:10Z\nmia@x.com,9999-01-01\n"

    imported(inbox, body, {"email": "email", "day": "received_at"})

    rosa, mia = Lead.objects.order_by("-email_key")
    assert rosa.received_at == datetime(2026, 3, 14, 18, 22, 10, tzinfo=UTC)
    assert now() - mia.received_at < timedelta(minutes=1)


def test_a_column_that_was_not_chosen_is_set_aside(inbox: Inbox) -> None:
    run = imported(inbox, b"email,phone\nrosa@x.com,+4930123456\n", {"email": "email"})

    assert run.counts == {"assigned": 1}
    assert inbox.only_lead().phone == ""


def test_a_run_that_stopped_goes_on_where_it_was(inbox: Inbox) -> None:
    body = b"email\n" + b"".join(b"lead%d@x.com\n" % n for n in range(6))
    run = imports.upload(body=body, file_name="x.csv", source_name="", by=inbox.access, now=now())
    imports.begin(run, mapping=run.mapping, by=inbox.access, now=now())
    ticks = iter(range(100))

    def clock() -> datetime:
        return now() + timedelta(minutes=next(ticks))

    finished: list[bool] = []
    while not finished or not finished[-1]:
        finished.append(imports.work(run.pk, clock=clock, longest=timedelta(minutes=4)))

    assert len(finished) > 1
    assert Import.objects.get(pk=run.pk).counts == {"assigned": 6}
    assert inbox.leads == 6


def test_an_import_is_started_once(inbox: Inbox) -> None:
    run = imports.upload(
        body=b"email\nrosa@x.com\n", file_name="", source_name="", by=inbox.access, now=now()
    )

    started = [
        imports.begin(run, mapping=run.mapping, by=inbox.access, now=now()) for _ in range(2)
    ]

    assert started == [True, False]


@pytest.mark.parametrize(
    ("mapping", "words"),
    [({"name": "name"}, "e-mail or the phone"), ({"name": "email", "x": "email"}, "Two columns")],
)
def test_a_mapping_that_leads_nowhere_is_refused(
    inbox: Inbox, mapping: dict[str, str], words: str
) -> None:
    run = imports.upload(
        body=b"name,x\nRosa,1\n", file_name="", source_name="", by=inbox.access, now=now()
    )

    with pytest.raises(imports.FileRefused, match=words):
        imports.begin(run, mapping=mapping, by=inbox.access, now=now())


def test_the_command_imports_and_reports(inbox: Inbox) -> None:
    out = StringIO()

    call_command(
        "import_csv", str(real("meta_lead_sheets", SHEET)),
        "--team=acme", "--source=Fair", "--json", stdout=out,
    )  # fmt: skip

    told = json.loads(out.getvalue())
    assert told["counts"] == {"assigned": 2, "test": 1}
    assert Source.objects.get(kind="import").name == "Fair"


def test_the_commands_connect_and_replay(inbox: Inbox) -> None:
    out, replayed = StringIO(), StringIO()
    call_command("create_source", "--team=acme", "--name=Shop", "--json", stdout=out)
    told = json.loads(out.getvalue())
    path = "/capture/" + told["address"].split("/capture/")[1]
    inbox.post({"name": "Rosa"}, to=path)

    call_command("replay", "--json", stdout=replayed)

    assert told["secret"].startswith("whsec_")
    assert json.loads(replayed.getvalue()) == {"replayed": {"acme": {"quarantined": 1}}}
