"""The company as its files tell it, with what is misspelt there put right. Pure."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

NAMES = ("accounts", "products", "sales_teams", "sales_pipeline")
# The pipeline says GTXPro where the list of products says GTX Pro; the others are slips.
_SPELT = {"GTXPro": "GTX Pro", "technolgy": "technology", "Philipines": "Philippines"}
_CLOSED = ("Won", "Lost")
# Seniority is not in the files: we call senior who closed this many deals in them.
SENIOR_FROM = 200


class FilesMissing(Exception):
    """The folder does not hold the four files; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A sales agent. `closed` counts the deals that she won or lost."""

    name: str
    manager: str
    office: str
    closed: int

    @property
    def is_senior(self) -> bool:
        return self.closed >= SENIOR_FROM

    @property
    def is_newcomer(self) -> bool:
        """Five agents of the company do not own a deal yet."""
        return self.closed == 0


@dataclass(frozen=True, slots=True)
class Account:
    """A customer. `revenue` is in dollars."""

    name: str
    sector: str
    revenue: int
    employees: int
    location: str


@dataclass(frozen=True, slots=True)
class Opportunity:
    """One row of the pipeline. `account` is None where the row names none."""

    id: str
    product: str
    account: Account | None
    stage: str
    value: int | None

    def body(self) -> dict[str, Any]:
        """What is known before anybody worked on it, as a capture. Its contact is made up."""
        known: dict[str, Any] = {
            "opportunity_id": self.id,
            "name": f"Contact {self.id}",
            "email": f"{self.id.casefold()}@example.com",
            "product": self.product,
        }
        if self.account is None:
            return known
        return {
            **known,
            "company": self.account.name,
            "sector": self.account.sector,
            "revenue": self.account.revenue,
            "employees": self.account.employees,
            "office_location": self.account.location,
        }


@dataclass(frozen=True, slots=True)
class Books:
    """Everything that the files say."""

    agents: tuple[Agent, ...]
    opportunities: tuple[Opportunity, ...]

    @property
    def managers(self) -> Mapping[str, str]:
        """The office of each manager, in the order of the file."""
        return {agent.manager: agent.office for agent in self.agents}

    @property
    def offices(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(agent.office for agent in self.agents))

    def first(self, count: int | None) -> Books:
        """The same company with its first `count` opportunities; all of them for None."""
        return replace(self, opportunities=self.opportunities[:count])


def read(folder: Path) -> Books:
    """Read the four files. Raises FilesMissing."""
    missing = [name for name in NAMES if not (folder / f"{name}.csv").is_file()]
    if missing:
        raise FilesMissing(
            f"{folder} has no {', '.join(missing)} (.csv). Name the folder of the Maven CRM "
            "sales files: make demo-maven DATA=folder"
        )
    rows = {name: _rows(folder / f"{name}.csv") for name in NAMES}
    accounts = {row["account"]: _account(row) for row in rows["accounts"]}
    pipeline = rows["sales_pipeline"]
    closed = Counter(row["sales_agent"] for row in pipeline if row["deal_stage"] in _CLOSED)
    return Books(
        agents=tuple(
            Agent(row["sales_agent"], row["manager"], row["regional_office"],
                  closed[row["sales_agent"]])
            for row in rows["sales_teams"]
        ),
        opportunities=tuple(_opportunity(row, accounts) for row in pipeline),
    )  # fmt: skip


def _rows(place: Path) -> list[dict[str, str]]:
    with place.open(encoding="utf-8-sig", newline="") as file:
        return [
            {name: _SPELT.get(cell.strip(), cell.strip()) for name, cell in row.items()}
            for row in csv.DictReader(file)
        ]


def _account(row: Mapping[str, str]) -> Account:
    """The file gives revenue in millions of dollars."""
    return Account(
        name=row["account"],
        sector=row["sector"],
        revenue=int(Decimal(row["revenue"]) * 1_000_000),
        employees=int(row["employees"]),
        location=row["office_location"],
    )


def _opportunity(row: Mapping[str, str], accounts: Mapping[str, Account]) -> Opportunity:
    return Opportunity(
        id=row["opportunity_id"],
        product=row["product"],
        account=accounts.get(row["account"]),
        stage=row["deal_stage"],
        value=int(row["close_value"]) if row["close_value"] else None,
    )
