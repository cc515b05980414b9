"""Back-ups of the whole installation: database, release files, and which keys open them."""
