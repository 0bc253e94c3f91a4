"""The words in braces that a script may hold, and what they become."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# What each stands for, in the words that the page shows beside the field.
MEANINGS = {
    "lead": _("the lead’s name"),
    "first_name": _("her first name"),
    "company": _("her company"),
    "me": _("who sends it"),
    "team": _("your team"),
}
_WORD = re.compile(r"\{([^{}]*)\}")
_GAP_BEFORE_MARK = re.compile(r"[ \t]+([,.!?;:])")
_GAPS = re.compile(r"[ \t]{2,}")


def refuse_unknown(text: str) -> None:
    """ValidationError that names every placeholder nobody would fill in."""
    unknown = sorted({word for word in _WORD.findall(text) if word not in MEANINGS})
    if unknown:
        raise ValidationError(
            _("There is no %(unknown)s. Use %(known)s."),
            params={"unknown": _in_braces(unknown), "known": _in_braces(MEANINGS)},
            code="unknown_placeholder",
        )


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled; what is not known leaves no gap behind."""
    filled = _WORD.sub(lambda word: values.get(word[1], word[0]), text)
    if filled == text:
        return text
    return _GAPS.sub(" ", _GAP_BEFORE_MARK.sub(r"\1", filled)).strip()


def _in_braces(words: object) -> str:
    return ", ".join(f"{{{word}}}" for word in words)  # type: ignore[attr-defined]
