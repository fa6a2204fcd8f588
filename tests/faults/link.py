"""A TCP link that can be cut, frozen, slowed and closed: everything of a fault harness that runs between two programs.

One thread a link moves the bytes of all its connections. What it is told takes effect within a turn, some hundredths of a
second; a cut is a reset, in the middle of whatever was under way.
"""

import selectors
import socket
import struct
import threading
import time

CHUNK = 64 * 1024
MOST_BUFFERED = 4 * CHUNK
TURN = 0.01


class _Side:
    """One of a connection's two sockets, and what waits to be sent on it."""

    def __init__(self, sock):
        self.socket = sock
        self.out = bytearray()
        self.peer = None
        self.ended = False


class Link:
    """Listens on a port of its own and dials `target()` for each connection."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.refusing = False
        self.frozen = False
        self.bytes_per_second = None
        self._cut = False
        self._quit = False
        self._sides = set()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.listener, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self):
        """Resets all connections; new ones are taken unless `refusing`."""
        self._cut = True

    def heal(self):
        self.refusing = self.frozen = False
        self.bytes_per_second = None

    def close(self):
        self._quit = True
        self._thread.join()
        for side in list(self._sides):
            self._reset(side)
        self._selector.close()
        self.listener.close()

    def _run(self):
        budget, refilled = 0.0, time.monotonic()
        while not self._quit:
            if self._cut:
                self._cut = False
                for side in list(self._sides):
                    self._reset(side)
            if self.frozen:
                time.sleep(TURN)
                continue
            rate, now = self.bytes_per_second, time.monotonic()
            budget = CHUNK if rate is None else min(budget + rate * (now - refilled), rate * 0.1)
            refilled = now
            if budget < 1:
                time.sleep(TURN)
                continue
            for key, events in self._selector.select(TURN * 5):
                if key.data is None:
                    self._accept()
                    continue
                if key.data not in self._sides:
                    continue  # reset in this turn
                if events & selectors.EVENT_READ:
                    budget -= self._read(key.data, CHUNK if rate is None else max(1, int(min(budget, 1024))))
                if events & selectors.EVENT_WRITE and key.data in self._sides:
                    self._write(key.data)

    def _accept(self):
        try:
            near, _ = self.listener.accept()
        except OSError:
            return
        try:
            if self.refusing:
                raise ConnectionRefusedError
            far = socket.create_connection(("127.0.0.1", self.target()), 5)
        except (OSError, TypeError):
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            near.close()
            return
        sides = [_Side(near), _Side(far)]
        sides[0].peer, sides[1].peer = sides[1], sides[0]
        for side in sides:
            side.socket.setblocking(False)
            side.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sides.add(side)
            self._selector.register(side.socket, selectors.EVENT_READ, side)

    def _read(self, side, most):
        try:
            data = side.socket.recv(most)
        except BlockingIOError:
            return 0
        except OSError:
            self._reset(side)
            return 0
        if not data:
            side.ended = True
            self._write(side.peer)
            if side in self._sides:
                self._watch(side)
            return 0
        side.peer.out += data
        self._write(side.peer)
        return len(data)

    def _write(self, side):
        try:
            while side.out:
                del side.out[:side.socket.send(side.out)]
            if side.peer.ended:
                side.socket.shutdown(socket.SHUT_WR)
                if side.ended:
                    self._reset(side, linger=False)
                    return
        except BlockingIOError:
            pass
        except OSError:
            self._reset(side)
            return
        self._watch(side)
        self._watch(side.peer)

    def _watch(self, side):
        if side not in self._sides:
            return
        wanted = 0
        if not side.ended and len(side.peer.out) < MOST_BUFFERED:
            wanted |= selectors.EVENT_READ
        if side.out:
            wanted |= selectors.EVENT_WRITE
        registered = self._selector.get_map().get(side.socket.fileno())
        if registered is None:
            if wanted:
                self._selector.register(side.socket, wanted, side)
        elif not wanted:
            self._selector.unregister(side.socket)
        elif registered.events != wanted:
            self._selector.modify(side.socket, wanted, side)

    def _reset(self, side, linger=True):
        for each in (side, side.peer):
            if each not in self._sides:
                continue
            self._sides.discard(each)
            try:
                self._selector.unregister(each.socket)
            except (KeyError, ValueError):
                pass
            if linger:
                each.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            each.socket.close()
