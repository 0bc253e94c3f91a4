"""What every list of the API does alike: pages by cursor, and no guessing about order."""

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class CappedCursorPagination(CursorPagination):
    """Pages by cursor, newest first, at most 200 rows a page whatever is asked for."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering: Any = "-pk"  # UUIDv7: the order of making


class StrictOrderingFilter(OrderingFilter):
    """`?ordering=` by a field that the view does not name is answered with 400."""

    def remove_invalid_fields(
        self, queryset: QuerySet[Any], fields: Any, view: Any, request: Request
    ) -> list[str]:
        valid = {
            name for name, _label in self.get_valid_fields(queryset, view, {"request": request})
        }
        for field in fields:
            if field.removeprefix("-") not in valid:
                raise ValidationError(
                    {"ordering": f"Unknown field “{field}”. Use one of {', '.join(sorted(valid))}."}
                )
        return list(fields)

    def get_default_valid_fields(
        self, queryset: QuerySet[Model], view: Any, context: Any = None
    ) -> list[tuple[str, str]]:
        """Nothing: a view lists what may be sorted, so that no column leaks by its order."""
        return []
