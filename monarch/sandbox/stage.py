"""Everything that makes up one running stand-in, put together once; ``reset`` makes it new."""

from __future__ import annotations

from monarch.sandbox.control.settings import Settings
from monarch.sandbox.faults import Faults
from monarch.sandbox.gateway import Gates, Gateway
from monarch.sandbox.github.entry import GitHub
from monarch.sandbox.github.state.quotas import Quotas
from monarch.sandbox.github.state.world import World
from monarch.sandbox.http import Clock  # part of the public signatures
from monarch.sandbox.journal import Bell, Journal
from monarch.sandbox.slack.api import Slack
from monarch.sandbox.slack.workspace import Workspace


class Stage:
    """The state, the two APIs on top of it, and the gateways in front of them."""

    def __init__(self, clock: Clock) -> None:
        """Start empty and well-behaved."""
        self._clock = clock
        self.bell = Bell()
        self.gates = Gates()
        self.reset()

    def reset(self) -> None:
        """Forget everything: state, log, faults, settings. Held calls go on, with the old state."""
        self.settings = Settings()
        self.world, self.workspace = World(self._clock), Workspace(self._clock)
        self.quotas, self.faults = Quotas(), Faults()
        self.journal = Journal(self._clock, self.bell)
        github = GitHub(self.world, self.quotas, lambda: self.settings, self.journal.under_way)
        self.github = Gateway(
            name="github",
            api=github,
            faults=self.faults,
            journal=self.journal,
            gates=self.gates,
            latency_s=self._latency_s,
            clock=self._clock,
        )
        self.slack = Gateway(
            name="slack",
            api=Slack(self.workspace, lambda: self.settings),
            faults=self.faults,
            journal=self.journal,
            gates=self.gates,
            latency_s=self._latency_s,
            clock=self._clock,
        )
        self.gates.release_all()
        self.bell.ring()

    def _latency_s(self) -> float:
        return self.settings.latency_seconds
