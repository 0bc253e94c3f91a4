"""Queries of the hot path whose text never changes: written by the ORM once, run many times.

Compiling a queryset costs more than the statement itself, and planning it again costs the server
as much as running it. Nothing else differs: columns come from the models, values travel as
parameters, and statements are logged and counted as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, models
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import QuerySet

Row = tuple[Any, ...]
M = TypeVar("M", bound=models.Model)


class _PreparedCursor(ServerBindingCursor):
    """Remembers its statement, so that logs and tests read it as those of other cursors."""

    def _convert_query(self, *arguments: Any, **named: Any) -> Any:
        self._query = super()._convert_query(*arguments, **named)  # type: ignore[misc]
        return self._query


@contextmanager
def prepared() -> Iterator[Any]:
    """A cursor for hand-written statements of fixed text.

    The server plans one that comes often once for each connection. Behind PgBouncer it can't.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    raw = _PreparedCursor(connection.connection)  # type: ignore[call-arg]
    with connection._prepare_cursor(raw) as cursor:  # type: ignore[attr-defined]
        yield cursor


class Fixed:
    """`query` makes a values_list queryset of its arguments; `like` are examples of them.

    The examples must differ from each other and from any constant of the query.
    """

    def __init__(self, query: Callable[..., QuerySet[Any, Any]], **like: Any) -> None:
        self._query = query
        self._like = like
        self._compiled: tuple[str, list[tuple[Any, str | None]], list[Any]] | None = None

    def rows(self, **values: Any) -> list[Row]:
        """What the query finds for these values."""
        sql, marks, converters = self._compiled or self._compile()
        parameters = [values[name] if name else constant for constant, name in marks]
        with prepared() as cursor:
            cursor.execute(sql, parameters)
            found = cursor.fetchall()
        return [_converted(row, converters) for row in found] if converters else found

    def _compile(self) -> tuple[str, list[tuple[Any, str | None]], list[Any]]:
        compiler = self._query(**self._like).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        marks = [(value, self._name_of(value)) for value in parameters]
        named = {name for _, name in marks if name}
        assert named == self._like.keys(), f"Not found in the query: {self._like.keys() - named}"
        selected = [column[0] for column in compiler.select[: compiler.col_count]]
        converters = list(compiler.get_converters(selected).items())
        self._compiled = sql, marks, converters
        return self._compiled

    def _name_of(self, value: Any) -> str | None:
        plain = getattr(value, "obj", value)  # the driver wraps bytes
        return next((name for name, example in self._like.items() if example == plain), None)


def _converted(row: Row, converters: list[Any]) -> Row:
    values = list(row)
    for place, (steps, expression) in converters:
        for step in steps:
            values[place] = step(values[place], expression, connection)
    return tuple(values)


def columns(model: type[models.Model]) -> list[str]:
    """The names of all columns of a model, for values_list."""
    return [field.attname for field in model._meta.concrete_fields]


def through(relation: str, names: Sequence[str]) -> list[str]:
    """The same names seen through a relation."""
    return [f"{relation}__{name}" for name in names]


def instance(model: type[M], names: Sequence[str], values: Sequence[Any]) -> M:
    """A model with these columns; the others are read when somebody asks for them."""
    return model.from_db(connection.alias, names, values)
