"""The survey of a territory: point clouds or surface models, footprints, terrain, checked and put on one grid."""
