"""Every API resource on one screen, under /api/v1/."""

from csp.decorators import csp_update
from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

from campaigns.budget_api import BudgetViewSet, LedgerViewSet
from campaigns.consent_api import AskConsentView
from campaigns.courtesy_api import CourtesyView
from campaigns.message_api import MessageViewSet
from campaigns.provider_api import ProviderViewSet
from campaigns.report_api import ReportViewSet
from campaigns.report_parts_api import DomainReportViewSet, LinkReportViewSet
from campaigns.saved_report_api import SavedReportViewSet
from campaigns.topic_api import TopicRouteViewSet
from contacts.api import ContactViewSet, EventViewSet
from contacts.attribute_api import AttributeViewSet
from contacts.import_api import ImportViewSet
from contacts.people_api import BulkEditViewSet, DuplicateViewSet
from contacts.saved_view_api import SavedViewViewSet
from contacts.segment_api import SegmentViewSet
from contacts.suppression_api import SuppressionViewSet
from contacts.topic_api import TopicViewSet
from flows.api import ScenarioViewSet
from flows.chain_api import ChainCampaignViewSet
from flows.objective_api import ObjectiveViewSet
from flows.report_api import CohortViewSet, FunnelViewSet
from templates_app.api import TemplateViewSet

router = DefaultRouter()
router.include_root_view = False
router.register("attributes", AttributeViewSet, basename="attribute")
router.register("budget/ledger", LedgerViewSet, basename="ledger")
router.register("budget", BudgetViewSet, basename="budget")
router.register("campaigns", ChainCampaignViewSet, basename="campaign")
router.register("contacts/bulk-edits", BulkEditViewSet, basename="bulk_edit")
router.register("contacts/duplicates", DuplicateViewSet, basename="duplicate")
router.register("contacts/imports", ImportViewSet, basename="import")
router.register("contacts/views", SavedViewViewSet, basename="saved_view")
router.register("contacts", ContactViewSet, basename="contact")
router.register("events", EventViewSet, basename="event")
router.register("segments", SegmentViewSet, basename="segment")
router.register("messages", MessageViewSet, basename="message")
router.register("objectives", ObjectiveViewSet, basename="objective")
router.register("providers", ProviderViewSet, basename="provider")
router.register("reports/links", LinkReportViewSet, basename="link_report")
router.register("reports/domains", DomainReportViewSet, basename="domain_report")
router.register("reports/saved", SavedReportViewSet, basename="saved_report")
router.register("reports/funnel", FunnelViewSet, basename="funnel")
router.register("reports/cohorts", CohortViewSet, basename="cohort")
router.register("reports", ReportViewSet, basename="report")
router.register("scenarios", ScenarioViewSet, basename="scenario")
router.register("topic-routes", TopicRouteViewSet, basename="topic-route")
router.register("topics", TopicViewSet, basename="topic")
router.register("suppressions", SuppressionViewSet, basename="suppression")
router.register("templates", TemplateViewSet, basename="template")

# Swagger UI styles its own elements; it shows nothing that people or programs wrote.
docs = csp_update({"style-src": ["'unsafe-inline'"]})(SpectacularSwaggerSplitView.as_view(url_name="api_schema"))

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("contacts/<int:pk>/ask-consent/", AskConsentView.as_view(), name="ask_consent_api"),
    path("courtesy/", CourtesyView.as_view(), name="courtesy_api"),
    path("docs/", docs, name="api_docs"),
    *router.urls,
]
