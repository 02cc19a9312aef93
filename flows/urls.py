"""The pages of scenarios."""

from django.urls import path

from flows.views import (
    editor,
    lists,
    moves,
    node_dialog,
    publishing,
    settings,
    taking_out,
    versions,
    waiting,
)

urlpatterns = [
    path("scenarios/", lists.scenario_list, name="scenario_list"),
    path("scenarios/new/", lists.scenario_create, name="scenario_create"),
    path("scenarios/<int:pk>/", editor.scenario_editor, name="scenario_editor"),
    path("scenarios/<int:pk>/save/", publishing.save, name="scenario_save"),
    path("scenarios/<int:pk>/save-copy/", editor.save_copy, name="scenario_save_copy"),
    path("scenarios/<int:pk>/rename/", editor.rename, name="scenario_rename"),
    path("scenarios/<int:pk>/asked/", publishing.asked, name="scenario_asked"),
    path("scenarios/<int:pk>/publish/", publishing.publish, name="scenario_publish"),
    path("scenarios/<int:pk>/draft/", publishing.draft, name="scenario_draft"),
    path("scenarios/<int:pk>/draft/discard/", publishing.discard, name="scenario_discard"),
    path("scenarios/<int:pk>/versions/", versions.version_list, name="scenario_versions"),
    path("scenarios/<int:pk>/versions/compare/", versions.compare, name="scenario_compare"),
    path("scenarios/<int:pk>/versions/<int:number>/", versions.version, name="scenario_version"),
    path("scenarios/<int:pk>/versions/<int:number>/restore/", versions.restore, name="scenario_restore"),
    path("scenarios/<int:pk>/settings/", settings.scenario_settings, name="scenario_settings"),
    path("scenarios/<int:pk>/counts/", editor.counts, name="scenario_counts"),
    path("scenarios/<int:pk>/nodes/<str:key>/dialog/", node_dialog.node_dialog, name="scenario_node_dialog"),
    path("scenarios/<int:pk>/nodes/<str:node>/waiting/", waiting.waiting, name="scenario_waiting"),
    path("scenarios/<int:pk>/nodes/<str:node>/requeue/", waiting.requeue, name="scenario_requeue"),
    path("scenarios/<int:pk>/executions/<int:execution>/remove/", taking_out.remove, name="scenario_remove"),
    path("scenarios/<int:pk>/start/", moves.start, name="scenario_start"),
    path("scenarios/<int:pk>/pause/", moves.pause, name="scenario_pause"),
    path("scenarios/<int:pk>/resume/", moves.resume, name="scenario_resume"),
    path("scenarios/<int:pk>/late/", moves.late, name="scenario_late"),
    path("scenarios/<int:pk>/unschedule/", moves.unschedule, name="scenario_unschedule"),
    path("scenarios/<int:pk>/stop/", taking_out.stop, name="scenario_stop"),
    path("scenarios/<int:pk>/clear/", taking_out.clear, name="scenario_clear"),
    path("scenarios/<int:pk>/clone/", moves.clone, name="scenario_clone"),
    path("scenarios/<int:pk>/delete/", moves.delete, name="scenario_delete"),
]
