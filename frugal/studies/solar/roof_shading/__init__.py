"""How much does shading take from this roof where only a coarse surface is known?"""
