"""What this process has seen of Valkey's memory, to show it to Valkey.

The epoch in `_common.lua` has the argument why a server that knows less has forgotten.
"""


class NewestMemory:
    """The newest memory that an answer has shown this process.

    One for each process, shared by all callers: what one of them saw, all of them show.
    """

    def __init__(self) -> None:
        self._order = (0, 0)
        self.word = ""
        """`<since> <count> <mark>`, as the server says it; `""` before the first answer."""

    def shown(self, word: bytes) -> None:
        """An answer has shown `word`. Answers over several connections come in any order: an older one is no news."""
        since, count, _ = word.split(b" ", 2)
        order = int(since), int(count)
        if order >= self._order:
            self._order, self.word = order, word.decode()
