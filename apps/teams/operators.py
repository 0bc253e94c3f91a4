"""The Django admin's ground: what its pages have in common, and who acts through them.

Staff look after the whole installation. What they change in a team is written into that team's
audit log; what a service guards can only be read here.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from apps.accounts.models import User
from apps.teams import audit
from apps.teams.access import Access
from apps.teams.models import Team

MOST_COUNTED = 10_000


class ShortPaginator(Paginator):
    """Counts no further than MOST_COUNTED: tables here grow to millions of rows."""

    @cached_property
    def count(self) -> int:
        rows = cast("models.QuerySet[Any]", self.object_list)
        return len(rows.order_by().values_list("pk")[:MOST_COUNTED])


def operator(team: Team, request: HttpRequest) -> Access:
    """The right of the person at the admin: the system's, in her name."""
    return replace(Access.system(team), user=cast(User, request.user))


class Tidy(admin.ModelAdmin):
    """Lists that stay quick with many rows."""

    list_per_page = 50
    show_full_result_count = False
    paginator = ShortPaginator

    def get_list_select_related(self, request: HttpRequest) -> Any:
        """The related rows that the list names."""
        meta = self.model._meta
        named = {field.name for field in meta.fields if isinstance(field, models.ForeignKey)}
        return [name for name in self.list_display if name in named] or False


class ReadOnly(Tidy):
    """Rows that a service writes, or that prove something: to be read only."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    """Rows of a row, to be read only."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OfTeam(Tidy):
    """Configuration of a team. A row never moves to another team; each change is audited."""

    autocomplete_fields: ClassVar[tuple[str, ...]] = ("team",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = tuple(super().get_readonly_fields(request, obj))
        return (*fields, "team") if obj else fields

    def get_autocomplete_fields(self, request: HttpRequest) -> Any:
        return self.autocomplete_fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self.note(request, obj, "changed" if change else "added", fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.note(request, obj, "deleted", fields=[])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def note(self, request: HttpRequest, obj: Any, deed: str, *, fields: list[str]) -> None:
        """One line in the audit log; which settings, never what they hold."""
        audit.record(
            by=operator(obj.team, request),
            action=f"admin.{obj._meta.model_name}_{deed}",
            target=obj,
            now=timezone.now(),
            detail={"fields": fields},
        )
