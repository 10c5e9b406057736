"""Batches: composed by an administrator, carried to the provider and back by the runner, read in by the ingest."""
