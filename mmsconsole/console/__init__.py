"""The console: a Textual application over `operations`, driven by the keyboard alone.

    Operations ──in a thread──> frozen state ──message──> screen ──present──> lines ──> cells

A screen asks Operations for one frozen state (state.py) off the event loop, gets it as a
message, and has `present` draw it as lines of text with tones. A widget compares the new lines
with the old ones and repaints the cells that differ: a console on which nothing changes sends
nothing. `present`, `actions`, `navigation`, `command` and `glyphs` know nothing of Textual.
"""
