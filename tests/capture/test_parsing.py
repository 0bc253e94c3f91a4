"""Whatever bytes come in: named fields, or a reason; never an exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.capture.reading.parsing import parse

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"email": "rosa@example.com"}', JSON),
        (b'\xef\xbb\xbf{"email": "rosa@example.com"}', JSON),
        ('{"email": "rosa@example.com"}'.encode("utf-16"), JSON),
        ('{"email": "rosa@example.com"}'.encode("utf-16-le"), JSON),
        (b'{"email": "rosa@example.com"}', "text/plain"),
        (b'{"email": "rosa@example.com"}', FORM),
        (b'[{"email": "rosa@example.com"}]', JSON),
        (b"email=rosa%40example.com", FORM),
        (b"email=rosa%40example.com", "text/plain"),
        (b"email=rosa%40example.com", ""),
        (
            b'--X\r\nContent-Disposition: form-data; name="email"\r\n\r\nrosa@example.com\r\n--X--',
            "multipart/form-data; boundary=X",
        ),
    ],
)
def test_a_body_is_read_by_what_it_says_or_looks_like(body: bytes, content_type: str) -> None:
    assert parse(body, content_type).data == {"email": "rosa@example.com"}


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"", JSON, "empty"),
        (b" \r\n\x00", JSON, "empty"),
        (b"[" * 100_000 + b"]" * 100_000, JSON, "nested too deeply"),
        (b'{"a":' * 3_000 + b"1" + b"}" * 3_000, JSON, "nested too deeply"),
        (b"[1, 2]", JSON, "A list came"),
        (b'"rosa@example.com"', JSON, "single value"),
        (b"42", JSON, "single value"),
        (b"{}", JSON, "no fields"),
        (b'{"email"', JSON, "breaks off at line 1"),
        (b"hello", "text/plain", "neither JSON nor a form"),
        (b"a=1&" * 3_000, FORM, "2,000 fields"),
    ],
)
def test_what_can_not_be_read_has_a_reason(body: bytes, content_type: str, reason: str) -> None:
    parsed = parse(body, content_type)

    assert parsed.data is None
    assert reason in parsed.reason


@pytest.mark.parametrize(
    ("body", "value", "warning"),
    [
        (b'{"a": NaN}', None, "NaN is not a value"),
        (b'{"a": -Infinity}', None, "-Infinity is not a value"),
        (b'{"a": 1e400}', None, "1e400 is too large"),
        (b'{"a": "x\\u0000y"}', "xy", "NUL"),
        (b'{"a": "x\\ud800"}', "x\ufffd", "lone surrogate"),
        (b'{"a": 1, "a": 2}', 2, "came twice"),
        ('{"a": "Müller"}'.encode("latin-1"), "Müller", "Windows-1252"),
    ],
)
def test_what_no_database_can_hold_is_mended_with_a_warning(
    body: bytes, value: object, warning: str
) -> None:
    parsed = parse(body, JSON)

    assert parsed.data == {"a": value}
    assert any(warning in words for words in parsed.warnings)


def test_an_integer_of_5000_digits_is_kept_as_text() -> None:
    assert parse(b'{"a": ' + b"9" * 5_000 + b"}", JSON).data == {"a": "9" * 5_000}


def test_repeated_form_fields_become_a_list() -> None:
    assert parse(b"interest=solar&interest=wind", FORM).data == {"interest": ["solar", "wind"]}


@given(st.binary(max_size=300), st.sampled_from([JSON, FORM, "multipart/form-data", "", "é"]))
def test_no_bytes_at_all_raise(body: bytes, content_type: str) -> None:
    parsed = parse(body, content_type)

    assert (parsed.data is None) == bool(parsed.reason)
