"""A device that keeps its side of MQTT's promises over any number of broken links, and a ledger of what it was promised.

QoS 1 or 2. What was not acknowledged is sent again after each reconnect, in the old order, under the old packet id, with DUP.
"""

import json
import random
import select
import ssl
import sys
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import mqtt_client  # noqa: E402

WINDOW = 32
PATIENCE_S = 6.0  # without any packet, though it was asked for: the link is dead
PING_AFTER_S = 2.0
KINDS = "ununnbdx"  # what the rules of faults.py tell apart
PUBACK, PUBREC, PUBCOMP, PINGRESP = 4, 5, 7, 13


@dataclass
class Sent:
    """One message: how often it went out, when first, and whether it was acknowledged."""
    kind: str
    at: float
    times: int = 0
    acknowledged: bool = False


class Device(threading.Thread):
    """Publishes numbers 1, 2, … in bursts until told to pause."""

    def __init__(self, name, port, context, seed, qos=1, clean=True, rate=60.0):
        super().__init__(daemon=True)
        self.name_, self.port, self.context = name, port, context
        self.qos, self.clean, self.rate = qos, clean, rate
        self.random = random.Random(f"{seed}/{name}")
        self.sent = {}  # number to Sent: since the ledger was last closed
        self.last = 0
        self.acknowledged = 0
        self.pending = OrderedDict()  # number to (packet id, topic, body): not acknowledged
        self.to_release = OrderedDict()  # packet id: QoS 2, PUBREC seen, PUBCOMP not
        self.connects = 0
        self.paused = threading.Event()
        self.quit = threading.Event()
        self.failure = None
        self.heard = 0.0

    @property
    def settled(self):
        return not self.pending and not self.to_release

    def run(self):
        try:
            while not self.quit.is_set():
                try:
                    self._session()
                except (OSError, ssl.SSLError):
                    pass
                self.quit.wait(0.02 + self.random.random() * 0.05)
        except Exception as error:  # a fault of the harness or of the gateway's bytes: not to be lost
            self.failure = repr(error)
            raise

    def _session(self):
        client = mqtt_client.Client(self.port, self.name_, self.context, clean=self.clean, keep_alive=30, timeout=PATIENCE_S)
        try:
            if client.connack != 0:
                return
            self.connects += 1
            self.heard = time.monotonic()
            again = bytearray()
            for packet_id in self.to_release:
                again += mqtt_client.encode(0x62, packet_id.to_bytes(2, "big"))
            for number, (packet_id, topic, body) in self.pending.items():
                again += self._packet(number, packet_id, topic, body)
            if again:
                client.socket.sendall(again)
            self._converse(client)
        finally:
            client.socket.close()

    def _converse(self, client):
        next_burst, pinged = time.monotonic(), 0.0
        while not self.quit.is_set():
            now = time.monotonic()
            if now - self.heard > PATIENCE_S:
                return
            if now - self.heard > PING_AFTER_S and pinged < self.heard:
                client.send(0xC0, b"")
                pinged = now
            if now >= next_burst and not self.paused.is_set():
                count = min(self.random.randint(1, 12), WINDOW - len(self.pending) - len(self.to_release))
                if count > 0:
                    client.socket.sendall(b"".join(self._new() for _ in range(count)))
                next_burst = now + max(count, 1) / self.rate
            wait = 0.05 if self.paused.is_set() else max(0.0, min(next_burst - time.monotonic(), 0.5))
            if not client.socket.pending() and not select.select([client.socket], [], [], wait)[0]:
                continue
            if not self._receive(client):
                return

    def _receive(self, client):
        """All packets that are there; false at the end of the stream."""
        packet = client.receive()
        answers = bytearray()
        while packet is not None:
            self.heard = time.monotonic()
            answers += self._take(packet)
            packet = client.parse()
            if packet is None:
                if answers:
                    client.socket.sendall(answers)
                return True
        return False

    def _take(self, packet):
        kind, packet_id = packet[0] >> 4, int.from_bytes(packet[1][:2], "big")
        if kind == (PUBACK if self.qos == 1 else PUBREC):
            number = next((n for n, waiting in self.pending.items() if waiting[0] == packet_id), None)
            if number is not None:
                del self.pending[number]
                self.sent[number].acknowledged = True
                self.acknowledged += 1
            if kind == PUBREC:
                self.to_release[packet_id] = True
                return mqtt_client.encode(0x62, packet_id.to_bytes(2, "big"))
        elif kind == PUBCOMP:
            self.to_release.pop(packet_id, None)
        elif kind != PINGRESP:
            raise AssertionError(f"{self.name_}: packet type {kind} was not asked for")
        return b""

    def _new(self):
        self.last += 1
        kind = self.random.choice(KINDS)
        padding = self.random.choice((0, 20, 150, 150, 600, 5000) if self.last % 20 == 0 else (0, 20, 150))
        body = json.dumps({"n": self.last, "k": kind, "x": "x" * padding}).encode()
        self.sent[self.last] = Sent(kind, time.monotonic())
        packet_id = self.last % 60000 + 1
        self.pending[self.last] = (packet_id, f"t/{self.name_}/{kind}", body)
        return self._packet(self.last, *self.pending[self.last])

    def _packet(self, number, packet_id, topic, body):
        sent = self.sent[number]
        sent.times += 1
        first = 0x30 | self.qos << 1 | (8 if sent.times > 1 else 0)
        return mqtt_client.encode(first, mqtt_client.text(topic) + packet_id.to_bytes(2, "big") + body)
