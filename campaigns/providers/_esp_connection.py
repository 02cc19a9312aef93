"""Hands emails over through a backend of django-anymail, in as few requests as the service allows."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import requests
from anymail.backends.base_requests import AnymailRequestsBackend
from anymail.exceptions import AnymailError, AnymailRequestsAPIError
from requests.adapters import HTTPAdapter

from campaigns.providers import _esp_batches
from campaigns.providers._esp_addressing import Addressing
from campaigns.providers._esp_specs import Spec
from campaigns.providers._http_crew import Crew, units_of
from campaigns.providers._http_results import broken, refused, words_of
from campaigns.providers.base import Outgoing, OutgoingEmail, Result


class EspConnection:
    def __init__(
        self,
        spec: Spec,
        backend: type[AnymailRequestsBackend],
        options: Mapping[str, Any],
        sender: str,
        parallel: int,
        unsubscribes: str = "",
    ) -> None:
        """`unsubscribes`: the service's own parameter for the address of List-Unsubscribe, where it is to be used."""
        self.spec = spec
        self._addressing = Addressing(spec, sender, unsubscribes)
        self._batch = _esp_batches.BATCHES.get(spec.key)
        self._crew = Crew(parallel, partial(_open, backend, options), _close, self._hand_over)

    def send(self, batch: Sequence[OutgoingEmail]) -> list[Result]:
        size, key = (self._batch.size, self._batch.key) if self._batch else (1, None)
        units = list(units_of(batch, size, key))
        results: dict[int, Result] = {}
        told = self._crew.send([[batch[place] for place in unit] for unit in units])
        for unit, of_unit in zip(units, told, strict=True):
            results.update(zip(unit, of_unit, strict=True))
        return [results[place] for place in range(len(batch))]

    def close(self) -> None:
        self._crew.close()

    def _hand_over(self, backend: AnymailRequestsBackend, unit: Sequence[Outgoing]) -> list[Result]:
        emails = [outgoing for outgoing in unit if isinstance(outgoing, OutgoingEmail)]
        if len(emails) == 1 or self._batch is None:
            return [self._single(backend, email) for email in emails]
        return self._together(backend, emails, self._batch)

    def _together(
        self, backend: AnymailRequestsBackend, emails: Sequence[OutgoingEmail], batch: "_esp_batches.Batch"
    ) -> list[Result]:
        """Where the service refuses a whole request for one message's sake, it is found by halving."""
        if len(emails) == 1:
            return [self._single(backend, emails[0])]
        try:
            post = batch.prepare(backend, emails, self._addressing)
        except (AnymailError, ValueError, LookupError, TypeError):
            pass  # One of them cannot be written.
        else:
            try:
                return post()
            except AnymailRequestsAPIError as error:
                result = self._failure(error)
            except requests.RequestException as error:
                result = broken(error, self.spec.label)
            if result.outage or result.temporary or result.state == "unknown":
                return [result] * len(emails)
        half = len(emails) // 2
        first = self._together(backend, emails[:half], batch)
        return first + self._together(backend, emails[half:], batch)

    def _single(self, backend: AnymailRequestsBackend, email: OutgoingEmail) -> Result:
        try:
            message = self._addressing.message_of(email)
            payload = backend.build_message_payload(message, backend.send_defaults)
        except (AnymailError, ValueError, LookupError, TypeError) as error:
            return Result("failed", reason=f"The message cannot be built: {error}")
        try:
            response = backend.post_to_esp(payload, message)
        except AnymailRequestsAPIError as error:
            return self._failure(error)
        except requests.RequestException as error:
            return broken(error, self.spec.label)
        except (AnymailError, ValueError, TypeError) as error:
            return Result("failed", reason=f"The message cannot be built: {error}")
        try:
            statuses = backend.parse_recipient_status(response, payload, message)
        except (AnymailError, ValueError, LookupError, TypeError, AttributeError):
            return refused(response)
        status = next(iter(statuses.values()), None)
        if status is None:
            return Result("unknown", reason=f"The answer cannot be read: {words_of(response)}", outage=True)
        if status.status in ("invalid", "rejected", "failed"):
            return Result("bounced" if status.status == "invalid" else "failed", reason=words_of(response))
        return Result("sent", str(status.message_id or ""))

    def _failure(self, error: AnymailRequestsAPIError) -> Result:
        response = error.response
        return broken(error, self.spec.label) if response is None else refused(response)


def _open(backend: type[AnymailRequestsBackend], options: Mapping[str, Any]) -> AnymailRequestsBackend:
    made = backend(**options)
    made.open()
    session = made.session
    # A key must not follow a redirect to somebody else, and no request is ever made twice.
    session.request = partial(session.request, allow_redirects=False)
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
    return made


def _close(backend: AnymailRequestsBackend) -> None:
    backend.close()
