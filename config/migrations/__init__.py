"""The migrations, in order. Each can be taken back."""
