"""Commands on keys, strings, lists, hashes and sets."""

from scripts.memory.keyspace import Hash, Keyspace, RefusedError, UnknownCommandError, whole


class Plain(Keyspace):
    """What each does stands in Valkey's manual; `None` is its nil, and a `str` its status."""

    # ------------------------------------------------------------------------------------------ keys

    def _do_type(self, key: bytes) -> str:
        return self.TYPES[type(self.values[key])].decode() if self.is_there(key) else "none"

    def _do_exists(self, *keys: bytes) -> int:
        return sum(map(self.is_there, keys))

    def _do_del(self, *keys: bytes) -> int:
        gone = 0
        for key in keys:
            gone += self.is_there(key)
            self.drop(key)
        return gone

    def _do_pexpire(self, key: bytes, ms: bytes) -> int:
        lasts_ms = whole(ms)
        if not self.is_there(key):
            return 0
        if lasts_ms <= 0:
            self.drop(key)
        else:
            self.ends[key] = self.now_ms() + lasts_ms
        return 1

    def _do_pttl(self, key: bytes) -> int:
        if not self.is_there(key):
            return -2
        return self.ends[key] - self.now_ms() if key in self.ends else -1

    def _do_persist(self, key: bytes) -> int:
        return int(self.is_there(key) and self.ends.pop(key, None) is not None)

    # --------------------------------------------------------------------------------------- strings

    def _do_get(self, key: bytes) -> bytes | None:
        return self.find(key, bytes)

    def _do_set(self, key: bytes, value: bytes, *options: bytes) -> str | None:
        rest, end = [option.upper() for option in options], None
        if b"PX" in rest:
            at = rest.index(b"PX")
            end = self.now_ms() + whole(rest[at + 1])
            del rest[at : at + 2]
        if rest not in ([], [b"NX"]):
            raise UnknownCommandError(f"SET with {options}")
        if rest and self.is_there(key):
            return None
        self.drop(key)
        self.values[key] = value
        if end is not None:
            self.ends[key] = end
        return "OK"

    # ----------------------------------------------------------------------------------------- lists

    def _do_rpush(self, key: bytes, *items: bytes) -> int:
        here: list[bytes] = self.make(key, list)
        here.extend(items)
        return len(here)

    def _do_lpop(self, key: bytes) -> bytes | None:
        here: list[bytes] = self.get(key, list)
        first = here.pop(0) if here else None
        self.tidy(key)
        return first

    def _do_llen(self, key: bytes) -> int:
        return len(self.get(key, list))

    # ---------------------------------------------------------------------------------------- hashes

    def _do_hset(self, key: bytes, *pairs: bytes) -> int:
        if len(pairs) % 2 or not pairs:
            raise RefusedError("ERR wrong number of arguments for 'hset' command")
        here = self.make(key, Hash)
        new = len(set(pairs[::2]) - here.keys())
        here.update(zip(pairs[::2], pairs[1::2], strict=True))
        return new

    def _do_hsetnx(self, key: bytes, name: bytes, value: bytes) -> int:
        here = self.make(key, Hash)
        if name in here:
            return 0
        here[name] = value
        return 1

    def _do_hget(self, key: bytes, name: bytes) -> bytes | None:
        return self.get(key, Hash).get(name)

    def _do_hmget(self, key: bytes, *names: bytes) -> list[bytes | None]:
        here = self.get(key, Hash)
        return [here.get(name) for name in names]

    def _do_hgetall(self, key: bytes) -> list[bytes]:
        return [part for pair in self.get(key, Hash).items() for part in pair]

    def _do_hlen(self, key: bytes) -> int:
        return len(self.get(key, Hash))

    def _do_hdel(self, key: bytes, *names: bytes) -> int:
        here = self.get(key, Hash)
        gone = sum(here.pop(name, None) is not None for name in names)
        self.tidy(key)
        return gone

    def _do_hexists(self, key: bytes, name: bytes) -> int:
        return int(name in self.get(key, Hash))

    def _do_hincrby(self, key: bytes, name: bytes, by: bytes) -> int:
        more, before = whole(by), self.get(key, Hash).get(name, b"0")
        if not before.lstrip(b"-").isdigit():
            raise RefusedError("ERR hash value is not an integer")
        value = int(before) + more
        self.make(key, Hash)[name] = b"%d" % value
        return value

    # ------------------------------------------------------------------------------------------ sets

    def _do_sadd(self, key: bytes, *members: bytes) -> int:
        here: set[bytes] = self.make(key, set)
        before = len(here)
        here.update(members)
        return len(here) - before

    def _do_srem(self, key: bytes, *members: bytes) -> int:
        here: set[bytes] = self.get(key, set)
        before = len(here)
        here.difference_update(members)
        gone = before - len(here)
        self.tidy(key)
        return gone

    def _do_sismember(self, key: bytes, member: bytes) -> int:
        here: set[bytes] = self.get(key, set)
        return int(member in here)

    def _do_smembers(self, key: bytes) -> list[bytes]:
        """Sorted, where a server gives no order: a story that is told again must be the same."""
        return sorted(self.get(key, set))

    def _do_srandmember(self, key: bytes, count: bytes) -> list[bytes]:
        """The first ones, where a server takes any: a story that is told again must be the same."""
        if whole(count) < 0:
            raise UnknownCommandError("SRANDMEMBER with repetitions")
        return self._do_smembers(key)[: whole(count)]

    def _do_scard(self, key: bytes) -> int:
        return len(self.get(key, set))
