"""What the Maven files say, with their slips put right. Skipped where they are not at hand."""

from collections import Counter
from pathlib import Path

import pytest

from apps.onboarding.demonstration.maven import files
from apps.onboarding.demonstration.maven.listening import percentile
from apps.onboarding.management.commands.demo_maven import _folder


@pytest.fixture(scope="module")
def books() -> files.Books:
    try:
        return files.read(_folder())
    except files.FilesMissing as error:
        pytest.skip(str(error))


def test_the_company_is_as_the_files_have_it(books: files.Books) -> None:
    assert len(books.agents) == 35
    assert len(books.managers) == 6
    assert books.offices == ("Central", "East", "West")
    assert sum(agent.is_newcomer for agent in books.agents) == 5


def test_every_deal_has_its_stage(books: files.Books) -> None:
    stages = Counter(deal.stage for deal in books.opportunities)

    assert stages == {"Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500}
    assert sum(deal.value or 0 for deal in books.opportunities) == 10_005_534


def test_misspelt_products_and_sectors_are_put_right(books: files.Books) -> None:
    products = Counter(deal.product for deal in books.opportunities)
    sectors = {deal.account.sector for deal in books.opportunities if deal.account}

    assert products["GTX Pro"] == 1480
    assert "GTXPro" not in products
    assert "technology" in sectors
    assert "technolgy" not in sectors


def test_a_row_without_an_account_is_sent_without_a_company(books: files.Books) -> None:
    nameless = [deal for deal in books.opportunities if deal.account is None]

    assert len(nameless) == 1425
    assert all("company" not in deal.body() for deal in nameless)


def test_every_capture_has_a_contact_and_a_key_of_its_own(books: files.Books) -> None:
    bodies = [deal.body() for deal in books.opportunities]

    assert len({body["opportunity_id"] for body in bodies}) == 8800
    assert len({body["email"] for body in bodies}) == 8800
    assert all(body["email"].endswith("@example.com") for body in bodies)


def test_a_folder_without_the_files_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(files.FilesMissing, match="make demo-maven DATA=folder"):
        files.read(tmp_path)


def test_percentiles_are_nearest_rank() -> None:
    values = [float(value) for value in range(1, 11)]

    assert percentile(values, 0.5) == 5.0
    assert percentile(values, 0.99) == 10.0
    assert percentile([], 0.5) is None
