"""Money: nothing is sent before its cost is set aside, and every cent that was spent is on record (K1, K2, K3).

`charges` is what others charge through (reserve, settle). `batches` does it for batches, `allowance` says beforehand
what will fit. `limits`, `overrides` and `freezing` are the decisions of administrators; `accounts` holds the sums and
the lock. `reading`, `forecast`, `comparison` and `report` only read; `verifying` adds everything up again.
"""
