"""Properties run on shared, noisy machines: no deadlines, and nothing is kept on disk."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "core",
    deadline=None,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("core")
