"""What a Markdown text leaves open at its end, and how it is closed there."""

import re
from typing import Final

from monarch.core.text.pulldown import events_as_read

_PROBE: Final = "monarchprobe"
_FENCE: Final = re.compile(r"[ ]*+(`{3,}+|~{3,}+)")
_ELEMENT: Final = re.compile(r"[ ]*+<([A-Za-z]++)")
_HIDDEN: Final = (("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">"))


def open_fence(text: str) -> str:
    """The fence of the code block in which a text ends, `""` for none; in a quote or a list the margin ends the block."""
    fence = _FENCE.match(_last_block(text)) if "```" in text or "~~~" in text else None
    return fence[1] if fence else ""


def open_block(text: str) -> str:
    """The line that ends the block in which a text ends, be it code or raw HTML; `""` for none."""
    block = _last_block(text)
    if fence := _FENCE.match(block):
        return fence[1]
    for opening, closing in _HIDDEN:
        if block.lstrip(" ").startswith(opening):
            return closing
    element = _ELEMENT.match(block)
    return f"</{element[1]}>" if element else ""


def _last_block(text: str) -> str:
    """The block that would take in even a paragraph below the text, `""` for none."""
    probed = f"{text}\n\n{_PROBE}"
    *_, (last, where) = events_as_read(probed)
    if last == {"End": "Paragraph"}:
        return ""
    return probed.encode()[where["start"] :].decode()
