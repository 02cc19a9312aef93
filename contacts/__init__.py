"""People, what is known of them and what happened to them."""
