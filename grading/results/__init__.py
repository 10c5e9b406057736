"""What a model's answer must look like, and what is checked before anyone sees it."""
