"""The LTI 1.3 protocol: login, launch, deep linking, keys, and the services of the platforms."""
