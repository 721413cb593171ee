"""Commands about the tide of a place."""
