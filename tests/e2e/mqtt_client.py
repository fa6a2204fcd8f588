"""A small MQTT 3.1.1 client that keeps a ledger: which QoS 1 publishes it sent, which were acknowledged.

Written against the standard, not against sluice's codec, so that both can be wrong only separately.
"""

import socket
import ssl
import struct


def text(value):
    raw = value.encode()
    return struct.pack(">H", len(raw)) + raw


def encode(first_byte, body):
    length, remaining = b"", len(body)
    while True:
        byte, remaining = remaining % 128, remaining // 128
        length += bytes([byte | (0x80 if remaining else 0)])
        if not remaining:
            return bytes([first_byte]) + length + body


def tls_context(cafile, cert=None, key=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(str(cafile))
    context.check_hostname = False
    if cert:
        context.load_cert_chain(str(cert), str(key))
    return context


class Client:
    """One connection. `connack` is the return code, or None if the link ended before it."""

    def __init__(self, port, client_id, context, clean=True, keep_alive=60, timeout=20):
        self.acknowledged = []
        self.buffer = b""
        raw = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(raw, server_hostname="127.0.0.1")
        flags = 2 if clean else 0
        self.send(0x10, text("MQTT") + bytes([4, flags]) + struct.pack(">H", keep_alive) + text(client_id))
        packet = self.receive()
        self.connack = packet[1][1] if packet and packet[0] >> 4 == 2 else None

    def send(self, first_byte, body):
        self.socket.sendall(encode(first_byte, body))

    def publish(self, topic, payload, packet_id, qos=1, duplicate=False):
        head = text(topic) + (struct.pack(">H", packet_id) if qos else b"")
        self.send(0x30 | qos << 1 | (8 if duplicate else 0), head + payload)

    def receive(self):
        """The next packet as (first byte, body); None at the end of the stream."""
        while True:
            packet = self.parse()
            if packet:
                return packet
            try:
                more = self.socket.recv(65536)
            except (ConnectionError, ssl.SSLError):
                return None
            if not more:
                return None
            self.buffer += more

    def parse(self):
        length, shift = 0, 0
        for at in range(1, min(5, len(self.buffer))):
            byte = self.buffer[at]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                if len(self.buffer) < at + 1 + length:
                    return None
                packet = (self.buffer[0], self.buffer[at + 1:at + 1 + length])
                self.buffer = self.buffer[at + 1 + length:]
                return packet
        return None

    def read_acknowledgements(self, wanted):
        """Reads until `wanted` PUBACKs have come in all, or the link ends."""
        while len(self.acknowledged) < wanted:
            packet = self.receive()
            if packet is None:
                return False
            if packet[0] >> 4 == 4:
                self.acknowledged.append(struct.unpack(">H", packet[1][:2])[0])
        return True

    def close(self):
        try:
            self.send(0xE0, b"")
        except OSError:
            pass
        self.socket.close()
