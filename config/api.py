"""Every API resource on one screen, under /api/v1/."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

from campaigns.provider_api import ProviderViewSet

router = DefaultRouter()
router.include_root_view = False
router.register("providers", ProviderViewSet, basename="provider")

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api_schema"), name="api_docs"),
    *router.urls,
]
