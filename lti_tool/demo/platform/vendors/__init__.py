"""The ways of particular LMSs, for tests: each a server of its own that answers as that LMS was seen to answer."""
