"""The ground that water runs over: of a site, or a generated polder and valley."""
