"""What `monarch.app.assembly` builds for one role alone, on a real Valkey."""

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import CapturingLogger

from monarch.app.assembly import Role, assembled
from monarch.sandbox.valkey import EmbeddedValkey
from monarch.settings import Settings
from monarch.telemetry import Telemetry


@pytest.mark.parametrize(
    ("roles", "sweeps"),
    [
        ({Role.MIGRATOR}, True),
        ({Role.PLANNER, Role.NOTIFIER}, True),
        ({Role.RECLAIMER}, True),
        ({Role.INTAKE}, False),
    ],
)
async def test_whoever_consumes_is_told_of_a_pause(
    server: EmbeddedValkey, roles: set[Role], *, sweeps: bool
) -> None:
    """With the reclaimer's role or without: only its sweeps tell."""
    settings = Settings(
        _env_file=None, VALKEY_URL=server.url, GH_PAT="a-token", MONARCH_NAMESPACE="assembly"
    )
    telemetry = Telemetry(CollectorRegistry(), CapturingLogger(), lambda: 0.0)

    async with assembled(settings, frozenset(roles), telemetry) as parts:
        assert (parts.reclaimer is not None) == sweeps
