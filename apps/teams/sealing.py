"""Composite foreign keys: a row of a team can point only to rows of the same team.

Django's own key says that the row pointed to exists. `SealTeam` puts in its place a key over
(team_id, x_id) → (team_id, id), which says that and that both are of one team. One key for
another: an insert costs what it cost before.
"""

from typing import Any

from django.apps.registry import Apps
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class SealTeam(Operation):
    """Seal the named foreign keys of one model. The targets are unique over (team, id)."""

    reversible = True
    reduces_to_sql = True
    atomic = True

    def __init__(self, model_name: str, fields: list[str]) -> None:
        self.model_name = model_name
        self.fields = fields

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Django's picture of the model stays as it is: the key is still a key to that table."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for table, column, target in self._keys(app_label, to_state.apps):
            for name in _names_of_keys(schema_editor, table, [column]):
                schema_editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
            schema_editor.execute(
                f'ALTER TABLE "{table}" ADD CONSTRAINT "{_sealed_name(table, column)}" '
                f'FOREIGN KEY (team_id, "{column}") REFERENCES "{target}" (team_id, id) '
                "DEFERRABLE INITIALLY DEFERRED"
            )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for table, column, target in self._keys(app_label, to_state.apps):
            name = _sealed_name(table, column)
            schema_editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
            schema_editor.execute(
                f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_{column}_fk" '
                f'FOREIGN KEY ("{column}") REFERENCES "{target}" (id) '
                "DEFERRABLE INITIALLY DEFERRED"
            )

    def describe(self) -> str:
        return f"Seal {self.model_name} ({', '.join(self.fields)}) within its team"

    @property
    def migration_name_fragment(self) -> str:
        return f"seal_{self.model_name.lower()}"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "SealTeam", [], {"model_name": self.model_name, "fields": self.fields}

    def _keys(self, app_label: str, apps: Apps) -> list[tuple[str, str, str]]:
        """(table, column, target table) of each sealed key."""
        model: type[models.Model] = apps.get_model(app_label, self.model_name)
        keys = []
        for name in self.fields:
            field: Any = model._meta.get_field(name)
            keys.append((model._meta.db_table, field.column, field.related_model._meta.db_table))
        return keys


def _sealed_name(table: str, column: str) -> str:
    return f"{table}_{column}_team"[:63]


def _names_of_keys(
    schema_editor: BaseDatabaseSchemaEditor, table: str, columns: list[str]
) -> list[str]:
    with schema_editor.connection.cursor() as cursor:
        found = schema_editor.connection.introspection.get_constraints(cursor, table)
    return [name for name, key in found.items() if key["foreign_key"] and key["columns"] == columns]
