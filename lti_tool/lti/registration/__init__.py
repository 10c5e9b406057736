"""Dynamic registration: an LMS's administrator pastes one address, and the two systems exchange the rest (L5)."""
