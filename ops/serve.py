"""Become one of the processes: `python -m ops.serve web` (or worker, beat, relay, deliver)."""

import os
import sys

from ops import processes


def main() -> None:
    environment = {"HOST": "0.0.0.0", "PORT": "8000", **os.environ}  # noqa: S104  (a container)
    command = processes.command(sys.argv[1], environment)
    os.execvpe(command[0], command, environment)  # noqa: S606


if __name__ == "__main__":
    main()
