"""Keeps whoever has proven nothing from making us read much: forms from outside are short and bring no files."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]
PLAIN, IN_PARTS = "application/x-www-form-urlencoded", "multipart/form-data"


class _NoFiles(FileUploadHandler):
    """Lets what comes as a file pass by unread."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


def small_form(most: int, in_parts: bool = False) -> Callable[[View], View]:
    """Answers 413 to more than so many bytes, and 415 to what is no form, before any of it is read. A form `in_parts`
    is only for those who may send one (RFC 8058 has mail services unsubscribe with it)."""

    def wrapped(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            length = request.META.get("CONTENT_LENGTH") or "0"
            if not length.isdecimal() or int(length) > most:
                return HttpResponse(status=413)
            allowed = ("", PLAIN, IN_PARTS) if in_parts else ("", PLAIN)
            if request.method == "POST" and int(length) and request.content_type not in allowed:
                return HttpResponse(status=415)
            request.upload_handlers = [_NoFiles(request)]
            return view(request, *args, **kwargs)

        return guarded

    return wrapped
