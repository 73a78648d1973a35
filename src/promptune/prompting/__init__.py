"""Example -> prompt -> answer."""
