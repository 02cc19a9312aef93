"""The sender, ledger and all, against sending mails built beforehand over a pipelined connection, side by side.

Once with one worker, once with two, once with one that signs by DKIM (a key of 2,048 bits), and once with one into a
server that answers after 20 ms. `python -m tests.bench.sender [mails] [rounds]`
"""

import json
import os
import socket
import statistics
import sys
from typing import Any

from tests.bench._database import database, run
from tests.bench._sending import apart, built_before, crowd, enqueue, send, side_by_side, smtp, spent
from tests.bench._sink import Sink

MAILS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
COMMANDS = b"MAIL FROM:<from@example.com>\r\nRCPT TO:<to@example.com>\r\nDATA\r\n"


def floor(port: int, raw: bytes, mails: int) -> None:
    """Hands the same bytes over again and again, each along with the commands for the next."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(b"EHLO bench\r\n" + COMMANDS)
        _hear(line, b"354 ")
        write = raw + b"\r\n.\r\n" + COMMANDS
        for _ in range(mails - 1):
            line.sendall(write)
            _hear(line, b"354 ")
        line.sendall(raw + b"\r\n.\r\nQUIT\r\n")
        _hear(line, b"221 ")


def _hear(line: socket.socket, last: bytes) -> None:
    heard = b""
    while last not in heard:
        got = line.recv(65_536)
        assert got, heard
        heard += got


def _floor_worker(pipe: Any, port: int, raw: bytes, mails: int) -> None:
    apart(floor, pipe, port, raw, mails)


def _sign(provider: Any) -> None:
    from campaigns import signing_keys

    form = signing_keys.DkimForm({"domain": "example.com", "selector": "bench"})
    assert form.is_valid()
    signing_keys.keep(provider, form)
    signing_keys.switch(provider, True)


def measure(mode: str, workers: int, delay: float = 0, signs: bool = False) -> dict[str, Any]:
    floors, times, told, sinks = [], [], [], []
    with Sink(delay) as sink:
        provider = smtp(sink.port)
        if signs:
            _sign(provider)
        for n in range(ROUNDS):
            enqueue(f"bench:{mode}:{n}")
            raw = built_before()
            if not delay:  # over one connection it would only measure the delay
                floors.append(side_by_side(workers, _floor_worker, sink.port, raw, MAILS // workers)[0])
            run("CHECKPOINT")
            before, cpu = sink.taken, sink.cpu_seconds()
            seconds, said = send(workers)
            times.append(seconds)
            told.append(said)
            sinks.append(sink.cpu_seconds() - cpu)
            assert sink.taken - before == MAILS, (sink.taken, before)
            run("VACUUM campaigns_message")
    result: dict[str, Any] = {"seconds": round(statistics.median(times), 2), "best_seconds": round(min(times), 2)}
    result["sender_per_second"] = round(MAILS / statistics.median(times))
    if floors:
        result["floor_per_second"] = round(MAILS / statistics.median(floors))
        result["ratio"] = round(statistics.median(f / t for f, t in zip(floors, times, strict=True)), 3)
    result |= spent(told, MAILS)
    result["sink_us_per_mail"] = round(min(sinks) / MAILS * 1e6)
    result["kilobytes"] = round(len(raw) / 1024, 1)
    return result


def main() -> None:
    crowd(MAILS)
    results = {
        "one worker": measure("one", 1),
        "two workers": measure("two", 2),
        "one worker, signing": measure("dkim", 1, signs=True),
        "one worker, 20 ms": measure("slow", 1, 0.02),
    }
    results["signing"] = {
        "python_us_per_mail": results["one worker, signing"]["python_us_per_mail"]
        - results["one worker"]["python_us_per_mail"]
    }
    wanted = {"ratio": 0.5, "python_us": 200, "memory_mb": 120, "two_workers_seconds": 4, "per_second_at_20_ms": 2_000}
    load = [round(each, 1) for each in os.getloadavg()]
    print(json.dumps({"bench": "sender", "mails": MAILS} | results | {"wanted": wanted, "load": load}))


if __name__ == "__main__":
    with database("sender"):
        main()
