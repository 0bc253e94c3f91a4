"""From bytes to a dictionary, whatever the bytes are. `parse` never raises."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _

LARGEST_BODY = 1024 * 1024
MOST_FIELDS = 2000
LONGEST_INTEGER = 18
DEEPEST = 20
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)


@dataclass(slots=True)
class Parsed:
    """`data` by name, or None and the `reason` why not. `warnings` say what was mended."""

    data: dict[str, Any] | None = None
    reason: str = ""
    warnings: list[str] = field(default_factory=list)

    def warn(self, words: str) -> None:
        if words not in self.warnings:
            self.warnings.append(words)


class _Unreadable(Exception):
    """The body can't be read; the message says why, for the person who mends it."""


def parse(body: bytes, content_type: str = "") -> Parsed:
    """Read a body as JSON or as a form: by its content type, else by its looks."""
    parsed = Parsed()
    try:
        reader = _reader(body, content_type)
        parsed.data = _cleaned(reader(body, content_type, parsed), parsed)
    except _Unreadable as error:
        parsed.reason = str(error)
    except RecursionError:
        parsed.reason = _("The body is nested too deeply to be a lead.")
    except Exception as error:  # a body must never take the capture down with it
        parsed.reason = _("The body could not be read (%(error)s).") % {
            "error": type(error).__name__
        }
    return parsed


Reader = Callable[[bytes, str, Parsed], Any]


def _reader(body: bytes, content_type: str) -> Reader:
    if not body.strip(b"\x00\t\r\n "):
        raise _Unreadable(_("The body is empty."))
    kind = content_type.split(";")[0].strip().casefold()
    if kind == "multipart/form-data":
        return _read_multipart
    if kind == "application/x-www-form-urlencoded" and not _looks_like_json(body):
        return _read_form
    if _looks_like_json(body) or kind.endswith("json"):
        return _read_json
    if b"=" in body:
        return _read_form
    raise _Unreadable(
        _("The body is neither JSON nor a form (its content type is “%(type)s”).")
        % {"type": kind or _("missing")}
    )


def _looks_like_json(body: bytes) -> bool:
    return body.lstrip(b"\xef\xbb\xbf\xff\xfe\x00\t\r\n ")[:1] in (b"{", b"[", b'"')


def _read_json(body: bytes, content_type: str, parsed: Parsed) -> Any:
    words = _decoded(body, content_type, parsed)
    try:
        return json.loads(
            words,
            parse_constant=_without(parsed),
            parse_float=_float(parsed),
            parse_int=lambda digits: int(digits) if len(digits) <= LONGEST_INTEGER else digits,
            object_pairs_hook=_object(parsed),
        )
    except json.JSONDecodeError as error:
        raise _Unreadable(
            _("The JSON breaks off at line %(line)d, column %(column)d: %(why)s.")
            % {"line": error.lineno, "column": error.colno, "why": error.msg}
        ) from error


def _without(parsed: Parsed) -> Callable[[str], None]:
    def constant(name: str) -> None:
        parsed.warn(_("%(name)s is not a value; it was left out.") % {"name": name})

    return constant


def _float(parsed: Parsed) -> Callable[[str], float | None]:
    def read(digits: str) -> float | None:
        value = float(digits)
        if value in (float("inf"), float("-inf")):
            parsed.warn(_("%(number)s is too large; it was left out.") % {"number": digits[:20]})
            return None
        return value

    return read


def _object(parsed: Parsed) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key, value in pairs:
            if key in built:
                parsed.warn(_("“%(key)s” came twice; the last value counts.") % {"key": key[:60]})
            built[key] = value
        return built

    return build


def _read_form(body: bytes, content_type: str, parsed: Parsed) -> dict[str, Any]:
    words = _decoded(body, content_type, parsed)
    try:
        pairs = parse_qsl(words.strip(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise _Unreadable(_("The form has more than 2,000 fields.")) from error
    return _gathered(pairs)


def _read_multipart(body: bytes, content_type: str, parsed: Parsed) -> dict[str, Any]:
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + content_type.encode("ascii", "ignore") + b"\r\n\r\n" + body
    )
    if not message.is_multipart():
        raise _Unreadable(_("The form’s parts could not be told apart."))
    pairs = [_part(part, parsed) for part in message.iter_parts()]
    return _gathered([pair for pair in pairs if pair[0]])


def _part(part: Message, parsed: Parsed) -> tuple[str, str]:
    name = str(part.get_param("name", "", header="content-disposition"))
    if part.get_filename():
        parsed.warn(_("The file in “%(name)s” was left out.") % {"name": name[:60]})
        return "", ""
    payload = part.get_payload(decode=True)
    given = payload if isinstance(payload, bytes) else b""
    return name, _decoded(given, str(part.get("content-type", "")), parsed)


def _gathered(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Repeated names become lists, as check boxes send them."""
    gathered: dict[str, Any] = {}
    for name, value in pairs:
        if name not in gathered:
            gathered[name] = value
        elif isinstance(gathered[name], list):
            gathered[name].append(value)
        else:
            gathered[name] = [gathered[name], value]
    return gathered


def _decoded(body: bytes, content_type: str, parsed: Parsed) -> str:
    """Text by its BOM, its declared charset, UTF-8, or else as Windows writes it."""
    for encoding in _encodings(body, content_type):
        try:
            return body.decode(encoding).lstrip("\ufeff")
        except (UnicodeDecodeError, LookupError):
            continue
    parsed.warn(_("The text is not valid UTF-8; it was read as Windows-1252."))
    return body.decode("cp1252", "replace")


def _encodings(body: bytes, content_type: str) -> list[str]:
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return ["utf-16"]
    guessed = json.detect_encoding(body[:4]) if b"\x00" in body[:4] else "utf-8-sig"
    declared = _CHARSET.search(content_type)
    return [declared.group(1), guessed] if declared else [guessed]


def _cleaned(data: Any, parsed: Parsed) -> dict[str, Any]:
    """The one object of the body, its texts without what no database can hold."""
    if isinstance(data, list) and len(data) == 1 and isinstance(data[0], dict):
        parsed.warn(_("The lead came inside a list."))
        data = data[0]
    if isinstance(data, list):
        raise _Unreadable(_("A list came. Send one lead in each request."))
    if not isinstance(data, dict):
        raise _Unreadable(_("A single value came, not an object with named fields."))
    if not data:
        raise _Unreadable(_("The body holds no fields."))
    return {_text(key, parsed): _clean(value, parsed) for key, value in data.items()}


def _clean(value: Any, parsed: Parsed, depth: int = DEEPEST) -> Any:
    if isinstance(value, str):
        return _text(value, parsed)
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        parsed.warn(_("What is nested more than 20 levels deep was left out."))
        return None
    if isinstance(value, list):
        return [_clean(item, parsed, depth - 1) for item in value]
    return {_text(key, parsed): _clean(item, parsed, depth - 1) for key, item in value.items()}


def _text(value: str, parsed: Parsed) -> str:
    if "\x00" in value:
        parsed.warn(_("A NUL character was left out."))
        value = value.replace("\x00", "")
    if _LONE_SURROGATE.search(value):
        parsed.warn(_("Half a character (a lone surrogate) was replaced."))
        value = _LONE_SURROGATE.sub("\ufffd", value)
    return value
