"""What people and exports write, and what a lead keeps of it."""

from datetime import UTC, datetime

import pytest

from apps.leads import normalise


@pytest.mark.parametrize(
    ("given", "country", "key"),
    [
        ("p:+919876543210", "", "+919876543210"),
        ("p:+91 98765 43210", "", "+919876543210"),
        ("00919876543210", "", "+919876543210"),
        ("0612345678", "MA", "+212612345678"),
        ("+1 (555) 123-4567", "", "+15551234567"),
        ("5551234567", "US", "+15551234567"),
    ],
)
def test_a_phone_number_is_kept_in_e164(given: str, country: str, key: str) -> None:
    phone = normalise.phone(given, country)

    assert (phone.shown, phone.key) == (key, key)


def test_a_number_that_nobody_can_dial_is_kept_as_it_is() -> None:
    phone = normalise.phone("9824840910", "")

    assert phone == normalise.Phone(shown="9824840910", key="", is_valid=False)


@pytest.mark.parametrize("nothing", ["p:", "", "  ", None])
def test_no_number_is_no_number(nothing: str | None) -> None:
    assert normalise.phone(nothing, "DE") == normalise.Phone()


def test_addresses_are_compared_in_any_case() -> None:
    email = normalise.email(" Rosa@Example.COM ")

    assert (email.shown, email.key, email.problem) == ("Rosa@Example.COM", "rosa@example.com", "")


def test_a_line_break_inside_an_address_is_refused() -> None:
    email = normalise.email("rosa@example.com\r\nBcc: all@example.com")

    assert (email.shown, email.key) == ("", "")
    assert "line break" in email.problem


def test_an_odd_address_is_kept_with_its_problem() -> None:
    email = normalise.email("rosa@")

    assert (email.shown, email.key) == ("rosa@", "")
    assert email.problem


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("de", "DE"), ("DEU", "DE"), ("Germany", "DE"), ("Österreich", "AT"),
        ("United States", "US"), ("UK", "GB"), ("Côte d'Ivoire", "CI"), ("Atlantis", ""), ("", ""),
    ],
)  # fmt: skip
def test_countries_are_told_by_code_and_name(given: str, code: str) -> None:
    assert normalise.country(given) == code


@pytest.mark.parametrize(
    ("given", "minor", "currency"),
    [
        ("€ 10.000,50", 1_000_050, "EUR"), ("$1,200.00", 120_000, "USD"), ("10k", 1_000_000, "EUR"),
        ("1.5m", 150_000_000, "EUR"), ("USD 5000", 500_000, "USD"), ("1100.04", 110_004, "EUR"),
        (251.41, 25_141, "EUR"), ("R$ 1.000", 100_000, "BRL"), ("1'000'000 CHF", 10**8, "CHF"),
    ],
)  # fmt: skip
def test_money_is_kept_in_minor_units(given: str | float, minor: int, currency: str) -> None:
    assert normalise.money(given, "EUR") == normalise.Money(minor, currency)


@pytest.mark.parametrize("given", ["50-100", "a lot", "", None, True, "1e400", "9" * 5000])
def test_what_is_no_amount_is_nothing(given: object) -> None:
    assert normalise.money(given, "EUR") is None
    assert normalise.number(given) is None


@pytest.mark.parametrize(
    ("given", "number"),
    [("1,250", 1250), ("12 k", 12_000), ("2.5", 2.5), (500, 500), ("500+", 500)],
)
def test_numbers_are_read_as_people_write_them(given: object, number: float) -> None:
    assert normalise.number(given) == number


@pytest.mark.parametrize(
    ("given", "zone", "moment"),
    [
        ("2026-03-14T18:22:10-03:00", "UTC", datetime(2026, 3, 14, 21, 22, 10, tzinfo=UTC)),
        ("14/03/2026 18:22", "America/Sao_Paulo", datetime(2026, 3, 14, 21, 22, tzinfo=UTC)),
        ("1577376930", "UTC", datetime(2019, 12, 26, 16, 15, 30, tzinfo=UTC)),
        ("1577376930000", "UTC", datetime(2019, 12, 26, 16, 15, 30, tzinfo=UTC)),
    ],
)
def test_moments_are_read_in_their_zone(given: str, zone: str, moment: datetime) -> None:
    assert normalise.when(given, zone) == moment


@pytest.mark.parametrize(
    "given", ["31/02/2026 10:00", "ontem", "", "9999-12-31T23:59:59-10:00", "9" * 13 + ".9" * 40]
)
def test_what_is_no_moment_is_nothing(given: str) -> None:
    assert normalise.when(given) is None


def test_control_characters_leave_a_text() -> None:
    assert normalise.line("Ro\x00sa \r\n Steiner") == "Rosa Steiner"
