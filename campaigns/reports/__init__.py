"""Reports on messages: what is asked, the one statement that answers it, its names, its picture and its file."""
