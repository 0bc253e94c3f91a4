"""Files as customers have them: read row by row, and given back harmless."""

import csv
import io
import json

import pytest

from apps.capture.reading import csv_files
from tests.data import real

SPECTRUM = [
    "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines",
    "newlines_crlf", "quotes_and_newlines", "simple", "simple_crlf", "utf8",
]  # fmt: skip


@pytest.mark.parametrize("name", SPECTRUM)
def test_the_csv_spectrum_is_read_as_expected(name: str) -> None:
    body = real("csv_spectrum", f"{name}.csv").read_bytes()
    expected = json.loads(real("csv_spectrum", "expected", f"{name}.json").read_text())

    table = csv_files.read(body)

    assert [table.record(row) for row in table.rows] == expected
    assert not any(row.problem for row in table.rows)


@pytest.mark.parametrize(
    "name",
    [
        "01_same_rows_DERIVED.utf16le_bom_tab.csv",
        "01_same_rows_DERIVED.utf8_bom_crlf_semicolon.csv",
        "01_sheet_permission_error_and_test_row.utf8.csv",
    ],
)
def test_the_same_sheet_is_read_from_every_encoding(name: str) -> None:
    plain = "01_sheet_permission_error_and_test_row.utf8.csv"

    table = csv_files.read(real("meta_lead_sheets", name).read_bytes())

    original = csv_files.read(real("meta_lead_sheets", plain).read_bytes())
    assert (table.headers, table.rows) == (original.headers, original.rows)
    assert len(table.rows) == 3


def test_hebrew_quoted_commas_and_emoji_headers_survive() -> None:
    hebrew, arabic = (
        csv_files.read(path.read_bytes())
        for path in (
            real("meta_lead_sheets", "02_hebrew_campaign_quoted_comma.utf8.csv"),
            real("meta_lead_sheets", "03_arabic_emoji_question_headers.utf8.csv"),
        )
    )

    assert hebrew.record(hebrew.rows[3])["full_name"] == "French, Billy"
    assert hebrew.record(hebrew.rows[0])["campaign_name"].startswith("קמפיין")
    assert any(header.startswith("2️⃣") for header in arabic.headers)
    assert len(arabic.rows) == 1


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp850"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found(encoding: str, delimiter: str) -> None:
    lines = [["name", "city", "note"], ["Jörg Müller", "Köln", "Größe: öfter als üblich"]]
    lines += [["Bärbel Groß", "Düsseldorf", "möchte Rückruf, später"]] * 5
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(lines)

    table = csv_files.read(out.getvalue().encode(encoding))

    assert table.delimiter == delimiter
    assert table.record(table.rows[0])["name"] == "Jörg Müller"
    assert table.record(table.rows[1])["city"] == "Düsseldorf"


def test_a_quote_that_is_never_closed_costs_its_row_only() -> None:
    table = csv_files.read(b'name,email\n"Rosa,rosa@x.com\nMia,mia@x.com\nTom,tom@x.com\n')

    assert [row.number for row in table.rows] == [2, 3, 4]
    assert "never closed" in table.rows[0].problem
    assert [row.cells[0] for row in table.rows[1:]] == ["Mia", "Tom"]


def test_a_quote_inside_a_long_file_costs_its_row_only() -> None:
    rows = [f"Lead {n},lead{n}@x.com" for n in range(3000)]
    rows[700] = '"Lead 700,lead700@x.com'

    table = csv_files.read("\n".join(["name,email", *rows]).encode())

    assert [row.number for row in table.rows if row.problem] == [702]
    assert len(table.rows) == 3000


def test_a_huge_cell_costs_its_row_only() -> None:
    table = csv_files.read(b"name,email\n" + b"x" * 200_000 + b",a@x.com\nMia,mia@x.com\n")

    assert table.rows[0].problem
    assert table.rows[1].cells == ("Mia", "mia@x.com")


def test_ragged_rows_and_doubtful_headers_are_kept() -> None:
    table = csv_files.read(b"name,name,,email\nRosa\nMia,M,x,mia@x.com,more,and more\n\n")

    assert table.headers == ("name", "name (2)", "Column 3", "email")
    assert table.record(table.rows[0])["email"] == ""
    assert table.record(table.rows[1])["Beyond the last column"] == "more | and more"


def test_a_file_without_headers_gets_numbers() -> None:
    table = csv_files.read(b"Rosa,rosa@example.com\nMia,mia@example.com\n")

    assert table.headers == ("Column 1", "Column 2")
    assert len(table.rows) == 2


@pytest.mark.parametrize("body", [b"", b"\n\n", b"\xff\xfe", b"\x00" * 50, b'"', b"a"])
def test_no_file_breaks_the_reader(body: bytes) -> None:
    table = csv_files.read(body)

    assert all(table.record(row).keys() >= set(table.headers) for row in table.rows)


def test_formulas_are_made_harmless_and_phones_stay_readable() -> None:
    lines = real("csv_injection", "csv-payload.txt").read_text(errors="replace").splitlines()

    cells = [*lines, "\t=1", " =1", "\r=1", "@x", "-1+1", "+cmd|' /C calc'!A0", "+49 30 123456"]
    written = csv_files.written([[cell] for cell in cells]).removeprefix("\ufeff")

    *given_back, phone = (row[0] for row in csv.reader(io.StringIO(written, newline="")))
    assert len(given_back) == len(cells) - 1
    assert not [cell for cell in given_back if cell.lstrip().startswith(("=", "+", "-", "@"))]
    assert phone == "+49 30 123456"


def test_what_is_written_reads_back() -> None:
    rows = [["name", "note"], ["Rosa; Steiner", 'says "hello"\nand more']]

    table = csv_files.read(csv_files.written(rows).encode())

    assert list(table.record(table.rows[0]).values()) == rows[1]
