"""Whole stories of people in a real browser, against the demonstration's own processes."""
