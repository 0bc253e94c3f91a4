"""What a lead says about itself, in one form: phones, e-mails, countries, money, times.

Pure functions. Nothing here raises: what can't be read comes back as given, marked.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from django_countries import countries
from email_validator import EmailNotValidError, validate_email

from apps.teams.presentation import minor_digits

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PHONE_PREFIX = re.compile(r"^(?:p|tel|phone)\s*:", re.IGNORECASE)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+|[-+]?[1-9]\d{0,2}(\.\d{3}){2,}")
_GROUPED_MONEY = re.compile(r"[-+]?[1-9]\d{0,2}(\.\d{3})+")
_EPOCH = re.compile(r"-?\d{9,13}(\.\d+)?")
_SLASHED = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
_AMOUNT = re.compile(r"[-+]?\d[\d\s\u00a0\u202f.,'’]*")
_SCALES = {"k": 1_000, "tsd": 1_000, "m": 1_000_000, "mio": 1_000_000, "mn": 1_000_000}
_SCALES |= {"million": 1_000_000, "b": 10**9, "bn": 10**9, "mrd": 10**9, "billion": 10**9}
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "₹": "INR", "¥": "JPY", "R$": "BRL", "CHF": "CHF"}
_YES = frozenset({"yes", "y", "true", "1", "on", "ja", "oui", "si", "sí", "sim", "x"})
_NO = frozenset({"no", "n", "false", "0", "off", "nein", "non", "não", "nao"})
_COUNTRY_ALIASES = {
    "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "usa": "US", "united states": "US", "america": "US", "deutschland": "DE", "schweiz": "CH",
    "suisse": "CH", "osterreich": "AT", "oesterreich": "AT", "espana": "ES", "italia": "IT",
    "brasil": "BR", "korea": "KR", "south korea": "KR", "russia": "RU", "holland": "NL",
    "the netherlands": "NL", "turkey": "TR", "czech republic": "CZ", "uae": "AE", "vietnam": "VN",
    "belgie": "BE", "belgique": "BE", "nederland": "NL", "polska": "PL", "taiwan": "TW",
}  # fmt: skip
# With its "+". Shorter ones are typing errors, and nobody's own.
SHORTEST_NUMBER = 9
# Beyond it is a typing error, not an amount.
LARGEST = 10**15


@dataclass(frozen=True, slots=True)
class Phone:
    """`shown` as people read it, `key` in E.164 (empty if it can't be told), `is_valid`."""

    shown: str = ""
    key: str = ""
    is_valid: bool = False


@dataclass(frozen=True, slots=True)
class Email:
    """`shown` as given, `key` folded for comparison, `problem` in words if there is one."""

    shown: str = ""
    key: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Money:
    """Whole minor units (cents) of a currency."""

    minor: int
    currency: str


def text(raw: object, limit: int = 10_000) -> str:
    """Trimmed, in composed Unicode, without control characters; line breaks stay."""
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    words = unicodedata.normalize("NFC", _CONTROL.sub("", str("" if raw is None else raw)))
    return words.encode("utf-8", "replace").decode().strip()[:limit]


def line(raw: object, limit: int = 200) -> str:
    """Like `text`, on one line."""
    return " ".join(text(raw).split())[:limit]


def phone(raw: object, country: str = "") -> Phone:
    """A number in E.164; `country` (ISO 3166) is where a number without a prefix is dialled."""
    shown = _PHONE_PREFIX.sub("", line(raw)).strip()[:60]
    if not shown:
        return Phone()
    dialled = "+" + shown[2:] if shown.startswith("00") else shown
    try:
        parsed = phonenumbers.parse(dialled, country or None)
    except phonenumbers.NumberParseException:
        return Phone(shown)
    if not phonenumbers.is_possible_number(parsed):
        return Phone(shown)
    key = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if len(key) < SHORTEST_NUMBER:
        return Phone(shown)
    return Phone(key, key[:20], phonenumbers.is_valid_number(parsed))


def spaced(number: str) -> str:
    """A number in E.164 as people read it, "+49 30 23125007"; any other as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def email(raw: object) -> Email:
    """An address as given, with its folded key. A line break inside is refused outright."""
    given = str("" if raw is None else raw).strip()
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in given):
        return Email(problem="an e-mail address can’t hold a line break or control character")
    shown = line(given.removeprefix("mailto:"), 254)
    if not shown:
        return Email()
    try:
        checked = validate_email(shown, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        # Odd, but the same odd address twice is still the same person.
        return Email(shown, shown.casefold() if _ADDRESS.fullmatch(shown) else "", str(error)[:200])
    return Email(shown, checked.normalized.casefold()[:254])


def country(raw: object) -> str:
    """The ISO 3166 code of a country's code or name; empty if it is none."""
    words = _plain(line(raw))
    return _country_names().get(words, "") if words else ""


@lru_cache(maxsize=1)
def _country_names() -> dict[str, str]:
    names = dict(_COUNTRY_ALIASES)
    for code, name in countries:
        names[_plain(str(name))] = code
        names[code.casefold()] = code
        names[str(countries.alpha3(code)).casefold()] = code
    return names


def _plain(words: str) -> str:
    """Case-folded, without accents and punctuation."""
    bare = unicodedata.normalize("NFKD", words.casefold())
    kept = "".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    return " ".join(kept.split())


def number(raw: object) -> int | float | None:
    """A number as people write it: "1,250", "1.250,5", "12 k"; None for anything else."""
    amount = _amount(raw)
    if amount is None:
        return None
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def money(raw: object, currency: str) -> Money | None:
    """An amount in minor units; a sign or code within it wins over the default currency."""
    amount = _amount(raw, is_money=True)
    if amount is None:
        return None
    named = _currency_in(str(raw)) or currency
    minor = (amount * 10 ** minor_digits(named)).to_integral_value()
    return Money(int(minor), named) if abs(minor) < LARGEST else None


def _currency_in(words: str) -> str:
    code = re.search(r"\b([A-Z]{3})\b", words)
    if code:
        return code.group(1)
    return next((name for sign, name in reversed(_SIGNS.items()) if sign in words), "")


def _amount(raw: object, *, is_money: bool = False) -> Decimal | None:
    if isinstance(raw, bool) or raw is None:
        return None
    words = line(raw, 60)
    found = _AMOUNT.search(words)
    if not found:
        return None
    before, after = words[: found.start()].strip(), words[found.end() :].strip()
    scale = _scale(after, is_money) if is_money or after else 1
    if scale is None or (before and not (is_money and _is_currency(before))):
        return None
    # Nobody writes tenths of a cent: 1.000 typed as an amount of money is a thousand.
    return _decimal(found.group(), scale, is_text_money=is_money and isinstance(raw, str))


def _scale(after: str, is_money: bool) -> int | None:
    """What the word behind an amount multiplies it by; None if it is no such word."""
    words = after.casefold().rstrip(".").split()
    if words and words[0].rstrip(".") in _SCALES:
        scale, rest = _SCALES[words[0].rstrip(".")], after.split(maxsplit=1)[1:]
    else:
        scale, rest = 1, [after] if after else []
    if not rest or rest[0] == "+" or (is_money and _is_currency(rest[0])):
        return scale
    return None


def _is_currency(words: str) -> bool:
    words = words.strip(" +-")
    return words in _SIGNS or words.endswith("$") or bool(re.fullmatch(r"[A-Za-z]{3}", words))


def _decimal(digits: str, scale: int, *, is_text_money: bool) -> Decimal | None:
    digits = re.sub(r"[\s\u00a0\u202f'’]", "", digits).rstrip(".,")
    comma, dot = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and dot >= 0:
        thousands, point = (".", ",") if comma > dot else (",", ".")
        digits = digits.replace(thousands, "").replace(point, ".")
    elif _GROUPED.fullmatch(digits) or (is_text_money and _GROUPED_MONEY.fullmatch(digits)):
        digits = digits.replace(",", "").replace(".", "")
    else:
        digits = digits.replace(",", ".")
    try:
        amount = Decimal(digits) * scale
    except InvalidOperation:
        return None
    return amount if abs(amount) < LARGEST else None


def yes_no(raw: object) -> bool | None:
    """A yes or a no in a few languages; None for anything else."""
    if isinstance(raw, bool):
        return raw
    word = line(raw).casefold()
    return True if word in _YES else False if word in _NO else None


def when(raw: object, timezone: str = "UTC", *, month_first: bool = False) -> datetime | None:
    """A moment in UTC: ISO 8601, seconds since 1970, or day/month/year in `timezone`."""
    words = line(raw, 60)
    if _EPOCH.fullmatch(words):
        return _epoch(float(words))
    moment = _iso(words) or _slashed(words, month_first=month_first)
    if moment is None:
        return None
    try:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(timezone))
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def _iso(words: str) -> datetime | None:
    try:
        return datetime.fromisoformat(words)
    except ValueError:
        return None


def _epoch(seconds: float) -> datetime | None:
    seconds = seconds / 1000 if abs(seconds) > 10**11 else seconds
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _slashed(words: str, *, month_first: bool) -> datetime | None:
    found = _SLASHED.fullmatch(words)
    if not found:
        return None
    first, second, year, hour, minute, second_of = (int(part or 0) for part in found.groups())
    is_month_first = (month_first and first <= 12) or second > 12
    day, month = (second, first) if is_month_first else (first, second)
    try:
        return datetime(year, month, day, hour, minute, second_of)  # noqa: DTZ001 - the caller's zone follows
    except ValueError:
        return None
