"""Refusals of the API: JSON that names what is wrong and the remedy."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from apps.assignments.services import ClaimRefused, DoNotContact, OfferGone
from apps.leads.services import StaleLead

NOT_FOUND = "There is nothing here, or it is not yours to see."


class Unprocessable(APIException):
    """422: well formed, but it can't be done, such as an id in the body that leads nowhere."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY

    def __init__(self, detail: str, **errors: str) -> None:
        super().__init__({"detail": detail, "errors": {name: [e] for name, e in errors.items()}})


class TooLarge(APIException):
    """413"""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large: send 1 MB at most."


def unknown(field: str) -> Unprocessable:
    """The one answer for an id in a body that does not exist, or belongs to others."""
    return Unprocessable("Not everything in the body exists.", **{field: "No such id."})


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an exception; None for a bug, which stays a 500."""
    if isinstance(error, OfferGone):
        return Response(_gone(error), status.HTTP_409_CONFLICT)
    if isinstance(error, ClaimRefused):
        refused = {"detail": error.message, "reason": error.reason}
        return Response(refused, status.HTTP_403_FORBIDDEN)
    if isinstance(error, StaleLead):
        detail = f"{error} Read the lead again and repeat the change with its new version."
        return Response({"detail": detail}, status.HTTP_412_PRECONDITION_FAILED)
    if isinstance(error, DoNotContact):
        refused = {"detail": str(error), "reason": "do_not_contact"}
        return Response(refused, status.HTTP_403_FORBIDDEN)
    if isinstance(error, Http404 | ObjectDoesNotExist | NotFound):
        detail = str(error.detail) if isinstance(error, NotFound) else NOT_FOUND
        return Response({"detail": detail}, status.HTTP_404_NOT_FOUND)
    if isinstance(error, PermissionDenied):
        refused = {"detail": str(error) or "You may not do this.", "reason": "permission"}
        return Response(refused, status.HTTP_403_FORBIDDEN)
    if isinstance(error, ValidationError):
        return Response(_invalid(error), status.HTTP_400_BAD_REQUEST)
    return exception_handler(error, context)


def _gone(error: OfferGone) -> dict[str, Any]:
    return {
        "detail": str(error),
        "taken_by": error.taken_by,
        "at": error.at.isoformat() if error.at else None,
        "ms_before": error.ms_before,
        "state": error.state,
    }


def _invalid(error: ValidationError) -> dict[str, Any]:
    detail: Any = error.detail
    if not isinstance(detail, dict):
        words = detail if isinstance(detail, list) else [detail]
        return {"detail": " ".join(str(word) for word in words), "errors": {}}
    named = ", ".join(str(name) for name in detail)
    return {"detail": f"Mend these fields: {named}.", "errors": _sendable(detail)}


def _sendable(detail: Any) -> Any:
    """The refusals, which may quote half a character of the body, as text that UTF-8 can hold."""
    if isinstance(detail, dict):
        return {name: _sendable(value) for name, value in detail.items()}
    if isinstance(detail, list):
        return [_sendable(value) for value in detail]
    return str(detail).encode("utf-8", "replace").decode()
