"""The demonstration grader: a server of its own that speaks OpenAI's Files, Batches and Chat Completions API strictly.

It is the other side: it shares no code with the tool. Its answers come from counting words, not from a language model,
and say so.
"""
