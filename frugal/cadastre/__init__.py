"""The solar cadastre: from a survey and footprints to the roof planes of a territory, their yields, and a map."""
