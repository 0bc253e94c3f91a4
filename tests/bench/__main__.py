"""Figures as ratios to limits of the same run: python -m tests.bench [--seconds 3] [--only …]

PostgreSQL runs with durable settings (fsync and synchronous_commit on). Prints a table, and JSON
with --json FILE. `python -m tests.bench.dashboard`, `….rollups`, `….alerts` and `….simulator`
measure lists of many leads, pages of figures, the way of an alert and a simulation; they run as
part of this unless --only says less.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.figures import Figure, Options, table
from tests.stand import Stand, standing

PARTS = (
    "captures", "claims", "copies", "timers", "matching", "alerts", "dashboard", "rollups",
    "simulator",
)  # fmt: skip
GIVEN = dict(os.environ)  # before the stand writes its own addresses into it
ON_THE_STAND = {"captures", "claims", "copies", "timers"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pending", type=int, default=1_000_000, help="deadlines of row 8")
    parser.add_argument("--leads", type=int, default=100_000, help="of the lists and figures")
    parser.add_argument("--days", type=int, default=73, help="over which the figures' leads came")
    parser.add_argument("--simulated", type=int, default=100_000, help="leads of the simulator")
    parser.add_argument("--only", nargs="+", choices=PARTS)
    parser.add_argument("--json", type=Path, help="where the figures go as JSON")
    options = parser.parse_args()
    chosen = set(options.only or PARTS)
    started = time.monotonic()
    how = Options(options.seconds, options.rounds, options.pending)
    figures: list[Figure] = []
    if chosen & ON_THE_STAND:
        with standing(WEB_WORKERS="2", EGRESS_TO_THIS_MACHINE="1") as stand:
            for part in _on_the_stand(stand, how, chosen):
                figures += _shown(part())
    if "matching" in chosen:
        figures += _shown(_matching(how))
    others = {
        name: _other(f"tests.bench.{name}", *arguments)
        for name, arguments in {
            "alerts": ["--rounds", str(options.rounds)],
            "dashboard": ["--leads", str(options.leads)],
            "rollups": ["--leads", str(options.leads), "--days", str(options.days)],
            "simulator": ["--leads", str(options.simulated)],
        }.items()
        if name in chosen
    }
    report = {
        "machine": {
            "cores": os.cpu_count(), "load": os.getloadavg(), "python": platform.python_version(),
        },
        "database": "PostgreSQL, fsync on, synchronous_commit on",
        "seconds": round(time.monotonic() - started),
        "figures": [figure.as_json() for figure in figures],
        **others,
    }  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    say(f"{report['database']}; load {os.getloadavg()[0]:.1f}; {report['seconds']} s in all")
    return 0


def _on_the_stand(stand: Stand, how: Options, chosen: set[str]) -> list[Callable[[], list[Figure]]]:
    """The parts that need the site. Deadlines are last: row 8 empties a table."""
    from tests.bench import captures, claims, copies, timers

    parts: list[Callable[[], list[Figure]]] = []
    if "captures" in chosen:
        parts.append(lambda: captures.measure(stand, how))
    if "claims" in chosen:
        parts.append(lambda: claims.measure(stand, how))
    if "copies" in chosen:
        parts.append(lambda: copies.measure(stand, how))
    if "timers" in chosen:
        parts.append(lambda: timers.reassignments(stand, how, captures.single(stand, how)))
        parts.append(lambda: timers.idle_polls(stand, how))
    return parts


def _matching(how: Options) -> list[Figure]:
    from tests.bench import matching

    return matching.measure(how)


def _other(module: str, *arguments: str) -> Any:
    """Another bench, as a process of its own; what it prints is JSON."""
    run = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=GIVEN,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        say(f"{module} failed:\n{run.stderr[-2000:]}")
        return {"failed": run.stderr[-2000:]}
    say(f"{module}\n{run.stdout}")
    return json.loads(run.stdout)


def _shown(figures: list[Figure]) -> list[Figure]:
    say(table(figures))
    return figures


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
