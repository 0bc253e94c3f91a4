"""The audit log: read, searched and exported by admins; changed by nobody."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.teams import audit, audit_words
from apps.teams.access import Access
from apps.teams.audit_log import AuditFilters, entries, lines, page
from apps.teams.models import AuditEntry, Membership
from apps.teams.permissions import Role
from tests import factories
from tests.factories.teams import NOW

pytestmark = pytest.mark.django_db
APPS = Path(__file__).resolve().parents[2] / "apps"


@pytest.fixture
def admin() -> Membership:
    made: Membership = factories.MembershipFactory(role=Role.ADMIN, user__name="Ada Boss")
    return made


def wrote(member: Membership, action: str, *, minute: int = 0, **detail: Any) -> AuditEntry:
    by = Access.of(member)
    at = NOW + timedelta(minutes=minute)
    return audit.record(by=by, action=action, target=member, now=at, detail=detail)


def browser_of(member: Membership) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def where(member: Membership, name: str = "audit") -> str:
    return reverse(f"teams:{name}", kwargs={"team": member.team.slug})


def found(member: Membership, **data: str) -> list[str]:
    rows = entries(Access.of(member), AuditFilters.read(data))
    return [entry.action for entry in rows]


class TestAppendOnly:
    def test_no_entry_is_changed(self, admin: Membership) -> None:
        entry = wrote(admin, "member.role", before="manager")
        changes: tuple[dict[str, Any], ...] = (
            {"action": "member.skills"}, {"at": NOW - timedelta(days=1)}, {"detail": {}},
            {"via": "system"}, {"target_id": None}, {"target_label": "Somebody else"},
            {"actor": factories.UserFactory()}, {"token_id": uuid4()}, {"agency_id": uuid4()},
        )  # fmt: skip
        for change in changes:
            with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
                AuditEntry.objects.filter(pk=entry.pk).update(**change)

    def test_nor_taken_out(self, admin: Membership) -> None:
        entry = wrote(admin, "member.role")
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
            AuditEntry.objects.filter(pk=entry.pk).delete()

    def test_but_a_person_who_is_erased_leaves_no_name(self, admin: Membership) -> None:
        entry = wrote(admin, "member.role")

        AuditEntry.objects.filter(pk=entry.pk).update(actor=None, target_label="")

        entry.refresh_from_db()
        assert (entry.actor, entry.target_label) == (None, "")

    def test_and_a_team_that_is_erased_takes_its_log_along(self) -> None:
        team = factories.TeamFactory()
        audit.record(by=Access.system(team), action="team.changed", target=team, now=NOW)

        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM teams_auditentry WHERE team_id = %s", [team.pk])
            cursor.execute("DELETE FROM teams_team WHERE id = %s", [team.pk])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        assert not AuditEntry.objects.filter(team_id=team.pk).exists()


class TestReading:
    def test_filters_by_person_family_target_period_and_words(self, admin: Membership) -> None:
        other = factories.MembershipFactory(team=admin.team, role=Role.ADMIN, user__name="Bo")
        wrote(admin, "member.role", before="viewer", after="salesperson")
        wrote(other, "token.revoked", minute=60 * 24 * 3)
        audit.record(
            by=Access.system(admin.team), action="rules.published", target=admin.team, now=NOW
        )

        assert found(admin, person=str(admin.user.pk)) == ["member.role"]
        assert found(admin, person="application") == ["rules.published"]
        assert found(admin, family="token") == ["token.revoked"]
        assert found(admin, target=str(other.pk)) == ["token.revoked"]
        late = (NOW + timedelta(days=2)).date().isoformat()
        assert found(admin, **{"from": late}) == ["token.revoked"]
        assert len(found(admin, until=late)) == 2
        assert found(admin, q="viewer") == ["member.role"]
        assert found(admin, q="Changed a ROLE") == ["member.role"]
        assert found(admin, q="ada boss")

    def test_pages_by_key_without_a_gap_or_a_double(
        self, admin: Membership, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("apps.teams.audit_log.PAGE", 3)
        made = [wrote(admin, "member.role", minute=n // 2).pk for n in range(8)]
        rows = entries(Access.of(admin), AuditFilters())

        seen: list[Any] = []
        older = ""
        for _turn in range(4):
            shown, older = page(rows, older)
            seen += [line.entry.pk for line in shown]
            if not older:
                break

        assert len(seen) == len(set(seen)) == 8
        assert set(seen) == set(made)

    def test_says_by_which_right(self, admin: Membership) -> None:
        wrote(admin, "member.role")
        operator = factories.OperatorFactory(agency__name="North Star")
        grant = factories.ClientGrantFactory(team=admin.team, agency=operator.agency)
        by = Access.of_grant(grant, operator.user)
        audit.record(by=by, action="lead.reassigned", target=None, now=NOW)

        text = browser_of(admin).get(where(admin)).content.decode()

        for words in ("as a member", "for North Star", "gave the lead to another owner"):
            assert words in text

    @pytest.mark.parametrize(
        "query",
        [
            "q=%00", "q=" + "x" * 5000, "person=nobody", "person=%00", "family=%27%3B--",
            "target=1", "from=0001-01-01", "until=9999-12-31", "from=2026-13-45", "before=%00",
            "before=01a20155-f398-7563-bb01-9b01f71a9696", "q=%25_%5C",
        ],
    )  # fmt: skip
    def test_hostile_addresses_show_a_page(self, admin: Membership, query: str) -> None:
        assert browser_of(admin).get(f"{where(admin)}?{query}").status_code == 200

    @pytest.mark.parametrize("role", [Role.SALESPERSON, Role.MANAGER, Role.VIEWER])
    def test_is_for_admins(self, admin: Membership, role: Role) -> None:
        member = factories.MembershipFactory(team=admin.team, role=role)
        client = browser_of(member)
        assert client.get(where(member)).status_code == 403
        assert client.post(where(member, "audit_export")).status_code == 403

    def test_shows_no_other_team(self, admin: Membership) -> None:
        other = factories.MembershipFactory(role=Role.ADMIN, user__name="Olga Elsewhere")
        wrote(other, "member.role")

        page = browser_of(admin).get(where(admin)).content.decode()

        assert "Olga" not in page


class TestExport:
    def test_is_logged_itself_and_follows_the_filters(self, admin: Membership) -> None:
        wrote(admin, "member.role")
        wrote(admin, "token.revoked")

        answer = browser_of(admin).post(where(admin, "audit_export") + "?family=token")

        text = answer.content.decode()
        assert "token.revoked" in text
        assert "member.role" not in text
        assert AuditEntry.objects.get(action="audit.exported").detail == {"family": "token"}

    def test_holds_nothing_that_a_spreadsheet_would_run(self, admin: Membership) -> None:
        admin.user.name = "=1+1"
        admin.user.save()
        wrote(admin, "member.role")

        text = "".join(lines(entries(Access.of(admin), AuditFilters())))

        assert "'=1+1" in text
        assert ",=1+1" not in text


def test_every_code_that_is_written_has_words() -> None:
    # By name, or through the helper of a family that adds what all its lines have.
    written = re.compile(r'(?:action=|(?:_saved|_moved|revise)\((?:\w+,)?\s*)"([a-z_]+\.[a-z_]+)"')
    codes = {
        code for path in APPS.rglob("*.py") for code in written.findall(path.read_text("utf-8"))
    }
    assert len(codes) > 50
    assert sorted(codes - set(audit_words.WORDS)) == []


def test_every_code_with_words_has_a_family() -> None:
    prefixes = {code.partition(".")[0] for code in audit_words.WORDS}
    assert prefixes <= set(audit_words.FAMILIES)
