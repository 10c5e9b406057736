"""One module for each family of files, each with `read(data, limits) -> Draft`. They run in the child only."""
