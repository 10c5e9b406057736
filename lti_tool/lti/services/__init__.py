"""Services of the platforms: one connector for tokens and retries, gradebook and roster on top of it."""
