"""The plaintext hunt: what is planted, where it is looked for, and the way of a class that leads past all of it."""
