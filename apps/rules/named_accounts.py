"""Named accounts: companies that one member keeps, known by name or by e-mail domain."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.leads.companies import company_key, domain_of
from apps.routing.values import fold
from apps.rules.models import NamedAccount
from apps.rules.refusals import Problem, Refused
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Membership
from apps.teams.permissions import Permission

MOST_LINES = 2_000
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Pasted:
    """What became of pasted lines: how many were added and changed, and what is wrong where."""

    added: int
    changed: int
    problems: tuple[Problem, ...]


@transaction.atomic
def save(
    account: NamedAccount | None,
    *,
    name: str,
    domain: str,
    keeper: Membership,
    by: Access,
    now: datetime,
) -> NamedAccount:
    """Name an account, or set one anew. May raise Refused."""
    by.require(Permission.EDIT_ROUTING)
    is_new = account is None
    row = account or NamedAccount(team=by.team, created_at=now)
    _set(row, name=name, domain=domain, keeper=keeper, team_id=by.team.pk)
    _write(row)
    action = "rules.account_added" if is_new else "rules.account_changed"
    detail = {"keeper": str(keeper.pk)}
    audit.record(by=by, action=action, target=row, now=now, detail=detail)
    return row


@transaction.atomic
def remove(account: NamedAccount, *, by: Access, now: datetime) -> None:
    """Nobody keeps this company any more; its leads stay where they are."""
    by.require(Permission.EDIT_ROUTING)
    audit.record(by=by, action="rules.account_removed", target=account, now=now)
    account.delete()


@transaction.atomic
def paste(text: str, members: Iterable[Membership], *, by: Access, now: datetime) -> Pasted:
    """Lines of company, domain and keeper (name or e-mail), parted by tab, semicolon or comma.

    A company that is there already gets the new keeper and domain. Nothing is kept if any line
    is wrong.
    """
    by.require(Permission.EDIT_ROUTING)
    lines = list(_lines(text))
    if len(lines) > MOST_LINES:
        raise Refused.at("lines", _("Paste at most %d lines at once.") % MOST_LINES)
    known = _by_name(members)
    rows = {row.company_key: row for row in NamedAccount.objects.filter(team=by.team)}
    had, problems = set(rows), []
    changed: dict[str, NamedAccount] = {}
    for number, cells in lines:
        try:
            row = _read(cells, known, rows, by=by, now=now)
        except Refused as refused:
            problems += [Problem(str(number), each.message) for each in refused.problems]
        else:
            rows[row.company_key] = changed[row.company_key] = row
    if problems:
        return Pasted(0, 0, tuple(problems))
    clash = _clash(rows.values())
    if clash:
        return Pasted(0, 0, (Problem("", clash),))
    _write_all(list(changed.values()))
    added = len(changed.keys() - had)
    counts = {"added": added, "changed": len(changed) - added}
    audit.record(by=by, action="rules.accounts_pasted", target=None, now=now, detail=counts)
    return Pasted(added, len(changed) - added, ())


def _lines(text: str) -> Iterable[tuple[int, list[str]]]:
    for number, line in enumerate(text.replace("\x00", "").splitlines(), start=1):
        if line.strip():
            separator = next((each for each in "\t;," if each in line), ",")
            cells = next(csv.reader(io.StringIO(line), delimiter=separator), [])
            yield number, [cell.strip() for cell in cells]


def _read(
    cells: Sequence[str],
    members: Mapping[str, Membership | None],
    rows: Mapping[str, NamedAccount],
    *,
    by: Access,
    now: datetime,
) -> NamedAccount:
    if len(cells) not in (2, 3):
        raise Refused.at("", _("Write the company, its domain (may be empty) and the keeper."))
    name, domain, keeper = cells[0], cells[1] if len(cells) == 3 else "", cells[-1]
    member = members.get(fold(keeper))
    if member is None:
        words = _("Nobody here is called “%(name)s”, or several are: use the e-mail address.")
        raise Refused.at("", words % {"name": keeper[:60]})
    row = rows.get(company_key(name)) or NamedAccount(team=by.team, created_at=now)
    _set(row, name=name, domain=domain or row.domain, keeper=member, team_id=by.team.pk)
    return row


def _by_name(members: Iterable[Membership]) -> dict[str, Membership | None]:
    """Members by e-mail and by name; a name that two share is nobody's."""
    found: dict[str, Membership | None] = {}
    for member in members:
        name = fold(str(member))
        found[name] = None if name in found else member
        found[fold(member.user.email)] = member
    return found


def _set(row: NamedAccount, *, name: str, domain: str, keeper: Membership, team_id: UUID) -> None:
    key, host = company_key(name), domain_of(domain)
    if not key or len(name) > LONGEST_NAME:
        raise Refused.at("name", _("Write the company’s name, with at most 200 characters."))
    if domain.strip() and not host:
        words = _("“%(domain)s” is no company’s domain: write one such as example.com.")
        raise Refused.at("domain", words % {"domain": domain.strip()[:60]})
    if keeper.team_id != team_id or not keeper.is_active:
        raise Refused.at("keeper", _("Choose an active member of this team."))
    row.name, row.company_key, row.domain, row.keeper = " ".join(name.split()), key, host, keeper


def _write(row: NamedAccount) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        is_domain = "domain" in str(error)
        message = (
            _("Another account has this domain already.")
            if is_domain
            else _("This company is on the list already.")
        )
        raise Refused.at("domain" if is_domain else "name", message) from error


def _write_all(rows: Sequence[NamedAccount]) -> None:
    # Two accounts may change domains with each other: nobody has one in between.
    NamedAccount.objects.filter(pk__in=[row.pk for row in rows]).update(domain="")
    for row in rows:
        _write(row)


def _clash(rows: Iterable[NamedAccount]) -> str:
    """Two accounts of one domain, in words; empty if there are none."""
    seen: dict[str, str] = {}
    for row in rows:
        if row.domain and row.domain in seen:
            words = _("%(one)s and %(other)s have the same domain, %(domain)s: give it to one.")
            return words % {"one": seen[row.domain], "other": row.name, "domain": row.domain}
        seen[row.domain] = row.name
    return ""
