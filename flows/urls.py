"""The pages of scenarios."""

from django.urls import path

from flows.views import lists, moves

urlpatterns = [
    path("scenarios/", lists.scenario_list, name="scenario_list"),
    path("scenarios/new/", lists.scenario_create, name="scenario_create"),
    path("scenarios/<int:pk>/start/", moves.start, name="scenario_start"),
    path("scenarios/<int:pk>/pause/", moves.pause, name="scenario_pause"),
    path("scenarios/<int:pk>/resume/", moves.resume, name="scenario_resume"),
    path("scenarios/<int:pk>/clone/", moves.clone, name="scenario_clone"),
    path("scenarios/<int:pk>/delete/", moves.delete, name="scenario_delete"),
]
