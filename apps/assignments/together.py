"""Rows of several tables written by one statement: one round trip for one decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

Fragment = tuple[str, Sequence[Any]]


def write(rows: Sequence[models.Model], updates: Sequence[Fragment] = ()) -> None:
    """Insert `rows` (of any models, ids given) and run `updates` in a single statement.

    An update is `(sql, parameters)`. All parts see the same snapshot, and foreign keys among
    the rows hold because PostgreSQL checks them when the statement ends.
    """
    parts = [_insert(group) for group in _by_model(rows)] + list(updates)
    if not parts:
        return
    *firsts, (last, last_parameters) = parts
    withs = ", ".join(f"w{number} AS ({sql})" for number, (sql, _) in enumerate(firsts))
    parameters = [value for _, values in firsts for value in values] + list(last_parameters)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {withs} {last}" if withs else last, parameters)
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


def _by_model(rows: Sequence[models.Model]) -> list[list[models.Model]]:
    groups: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        groups.setdefault(type(row), []).append(row)
    return list(groups.values())


def _insert(rows: list[models.Model]) -> Fragment:
    fields = rows[0]._meta.concrete_fields
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    row_marks = "(" + ", ".join(["%s"] * len(fields)) + ")"
    marks = ", ".join([row_marks] * len(rows))
    table = connection.ops.quote_name(rows[0]._meta.db_table)
    values = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for row in rows
        for field in fields
    ]
    return f"INSERT INTO {table} ({columns}) VALUES {marks}", values
