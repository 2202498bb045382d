//! Pages of the snapshots made by hand.
