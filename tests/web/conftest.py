"""What every test of the web has."""

import pytest
import structlog
from prometheus_client import CollectorRegistry

from monarch.telemetry import Telemetry


@pytest.fixture
def telemetry() -> Telemetry:
    """One that tells nobody."""
    silent = structlog.make_filtering_bound_logger("critical")
    log = structlog.wrap_logger(structlog.PrintLogger(), wrapper_class=silent)
    return Telemetry(CollectorRegistry(), log.bind())
