"""Small things that plugins from elsewhere import by these paths. Code of ours uses what they stand for.

Source: interface sheets `core.md`, Appendix B, and `platform.md` §5.
"""
