"""Why a Valkey refuses to be written to, by what it says of itself: pure.

The same conditions as the server's own, in the order in which it checks them. A server that may not be asked is taken
to refuse nothing.
"""

from collections.abc import Mapping
from typing import Any, Final

WRITE_SETTINGS: Final = ("save", "stop-writes-on-bgsave-error", "min-replicas-to-write")
"""The settings that decide; see `CONFIG GET`."""

REPLICA: Final = "slave"
"""The role of a replica, in the server's words."""


def why_refused(info: Mapping[str, Any], settings: Mapping[str, str]) -> str:
    """What is in the way and what to do, without a full stop; `""` where nothing is.

    Args:
        info: the sections memory, persistence and replication of `INFO`; empty where it may not be asked.
        settings: `WRITE_SETTINGS` and their values, as far as the server gives them.
    """
    if info.get("role") == REPLICA:
        return "it is a replica (READONLY); name the primary in VALKEY_URL"
    if _is_disk_in_the_way(info, settings):
        return "it cannot write to its disk (MISCONF); free or repair the disk"
    needed = _number(settings.get("min-replicas-to-write"))
    if _number(info.get("min_slaves_good_slaves", needed)) < needed:
        return "too few replicas are in step (NOREPLICAS); start one"
    ceiling = _number(info.get("maxmemory"))
    used = _number(info.get("used_memory")) - _number(info.get("mem_not_counted_for_evict"))
    if ceiling and used > ceiling:
        return "it is out of memory (OOM); raise `maxmemory`"
    return ""


def _is_disk_in_the_way(info: Mapping[str, Any], settings: Mapping[str, str]) -> bool:
    if str(info.get("aof_enabled")) == "1" and info.get("aof_last_write_status", "ok") != "ok":
        return True
    saves = bool(settings.get("save")) and settings.get("stop-writes-on-bgsave-error") == "yes"
    return saves and info.get("rdb_last_bgsave_status", "ok") != "ok"


def _number(value: Any) -> int:
    text = str(value)
    return int(text) if text.isdecimal() else 0
