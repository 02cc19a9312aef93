"""A Mailgun that keeps nothing but a count: the other end of the bench of email services.

It speaks the protocol's call for many recipients (multipart/form-data) and takes a call only if the variables of each
recipient came along; apart from counting it does not look into them, so that it costs a fraction of the client.
"""

import multiprocessing
from http.server import ThreadingHTTPServer
from typing import Any

from tests.http_server import Handler


def _serve(port: Any, taken: Any) -> None:
    class Mailgun(Handler):
        rbufsize = 1 << 20

        def do_POST(self) -> None:
            body = self.body()
            to, variables = body.count(b'name="to"'), body.count(b'"v:waypost": ')
            if not self.path.endswith("/messages") or not to or to != variables:
                self.say(400, {"message": f"{to} recipients, variables of {variables}"})
                return
            with taken.get_lock():
                taken.value += to
            self.say(200, {"id": "<1.a@example.com>", "message": "Queued. Thank you."})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Mailgun)
    server.daemon_threads = True
    port.send(server.server_port)
    server.serve_forever()


class Mailgun:
    """`with Mailgun() as service`: `service.url`, and `service.taken` messages so far."""

    def __enter__(self) -> "Mailgun":
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        self._taken = context.Value("q", 0)
        self._process = context.Process(target=_serve, args=(there, self._taken), daemon=True)
        self._process.start()
        self.url = f"http://127.0.0.1:{here.recv()}/v3/"
        return self

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.join()

    @property
    def taken(self) -> int:
        return self._taken.value
