"""A short run of each scenario; and the checker itself is checked: it must see what is broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import checker
from tests.chaos.history import Event
from tests.site import ROOT

SIZE = os.environ.get("CHAOS_SIZE", "40")
# Machines that run tests are shared: a promise in seconds is kept if it is kept within this factor.
PATIENCE = os.environ.get("CHAOS_PATIENCE", "4")


@pytest.mark.parametrize(
    "scenarios", [["captures", "redis", "deadlines"], ["copies"]], ids=["leads", "copies"]
)
def test_a_short_run_of_every_scenario_keeps_every_promise(
    tmp_path: Path, scenarios: list[str]
) -> None:
    command = [sys.executable, "-m", "tests.chaos", SIZE, "--patience", PATIENCE]
    command += ["--folder", str(tmp_path), "--only", *scenarios]
    given = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}

    run = subprocess.run(
        command, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=550
    )

    verdicts = [json.loads(line) for line in run.stdout.splitlines()]
    assert [verdict["kept"] for verdict in verdicts] == [True] * len(scenarios), (
        run.stdout + run.stderr
    )
    assert run.returncode == 0


def captured(**changes: Any) -> list[Event]:
    """The history of one capture that went well, with changes to its rows."""
    answer = {"what": "captured", "key": "k", "lead": "l", "seconds": 0.1, "during": "healthy"}
    kept = {"what": "capture_row", "key": "k", "lead": "l"}
    lead = {"what": "lead_row", "lead": "l", "email": "k", "owners": 1}
    return [{"what": "sent", "key": "k"}, answer, kept, {**lead, **changes}]


def test_a_whole_history_is_whole() -> None:
    assert checker.captures(captured()) == []


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([*captured()[:2], captured()[3]], "k is lost"),
        ([*captured(), captured()[2]], "kept 2 times"),
        ([*captured(), {**captured()[3], "lead": "other"}], "became 2 leads"),
        (captured(owners=2), "has 2 owners"),
        ([*captured(), {"what": "sent", "key": "late"}], "late was never answered"),
        (
            [*captured(), {"what": "refused", "status": 503, "retry_after": None}],
            "503 without Retry-After",
        ),
        ([*captured(), {"what": "refused", "status": 500, "retry_after": "5"}], "500 without"),
    ],
)
def test_the_checker_sees_what_was_lost_or_doubled(events: list[Event], words: str) -> None:
    assert any(words in wrong for wrong in checker.captures(events))


def copied(**changes: Any) -> list[Event]:
    """The history of one lead that went to a webhook and to a team, with changes to its rows."""
    row = {"what": "copy_row", "lead": "l", "state": "delivered", **changes}
    return [
        {"what": "sent", "key": "k"},
        {"what": "captured", "key": "k", "lead": "l"},
        {**row, "id": "1", "channel": "webhook", "recipient": "alps"},
        {**row, "id": "2", "channel": "team", "recipient": "dealer"},
        {"what": "received", "id": "1", "by": "alps", "genuine": True},
        {"what": "received", "id": "2", "by": "dealer", "genuine": True},
        {"what": "team_lead", "key": "2", "lead": "theirs"},
    ]


def test_a_copy_that_came_twice_under_one_id_is_one() -> None:
    assert checker.copies([*copied(), copied()[4]]) == []


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([*copied()[:4], *copied()[5:]], "1 never reached alps"),
        ([*copied(), {**copied()[4], "by": "dealer"}], "not meant for it"),
        ([*copied(), {**copied()[4], "genuine": False}], "1 was not signed"),
        ([*copied()[:3], *copied()[4:]], "not meant for it"),
        ([*copied(), copied()[6]], "2 became 2 leads"),
        (copied()[:6], "2 became 0 leads"),
        (copied(state="failed"), "1 is failed"),
        ([*copied(), {**copied()[2], "id": "3"}], "3 copies for 2 recipients"),
        ([*copied(), {"what": "captured", "key": "x", "lead": "m"}], "0 copies for 2"),
        ([*copied(), {"what": "sent", "key": "late"}], "late was never answered"),
        ([], "no copies"),
    ],
)
def test_the_checker_sees_a_copy_that_is_lost_or_doubled(events: list[Event], words: str) -> None:
    assert any(words in wrong for wrong in checker.copies(events))


def deadline(**changes: Any) -> Event:
    row = {"what": "deadline_row", "lead": "l", "due": 1000.0, "late": 0.5, "acts": 1}
    return {**row, "decisions": 1, **changes}


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([deadline(acts=2)], "acted 2 times"),
        ([deadline(acts=0)], "acted 0 times"),
        ([deadline(decisions=2)], "2 decisions"),
        ([deadline(late=2.5)], "while all was well"),
        ([deadline(late=11), {"what": "killed", "who": "beat", "at": 999.0}], "around restarts"),
        ([], "no deadlines"),
    ],
)
def test_the_checker_sees_a_deadline_that_acted_twice_or_late(
    events: list[Event], words: str
) -> None:
    assert any(words in wrong for wrong in checker.deadlines(events))


def test_the_checker_is_lenient_only_near_a_fault() -> None:
    near_a_fault = [deadline(late=8), {"what": "killed", "who": "beat", "at": 999.0}]

    assert checker.deadlines([deadline()]) == []
    assert checker.deadlines(near_a_fault) == []
