"""Every URL of the installation."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from config.views import api_keys, errors, health, home, installation, old_static, people, profile

sign_in = auth.LoginView.as_view(template_name="config/login.html", redirect_authenticated_user=True)
PAGES_OF = ["flows", "campaigns", "templates_app", "contacts"]

urlpatterns = [
    path("webhooks/", include("campaigns.webhook_urls")),
    path("", home.home, name="home"),
    path("login/", sign_in, name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("settings/", installation.edit, name="settings"),
    path("settings/api-keys/", api_keys.show_all, name="api_key_list"),
    path("settings/api-keys/new/", api_keys.create, name="api_key_create"),
    path("settings/api-keys/<int:pk>/revoke/", api_keys.revoke, name="api_key_revoke"),
    path("settings/people/", people.show_all, name="user_list"),
    path("settings/people/new/", people.create, name="user_create"),
    path("settings/people/<int:pk>/", people.edit, name="user_edit"),
    path("settings/people/<int:pk>/password/", people.set_password, name="user_password"),
    path("settings/profile/", profile.edit, name="profile"),
    path("settings/profile/password/", profile.change_password, name="password_change"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.show_metrics, name="metrics"),
    path("static/<slug:version>/<path:path>", old_static.lead),
    path("api/v1/", include("config.api")),
    path("", include("contacts.segment_urls")),
    *[path("", include(f"{app}.urls")) for app in PAGES_OF],
    path("admin/login/", errors.admin_login),
    path("admin/", admin.site.urls),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
