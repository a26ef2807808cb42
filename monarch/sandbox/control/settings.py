"""The settings of the stand-in's behaviour, as one flat JSON object.

``POST /_sandbox/settings`` takes any part of it and leaves the rest as it was.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from monarch.sandbox.control.wire import Wire

ContentKind = Literal["issues", "labels", "milestones", "edits", "sub_issues", "dependencies"]


class Settings(Wire):
    """The stand-in's settings; ``None`` switches a limit off.

    The defaults are a friendly github.com: the documented primary limit, no secondary one.
    Limits are counted per *budget*: an account's own, whatever tokens it has, or an installation's.
    """

    listing_lag_seconds: float = Field(default=0, ge=0)
    """Issues younger than this are absent from lists; by number they are visible at once."""
    enterprise_server: bool = False
    """Whether this is one of 3.17 to 3.19: without addresses for sub-issues and issue types."""
    cursor_links: bool = False
    """Whether ``Link`` carries opaque ``after`` cursors and no ``page``."""
    latency_seconds: float = Field(default=0, ge=0)
    """How long each call to GitHub or Slack takes before it has its effect."""

    time_scale: float = Field(default=1, gt=0)
    """How much faster limit windows pass: with 60, a limit's minute lasts a real second."""
    installation_token_seconds: int = Field(default=3600, gt=0)
    """How long the token of an app's installation lives; ``time_scale`` makes it shorter."""
    primary_per_hour: int | None = Field(default=5000, ge=0)
    """Calls an hour and budget. ``None``: no limit, no headers (GitHub Enterprise Server)."""
    primary_status: Literal[403, 429] = 403
    content_per_minute: int | None = Field(default=None, ge=0)
    """Hidden limit: created things a minute and budget (documented as 80, seen as low as 20)."""
    content_per_hour: int | None = Field(default=None, ge=0)
    """Hidden limit: created things an hour and budget (documented as 500, seen as low as 150)."""
    content_window: Literal["sliding", "fixed"] = "sliding"
    content_kinds: tuple[ContentKind, ...] = ("issues",)
    """What counts as content; GitHub's documents warn of it for issues and sub-issues only."""
    points_per_minute: int | None = Field(default=None, ge=0)
    """Hidden limit: 1 point for a read, 5 for a write (documented as 900)."""
    concurrent: int | None = Field(default=None, ge=0)
    """Hidden limit: calls on one budget under way at once (documented as 100)."""
    secondary_status: Literal[403, 429] = 403
    secondary_retry_after: bool = True
    """Whether a secondary limit says ``Retry-After``; the real one often does not."""

    slack_posts_every_seconds: float | None = Field(default=None, ge=0)
    """Slack's limit of a channel: one message a second (docs.slack.dev, "Rate limits"). ``None``: no limit."""

    def changed_by(self, change: dict[str, object]) -> Settings:
        """Return the settings with a partial change applied; raises pydantic's error if wrong."""
        return Settings.model_validate({**self.model_dump(), **change})
