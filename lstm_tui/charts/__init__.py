"""How numbers look: arrays in, lines of styled text out. Knows NumPy and rich, never Textual.

A line is a list of `rich.segment.Segment`, exactly as wide as asked, every one with a style, equal
neighbours merged. The same input gives the same lines. NaN and infinities are drawn as such; no array makes a
chart raise.
"""
