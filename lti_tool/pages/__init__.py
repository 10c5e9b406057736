"""The pages: thin views that parse, call the domain and render. One package for each kind of person."""
