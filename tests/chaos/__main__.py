"""Faults on purpose, on a site of its own: python -m tests.chaos [N] [--only captures …]

N=1000 is a long run: 1,000 captures, 3 × 500 with Redis away, 4,000 deadlines over a minute,
1,000 leads to 5 recipients each, 200 claimers × 50 rounds. Histories are kept in the folder that
is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.chaos import captures, checker, copies, deadlines, redis
from tests.chaos.history import History, read
from tests.chaos.scenario import Scenario
from tests.stand import Stand, standing

SCENARIOS = {
    "captures": captures.run, "redis": redis.run, "deadlines": deadlines.run, "copies": copies.run,
}  # fmt: skip
RACES = "races"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=[*SCENARIOS, RACES])
    parser.add_argument(
        "--patience", type=float, default=1.0, help="times longer for a busy machine"
    )
    parser.add_argument("--folder", type=Path, help="where histories go")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="leadrelay-chaos-"))
    chosen = options.only or [*SCENARIOS, RACES]
    broken = 0
    if set(chosen) & SCENARIOS.keys():
        with standing(WORKER_CONCURRENCY="1", WEB_WORKERS="1", EGRESS_TO_THIS_MACHINE="1") as stand:
            for name in [name for name in SCENARIOS if name in chosen]:
                broken += _run(name, stand, options, folder)
    if RACES in chosen:
        broken += _races(options.size)
    return 1 if broken else 0


def _run(name: str, stand: Stand, options: argparse.Namespace, folder: Path) -> int:
    """Play one scenario, then judge its history; 1 if a promise was broken."""
    place = folder / f"{name}.jsonl"
    history = History(place)
    history.note("scenario", name=name, size=options.size, seed=options.seed)
    history.note("patience", times=options.patience)
    try:
        SCENARIOS[name](Scenario(stand, options.size, random.Random(options.seed), history))
    finally:
        history.close()
        for part in list(stand.site.running):
            stand.site.kill(part)
    events = read(place)
    wrong = checker.CHECKS[name](events)
    verdict = {
        "scenario": name, "size": options.size, "kept": not wrong,
        **checker.figures(name, events), "history": str(place), "wrong": wrong[:20],
    }  # fmt: skip
    print(json.dumps(verdict), flush=True)  # noqa: T201
    return int(bool(wrong))


def _races(size: int) -> int:
    """The tests of concurrency, with larger crowds."""
    sizes = {
        "CLAIM_ROUNDS": str(max(4, size // 20)),
        "EXPIRY_ROUNDS": str(max(8, size // 20)),
        "RACE_STEPS": str(max(600, 6 * size)),
    }
    command = [sys.executable, "-m", "pytest", "-q", "tests/concurrency"]
    return int(subprocess.run(command, env={**os.environ, **sizes}, check=False).returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
