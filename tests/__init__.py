"""Blindmark's tests: they mirror the packages; `journeys` holds whole stories in a real browser."""
