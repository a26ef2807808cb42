"""`ports.Outlook` that foretells what it is told to."""

from monarch.core.budget.forecast import Forecast
from monarch.core.ids import RequestId


class MemoryOutlook:
    """`foretold` is what it foretells of any request; by default nobody can tell."""

    def __init__(self) -> None:
        self.foretold: Forecast | None = None

    async def forecast(self, request: RequestId) -> Forecast | None:
        """See `ports.Outlook.forecast`."""
        return self.foretold
