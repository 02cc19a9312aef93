"""Pages of templates."""

from django.urls import path

from templates_app.views import blocks, brand, designs, editor, lists, previews, reviewing

urlpatterns = [
    path("templates/", lists.show_all, name="template_list"),
    path("templates/new/", lists.create, name="template_create"),
    path("templates/<int:pk>/", editor.show, name="template_page"),
    path("templates/<int:pk>/draft/", editor.new_draft, name="template_new_draft"),
    path("templates/<int:pk>/edit/", editor.edit, name="template_edit"),
    path("templates/<int:pk>/words/save/", editor.autosave, name="template_words_save"),
    path("templates/<int:pk>/submit/", reviewing.submit, name="template_submit"),
    path("templates/<int:pk>/withdraw/", reviewing.withdraw, name="template_withdraw"),
    path("templates/<int:pk>/publish/", reviewing.publish, name="template_publish"),
    path("templates/<int:pk>/reject/", reviewing.reject, name="template_reject"),
    path("templates/<int:pk>/clone/", reviewing.clone, name="template_clone"),
    path("templates/<int:pk>/delete/", lists.delete, name="template_delete"),
    path("templates/<int:pk>/preview/", previews.refresh, name="template_preview"),
    path("templates/<int:pk>/thumbnail/", previews.thumbnail, name="template_thumbnail"),
    path("templates/<int:pk>/blocks/render/", blocks.render, name="template_blocks_render"),
    path("templates/<int:pk>/blocks/save/", blocks.save, name="template_blocks_save"),
    path("templates/<int:pk>/blocks/to-code/", blocks.to_code, name="template_to_code"),
    path("templates/blocks/canvas/", blocks.canvas, name="template_blocks_canvas"),
    path("templates/design/", designs.page, name="design_page"),
    path("templates/design/render/", blocks.render, name="design_render"),
    path("templates/design/done/", designs.done, name="design_done"),
    path("templates/images/", blocks.upload, name="picture_upload"),
    path("settings/brand/", brand.edit, name="brand"),
    path("settings/brand/refresh/", brand.refresh, name="brand_refresh"),
    path("i/<str:token>", blocks.picture, name="picture"),
    path("templates/sms-count/", previews.sms_count, name="template_sms_count"),
    path("templates/preview/people/", previews.people, name="template_preview_people"),
    path("templates/preview/<str:key>/", previews.frame, name="template_preview_frame"),
]
