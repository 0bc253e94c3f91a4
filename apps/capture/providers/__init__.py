"""How each kind of source reads its bodies. A provider is one file with `read`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from apps.capture.drafts import LeadDraft
from apps.capture.providers import copy, form, json
from apps.capture.reading.mapping import Terms
from apps.leads.models import Source

Read = Callable[[Mapping[str, Any], Terms, Mapping[str, Any]], LeadDraft]
_READERS: Mapping[str, Read] = {Source.Kind.FORM: form.read, Source.Kind.COPY: copy.read}


def read(source: Source, data: Mapping[str, Any], terms: Terms) -> LeadDraft:
    """The lead that a body of this source describes."""
    reader = _READERS.get(source.kind, json.read)
    return reader(data, terms, source.form_settings)
