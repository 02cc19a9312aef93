"""Programs that call the API, each with a key of its own."""

from rest_framework.test import APIClient

from config.models import ApiKey


def client(*scopes: str) -> APIClient:
    found = APIClient()
    found.credentials(HTTP_AUTHORIZATION=f"Bearer {ApiKey.objects.issue('test', list(scopes))[1]}")
    return found
