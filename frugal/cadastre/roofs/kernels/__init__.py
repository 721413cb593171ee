"""Compiled loops that cut the cells of one building into planes and draw their outlines.

Heights are in metres, places in cells of the window: a plane is ``height = c + east column + south row``. All choices
(order of cells, ties) are fixed, so that equal windows give equal planes.
"""
