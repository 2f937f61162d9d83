"""Ports for the servers of the tests."""

import contextlib
import random
import socket


def free_ports():
    """Finds a port with the ten above it free, below those that the system gives to clients."""
    while True:
        base = random.randrange(20_000, 32_000, 10)
        with contextlib.ExitStack() as stack:
            try:
                for port in range(base, base + 10):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
        return base
