"""What every view of the API does alike: its policy, its parser, its refusals, its pages."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import IO, Any, ClassVar
from uuid import UUID

from django.core.exceptions import ValidationError as NoSuchValue
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api import errors
from apps.api.auth import access_of
from apps.teams.access import Access
from apps.teams.policy import Policy

LARGEST_BODY = 1024 * 1024


class StrictJson(JSONParser):
    """JSON of at most 1 MB. Whatever can't be read is a 400, and never a 500."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise errors.TooLarge
        try:
            return json.loads(body.decode(), parse_constant=_no_constant, parse_float=_finite)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"This is not JSON that can be read: {str(error)[:200]}") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


class HasPermission(BasePermission):
    """The view's policy, asked of the access behind the request."""

    message = "You may not do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        view.access = access_of(request)
        needed = view.policy.needed(request.method)
        self.message = f"This needs the permission “{needed}”."
        return needed is None or view.access.can(needed)


class TeamView(APIView):
    """A view of one team. `access` is there once the request is allowed."""

    policy: ClassVar[Policy]
    access: Access
    permission_classes = (HasPermission,)
    parser_classes = (StrictJson,)

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return errors.handle


class Pages(CursorPagination):
    """Pages by cursor in one of the orders that the view allows, 200 rows at most."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"

    def __init__(self, orders: Mapping[str, tuple[str, ...]], default: str) -> None:
        self._orders, self._default = orders, default

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> tuple[str, ...]:
        asked = request.query_params.get("ordering", self._default)
        if asked not in self._orders:
            allowed = ", ".join(sorted(self._orders))
            raise ValidationError({"ordering": [f"Use one of {allowed}."]})
        self._sorted_by = _column(queryset, self._orders[asked][0])
        return self._orders[asked]

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The place that the address names; 404 for one that no answer of ours named."""
        cursor = super().decode_cursor(request)
        try:
            if cursor is not None and cursor.position is not None:
                self._sorted_by.to_python(cursor.position)
        except NoSuchValue as error:
            raise NotFound(self.invalid_cursor_message) from error
        return cursor


def _column(rows: QuerySet[Any], order: str) -> Any:
    name = order.removeprefix("-")
    return rows.model._meta.pk if name == "pk" else rows.model._meta.get_field(name)


LATEST = {"-created": ("-pk",), "created": ("pk",)}


def listed(
    rows: QuerySet[Any],
    request: Request,
    shape: Callable[[Any], dict[str, Any]],
    *,
    orders: Mapping[str, tuple[str, ...]] = LATEST,
    default: str = "-created",
) -> Response:
    """One page of rows in their shape, with the addresses of the pages beside it."""
    pages = Pages(orders, default)
    page = pages.paginate_queryset(rows, request) or []
    return pages.get_paginated_response([shape(row) for row in page])


class Strict(serializers.Serializer[Any]):
    """A body in which every field counts: what can't be written is refused by name."""

    refusals: ClassVar[Mapping[str, str]] = {}  # field → why it can't be written, what to do

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            wrong = {
                printable(name): [self.refusals.get(name, "There is no such field.")]
                for name in data
                if name not in self.fields
            }
            if wrong:
                raise ValidationError(wrong)
        return super().to_internal_value(data)


def printable(name: object) -> str:
    """A name that a caller made up, safe to send back."""
    return str(name)[:60].encode("utf-8", "replace").decode()


def read(body: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The validated body; 400 naming each field that needs mending."""
    reader = body(data=request.data)
    reader.is_valid(raise_exception=True)
    return dict(reader.validated_data)


def id_in(request: Request, name: str) -> UUID | None:
    """An id in the query; 400 if it is none."""
    text = request.query_params.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise ValidationError({name: ["This is no id."]}) from None


def choice_in(request: Request, name: str, values: tuple[str, ...], default: str) -> str:
    """One of these words in the query; 400 naming them."""
    text = request.query_params.get(name, "") or default
    if text not in values:
        raise ValidationError({name: [f"Use one of {', '.join(values)}."]})
    return text
