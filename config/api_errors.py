"""The API's one shape of errors: `{"field": ["sentence"]}` or `{"detail": …}`."""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from rest_framework.exceptions import ParseError
from rest_framework.exceptions import ValidationError as ApiValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, ValidationError):
        detail = error.message_dict if hasattr(error, "error_dict") else {"detail": error.messages}
        if NON_FIELD_ERRORS in detail:
            detail["detail"] = detail.pop(NON_FIELD_ERRORS)
        error = ApiValidationError(detail)
    if isinstance(error, RecursionError):
        error = ParseError("This JSON is nested too deep.")
    response = exception_handler(error, context)
    if response is not None and isinstance(response.data, list):
        response.data = {"detail": response.data}
    return response
