"""The settings as mypy's Django plugin reads them: no server behind them, no secret in them."""

import os

from ops.checks import PRODUCTION

os.environ.update(PRODUCTION)

from config.settings import *  # noqa: F403
