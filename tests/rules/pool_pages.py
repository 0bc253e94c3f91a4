"""Pools' forms as browsers send them."""

from __future__ import annotations

from typing import Any

FORM = {
    "name": "DACH", "handover": "turn:assign", "window_seconds_0": "90", "window_seconds_1": "1",
    "response_seconds_0": "", "response_seconds_1": "60", "overflow": "manager",
    "empty_policy": "hold", "open_hours": "team", "max_hops": "3", "business_time": "on",
    "respects_hours": "on", "is_active": "on",
}  # fmt: skip


def posted(page: Any) -> dict[str, Any]:
    """What a browser would send if nobody touched the pool's form."""
    form = page.context["form"]
    data: dict[str, Any] = {}
    forms = [form, page.context["hours"], *(
        each
        for needs in (form.filters, form.fit)
        for each in (needs.plain, *(row for rows in needs.rows.values() for row in rows))
    )]  # fmt: skip
    for each in forms:
        for field in each:
            data |= as_sent(field)
    return data


def as_sent(field: Any) -> dict[str, Any]:
    value = field.value()
    if hasattr(field.field.widget, "widgets"):
        parts = field.field.widget.decompress(value)
        return {
            f"{field.html_name}_{number}": "" if part is None else part
            for number, part in enumerate(parts)
        }
    if value is None or value is False:
        return {}
    return {field.html_name: "on" if value is True else value}


def page_errors(answer: Any) -> Any:
    return answer.context and answer.context["form"].errors
