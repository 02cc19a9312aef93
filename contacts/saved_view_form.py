"""The form in which a view of the list of contacts gets its name."""

from django import forms

from contacts.models import SavedView


class SavedViewForm(forms.ModelForm):
    class Meta:
        model = SavedView
        fields = ["name", "shared"]
        labels = {"shared": "Everybody sees it"}
        help_texts = {"shared": "Others can open it. Only you can change or delete it."}

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if SavedView.objects.filter(owner=self.instance.owner, name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("You have a view of this name.")
        return name
