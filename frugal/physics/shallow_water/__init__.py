"""Water that rises: the Saint-Venant equations and the local inertial model on a regular grid."""
