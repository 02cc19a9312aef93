"""What people and machines do with a message's links and picture, how links are signed and where they lead."""
