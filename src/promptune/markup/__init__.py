"""What the lab found, as HTML and SVG: pure functions to strings, for the page and for a report that stands alone.

What a person or a model wrote enters markup through `escape.esc` and no other way.
"""
