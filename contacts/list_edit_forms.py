"""The forms of fixed lists: a new one, a copy of a segment, and contacts to be put in."""

from django import forms

from contacts.models import Segment


class ListNameForm(forms.Form):
    """The name of a fixed list that is to be made."""

    name = forms.CharField(max_length=200)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip().replace("\0", "")
        if Segment.objects.filter(name__iexact=name).exists():
            raise forms.ValidationError("Another segment has this name.")
        return name


class ListEditForm(forms.ModelForm):
    """The name of a fixed list that exists."""

    class Meta:
        model = Segment
        fields = ["name", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        if Segment.objects.filter(name__iexact=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Another segment has this name.")
        return name


class PasteForm(forms.Form):
    text = forms.CharField(
        label="Emails, phone numbers or external ids",
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "person@example.com, +33612345678, crm-17"}),
        help_text="Separated by commas, semicolons or new lines, as they come out of a table.",
    )


class ListFileForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        widget=forms.ClearableFileInput({"accept": ".csv,.tsv,.txt,text/csv,text/plain"}),
        help_text="With a column of emails, phone numbers or external ids; other columns are not looked at.",
    )
    creating = forms.BooleanField(
        required=False,
        label="Create contacts for those who are not in Waypost yet",
        help_text="Otherwise their rows are left out, and told afterwards. Nobody is subscribed by this.",
    )
