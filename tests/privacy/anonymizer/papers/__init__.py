"""Made-up student papers in which it is known where people stand and what only looks like them."""
