"""What `valkey-cli` shows for an answer, since the tool itself may not be installed."""

from collections.abc import Iterator

Reply = bytes | int | None | list["Reply"]


def shown(reply: Reply) -> list[str]:
    """The lines that the tool shows on a terminal."""
    if isinstance(reply, list):
        return list(_numbered(reply)) if reply else ["(empty array)"]
    if isinstance(reply, int):
        return [f"(integer) {reply}"]
    if reply is None:
        return ["(nil)"]
    text = reply.decode().replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return [f'"{text}"']


def _numbered(replies: list[Reply]) -> Iterator[str]:
    width = len(str(len(replies)))
    for number, reply in enumerate(replies, start=1):
        first, *others = shown(reply)
        yield f"{number:>{width}}) {first}"
        yield from (" " * (width + 2) + line for line in others)
