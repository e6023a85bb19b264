"""Formatting and drawing, pure: data in, lines of text with tones out. No Textual here.

A Span is text in one Tone, a Line is a tuple of Spans, and a Page says how much room there is,
what time it is and which glyphs may be used. What came from outside is made harmless when a
Span is made, so no name or reply can ever move the cursor of a terminal.
"""
