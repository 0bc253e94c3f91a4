"""Whoever changes something leaves a line: in the audit log, on a lead's timeline, or kept history.

Made from the URLconf: every address below a team that takes a POST is pressed by an admin, once as
it is and once with the form that it asks for filled in. Whatever moved without a line is wrong,
unless it stands below with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.db import connection, transaction
from django.test import Client

from apps.teams.permissions import Role
from tests.house.addresses import Address, team_pages
from tests.house.world import OBJECTS, Side, a_side, fingerprint

pytestmark = pytest.mark.django_db

# Where a line may stand. Each is append-only, or is the history that its page shows.
LINES = frozenset({
    "teams_auditentry", "leads_activity", "teams_availabilitychange", "leads_leadevent",
    "rules_poolrevision",
})  # fmt: skip
# What moves without anybody doing anything that she could be asked about.
PASSING = frozenset({
    "accounts_user", "alerts_alertcounter", "dashboards_kept", "dashboards_note",
})  # fmt: skip
# The end of an address → why nobody is asked about it.
EXCEPTIONS: Mapping[str, str] = {
    "follow-ups/<uuid:follow_up>/cancel/": "her own plan; the row keeps when it was given up",
}
OURS = {model._meta.db_table for model in apps.get_models() if model.__module__.startswith("apps.")}
# Presses that must move something here, or the test has lost its grip.
AT_LEAST = 60


def _filled(form: Any) -> dict[str, Any]:
    """Something valid for most fields: what stands there, else the first choice, else a word."""
    data: dict[str, Any] = {}
    for name, field in form.fields.items():
        value = form.initial.get(name, field.initial)
        if callable(value):
            value = value()
        if value in (None, "", []):
            value = _first(field)
        if value not in (None, ""):
            data[form.add_prefix(name)] = value
    return data


def _first(field: Any) -> Any:
    choices = [value for value, _label in getattr(field, "choices", ()) if value not in ("", None)]
    if choices:
        first = getattr(choices[0], "value", choices[0])
        return [first] if isinstance(field, forms.MultipleChoiceField) else first
    match field:
        case forms.EmailField():
            return "nora@example.com"
        case forms.BooleanField():
            return "on"
        case forms.DateTimeField():
            return "2031-01-02T10:00" if "ends" in str(field.label).lower() else "2031-01-01T10:00"
        case forms.DateField():
            return "2031-01-01"
        case forms.IntegerField() | forms.DecimalField():
            return "1"
    return "x"


def _forms_of(answer: Any) -> Iterator[Any]:
    for layer in answer.context or ():
        for value in layer.flatten().values() if hasattr(layer, "flatten") else ():
            if isinstance(value, forms.BaseForm):
                yield value


def _presses(client: Client, side: Side, address: Address) -> Iterator[Any]:
    path = address.path(team=side.team.slug, ids=side.ids_of(address.names))
    answer = client.post(path)
    yield answer
    if answer.status_code == 422:
        data: dict[str, Any] = {}
        for form in _forms_of(answer):
            data.update(_filled(form))
        yield client.post(path, data)


def _written() -> Counter[str]:
    """Table of ours → how many rows this transaction wrote so far, also those since undone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
        )
        return Counter({name: count for name, count in cursor.fetchall() if name in OURS})


def _moved(client: Client, side: Side, address: Address) -> tuple[set[str], bool]:
    """The tables that a press wrote, and whether one of them holds lines; all is undone."""
    with transaction.atomic():
        before = _written()
        for _answer in _presses(client, side, address):
            pass
        tables = set(_written() - before)
        transaction.set_rollback(True)
    return tables - LINES - PASSING, bool(tables & LINES)


def _stays(client: Client, side: Side, address: Address) -> set[str]:
    """The same by what is different afterwards: a refusal undoes what it had written."""
    with transaction.atomic():
        before = fingerprint()
        for _answer in _presses(client, side, address):
            pass
        after = fingerprint()
        transaction.set_rollback(True)
    return {name for name in after if after[name] != before[name]} - PASSING


def test_whoever_changes_something_leaves_a_line() -> None:
    moved, silent = 0, []
    client = Client(raise_request_exception=False)
    side = a_side()
    for name in OBJECTS:
        side.id_of(name)
    client.force_login(side.members[Role.ADMIN].user)
    for address in team_pages():
        tables, has_line = _moved(client, side, address)
        moved += bool(tables)
        if tables and not has_line and not str(address).endswith(tuple(EXCEPTIONS)):
            silent += [f"{address}: {table}" for table in _stays(client, side, address)]
    assert silent == []
    assert moved >= AT_LEAST


def test_every_exception_is_an_address() -> None:
    addresses = [str(address) for address in team_pages()]

    assert [end for end in EXCEPTIONS if not any(each.endswith(end) for each in addresses)] == []
