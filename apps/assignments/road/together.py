"""Rows of several tables written by one statement: one round trip for one decision."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models

from apps.teams.fixed import prepared

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
    with prepared() as cursor:
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
    head, row_marks, fields = _columns(type(rows[0]))
    values = [
        getattr(row, field.attname)
        if is_plain
        else field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for row in rows
        for field, is_plain in fields
    ]
    return f"{head} VALUES {', '.join([row_marks] * len(rows))}", values


# What the driver takes as it is: for these the field would only look at the value again.
PLAIN = frozenset({
    models.BooleanField, models.CharField, models.DateTimeField, models.FloatField,
    models.ForeignKey, models.PositiveBigIntegerField, models.PositiveIntegerField,
    models.PositiveSmallIntegerField, models.SmallIntegerField, models.TextField,
    models.UUIDField,
})  # fmt: skip


@lru_cache
def _columns(model: type[models.Model]) -> tuple[str, str, list[tuple[Any, bool]]]:
    """The beginning of an INSERT, the marks of a row, and each field with whether it is plain."""
    fields = model._meta.concrete_fields
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    marks = "(" + ", ".join(["%s"] * len(fields)) + ")"
    plain = [(field, type(field) in PLAIN and not _fills_itself(field)) for field in fields]
    return f"INSERT INTO {table} ({columns})", marks, plain


def _fills_itself(field: Any) -> bool:
    return bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))
