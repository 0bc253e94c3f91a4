"""What the description of the API (OpenAPI) says alike about every view, and where it is served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter, inline_serializer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import serializers

from apps.capture.models import Capture
from apps.teams.policy import Policy

_OPEN = Policy("public", reason="the description of the API holds no data")


class Schema(SpectacularAPIView):
    policy = _OPEN


class Docs(SpectacularSwaggerSplitView):
    """The description to read and try; its script is a file of its own, as our CSP asks."""

    policy = _OPEN
    url_name = "api:schema"
    template_name = "api/docs.html"


class Refusal(serializers.Serializer[Any]):
    """What is wrong and what to do; `errors` names fields, `reason` is a word for programs."""

    detail = serializers.CharField()
    reason = serializers.CharField(required=False)
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False
    )


class Gone(serializers.Serializer[Any]):
    """Too late for an offer."""

    detail = serializers.CharField()
    taken_by = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)
    ms_before = serializers.IntegerField(allow_null=True)
    state = serializers.CharField()


class Made(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    at = serializers.DateTimeField()


class CaptureAnswer(serializers.Serializer[Any]):
    """What became of a lead that was sent."""

    capture = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=Capture.Outcome.choices)
    lead = serializers.UUIDField(allow_null=True)
    owner = serializers.CharField(allow_null=True)
    offer = serializers.UUIDField(allow_null=True)
    decision = serializers.UUIDField(allow_null=True)


REFUSALS: Mapping[int, type[serializers.Serializer[Any]]] = {
    400: Refusal, 401: Refusal, 403: Refusal, 404: Refusal,
}  # fmt: skip
PAGE = [
    OpenApiParameter("cursor", str, description="From `next` or `previous` of a page."),
    OpenApiParameter("page_size", int, description="50 unless asked, 200 at most."),
]
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The version that is being changed."
)
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER, description="The same again: the same answer."
)
FILTERS: Mapping[str, str] = {
    "q": "Words in name, company, e-mail or phone.",
    "owner": "A member's id, `me` or `none`.",
    "had": "A member who had the lead at some time.",
    "source": "A source's id.",
    "status": "`open`, `closed` or a kind of status.",
    "stage": "Where the lead stands on its road.",
    "band": "Minutes to the first attempt, such as `5-15` or `60-`, or `never`.",
    "clock": "`clock` or `business`: what `band` and `target` count.",
    "target": "`met` or `missed`.",
    "from": "First day received, such as `2026-11-21`, in the team's time zone.",
    "to": "Last day received.",
    "untouched": "`1`: open and without an attempt.",
    "contacted": "`1`: replied or talked to.",
    "counted": "`1`: neither spam nor test.",
    "score_band": "`A`, `B`, `C` or `D`.",
}


def ordering(orders: Iterable[str]) -> OpenApiParameter:
    return OpenApiParameter("ordering", str, enum=list(orders), description="Order of the list.")


def page(shape: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """A page of such rows."""
    return inline_serializer(
        name=f"PageOf{shape.__name__.removesuffix('Shape')}s",
        fields={
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": shape(many=True),
        },
    )
