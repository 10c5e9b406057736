"""A small strict LTI 1.3 platform for demonstrations: the other side of every conversation the tool holds."""
