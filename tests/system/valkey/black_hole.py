"""A way to Valkey that can fall silent: connections are accepted, or stay open, and nothing comes back.

It runs in a thread of its own, since the tests that use it block while they look.
"""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HOST = "127.0.0.1"
LOOK_EVERY_S = 0.05


class BlackHole:
    """Hands bytes on between clients and a server, or swallows them.

    What was swallowed is gone, as on a network that drops packets; connections that were open while it was silent
    stay silent for ever, and new ones work once it is healed.
    """

    def __init__(self, port: int) -> None:
        self._server = (HOST, port)
        self._listener = socket.create_server((HOST, 0))
        self._selector = selectors.DefaultSelector()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._lost: list[socket.socket] = []
        self._stopped = threading.Event()
        self.silent = threading.Event()

    @property
    def url(self) -> str:
        """What `VALKEY_URL` has to be."""
        return f"valkey://{HOST}:{self._listener.getsockname()[1]}/0"

    def run(self) -> None:
        """Hand on until stopped."""
        self._selector.register(self._listener, selectors.EVENT_READ)
        while not self._stopped.is_set():
            if self.silent.is_set():
                self._lose_all()
            for key, _ in self._selector.select(LOOK_EVERY_S):
                if key.fileobj is self._listener:
                    self._accept()
                elif isinstance(key.fileobj, socket.socket):
                    self._hand_on(key.fileobj)
        for open_socket in (*self._peers, *self._lost, self._listener):
            open_socket.close()

    def stop(self) -> None:
        """End `run`."""
        self._stopped.set()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        if self.silent.is_set():
            self._lost.append(client)
            return
        server = socket.create_connection(self._server)
        for one, other in ((client, server), (server, client)):
            self._peers[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _hand_on(self, one: socket.socket) -> None:
        if self.silent.is_set() or one not in self._peers:
            return
        other = self._peers[one]
        with suppress(OSError):
            if data := one.recv(65536):
                other.sendall(data)
                return
        self._forget(one)
        other.close()
        one.close()

    def _forget(self, one: socket.socket) -> None:
        for each in (self._peers[one], one):
            self._selector.unregister(each)
            del self._peers[each]

    def _lose_all(self) -> None:
        """From now on no process reads what comes, and none learns that the other end is gone."""
        self._lost += self._peers
        for one in self._peers:
            self._selector.unregister(one)
        self._peers.clear()


@contextmanager
def a_black_hole(port: int) -> Iterator[BlackHole]:
    """A way to the server on `port` that works until it is told to be silent."""
    hole = BlackHole(port)
    thread = threading.Thread(target=hole.run)
    thread.start()
    try:
        yield hole
    finally:
        hole.stop()
        thread.join()
