"""The cadastre tile by tile: computed, kept, taken up again."""
