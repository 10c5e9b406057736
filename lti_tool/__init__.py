"""Everything that speaks HTTP: the LTI protocol, the pages, the JSON API, the command line and the wiring."""
