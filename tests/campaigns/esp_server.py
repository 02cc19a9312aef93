"""An email service on a real socket, which speaks the protocol of whichever it is told to be and can misbehave."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from tests.http_server import Handler, serving


@dataclass(frozen=True)
class Call:
    """One request, as it arrived; `line` counts the connections."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    line: int

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def listed(self) -> list[Any]:
        return self.json if isinstance(self.json, list) else [self.json]

    @cached_property
    def form(self) -> dict[str, list[str]]:
        """Of either way in which browsers send forms."""
        kind = self.headers["content-type"]
        if not kind.startswith("multipart/"):
            return parse_qs(self.body.decode(), keep_blank_values=True)
        message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + self.body, policy=policy.HTTP)
        found: dict[str, list[str]] = {}
        for part in message.iter_parts():
            name = str(part.get_param("name", header="content-disposition"))
            found.setdefault(name, []).append(part.get_payload(decode=True).decode())
        return found


class EspServer:
    """`answer` says what it answers. What it does otherwise is said by the others."""

    def __init__(self, answer: Callable[[Call], tuple[int, Any]]) -> None:
        self.answer = answer
        self.calls: list[Call] = []
        self.answers: list[tuple[int, Any]] = []  # to the next requests
        self.drop = 0  # how many of the next requests it reads and then hangs up
        self.lines = 0
        self.hold: threading.Event | None = None  # answers nothing before this is set
        self.url = ""


@contextmanager
def esp_server(answer: Callable[[Call], tuple[int, Any]]) -> Iterator[EspServer]:
    esp, lock = EspServer(answer), threading.Lock()

    class Esp(Handler):
        def setup(self) -> None:
            super().setup()
            with lock:
                esp.lines += 1
                self.line = esp.lines

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.path, headers, self.body(), self.line)
            with lock:
                esp.calls.append(call)
                drop, esp.drop = esp.drop > 0, max(esp.drop - 1, 0)
                queued = esp.answers.pop(0) if esp.answers and not drop else None
            if drop:
                self.close_connection = True
                return
            if esp.hold:
                esp.hold.wait(5)
            status, answer = queued or esp.answer(call)
            more = {"X-Message-Id": f"id-{len(esp.calls)}"}
            if 300 <= status < 400:
                more["Location"] = f"{esp.url}/elsewhere"
            self.say(status, answer, more)

        do_GET = do_POST  # who only asks brings no body

    with serving(Esp) as esp.url:
        yield esp
