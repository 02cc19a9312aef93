"""What can be done to contacts as people: chosen, changed many at a time, merged, told all about, forgotten."""
