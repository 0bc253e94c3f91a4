"""How large the crowds are. The defaults fit `make test`; the environment asks for more.

CLAIM_ROUNDS=50 python -m pytest tests/concurrency -k claim
"""

from __future__ import annotations

import os


def size(name: str, default: int) -> int:
    return int(os.environ.get(name, default))


CLAIMERS = size("CLAIMERS", 200)
CLAIM_ROUNDS = size("CLAIM_ROUNDS", 4)
EXPIRY_ROUNDS = size("EXPIRY_ROUNDS", 8)
TURN_PROCESSES = size("TURN_PROCESSES", 16)
TURN_LEADS = size("TURN_LEADS", 1600)
RACE_LEADS = size("RACE_LEADS", 10)
RACE_STEPS = size("RACE_STEPS", 600)
COPIES = size("COPIES", 60)
COPY_PROCESSES = size("COPY_PROCESSES", 4)
COPY_KILLS = size("COPY_KILLS", 3)
STALE_SECONDS = size("STALE_SECONDS", 8)
STALE_WRITES = size("STALE_WRITES", 100)
