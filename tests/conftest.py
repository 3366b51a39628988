"""What every test shares: Hypothesis settings and an environment of its own."""

import os

from hypothesis import HealthCheck, settings

# A busy machine is no reason to fail: laws are checked, speed is measured elsewhere.
settings.register_profile(
    "house",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")

# A developer's own workspace and passphrase are none of a test's business.
for _name in [name for name in os.environ if name.startswith("FIELDKIT_")]:
    del os.environ[_name]
