"""Runs a command whose PORT is an address that only this script's DNS server knows, and succeeds when it connects to it.

Shows that a program finds names by DNS, which static programs are known to fail at. The server is on 127.0.0.77, port 53.
"""

import socket
import struct
import subprocess
import sys
import threading

SERVER = ("127.0.0.77", 53)
PATIENCE_SECONDS = 30


def answer(udp):
    """Answers every question for an IPv4 address with 127.0.0.1, and every other one with nothing."""
    while True:
        question, client = udp.recvfrom(512)
        name = question[12 : question.index(b"\0", 12) + 5]
        is_address = struct.unpack(">H", name[-4:-2])[0] == 1
        record = b"\xc0\x0c\0\x01\0\x01" + struct.pack(">IH", 30, 4) + bytes([127, 0, 0, 1]) if is_address else b""
        head = question[:2] + b"\x81\x80\0\x01" + struct.pack(">HHH", 1 if record else 0, 0, 0)
        udp.sendto(head + name + record, client)


with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.create_server(("127.0.0.1", 0)) as tcp:
    udp.bind(SERVER)
    threading.Thread(target=answer, args=(udp,), daemon=True).start()
    tcp.settimeout(PATIENCE_SECONDS)
    port = str(tcp.getsockname()[1])
    program = subprocess.Popen([part.replace("PORT", port) for part in sys.argv[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        tcp.accept()
    except TimeoutError:
        sys.exit("resolver: nobody came")
    finally:
        program.terminate()
        program.wait()
