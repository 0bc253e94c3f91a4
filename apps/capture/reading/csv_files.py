"""CSV files of any origin: encoding, delimiter, headers, rows; harmless ones to give back. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

from apps.leads.cells import harmless

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_ROWS = 30
SAMPLE_BYTES = 64 * 1024
MOST_COLUMNS = 500
# A quoted cell that runs on for longer than this was never closed.
MOST_LINES_IN_A_ROW = 500
LARGEST_CELL = 100_000
_EMAIL_LIKE = re.compile(r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}")
_END = "end\n"
# What spreadsheets outside Unicode really write; the rest of the zoo only misleads the detector.
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_OLD_ENCODINGS = [
    "cp1252", "cp850", "cp1250", "cp1251", "cp1255", "cp1256", "shift_jis", "gb18030",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One record. `number` counts as a spreadsheet does; `problem` says why it can't be read."""

    number: int
    cells: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file as read: headers are unique and never empty."""

    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    warnings: tuple[str, ...] = field(default=())

    def record(self, row: Row) -> dict[str, str]:
        """The row's cells by header; missing ones are empty, surplus ones kept at the end."""
        cells = {
            header: row.cells[place] if place < len(row.cells) else ""
            for place, header in enumerate(self.headers)
        }
        surplus = [cell for cell in row.cells[len(self.headers) :] if cell]
        return {**cells, _("Beyond the last column"): " | ".join(surplus)} if surplus else cells


def read(body: bytes, *, encoding: str = "", delimiter: str = "") -> Table:
    """The whole file. Never raises: a row that can't be read carries its problem."""
    encoding = encoding or detect_encoding(body)
    text = body.decode(encoding, "replace").lstrip("\ufeff").replace("\x00", "")
    delimiter = delimiter or detect_delimiter(text)
    rows = [row for row in _records(text, delimiter) if row.problem or any(row.cells)]
    if not rows:
        return Table(encoding, delimiter, (), ())
    if _is_headless(rows[0]):
        width = max(len(row.cells) for row in rows)
        names = [_("Column %(n)d") % {"n": n} for n in range(1, min(width, MOST_COLUMNS) + 1)]
        words = _("The file has no headers: its columns are numbered.")
        return Table(encoding, delimiter, tuple(names), tuple(rows), (words,))
    return Table(encoding, delimiter, _headers(rows[0].cells), tuple(rows[1:]))


def detect_encoding(body: bytes) -> str:
    """By its BOM, UTF-8, zero bytes (UTF-16), or else the most likely old code page."""
    for bom, name in _BOMS.items():
        if body.startswith(bom):
            return name
    sample = body[:SAMPLE_BYTES]
    if sample.count(b"\x00") > len(sample) // 5:
        return "utf-16-le" if sample[1:2] == b"\x00" else "utf-16-be"
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        best = from_bytes(sample, cp_isolation=_OLD_ENCODINGS).best()
        return best.encoding if best else "cp1252"
    return "utf-8"


def detect_delimiter(text: str) -> str:
    """The separator by which most of the first rows have the same, largest number of columns."""
    return max(DELIMITERS, key=lambda delimiter: _evenness(text, delimiter))


def _evenness(text: str, delimiter: str) -> tuple[int, int]:
    rows = list(islice(_records(text[:SAMPLE_BYTES], delimiter), SAMPLE_ROWS))
    if not rows:
        return 0, 0
    width = len(rows[0].cells)
    even = sum(len(row.cells) == width for row in rows)
    return (even * (width - 1), -DELIMITERS.index(delimiter))


def _records(text: str, delimiter: str) -> Iterator[Row]:
    """Every record, counted as a spreadsheet counts rows.

    A quote that is never closed would swallow the rest of the file: such a line is given alone
    with its problem, and reading goes on behind it.
    """
    lines = list(io.StringIO(text, newline=""))
    at, number = 0, 0
    while at < len(lines):
        window = lines[at : at + MOST_LINES_IN_A_ROW]
        rows, used, problem = _window(window, delimiter)
        for cells in rows:
            number += 1
            yield _row(number, cells)
        at += used
        is_last = at + len(window) - used >= len(lines)
        if used < len(window) and (problem or used == 0 or is_last):
            number += 1
            yield Row(number, (lines[at].rstrip("\r\n"),), problem or _UNCLOSED)
            at += 1


_UNCLOSED = "A quotation mark is opened and never closed."


def _window(lines: Sequence[str], delimiter: str) -> tuple[list[list[str]], int, str]:
    """The whole records of these lines, how many lines they took, and what stopped the rest."""
    reader = csv.reader([*lines, _END], delimiter=delimiter)
    rows: list[list[str]] = []
    while True:
        used = reader.line_num
        try:
            cells = next(reader)
        except csv.Error as error:
            return rows, used, str(error)[:200]
        if reader.line_num > len(lines):  # the mark at the end was read: alone, or swallowed
            return rows, used, ""
        rows.append(cells)


def _row(number: int, cells: Sequence[str]) -> Row:
    problem = _("A cell is too long.") if any(len(c) > LARGEST_CELL for c in cells) else ""
    return Row(number, tuple(cell[:LARGEST_CELL] for cell in cells[:MOST_COLUMNS]), problem)


def _is_headless(row: Row) -> bool:
    return any(_EMAIL_LIKE.fullmatch(cell.strip()) for cell in row.cells)


def _headers(cells: Sequence[str]) -> tuple[str, ...]:
    """Unique names: blank ones are numbered, repeated ones counted."""
    seen: dict[str, int] = {}
    headers = []
    for place, cell in enumerate(cells, 1):
        name = " ".join(cell.split())[:120] or _("Column %(n)d") % {"n": place}
        seen[name] = seen.get(name, 0) + 1
        headers.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(headers)


def written(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV for people: every cell quoted and harmless, with a BOM for spreadsheets."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([harmless(str(cell)) for cell in row] for row in rows)
    return "\ufeff" + out.getvalue()
