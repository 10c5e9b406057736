"""Proofs that take minutes: run with `make proof`, not with every test run."""
